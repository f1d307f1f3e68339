/** The list of workspaces. */
import type { WorkspacesDocument } from "../../../commands/workspace/list.ts";
import type { Style } from "../style.ts";
import { table } from "./_table.ts";

/** The list of a `relayfile.workspaces` document. */
export default function workspaces(document: WorkspacesDocument, style: Style): string {
  const rows = document.workspaces.map((one) => [
    one.current ? "*" : "",
    one.name,
    one.id ?? "",
    one.remote === null ? "?" : one.remote ? "yes" : "no",
    one.localDir ?? "",
  ]);
  const lines =
    rows.length === 0
      ? ["no workspaces"]
      : table(["", "name", "id", "at the control plane", "mirror"], rows, style);
  const { problem } = document;
  if (problem === null) return lines.join("\n");
  return [
    ...lines,
    `${style.mark("unknown")} ${document.controlPlaneUrl} was not asked: ${problem.message}`,
    `  ${problem.hint}`,
  ].join("\n");
}
