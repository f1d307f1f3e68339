/** What became of a batch of webhooks: the counts, then everything that was not applied. */
import type { IngestDocument } from "../../../commands/ingest.ts";
import type { Style } from "../style.ts";
import { counted, printable } from "./_table.ts";

const REASONS_SHOWN = 20;

/** The summary of a `relayfile.ingest` document. */
export default function ingest(document: IngestDocument, style: Style): string {
  const { summary, provider, workspaceId, durationMs } = document;
  const mark = summary.rejected > 0 ? "fail" : "pass";
  const head = `${style.mark(mark)} ${counted(summary.total, `${provider} ${document.form === "records" ? "record" : "payload"}`)} to ${workspaceId} in ${durationMs} ms`;
  const counts = [
    `applied ${summary.applied} (${counted(summary.filesWritten, "file")} written, ${summary.filesDeleted} deleted)`,
    `deleted ${summary.deleted}`,
    `not applicable ${summary.notApplicable}`,
    `duplicate ${summary.duplicate}`,
    `stale ${summary.stale}`,
    `rejected ${summary.rejected}`,
  ].filter((text) => !/ 0$/.test(text) || text.startsWith("rejected"));
  const rejected = document.payloads.filter((one) => one.status === "rejected");
  const details = rejected.map((one) => `  ${printable(`${one.source}: ${one.reason ?? ""}`)}`);
  for (const { source, rejects } of document.sources) {
    for (const { index, reason } of rejects)
      details.push(`  ${printable(`${source} record ${index}: ${reason}`)}`);
  }
  const hidden = summary.rejected - Math.min(details.length, REASONS_SHOWN);
  const more = hidden > 0 ? [`  and ${hidden} more, see --json`] : [];
  return [
    head,
    ...counts.map((text) => `  ${text}`),
    ...reasons(document),
    ...details.slice(0, REASONS_SHOWN),
    ...more,
  ].join("\n");
}

/** Each reason for "not applicable" once, with its count and events. */
function reasons(document: IngestDocument): string[] {
  const byReason = new Map<string, Set<string>>();
  for (const one of document.payloads) {
    if (one.status !== "not_applicable") continue;
    const events = byReason.get(one.reason ?? "no reason given") ?? new Set();
    byReason.set(one.reason ?? "no reason given", events.add(one.event));
  }
  return [...byReason].slice(0, REASONS_SHOWN).map(([reason, events]) => {
    const named = [...events].sort().slice(0, 6).join(", ");
    return `    ${printable(`${reason} (${named}${events.size > 6 ? ", ..." : ""})`)}`;
  });
}
