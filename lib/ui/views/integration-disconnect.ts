/** A disconnected provider. */
import type { IntegrationDisconnectDocument } from "../../../commands/integration/disconnect.ts";
import type { Style } from "../style.ts";

/** One line of a `relayfile.integration-disconnect` document. */
export default function integrationDisconnect(document: IntegrationDisconnectDocument, style: Style): string {
  return `${style.mark("pass")} ${document.provider} is disconnected from ${document.workspaceId}`;
}
