/** `relayfile writeback skip-stuck`: gives up on announced files that the server does not show. */
import { askMount } from "../_ask.ts";
import { type CommandResult, command } from "../_command.ts";
import { findMirror, requireMirror } from "../_mount.ts";
import { WRITEBACK_ARGS } from "./_args.ts";

export default command({
  name: "skip-stuck",
  description: "Stop waiting for announced files that cannot be read",
  args: {
    ...WRITEBACK_ARGS,
    max: { type: "integer", min: 0, valueHint: "N", description: "At most so many, oldest first (all)" },
  },
  examples: [["relayfile writeback skip-stuck demo --max 10", "treat the ten oldest as deleted"]],
  run: async (args, context) => {
    const mirror = await findMirror(args, context);
    const { dir } = requireMirror(mirror);
    const value = await askMount(mirror, { kind: "skip-stuck", max: args.max ?? null }, context);
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.writeback-skip-stuck",
        workspaceId: mirror.workspaceId,
        localDir: dir,
        ...(value as object),
      } as CommandResult["document"],
      exit: "PASS",
    };
  },
});
