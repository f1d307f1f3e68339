/** `relayfile workspace delete`: forgets a workspace here, or deletes it with everything in it. */

import { findWorkspace, updateRegistry } from "../../lib/client/registry.ts";
import { describe, requireWorkspace, type Target } from "../../lib/client/target.ts";
import { dropWorkspaceToken, switchCurrentToken } from "../../lib/client/token-store.ts";
import { fail } from "../../lib/errors.ts";
import type { RegisteredWorkspace } from "../../lib/model/workspace.ts";
import { type CommandContext, command, type Document } from "../_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "../_target.ts";

/** What `workspace delete` prints. */
export interface WorkspaceDeleteDocument extends Document {
  readonly kind: "relayfile.workspace-delete";
  readonly workspaceId: string;
  readonly name: string | null;
  /** True when the control plane deleted it. */
  readonly remote: boolean;
  /** True when an entry of the registry went. */
  readonly forgotten: boolean;
  /** A mirror that was left as it is, or null. */
  readonly localDir: string | null;
}

export default command({
  name: "delete",
  description: "Forget a workspace here, or delete it for good with --remote",
  args: {
    ws: {
      type: "positional",
      required: true,
      description: "Workspace by name, rw_ id or UUID",
      valueHint: "WS",
    },
    remote: {
      type: "boolean",
      description: "Delete it at the control plane: files, events, ops and integrations",
    },
    yes: { type: "boolean", alias: ["y"], description: "Confirm --remote" },
    ...TARGET_ARGS,
  },
  examples: [
    ["relayfile workspace delete demo", "remove it from this machine's list; mirrors stay"],
    ["relayfile workspace delete demo --remote --yes", "delete the workspace and everything in it"],
  ],
  run: async (args, context) => {
    if (args.remote && !args.yes) {
      fail("consent_required", `--remote deletes ${args.ws} with every file in it, for everybody`, {
        hint: `relayfile workspace delete ${args.ws} --remote --yes`,
      });
    }
    return withSession(targetFlags(args, args.ws), context, async (session) => {
      const { id, cloudId } = requireWorkspace(session.target);
      if (args.remote) await session.control.deleteWorkspace(cloudId ?? id, { signal: context.signal });
      const entry = await forget(session.target, args.ws, id, context);
      const document: WorkspaceDeleteDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.workspace-delete",
        workspaceId: id,
        name: entry?.name ?? session.target.workspace?.name ?? null,
        remote: args.remote,
        forgotten: entry !== null,
        localDir: entry?.localDir ?? null,
      };
      return { document, exit: "PASS" };
    });
  },
});

/** Removes the registry entry and the workspace's token; the next default becomes current. Null when it was not registered. */
async function forget(target: Target, text: string, id: string, context: CommandContext) {
  const { home } = target;
  if (home.dir === null) return null;
  let gone: RegisteredWorkspace | null = null;
  const registry = await updateRegistry(context.ports, home, (workspaces) => {
    const match = findWorkspace(workspaces, text, id);
    if (match.kind !== "one") return { workspaces };
    gone = match.workspace;
    return { workspaces: workspaces.filter((one) => one !== match.workspace) };
  });
  dropWorkspaceToken(context.ports, home, id);
  const next = registry.workspaces.find((one) => one.name === registry.default);
  const wasCurrent = target.registry.state === "ok" && target.registry.value.default !== registry.default;
  if (next !== undefined && wasCurrent) switchCurrentToken(context.ports, home, describe(next).id);
  return gone as RegisteredWorkspace | null;
}
