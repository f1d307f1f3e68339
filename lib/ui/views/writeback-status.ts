/** Text of `writeback status`: the lines and their order that scripts of the original know. */
import type { WritebackStatusDocument } from "../../../commands/writeback/status.ts";
import type { Style } from "../style.ts";

/** Renders the status of a mirror's writebacks. */
export default function view(document: WritebackStatusDocument, style: Style): string {
  const { deadLettered, malformed, lastErrorByProvider } = document;
  const lines = [
    `workspace: ${document.workspaceId ?? "unknown"}${document.name === null ? "" : ` (${document.name})`}`,
    `local mirror: ${document.localDir ?? "not configured"}`,
    `pending: ${document.pending}`,
    `failed: ${document.failed}`,
    `dead-lettered: ${deadLettered.length}`,
  ];
  if (deadLettered.length > 0) {
    lines.push("", "Dead-lettered ops:", "op_id\tpath\tlast_status\tts");
    for (const { opId, path, lastStatus, ts } of deadLettered) {
      lines.push([opId, path || "-", lastStatus ?? "-", ts ?? "-"].join("\t"));
    }
    lines.push("", style.dim(`next: relayfile writeback retry --opId ${deadLettered[0]?.opId}`));
  }
  if (malformed.length > 0) {
    lines.push("", "Records that cannot be read (left as they are):");
    for (const { file, reason } of malformed) lines.push(`${file}\t${reason}`);
  }
  const providers = Object.entries(lastErrorByProvider);
  if (providers.length > 0) {
    lines.push("", "Last errors by provider:");
    for (const [provider, text] of providers) lines.push(`  ${provider}: ${text}`);
  }
  if (deadLettered.length + malformed.length + document.failed === 0) lines.push(style.green("no failures"));
  return lines.join("\n");
}
