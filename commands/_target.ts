/** What commands that talk to a service share: the flags that name it, and ready clients from a context. */

import { openSession, type Session } from "../lib/client/session.ts";
import { resolveTarget, type Target, type TargetFlags } from "../lib/client/target.ts";
import { lookupWorkspace } from "../lib/client/workspace-lookup.ts";
import { fail, isRelayfileError, RelayfileError } from "../lib/errors.ts";
import type { ArgSpecs, ArgValues, CommandContext } from "./_command.ts";

/** Flags of every command that talks to a service (design decision 14). */
export const TARGET_ARGS = {
  "file-api": {
    type: "string",
    alias: ["server", "base-url"],
    valueHint: "URL",
    description: "Base URL of the file API",
  },
  "control-plane": {
    type: "string",
    alias: ["cloud-api-url"],
    valueHint: "URL",
    description: "Base URL of the control plane",
  },
  workspace: {
    type: "string",
    alias: ["w"],
    valueHint: "WS",
    description: "Workspace by name, rw_ id or UUID",
  },
  "token-file": {
    type: "string",
    alias: ["creds-file"],
    valueHint: "FILE",
    description: "File with the workspace token, bare or as credentials.json",
  },
  "cloud-token-file": {
    type: "string",
    valueHint: "FILE",
    description: "File with the cloud token, bare or as cloud-credentials.json",
  },
} as const satisfies ArgSpecs;

/** Parsed values of `TARGET_ARGS`. */
export type TargetArgValues = Partial<ArgValues<typeof TARGET_ARGS>>;

/** The flags as target resolution takes them; `workspace` as a positional wins over the flag. */
export function targetFlags(args: TargetArgValues, workspace?: string): TargetFlags {
  return {
    fileApi: args["file-api"],
    controlPlane: args["control-plane"],
    workspace: workspace ?? args.workspace,
    tokenFile: args["token-file"],
    cloudTokenFile: args["cloud-token-file"],
  };
}

/** Resolves a target and opens its clients. A workspace only the control plane knows is asked for with a fresh token. */
export async function connect(flags: TargetFlags, context: CommandContext): Promise<Session> {
  const { ports, signal } = context;
  const target = await resolveTarget(flags, ports, { lookup: false });
  const session = openSession(target, ports, signal);
  const asked = target.requestedWorkspace?.value;
  const unknown = target.problems.workspace?.code === "workspace_not_found";
  if (!unknown || asked === undefined || !session.cloud.available) return session;
  return openSession(await withLookup(target, session, asked), ports, signal);
}

async function withLookup(target: Target, session: Session, asked: string): Promise<Target> {
  const { workspace: _solved, ...problems } = target.problems;
  try {
    return { ...target, workspace: await lookupWorkspace(session.control, asked), problems };
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    return { ...target, workspace: null, problems: { ...problems, workspace: thrown } };
  }
}

/** Runs `work` with ready clients; a failure caused by a wrong base URL is reported as exactly that. */
export async function withSession<T>(
  flags: TargetFlags,
  context: CommandContext,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await connect(flags, context);
  try {
    return await work(session);
  } catch (thrown) {
    throw withWorkspaceHint(await session.explain(thrown), session.target);
  }
}

/** `WORKSPACE` in a hint becomes the workspace of this run, so that the line can be pasted. */
function withWorkspaceHint(thrown: unknown, target: Target): unknown {
  if (!isRelayfileError(thrown) || !thrown.hint.includes("WORKSPACE")) return thrown;
  const name = target.workspace?.name ?? target.workspace?.id ?? target.requestedWorkspace?.value;
  if (name === undefined) return thrown;
  const details = { ...thrown.details, hint: thrown.hint.replaceAll("WORKSPACE", name) };
  return new RelayfileError(thrown.code, thrown.message, details, { cause: thrown });
}

/** The positionals of `[WS] [PATH]`: a first word that starts with a slash is the path. */
export function workspaceAndPath(
  first: string | undefined,
  second: string | undefined,
): { workspace: string | undefined; path: string | undefined } {
  return first?.startsWith("/") ? { workspace: undefined, path: first } : { workspace: first, path: second };
}

/** The positionals of `[WS] PATH`: a single word is the path. Fails with `usage` when there is none. */
export function onePath(
  first: string | undefined,
  second: string | undefined,
  name: string,
): { workspace: string | undefined; path: string } {
  if (second !== undefined) {
    if (first?.startsWith("/")) {
      fail("usage", `${first} is a path, and ${JSON.stringify(second)} comes after it`, {
        hint: `The workspace comes first: relayfile ${name} WORKSPACE ${first}`,
      });
    }
    return { workspace: first, path: second };
  }
  if (first !== undefined) return { workspace: undefined, path: first };
  return fail("usage", "a remote path is needed", { hint: `relayfile ${name} WORKSPACE /path/of/file` });
}
