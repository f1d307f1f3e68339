/** A listing: one line per entry, directories with a trailing slash. */
import type { TreeDocument } from "../../../commands/tree.ts";
import type { Style } from "../style.ts";
import { counted, sizeText, table } from "./_table.ts";

/** The listing of a `relayfile.tree` document. */
export default function tree(document: TreeDocument, style: Style): string {
  const { entries, path, totalFiles, truncated, workspaceId } = document;
  if (entries.length === 0) return `${path} is empty in ${workspaceId}`;
  const rows = entries.map((entry) => [
    entry.type === "dir" ? "dir" : sizeText(entry.size ?? 0),
    entry.type === "dir" ? "" : entry.revision,
    entry.type === "dir" ? `${entry.path}/` : entry.path,
  ]);
  const total = totalFiles === null ? "" : `, ${counted(totalFiles, "file")} below ${path}`;
  const more = truncated ? ", cut by --limit" : "";
  return [
    ...table(["size", "revision", "path"], rows, style),
    style.dim(`${counted(entries.length, "entry", "entries")}${total}${more}`),
  ].join("\n");
}
