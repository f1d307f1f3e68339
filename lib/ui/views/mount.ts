/** Text of `mount`: where the mirror is and how to leave it. */
import type { MountDocument } from "../../../commands/mount.ts";
import type { Style } from "../style.ts";

/** Renders a mount that runs, or has ended. */
export default function view(document: MountDocument, style: Style): string {
  if (document.state === "stopped") return `${style.mark("pass")} stopped mirroring ${document.localDir}`;
  const stop = document.mode === "background" ? "relayfile unmount" : "Ctrl-C";
  return [
    `${style.mark("pass")} mirroring ${document.workspaceId}${document.remoteRoot} in ${style.bold(document.localDir)}`,
    `  server ${document.server}, process ${document.pid}, log ${document.logFile}`,
    style.dim(`  stop with ${stop}; look with relayfile status`),
  ].join("\n");
}
