/** `relayfile integration disconnect`: removes a provider from a workspace. Files in mirrors are not touched. */
import { requireWorkspace } from "../../lib/client/target.ts";
import { fail } from "../../lib/errors.ts";
import { command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `integration disconnect` prints. */
export interface IntegrationDisconnectDocument extends Document {
  readonly kind: "relayfile.integration-disconnect";
  readonly workspaceId: string;
  readonly provider: string;
}

export default command({
  name: "disconnect",
  description: "Disconnect a provider from a workspace",
  args: {
    provider: {
      type: "positional",
      required: true,
      description: "Provider, for example github",
      valueHint: "PROVIDER",
    },
    yes: { type: "boolean", alias: ["y"], description: "Confirm" },
    ...TARGET_ARGS,
  },
  examples: [["relayfile integration disconnect github --yes", "of the current workspace"]],
  run: async (args, context) => {
    if (!args.yes) {
      fail("consent_required", `disconnecting ${args.provider} stops its sync and its writebacks`, {
        hint: `relayfile integration disconnect ${args.provider} --yes`,
      });
    }
    return withSession(targetFlags(args), context, async (session) => {
      const { id } = requireWorkspace(session.target);
      await session.controlAsAny.disconnect(id, args.provider, { signal: context.signal });
      const document: IntegrationDisconnectDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.integration-disconnect",
        workspaceId: id,
        provider: args.provider,
      };
      return { document, exit: "PASS" };
    });
  },
});
