/** What was deleted, and what was deliberately left. */
import type { WorkspaceDeleteDocument } from "../../../commands/workspace/delete.ts";
import type { Style } from "../style.ts";

/** Lines of a `relayfile.workspace-delete` document. */
export default function workspaceDelete(document: WorkspaceDeleteDocument, style: Style): string {
  const name = document.name ?? document.workspaceId;
  const lines = [
    document.remote
      ? `${style.mark("pass")} deleted ${name} at the control plane, with everything in it`
      : `${style.mark("pass")} forgot ${name} on this machine; the workspace itself still exists`,
  ];
  if (!document.forgotten && !document.remote)
    lines[0] = `${style.mark("info")} ${name} was not registered here`;
  if (document.localDir !== null) lines.push(`  its mirror was left as it is: ${document.localDir}`);
  return lines.join("\n");
}
