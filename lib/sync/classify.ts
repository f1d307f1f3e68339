/**
 * What an answer to an upload means for one outbox record: five classes and no others, so that one bad file can never
 * stop its neighbours and a busy server never costs a save (spec mount-daemon 3.3).
 */

/** The class of a whole-request answer or of one file inside a 202. */
export type UploadClass =
  /** Try again later with the same identity. */
  | "retry"
  /** The credential is the problem, not the file: pause, refresh, spend no attempt. */
  | "auth"
  /** A batch was refused as a whole: halve it. */
  | "split"
  /** This file is refused for good: dead letter, local file stays. */
  | "terminal"
  /** The base revision is not current any more. */
  | "conflict"
  /** The server forbids writing this path. */
  | "denied"
  /** The body does not satisfy the resource's schema. */
  | "invalid"
  | "accepted";

const TOKEN_CODES: ReadonlySet<string> = new Set(["token_expired", "invalid_token", "token_revoked"]);

/** A whole-request answer. `status` null means no answer came back. `files` is the size of the batch. */
export function classifyRequest(status: number | null, code: string, files: number): UploadClass {
  if (status === null || status === 408 || status === 425 || status === 429 || status >= 500) return "retry";
  if (status >= 200 && status < 300) return "accepted";
  if (status === 401 || (status === 403 && TOKEN_CODES.has(code))) return "auth";
  if (files > 1) return "split";
  if (status === 409) return "conflict";
  return status === 412 && code === "revision_conflict" ? "conflict" : "terminal";
}

/** One entry of a bulk answer's `errors`. `hasBase`: the upload named a revision other than `"0"`. */
export function classifyFileError(code: string, hasBase: boolean): UploadClass {
  switch (code) {
    case "conflict":
    case "revision_conflict":
    case "precondition_failed":
      return "conflict";
    // An update of a path the server no longer has is a conflict with its deletion.
    case "not_found":
      return hasBase ? "conflict" : "terminal";
    case "forbidden":
      return "denied";
    case "schema_validation_failed":
    case "validation_error":
      return "invalid";
    case "internal_error":
    case "unavailable":
    case "rate_limited":
      return "retry";
    default:
      return "terminal";
  }
}

/** The HTTP status a per-file code stands for, as written into dead letters. */
export function statusOfFileCode(code: string): number {
  const statuses: Readonly<Record<string, number>> = {
    forbidden: 403,
    not_found: 404,
    conflict: 409,
    precondition_failed: 412,
    schema_validation_failed: 422,
    validation_error: 422,
    internal_error: 500,
  };
  return statuses[code] ?? 400;
}

/** What an op's status means for the receipt that waits for it. */
export function classifyOp(status: string): "pending" | "succeeded" | "failed" {
  if (status === "succeeded") return "succeeded";
  return status === "failed" || status === "dead_lettered" || status === "canceled" ? "failed" : "pending";
}
