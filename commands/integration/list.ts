/** `relayfile integration list`: the integrations of a workspace. */
import { requireWorkspace } from "../../lib/client/target.ts";
import type { IntegrationRow } from "../../lib/model/integration.ts";
import { command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `integration list` prints. */
export interface IntegrationsDocument extends Document {
  readonly kind: "relayfile.integrations";
  readonly workspaceId: string;
  readonly integrations: readonly IntegrationRow[];
}

export default command({
  name: "list",
  description: "List connected providers",
  args: {
    ws: {
      type: "positional",
      description: "Workspace; may be left out when one is current",
      valueHint: "WS",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile integration list", "of the current workspace"],
    ["relayfile integration list demo --json", "for a program"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args, args.ws), context, async (session) => {
      const { id } = requireWorkspace(session.target);
      const integrations = await session.controlAsAny.integrations(id, { signal: context.signal });
      const document: IntegrationsDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.integrations",
        workspaceId: id,
        integrations,
      };
      return { document, exit: "PASS" };
    }),
});
