/** `relayfile writeback show`: one dead letter with its sidecar and what can be done about it. */
import { readSidecar } from "../../lib/mount/dead-letter.ts";
import { deadLetterForRetry } from "../../lib/mount/retry.ts";
import { type CommandResult, command } from "../_command.ts";
import { findMirror, requireMirror } from "../_mount.ts";
import { OP_ARGS, WRITEBACK_ARGS } from "./_args.ts";

export default command({
  name: "show",
  description: "Show everything known about one refused save",
  args: { ...WRITEBACK_ARGS, ...OP_ARGS },
  examples: [["relayfile writeback show --opId op_17", "why was it refused, and what was sent?"]],
  run: async (args, context) => {
    const mirror = await findMirror(args, context);
    const { layout } = requireMirror(mirror);
    const record = deadLetterForRetry(context.ports, layout.deadLetters, args["op-id"]);
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.writeback-show",
        workspaceId: mirror.workspaceId,
        record,
        error: readSidecar(context.ports.fs, layout.deadLetters, record.opId),
        file: `${layout.deadLetters}/${record.opId}.json`,
        next: { argv: ["relayfile", "writeback", "retry", "--opId", record.opId], safe: false },
      } as CommandResult["document"],
      exit: "PASS",
    };
  },
});
