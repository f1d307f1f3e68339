/** `relayfile workspace use`: makes a registered workspace the current one, its token included. */
import {
  credentialPaths,
  readWorkspaceCredentials,
  workspaceTokenPath,
  writePrivateJson,
} from "../../lib/client/home.ts";
import { findWorkspace, updateRegistry } from "../../lib/client/registry.ts";
import { describe, resolveTarget, type Target } from "../../lib/client/target.ts";
import { fail } from "../../lib/errors.ts";
import { readClaims } from "../../lib/model/token.ts";
import { type CommandContext, command, type Document } from "../_command.ts";

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
      description: "Registered workspace by name or id",
      valueHint: "WS",
    },
  },
  examples: [["relayfile workspace use demo", "later commands mean this workspace"]],
  run: async (args, context) => {
    const { ports } = context;
    const target = await resolveTarget({ workspace: args.ws }, ports, { lookup: false });
    let chosen = { name: "", id: "" };
    await updateRegistry(ports, target.home, (workspaces) => {
      const match = findWorkspace(workspaces, args.ws);
      if (match.kind !== "one") {
        const several =
          match.kind === "ambiguous"
            ? ` means several ids: ${match.ids.join(", ")}`
            : " is not registered here";
        return fail("workspace_not_found", `workspace ${args.ws}${several}`, {
          hint: `relayfile workspace join ${args.ws}`,
        });
      }
      chosen = { name: match.workspace.name, id: describe(match.workspace).id };
      return { workspaces, default: match.workspace.name };
    });
    const hasToken = switchToken(target, chosen.id, context);
    const document: WorkspaceUseDocument = {
      schemaVersion: "1.0",
      kind: "relayfile.workspace-use",
      name: chosen.name,
      workspaceId: chosen.id,
      hasToken,
    };
    return { document, exit: "PASS" };
  },
});

/**
 * Keeps the token of the workspace that was current in its own file and puts the chosen one's into
 * `credentials.json`, which is removed when there is none: a token there would decide which workspace is meant.
 */
function switchToken(target: Target, workspaceId: string, context: CommandContext): boolean {
  const { ports } = context;
  const main = credentialPaths(target.home).workspace;
  const kept = workspaceTokenPath(target.home, workspaceId);
  if (main === null || kept === null) return false;
  const present = readWorkspaceCredentials(ports.fs, main);
  const claim = present.state === "ok" ? (readClaims(present.value.token)?.workspaceId ?? null) : null;
  if (claim === workspaceId) return true;
  const aside = claim === null ? null : workspaceTokenPath(target.home, claim);
  if (present.state === "ok" && aside !== null) writePrivateJson(ports, aside, present.value);
  const stored = readWorkspaceCredentials(ports.fs, kept);
  if (stored.state === "ok") writePrivateJson(ports, main, stored.value);
  // A token that names no workspace cannot be put aside under one, so it stays where it is.
  else if (aside !== null) ports.fs.unlink(main);
  return stored.state === "ok";
}
