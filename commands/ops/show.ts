/** `relayfile ops show`: one writeback op. */
import type { WritebackOp } from "../../lib/model/writeback-op.ts";
import { command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `ops show` prints. */
export interface OpDocument extends Document {
  readonly kind: "relayfile.op";
  readonly workspaceId: string;
  readonly op: WritebackOp;
}

export default command({
  name: "show",
  description: "Show one op",
  args: {
    op: { type: "positional", required: true, description: "Op id", valueHint: "OP" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile ops show op_7", "state, attempts and last error"],
    ["relayfile ops show op_7 --workspace demo --json", "of another workspace"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args), context, async (session) => {
      const files = await session.files();
      const op = await files.op(args.op, { signal: context.signal });
      const document: OpDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.op",
        workspaceId: files.workspaceId,
        op,
      };
      return { document, exit: "PASS" };
    }),
});
