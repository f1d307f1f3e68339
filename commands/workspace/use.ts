/** `relayfile workspace use`: makes a workspace the current one, its token included. */

import { requireHome } from "../../lib/client/home.ts";
import { findWorkspace, updateRegistry, upsertWorkspace } from "../../lib/client/registry.ts";
import type { Session } from "../../lib/client/session.ts";
import { describe, requireWorkspace } from "../../lib/client/target.ts";
import { switchCurrentToken } from "../../lib/client/token-store.ts";
import { fail } from "../../lib/errors.ts";
import type { RegisteredWorkspace } from "../../lib/model/workspace.ts";
import { type CommandContext, command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `workspace use` prints. */
export interface WorkspaceUseDocument extends Document {
  readonly kind: "relayfile.workspace-use";
  readonly name: string;
  readonly workspaceId: string;
  /** True when a token of this workspace is kept here; else the next command mints one, given a cloud session. */
  readonly hasToken: boolean;
}

export default command({
  name: "use",
  description: "Make a workspace the current one",
  args: {
    ws: {
      type: "positional",
      required: true,
      description: "Workspace by name, rw_ id or UUID",
      valueHint: "WS",
    },
    ...TARGET_ARGS,
  },
  examples: [["relayfile workspace use demo", "later commands mean this workspace"]],
  run: async (args, context) =>
    withSession(targetFlags(args, args.ws), context, async (session) => {
      const { home } = session.target;
      requireHome(home);
      const chosen = await choose(session, args.ws, context);
      const workspaceId = describe(chosen).id;
      const document: WorkspaceUseDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.workspace-use",
        name: chosen.name,
        workspaceId,
        hasToken: switchCurrentToken(context.ports, home, workspaceId),
      };
      return { document, exit: "PASS" };
    }),
});

/** Makes the workspace the default of the registry, adding it when only the control plane knew it. */
async function choose(session: Session, text: string, context: CommandContext): Promise<RegisteredWorkspace> {
  const { ports } = context;
  const { target } = session;
  const found = requireWorkspace(target);
  const name = found.name ?? found.id;
  const registry = await updateRegistry(ports, target.home, (workspaces) => {
    const match = findWorkspace(workspaces, text, found.id);
    if (match.kind === "one") return { workspaces, default: match.workspace.name };
    // Resolving a bare id asks nobody, so it may be mistyped: only a workspace with a name is known to exist.
    if (found.name === null) {
      return fail("workspace_not_found", `workspace ${text} is not registered here`, {
        hint: `relayfile workspace join ${text}`,
      });
    }
    const { id, cloudId } = found;
    const entry = { name, id: cloudId ?? id, ...(cloudId === null ? {} : { relayWorkspaceId: id }) };
    const cloudApiUrl = target.controlPlaneUrl;
    return {
      workspaces: upsertWorkspace(workspaces, { ...entry, cloudApiUrl }, ports.clock.now()),
      default: name,
    };
  });
  const chosen = registry.workspaces.find((one) => one.name === registry.default);
  return chosen ?? fail("bug", "the registry lost the workspace it was given");
}
