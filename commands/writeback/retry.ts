/** `relayfile writeback retry`: sends a refused save again through the mount, and waits for what becomes of it. */
import { deadLetterForRetry, type RetryOutcome } from "../../lib/mount/retry.ts";
import { askMount } from "../_ask.ts";
import { type CommandContext, type CommandResult, command } from "../_command.ts";
import { findMirror, requireMirror } from "../_mount.ts";
import { OP_ARGS, WRITEBACK_ARGS } from "./_args.ts";

/** `relayfile.writeback-retry`. */
export interface WritebackRetryDocument extends RetryOutcome {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.writeback-retry";
  readonly workspaceId: string | null;
}

export default command({
  name: "retry",
  description: "Send a refused save again and wait for the outcome",
  args: { ...WRITEBACK_ARGS, ...OP_ARGS },
  examples: [["relayfile writeback retry --opId op_17", "after fixing the file"]],
  run: (args, context) => writebackRetry({ ...args, opId: args["op-id"] }, context),
});

/** Retries one dead letter. The record goes only when the server's operation succeeded. */
export async function writebackRetry(
  args: { readonly ws?: string; readonly workspace?: string; readonly mount?: string; readonly opId: string },
  context: CommandContext,
): Promise<CommandResult<WritebackRetryDocument>> {
  const mirror = await findMirror(args, context);
  const { layout } = requireMirror(mirror);
  // Faults of the record are told before anything is asked of a daemon or a server.
  deadLetterForRetry(context.ports, layout.deadLetters, args.opId);
  const outcome = (await askMount(mirror, { kind: "retry", opId: args.opId }, context)) as RetryOutcome;
  return {
    document: {
      schemaVersion: "1.0",
      kind: "relayfile.writeback-retry",
      workspaceId: mirror.workspaceId,
      ...outcome,
    },
    exit: "PASS",
  };
}
