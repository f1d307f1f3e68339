/** `relayfile workspace join`: mints a workspace token and keeps it; waits up to 120 s and shows that it does. */

import type { Session } from "../../lib/client/session.ts";
import { lookupWorkspace } from "../../lib/client/workspace-lookup.ts";
import { isRelayfileError } from "../../lib/errors.ts";
import { FULL_SCOPES } from "../../lib/model/token.ts";
import { workspaceIdForm } from "../../lib/model/workspace.ts";
import { command } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";
import { joinAndKeep } from "./_joining.ts";

export default command({
  name: "join",
  description: "Get a workspace token and make the workspace current",
  args: {
    ws: {
      type: "positional",
      required: true,
      description: "Workspace by name, rw_ id or UUID",
      valueHint: "WS",
    },
    name: { type: "string", valueHint: "NAME", description: "Name to remember it by here" },
    agent: {
      type: "string",
      valueHint: "NAME",
      description: "Agent name in the token, relayfile-cli when left out",
    },
    scope: {
      type: "strings",
      valueHint: "SCOPE",
      description: "Scope to ask for; repeatable; the usual five when left out",
    },
    renewable: {
      type: "boolean",
      description: "A token that renews itself for months, for a daemon without a cloud session",
    },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile workspace join demo", "token for files, sync and ops"],
    ["relayfile workspace join demo --renewable", "for a mount that outlives the sign-in"],
    ["relayfile workspace join demo --scope 'relayfile:fs:read:/notion/**'", "a narrow, read-only token"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args, args.ws), context, async (session) => {
      const known = await whichWorkspace(session, args.ws);
      const request = {
        id: known.cloudId ?? known.id,
        cloudId: known.cloudId,
        name: args.name ?? known.name,
        agentName: args.agent,
        scopes: args.scope.length > 0 ? args.scope : FULL_SCOPES,
        renewable: args.renewable,
        created: false,
      };
      return { document: await joinAndKeep(session, request, context), exit: "PASS" };
    }),
});

/** What is known here, else what the control plane says; an id is joined even when it cannot be looked up. */
async function whichWorkspace(
  session: Session,
  text: string,
): Promise<{ id: string; cloudId: string | null; name: string | null }> {
  const { workspace } = session.target;
  if (workspace?.name != null) return workspace;
  // A name means nothing without somebody to ask; an id may be joined with the token of a workspace.
  if (!session.cloud.available && workspace === null) await session.cloud.token();
  if (!session.cloud.available) return workspace ?? { id: text, cloudId: null, name: null };
  try {
    return await lookupWorkspace(session.control, text);
  } catch (thrown) {
    const byId = workspaceIdForm(text) !== "name";
    // Join itself is the authority on an id: it also answers for workspaces that cannot be listed.
    if (byId && isRelayfileError(thrown, "workspace_not_found"))
      return { id: text, cloudId: null, name: null };
    throw thrown;
  }
}
