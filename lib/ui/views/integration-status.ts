/** One integration in full. */
import type { IntegrationStatusDocument } from "../../../commands/integration/status.ts";
import type { Style } from "../style.ts";
import { facts } from "./_table.ts";

/** Facts of a `relayfile.integration-status` document. */
export default function integrationStatus(document: IntegrationStatusDocument, style: Style): string {
  const { status, provider } = document;
  const head = `${style.mark(status.lastError ? "fail" : status.ready ? "pass" : "info")} ${provider}: ${status.state ?? (status.ready ? "ready" : "not ready")}`;
  const sync = status.initialSync;
  const rows: [string, string | null][] = [
    ["ready", status.ready ? "yes" : "no"],
    ["signed in", status.oauth === undefined ? null : status.oauth.connected ? "yes" : "no"],
    [
      "first sync",
      sync === undefined ? null : [sync.state, sync.syncName, sync.model].filter(Boolean).join(" "),
    ],
    ["connection", status.currentConnectionId ?? status.connectionId ?? null],
    ["webhook", status.webhookHealthy === undefined ? null : status.webhookHealthy ? "healthy" : "failing"],
    ["last error", status.lastError ? JSON.stringify(status.lastError) : null],
  ];
  return [head, ...facts(rows, style).map((line) => `  ${line}`)].join("\n");
}
