/** The workspace that is current now. */
import type { WorkspaceUseDocument } from "../../../commands/workspace/use.ts";
import type { Style } from "../style.ts";

/** Lines of a `relayfile.workspace-use` document. */
export default function workspaceUse(document: WorkspaceUseDocument, style: Style): string {
  const head = `${style.mark("pass")} ${document.name} (${document.workspaceId}) is the current workspace`;
  return document.hasToken
    ? head
    : `${head}\n  no token is kept for it: relayfile workspace join ${document.name}`;
}
