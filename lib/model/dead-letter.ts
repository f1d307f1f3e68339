/** Dead letters on disk: `.relay/dead-letter/<opId>.json` in the mount (spec mount-daemon 3.5, design decision 8). */
import { z } from "zod";

/**
 * One rejected upload or op. The six fields of relayfile#84 always; ours beside them; records mirrored from a server
 * (`code`, `message`, `createdAt`, `lastAttemptedAt`, `replayUrl`) parse too. Unknown fields survive.
 */
export const DeadLetter = z.looseObject({
  opId: z.string().min(1),
  /** Remote path. Older daemons joined several with a comma. */
  path: z.string().default(""),
  attempts: z.number().int().nonnegative().default(0),
  lastStatus: z.number().int().optional(),
  /** At most 1024 bytes. */
  lastBody: z.string().optional(),
  ts: z.string().optional(),
  /** `upload`: the file API refused the write. `op`: the write was accepted and the provider refused it. */
  stage: z.enum(["upload", "op"]).optional(),
  /** The base revision a retry must send: for an upload the base sent, for an op its target revision. */
  baseRevision: z.string().optional(),
  commandId: z.string().optional(),
  code: z.string().optional(),
  message: z.string().optional(),
  hash: z.string().optional(),
  createdAt: z.string().optional(),
  lastAttemptedAt: z.string().optional(),
  replayUrl: z.string().optional(),
});
/** One rejected upload or op. */
export type DeadLetter = z.infer<typeof DeadLetter>;

/** What a directory of dead letters holds: parsed records, and files that do not parse. */
export interface DeadLetterListing {
  /** Sorted by op id. */
  readonly records: readonly DeadLetter[];
  /** Preserved byte for byte; count as unresolved. */
  readonly malformed: readonly { readonly file: string; readonly reason: string }[];
}

/** True when an op id can be a file name: no separator, not `.` or `..`, not empty. */
export function isSafeOpId(opId: string): boolean {
  return opId !== "" && opId !== "." && opId !== ".." && !/[/\\\0]/.test(opId);
}

/** Parses the text of one record; `fileOpId` is the file name without `.json`. */
export function parseDeadLetter(text: string, fileOpId: string): { record: DeadLetter } | { reason: string } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { reason: error instanceof Error ? error.message : "not JSON" };
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return { reason: "not a JSON object" };
  const withId =
    (value as { opId?: unknown }).opId === "" || !("opId" in value) ? { ...value, opId: fileOpId } : value;
  const parsed = DeadLetter.safeParse(withId);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return { reason: `${issue?.path.join(".") || "record"}: ${issue?.message ?? "invalid"}` };
  }
  if (parsed.data.opId !== fileOpId)
    return { reason: `opId is ${parsed.data.opId}, the file name says ${fileOpId}` };
  return { record: parsed.data };
}
