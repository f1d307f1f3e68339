/** `relayfile writeback drop`: gives up a refused save. The local file is not touched. */
import { fail } from "../../lib/errors.ts";
import { isSafeOpId } from "../../lib/model/dead-letter.ts";
import { readDeadLetter, removeDeadLetter } from "../../lib/mount/dead-letter.ts";
import { askMount } from "../_ask.ts";
import { type CommandResult, command } from "../_command.ts";
import { findMirror, requireMirror } from "../_mount.ts";
import { OP_ARGS, WRITEBACK_ARGS } from "./_args.ts";

export default command({
  name: "drop",
  description: "Give up a refused save; the local file stays",
  args: {
    ...WRITEBACK_ARGS,
    ...OP_ARGS,
    force: { type: "boolean", description: "Also remove a record that cannot be read" },
  },
  examples: [["relayfile writeback drop --opId op_17", "forget a save that is not wanted any more"]],
  run: async (args, context) => {
    const { fs } = context.ports;
    const opId = args["op-id"];
    if (!isSafeOpId(opId)) fail("usage", `op id "${opId}" contains a path separator`);
    const mirror = await findMirror(args, context);
    const { layout } = requireMirror(mirror);
    const read = readDeadLetter(fs, layout.deadLetters, opId);
    if (read === null) fail("dead_letter_unknown", `unknown dead-letter op "${opId}"`, { opId });
    if ("reason" in read && !args.force) {
      fail(
        "dead_letter_malformed",
        `invalid dead-letter record ${layout.deadLetters}/${opId}.json: ${read.reason}`,
        {
          opId,
          hint: "Look at the file; then repeat with --force",
        },
      );
    }
    const commandId = "record" in read ? read.record.commandId : undefined;
    // A save that is still tried would come back with the next attempt: the mount itself must give it up.
    const isTried =
      commandId !== undefined && fs.lstat(`${layout.outbox}/pending/${commandId}.json`) !== null;
    if (isTried) await askMount(mirror, { kind: "drop", opId }, context);
    else {
      removeDeadLetter(fs, layout.deadLetters, opId);
      if (commandId !== undefined) fs.unlink(`${layout.outbox}/attention/${commandId}.marker`);
    }
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.writeback-drop",
        workspaceId: mirror.workspaceId,
        opId,
        path: "record" in read ? read.record.path : null,
      } as CommandResult["document"],
      exit: "PASS",
    };
  },
});
