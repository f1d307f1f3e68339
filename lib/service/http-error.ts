/** Failures as HTTP answers: the envelope of the file API, and that of the control plane. */
import { ERRORS, isRelayfileError, messageOf, RelayfileError } from "../errors.ts";
import type { Log } from "../ports.ts";

/** JSON with exactly the content type clients look for. */
export function json(body: unknown, status = 200, headers: Record<string, string> = {}): Response {
  return new Response(`${JSON.stringify(body)}\n`, {
    status,
    headers: { "Content-Type": "application/json", ...headers },
  });
}

/** The answer with the caller's own id for the request, so that proxies and logs can be read together. */
export function echoing(response: Response, correlationId: string): Response {
  if (correlationId !== "") response.headers.set("X-Correlation-Id", correlationId);
  return response;
}

/** Facts that clients read at the top level of an error body. */
const TOP_LEVEL = [
  "expectedRevision",
  "currentRevision",
  "currentContentPreview",
  "conflicts",
  "reason",
  "error",
];

/**
 * The file API's answer for anything thrown: `{code, message, correlationId, details?}`. What is not an expected
 * failure is logged with its stack and answered as `internal_error` without saying more.
 */
export function fileApiError(thrown: unknown, correlationId: string, log: Log): Response {
  const { error, status, code } = known(thrown, correlationId, log);
  const { hint, retryAfterSeconds, ...facts } = error.details as Record<string, unknown>;
  // `reason` stands beside the code for merges, and below `details` for everything else.
  const isTop = (name: string) =>
    TOP_LEVEL.includes(name) && (name !== "reason" || code === "merge_ineligible");
  const top = Object.fromEntries(Object.entries(facts).filter(([name]) => isTop(name)));
  const rest = Object.fromEntries(Object.entries(facts).filter(([name]) => !isTop(name)));
  const details = {
    ...rest,
    ...(error.code === code ? {} : { reason: error.code }),
    ...(typeof hint === "string" ? { hint } : {}),
  };
  const body = {
    code,
    message: error.message,
    correlationId,
    ...top,
    ...(Object.keys(details).length === 0 ? {} : { details }),
  };
  return echoing(json(body, status, retryHeaders(status, retryAfterSeconds)), correlationId);
}

/** The control plane's answer: `{error, code, message, correlationId}` (spec control-plane 1.1). */
export function controlPlaneError(thrown: unknown, correlationId: string, log: Log): Response {
  const { error, status, code } = known(thrown, correlationId, log);
  const { wireCode, retryAfterSeconds, ...facts } = error.details as Record<string, unknown>;
  const body = {
    error: error.message,
    code: typeof wireCode === "string" ? wireCode : code,
    message: error.message,
    correlationId,
    ...facts,
  };
  return echoing(json(body, status, retryHeaders(status, retryAfterSeconds)), correlationId);
}

function known(
  thrown: unknown,
  correlationId: string,
  log: Log,
): { error: RelayfileError; status: number; code: string } {
  if (isRelayfileError(thrown)) {
    // Path rules are one code inside the service and `bad_request` on the wire (spec file-api 1.5).
    if (thrown.code === "invalid_path") return { error: thrown, status: 400, code: "bad_request" };
    if (ERRORS[thrown.code].status !== null && thrown.code !== "bug") {
      return { error: thrown, status: thrown.status, code: thrown.code };
    }
  }
  const stack = thrown instanceof Error ? thrown.stack : undefined;
  log.error("request failed", { correlationId, error: messageOf(thrown), stack });
  const stored = isRelayfileError(thrown, "io_error");
  const message = stored ? "the service cannot store data" : "internal error";
  const error = new RelayfileError("internal_error", message, stored ? { cause: "io_error" } : {});
  return { error, status: 500, code: "internal_error" };
}

function retryHeaders(status: number, retryAfterSeconds: unknown): Record<string, string> {
  if (typeof retryAfterSeconds === "number") return { "Retry-After": String(Math.ceil(retryAfterSeconds)) };
  return status === 429 ? { "Retry-After": "1" } : {};
}
