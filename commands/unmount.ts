/** `relayfile unmount`: stops the daemon of a mirror; the mirror itself stays as it is. */
import { fail } from "../lib/errors.ts";
import { stopDaemon } from "../lib/mount/process.ts";
import { type CommandResult, command } from "./_command.ts";
import { findMirror, MIRROR_ARGS, mountWorld, requireMirror, startLine } from "./_mount.ts";

export default command({
  name: "unmount",
  description: "Stop the daemon of a mirror; files stay",
  aliases: ["stop"],
  args: {
    ws: {
      type: "positional",
      valueHint: "WS",
      description: "Workspace; may be left out when one is current",
    },
    ...MIRROR_ARGS,
  },
  examples: [["relayfile unmount demo", "stop mirroring; saves on their way are sent first"]],
  run: async (args, context) => {
    const mirror = await findMirror(args, context);
    const { dir } = requireMirror(mirror);
    const stopped = await stopDaemon(await mountWorld(context), dir, context.signal);
    if (stopped.outcome === "not-running") {
      fail("not_running", `no daemon runs for ${dir}`, { localDir: dir, hint: startLine(mirror) });
    }
    return {
      document: {
        schemaVersion: "1.0",
        kind: "relayfile.unmount",
        workspaceId: mirror.workspaceId,
        localDir: dir,
        ...stopped,
      } as CommandResult["document"],
      exit: "PASS",
    };
  },
});
