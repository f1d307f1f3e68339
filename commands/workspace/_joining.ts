/** Joining a workspace and keeping what came of it: the token, the registry entry, and facts to print. */
import { type Joined, joinWorkspace } from "../../lib/client/join.ts";
import { updateRegistry, upsertWorkspace } from "../../lib/client/registry.ts";
import type { Session } from "../../lib/client/session.ts";
import { keepWorkspaceToken } from "../../lib/client/token-store.ts";
import { AGENT_NAME } from "../../lib/client/workspace-session.ts";
import { isGranted } from "../../lib/model/scopes.ts";
import { readClaims } from "../../lib/model/token.ts";
import type { CommandContext, Document } from "../_command.ts";

/** Minting that takes this long is worth telling (cloud#766), in ms. */
const SLOW_JOIN_MS = 20_000;

/** What `workspace join` and `workspace create` print. */
export interface JoinDocument extends Document {
  readonly kind: "relayfile.workspace-join";
  readonly workspaceId: string;
  readonly cloudId: string | null;
  readonly name: string;
  /** True when the workspace was created by this command. */
  readonly created: boolean;
  readonly fileApiUrl: string;
  readonly agentName: string;
  readonly scopes: {
    readonly requested: readonly string[];
    readonly granted: readonly string[];
    readonly missing: readonly string[];
  };
  readonly expiresAt: string | null;
  /** The end of a token that renews itself; null when it needs the cloud session for that. */
  readonly renewableUntil: string | null;
  /** The file that holds the token; null when there is no home directory. */
  readonly tokenFile: string | null;
  readonly durationMs: number;
  /** True when minting took 20 s or more. */
  readonly slow: boolean;
}

/** A workspace to join, as it was looked up. */
export interface Joining {
  /** The id to ask with. */
  readonly id: string;
  readonly cloudId: string | null;
  readonly name: string | null;
  readonly agentName?: string;
  readonly scopes: readonly string[];
  readonly renewable?: boolean;
  readonly created: boolean;
}

/** Joins, makes the workspace the current one, and describes the outcome. */
export async function joinAndKeep(
  session: Session,
  request: Joining,
  context: CommandContext,
): Promise<JoinDocument> {
  const { ports, signal } = context;
  const agentName = request.agentName ?? AGENT_NAME;
  const world = { clock: ports.clock, log: ports.log, signal };
  const joined = await joinWorkspace(session.controlAsAny, { ...request, agentName }, world);
  const { path } = keepWorkspaceToken(session.target.home, ports, joined.minted, true);
  const document = describeJoin(joined, request, agentName, path);
  if (session.target.home.dir !== null) {
    await updateRegistry(ports, session.target.home, (workspaces) => ({
      workspaces: upsertWorkspace(workspaces, entryOf(document, session), ports.clock.now()),
      default: document.name,
    }));
  }
  return document;
}

function describeJoin(
  joined: Joined,
  request: Joining,
  agentName: string,
  tokenFile: string | null,
): JoinDocument {
  const { minted, durationMs } = joined;
  const claims = readClaims(minted.token);
  const granted = claims?.scopes ?? [];
  const ends = claims?.expiresAtSeconds ?? null;
  return {
    schemaVersion: "1.0",
    kind: "relayfile.workspace-join",
    workspaceId: minted.workspaceId,
    cloudId: request.cloudId,
    name: request.name ?? minted.workspaceId,
    created: request.created,
    fileApiUrl: minted.relayfileUrl.replace(/\/+$/, ""),
    agentName,
    scopes: {
      requested: request.scopes,
      granted,
      missing: request.scopes.filter((one) => !isGranted(one, granted)),
    },
    expiresAt: ends === null ? null : new Date(ends * 1000).toISOString(),
    renewableUntil: minted.renewal ? (minted.delegationNotAfter ?? null) : null,
    tokenFile,
    durationMs: Math.round(durationMs),
    slow: durationMs >= SLOW_JOIN_MS,
  };
}

function entryOf(document: JoinDocument, session: Session) {
  const { workspaceId, cloudId, name } = document;
  return {
    name,
    id: cloudId ?? workspaceId,
    ...(cloudId === null ? {} : { relayWorkspaceId: workspaceId }),
    server: document.fileApiUrl,
    cloudApiUrl: session.target.controlPlaneUrl,
    agentName: document.agentName,
    scopes: [...document.scopes.granted],
  };
}
