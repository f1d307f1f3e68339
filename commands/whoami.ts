/** `relayfile whoami`: which identities are in use, where each came from, and whether the services accept them. */
import type { Session } from "../lib/client/session.ts";
import { type ExitName, isRelayfileError, type RelayfileError } from "../lib/errors.ts";
import { isGranted } from "../lib/model/scopes.ts";
import { FULL_SCOPES, readClaims, tokenKind } from "../lib/model/token.ts";
import { command, type Document } from "./_command.ts";
import { TARGET_ARGS, targetFlags, withSession } from "./_target.ts";

/** What `whoami` prints. Never a token. */
export interface WhoamiDocument extends Document {
  readonly kind: "relayfile.whoami";
  readonly cloud: CloudIdentity;
  readonly workspace: WorkspaceIdentity;
  readonly fileApi: { readonly url: string; readonly source: string | null };
  readonly controlPlane: { readonly url: string; readonly source: string | null };
}

/** Why an identity cannot be used. */
export interface IdentityProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

/** The cloud identity. */
export interface CloudIdentity {
  /** `refused`: the control plane or its files say no. `unknown`: it could not be asked. */
  readonly state: "signed-in" | "absent" | "refused" | "unknown";
  readonly source: string | null;
  readonly account: string | null;
  readonly organization: string | null;
  readonly accessExpiresAt: string | null;
  readonly refreshExpiresAt: string | null;
  readonly problem: IdentityProblem | null;
}

/** The workspace token, as it describes itself and as the file API sees it. */
export interface WorkspaceIdentity {
  readonly state: "accepted" | "absent" | "refused" | "unknown";
  readonly source: string | null;
  readonly workspaceId: string | null;
  readonly name: string | null;
  readonly tokenKind: string | null;
  readonly subject: string | null;
  readonly scopes: readonly string[];
  /** Of the scopes this tool uses. */
  readonly missingScopes: readonly string[];
  readonly expiresAt: string | null;
  readonly problem: IdentityProblem | null;
}

export default command({
  name: "whoami",
  description: "Show the identities in use and where they come from",
  args: { ...TARGET_ARGS },
  examples: [
    ["relayfile whoami", "both identities and both services"],
    ["relayfile whoami --json", "for a program; holds no secret"],
  ],
  run: async (args, context) =>
    withSession(targetFlags(args), context, async (session) => {
      const cloud = await cloudIdentity(session, context.signal);
      const workspace = await workspaceIdentity(session, context.signal);
      const { target } = session;
      const document: WhoamiDocument = {
        schemaVersion: "1.0",
        kind: "relayfile.whoami",
        cloud,
        workspace,
        fileApi: { url: session.fileApiUrl(), source: target.sources.fileApiUrl },
        controlPlane: { url: target.controlPlaneUrl, source: target.sources.controlPlaneUrl },
      };
      return { document, exit: exitOf(cloud, workspace) };
    }),
});

async function cloudIdentity(session: Session, signal: AbortSignal): Promise<CloudIdentity> {
  const found = session.target.cloudToken;
  const base = {
    source: found?.source ?? null,
    account: null,
    organization: null,
    accessExpiresAt: found?.cloud?.accessTokenExpiresAt || null,
    refreshExpiresAt: found?.cloud?.refreshTokenExpiresAt ?? null,
  };
  const broken = session.target.problems.cloudToken;
  if (found === null)
    return { ...base, state: broken === undefined ? "absent" : "refused", problem: problemOf(broken) };
  try {
    const me = await session.control.whoami({ signal });
    const account = me.user?.email ?? me.user?.name ?? me.user?.id ?? null;
    const organization = me.currentOrganization?.name ?? me.currentOrganization?.slug ?? null;
    return { ...base, state: "signed-in", account, organization, problem: null };
  } catch (thrown) {
    const explained = await session.explain(thrown);
    if (!isRelayfileError(explained)) throw explained;
    return { ...base, state: stateOf(explained), problem: problemOf(explained) };
  }
}

async function workspaceIdentity(session: Session, signal: AbortSignal): Promise<WorkspaceIdentity> {
  const { target } = session;
  const found = target.workspaceToken;
  const claims = found === null ? null : readClaims(found.value);
  const ends = claims?.expiresAtSeconds ?? null;
  const base = {
    source: found?.source ?? null,
    workspaceId: target.workspace?.id ?? claims?.workspaceId ?? null,
    name: target.workspace?.name ?? null,
    tokenKind: found === null ? null : tokenKind(found.value),
    subject: claims?.subject ?? null,
    scopes: claims?.scopes ?? [],
    missingScopes: claims === null ? [] : FULL_SCOPES.filter((scope) => !isGranted(scope, claims.scopes)),
    expiresAt: ends === null ? null : new Date(ends * 1000).toISOString(),
  };
  const broken = target.problems.workspaceToken;
  if (found === null)
    return { ...base, state: broken === undefined ? "absent" : "refused", problem: problemOf(broken) };
  try {
    await (await session.files()).tree({ path: "/", depth: 1 }, { signal });
    return { ...base, state: "accepted", problem: null };
  } catch (thrown) {
    const explained = await session.explain(thrown);
    if (!isRelayfileError(explained)) throw explained;
    return { ...base, state: stateOf(explained), problem: problemOf(explained) };
  }
}

/** A network that does not answer says nothing about an identity. */
function stateOf(error: RelayfileError): "refused" | "unknown" {
  return error.exit === "AUTH" ? "refused" : "unknown";
}

function problemOf(error: RelayfileError | undefined): IdentityProblem | null {
  return error === undefined ? null : { code: error.code, message: error.message, hint: error.hint };
}

/** Somebody whose every present identity works is signed in, even with one of the two only. */
function exitOf(cloud: CloudIdentity, workspace: WorkspaceIdentity): ExitName {
  const states = [cloud.state, workspace.state];
  // A URL that names the wrong service is a definite answer, and not one about an identity.
  if ([cloud.problem, workspace.problem].some((problem) => problem?.code === "wrong_service"))
    return "FINDINGS";
  if (states.includes("refused") || states.every((state) => state === "absent")) return "AUTH";
  return states.includes("unknown") ? "UNDETERMINED" : "PASS";
}
