/** A connected provider, or the link that is still to be visited. */
import type { IntegrationConnectDocument } from "../../../commands/integration/connect.ts";
import type { Style } from "../style.ts";

/** Lines of a `relayfile.integration-connect` document. */
export default function integrationConnect(document: IntegrationConnectDocument, style: Style): string {
  const { provider, connected, connectLink, linkExpiresAt } = document;
  if (connected) return `${style.mark("pass")} ${provider} is connected; its files appear below /${provider}`;
  return [
    `${style.mark("info")} ${provider} is not connected yet: somebody has to approve it`,
    `  ${connectLink ?? ""}`,
    `  the link ends at ${linkExpiresAt ?? "an unknown time"}; then: relayfile integration status ${provider}`,
  ].join("\n");
}
