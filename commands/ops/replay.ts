/** `relayfile ops replay`: queues a dead-lettered op again, on the server that holds it. */
import type { FileApi } from "../../lib/client/file-api.ts";
import type { Session } from "../../lib/client/session.ts";
import { isRelayfileError } from "../../lib/errors.ts";
import type { WritebackOp } from "../../lib/model/writeback-op.ts";
import { type CommandContext, command, type Document } from "../_command.ts";
import { exitOfOp, waitForOp } from "../_op-wait.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `ops replay` prints. */
export interface OpReplayDocument extends Document {
  readonly kind: "relayfile.op-replay";
  readonly workspaceId: string;
  readonly opId: string;
  readonly status: string;
  /** The op as last seen, with `--wait`; else null. */
  readonly op: WritebackOp | null;
}

export default command({
  name: "replay",
  description: "Queue a dead-lettered op again",
  args: {
    op: { type: "positional", required: true, description: "Op id", valueHint: "OP" },
    wait: { type: "boolean", description: "Wait until the provider has answered, at most 60 s" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile ops replay op_7", "queue it and return"],
    ["relayfile ops replay op_7 --wait", "and say how it ended"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args), context, async (session) => {
      const files = await session.files();
      const queued = await replay(session, files, args.op, context);
      const op = args.wait ? await waitForOp(files, args.op, context) : null;
      const document: OpReplayDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.op-replay",
        workspaceId: files.workspaceId,
        opId: args.op,
        status: op?.status ?? queued.status,
        op,
      };
      return { document, exit: args.wait ? exitOfOp(op) : "PASS" };
    }),
});

/**
 * The control plane replays with the rights of the cloud identity; the file API wants `ops:replay`, which ordinary
 * workspace tokens lack. A control plane without the route leaves it to the file API.
 */
async function replay(session: Session, files: FileApi, opId: string, context: CommandContext) {
  const options = { signal: context.signal };
  if (!session.cloud.available) return files.replayOp(opId, options);
  try {
    return await session.control.replayOp(files.workspaceId, opId, options);
  } catch (thrown) {
    if (isRelayfileError(thrown, "not_found")) return files.replayOp(opId, options);
    throw thrown;
  }
}
