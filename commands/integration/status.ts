/** `relayfile integration status`: how far one integration has come, and what holds it up. */
import { requireWorkspace } from "../../lib/client/target.ts";
import type { IntegrationStatus } from "../../lib/model/integration.ts";
import { command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `integration status` and `integration connect` print. */
export interface IntegrationStatusDocument extends Document {
  readonly kind: "relayfile.integration-status";
  readonly workspaceId: string;
  readonly provider: string;
  readonly status: IntegrationStatus;
}

export default command({
  name: "status",
  description: "Show one integration",
  args: {
    provider: {
      type: "positional",
      required: true,
      description: "Provider, for example github",
      valueHint: "PROVIDER",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile integration status github", "of the current workspace"],
    ["relayfile integration status jira --workspace demo --json", "for a program"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args), context, async (session) => {
      const { id } = requireWorkspace(session.target);
      const status = await session.controlAsAny.integrationStatus(id, args.provider, {
        signal: context.signal,
      });
      const document: IntegrationStatusDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.integration-status",
        workspaceId: id,
        provider: args.provider,
        status,
      };
      return { document, exit: status.lastError ? "FINDINGS" : "PASS" };
    }),
});
