/** The list of integrations. */
import type { IntegrationsDocument } from "../../../commands/integration/list.ts";
import type { Style } from "../style.ts";
import { table } from "./_table.ts";

/** The list of a `relayfile.integrations` document. */
export default function integrations(document: IntegrationsDocument, style: Style): string {
  if (document.integrations.length === 0) {
    return `no provider is connected to ${document.workspaceId}\n  relayfile integration connect github`;
  }
  const rows = document.integrations.map((one) => [
    one.provider,
    one.status,
    one.lagSeconds === undefined ? "" : `${one.lagSeconds} s`,
    one.lastEventAt ?? "",
    one.webhookHealthy === undefined ? "" : one.webhookHealthy ? "healthy" : "failing",
  ]);
  return table(["provider", "status", "lag", "last event", "webhook"], rows, style).join("\n");
}
