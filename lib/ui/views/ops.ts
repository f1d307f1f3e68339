/** A list of writeback ops. */
import type { OpsDocument } from "../../../commands/ops/list.ts";
import type { Style } from "../style.ts";
import { counted, table } from "./_table.ts";

/** The list of a `relayfile.ops` document. */
export default function ops(document: OpsDocument, style: Style): string {
  if (document.ops.length === 0) return `no ops in ${document.workspaceId}`;
  const rows = document.ops.map((op) => [
    op.opId,
    op.status,
    String(op.attemptCount),
    op.provider ?? "",
    op.updatedAt ?? op.createdAt ?? "",
    op.path ?? "",
    op.lastError ?? "",
  ]);
  const lines = table(["op", "status", "attempts", "provider", "updated", "path", "error"], rows, style);
  const more = document.truncated ? ["more exist: raise --limit"] : [];
  return [...lines, ...[counted(rows.length, "op"), ...more].map(style.dim)].join("\n");
}
