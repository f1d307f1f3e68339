/** Waiting for a writeback op to end, as `put --wait`, `rm --wait` and `ops replay --wait` do. */
import type { FileApi } from "../lib/client/file-api.ts";
import { type ExitName, isRelayfileError } from "../lib/errors.ts";
import { OP_FINAL, type WritebackOp } from "../lib/model/writeback-op.ts";
import type { CommandContext } from "./_command.ts";

const POLL_MS = 500;
const WAIT_MS = 60_000;

/** The op's last known state; null when it never became visible. Ends when the op is final or after 60 s. */
export async function waitForOp(
  files: FileApi,
  opId: string,
  context: CommandContext,
): Promise<WritebackOp | null> {
  const { clock } = context.ports;
  const deadlineMs = clock.monotonicMs() + WAIT_MS;
  let op: WritebackOp | null = null;
  for (;;) {
    op = (await readOp(files, opId, context)) ?? op;
    if ((op !== null && OP_FINAL.includes(op.status)) || clock.monotonicMs() >= deadlineMs) return op;
    await clock.sleep(POLL_MS, context.signal);
  }
}

/** How a command ends for the state of the op it started: refused 1, unfinished 3. */
export function exitOfOp(op: WritebackOp | null): ExitName {
  if (op === null || !OP_FINAL.includes(op.status)) return "UNDETERMINED";
  return op.status === "succeeded" ? "PASS" : "FINDINGS";
}

async function readOp(files: FileApi, opId: string, context: CommandContext): Promise<WritebackOp | null> {
  try {
    return await files.op(opId, { signal: context.signal });
  } catch (thrown) {
    // Not visible yet is an ordinary answer while waiting.
    if (isRelayfileError(thrown, "not_found")) return null;
    throw thrown;
  }
}
