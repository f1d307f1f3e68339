/** What a refresh did, with the warning that "backfilled" alone proves nothing. */
import type { RefreshDocument } from "../../../commands/refresh.ts";
import type { Style } from "../style.ts";
import { table } from "./_table.ts";

/** The rows of a `relayfile.refresh` document. */
export default function refresh(document: RefreshDocument, style: Style): string {
  if (document.scope === "provider") {
    const [row] = document.refreshed;
    return `${style.mark("info")} ${row?.provider ?? "provider"}: refresh ${row?.status ?? "queued"} (${row?.requestId ?? "no id"})`;
  }
  const rows = document.refreshed.map((row) => [
    row.provider,
    row.backfilled === null ? "?" : row.backfilled ? "yes" : "no",
    row.status ?? "",
    String(row.errors),
    row.samplingWarnings.map((one) => `${one.resourceName}: ${one.reason}`).join("; "),
  ]);
  const lines =
    rows.length === 0
      ? ["no connected provider"]
      : table(["provider", "backfilled", "status", "errors", "not sampled"], rows, style);
  const errors = document.errors.map(
    (one) => `${style.mark("fail")} ${one.provider ?? "all"}: ${one.message}`,
  );
  const late = document.timedOut
    ? [`${style.mark("unknown")} the service ran out of time: repeat, then look again`]
    : [];
  const next = style.dim(
    `took ${document.durationMs} ms; whether schemas have content: relayfile verify discovery --no-refresh`,
  );
  return [...lines, ...errors, ...late, next].join("\n");
}
