/** Minting workspace tokens: join, the renewable pair, and everything a mount needs (spec control-plane 1.7-1.9). */
import { fail } from "../../errors.ts";
import { FILE_API, TOKENS } from "../../limits.ts";
import { normalizePath, writablePathProblem } from "../../model/path.ts";
import { sha256Hex } from "../../model/sha256.ts";
import { FULL_SCOPES } from "../../model/token.ts";
import { RELAY_WORKSPACE_ID } from "../../model/workspace-id.ts";
import { isSubsetOf } from "../auth/scopes.ts";
import { textField } from "../file-api/input.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import type { ControlContext, ControlRoute } from "./env.ts";
import { messagingKey } from "./workspaces.ts";

/** Routes that mint workspace tokens. */
export const JOIN_ROUTES: readonly ControlRoute[] = [
  {
    method: "POST",
    pattern: "workspaces/:id/join",
    admits: "cloud-or-workspace",
    anonymous: true,
    handle: join,
  },
  { method: "POST", pattern: "workspaces/:id/relayfile/delegated-token", admits: "cloud", handle: delegate },
  { method: "POST", pattern: "v1/tokens/refresh", admits: "none", handle: renew },
  {
    method: "POST",
    pattern: "workspaces/:id/relayfile/mount-session",
    admits: "cloud-or-workspace",
    handle: mountSession,
  },
];

const DELEGATION_REFRESH_MS = 24 * 3_600_000;
const DELEGATION_MS = 90 * DELEGATION_REFRESH_MS;
const DEFAULT_SCOPES = ["fs:read", "fs:write"];
/** What a caller without a credential may ask for: everything about its workspace, nothing about the others. */
const ANONYMOUS_SCOPES = [...FULL_SCOPES, "ops:replay"];

async function join(context: ControlContext): Promise<Response> {
  const { request, env, workspace } = context;
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const scopes = requestedScopes(context, body, DEFAULT_SCOPES);
  const agent = textField(body, "agentName") ?? "sdk-agent";
  const minted = await env.mint.workspaceToken(workspace.relayId, { agent, scopes });
  // The delay stands for the slow work of the hosted service (cloud#766): the answer is late, and still right.
  if (env.joinDelayMs > 0) await env.clock.sleep(env.joinDelayMs);
  return json(
    {
      workspaceId: workspace.relayId,
      token: minted.token,
      relayfileUrl: env.fileApiUrl,
      wsUrl: socketUrl(env.fileApiUrl, workspace.relayId),
      relaycastApiKey: messagingKey(workspace),
      expiresAt: iso(minted.expiresAtMs),
      scopes: minted.scopes,
    },
    200,
    { "Cache-Control": "no-store" },
  );
}

async function delegate(context: ControlContext): Promise<Response> {
  const { request, env, workspace } = context;
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const scopes = requestedScopes(context, body, DEFAULT_SCOPES);
  const agent = textField(body, "agentName") ?? "relayfile-cli";
  const notAfter = env.clock.now() + DELEGATION_MS;
  const pair = await issuePair(context, {
    workspace: workspace.id,
    relayId: workspace.relayId,
    agent,
    scopes,
    notAfter,
  });
  return json(
    {
      relayfileUrl: env.fileApiUrl,
      relayfileWorkspaceId: workspace.relayId,
      workspaceId: workspace.relayId,
      ...pair,
      refreshUrl: `${env.controlPlaneUrl}/api/v1/v1/tokens/refresh`,
      relayauthUrl: `${env.controlPlaneUrl}/api/v1`,
      scopes,
      agentName: agent,
    },
    200,
    { "Cache-Control": "no-store" },
  );
}

/** Trades a delegated refresh token for a new pair; it works once. */
async function renew(context: ControlContext): Promise<Response> {
  const { request, env } = context;
  const token = textField(await readJsonObject(request, FILE_API.bodyBytesMax), "refreshToken");
  if (token === null) fail("bad_request", "missing refreshToken");
  const now = env.clock.now();
  const found = await env.store.commit((sql) => {
    const [row] = sql.all<{
      workspace: string;
      agent: string;
      scopes: string;
      expires_at: number;
      not_after: number;
    }>("SELECT workspace, agent, scopes, expires_at, not_after FROM delegations WHERE refresh_hash = ?", [
      sha256Hex(token),
    ]);
    sql.run("DELETE FROM delegations WHERE refresh_hash = ?", [sha256Hex(token)]);
    return row ?? null;
  });
  if (found === null)
    fail("unauthorized", "refresh token is spent or revoked", { wireCode: "workspace_token_revoked" });
  const workspace = env.store.workspace(found.workspace);
  if (found.expires_at <= now || found.not_after <= now || workspace === null) {
    fail("unauthorized", "the delegation has ended", { wireCode: "delegation_expired" });
  }
  const scopes = JSON.parse(found.scopes) as string[];
  const grant = {
    workspace: workspace.id,
    relayId: workspace.relayId,
    agent: found.agent,
    scopes,
    notAfter: found.not_after,
  };
  return json(await issuePair(context, grant), 200, { "Cache-Control": "no-store" });
}

async function issuePair(
  { env }: ControlContext,
  grant: { workspace: string; relayId: string; agent: string; scopes: readonly string[]; notAfter: number },
) {
  const minted = await env.mint.workspaceToken(grant.relayId, grant);
  const refreshToken = env.mint.secret("rfr_");
  const refreshExpiresAt = Math.min(env.clock.now() + DELEGATION_REFRESH_MS, grant.notAfter);
  await env.store.commit((sql) =>
    sql.run(
      `INSERT INTO delegations (refresh_hash, workspace, agent, scopes, expires_at, not_after)
       VALUES (?, ?, ?, ?, ?, ?)`,
      [
        sha256Hex(refreshToken),
        grant.workspace,
        grant.agent,
        JSON.stringify(grant.scopes),
        refreshExpiresAt,
        grant.notAfter,
      ],
    ),
  );
  return {
    accessToken: minted.token,
    accessTokenExpiresAt: iso(minted.expiresAtMs),
    refreshToken,
    refreshTokenExpiresAt: iso(refreshExpiresAt),
    delegationNotAfter: iso(grant.notAfter),
  };
}

async function mountSession(context: ControlContext): Promise<Response> {
  const { request, env, workspace, params } = context;
  if (!RELAY_WORKSPACE_ID.test(params.id ?? "")) fail("workspace_not_found", "Workspace not found");
  const body = await readJsonObject(request, FILE_API.bodyBytesMax).catch((cause) =>
    refuse("invalid_request", "body is not a JSON object", cause),
  );
  const mode = body.mode ?? "poll";
  if (mode !== "poll" && mode !== "fuse") refuse("invalid_mode", "mode must be poll or fuse");
  const localDir = requireLocalDir(body.localDir);
  const remotePath = requireRemotePath(body.remotePath);
  const scopes = requestedScopes(context, body, DEFAULT_SCOPES);
  const agent = textField(body, "agentName") ?? "relayfile-mount";
  const minted = await env.mint.workspaceToken(workspace.relayId, { agent, scopes });
  return json(
    {
      workspaceId: workspace.relayId,
      relayfileBaseUrl: env.fileApiUrl,
      relayfileToken: minted.token,
      wsUrl: socketUrl(env.fileApiUrl, workspace.relayId),
      remotePath,
      localDir,
      mode,
      scopes: minted.scopes,
      relaycastApiKey: messagingKey(workspace),
      tokenIssuedAt: iso(minted.issuedAtMs),
      expiresAt: iso(minted.expiresAtMs),
      suggestedRefreshAt: iso(minted.expiresAtMs - TOKENS.workspaceMs / 10),
    },
    200,
    { "Cache-Control": "no-store" },
  );
}

/** The scopes of a body, or the defaults. A workspace token hands on at most what it holds, nobody at all no administration. */
function requestedScopes(
  { caller }: ControlContext,
  body: Record<string, unknown>,
  defaults: readonly string[],
): readonly string[] {
  const { scopes } = body;
  if (scopes !== undefined && (!Array.isArray(scopes) || scopes.some((scope) => typeof scope !== "string"))) {
    refuse("invalid_scopes", "scopes must be a list of strings");
  }
  const wanted = scopes === undefined || (scopes as string[]).length === 0 ? defaults : (scopes as string[]);
  const bound =
    caller.kind === "workspace" ? caller.token.scopes : caller.kind === "none" ? ANONYMOUS_SCOPES : null;
  if (bound !== null && !isSubsetOf(wanted, bound)) {
    fail("forbidden", "the requested scopes go beyond the caller's", { wireCode: "scope_insufficient" });
  }
  return wanted;
}

function requireLocalDir(value: unknown): string {
  if (typeof value !== "string") return refuse("invalid_request", "localDir must be a string");
  const dir = value.trim();
  const bad =
    dir === "" ||
    dir.length > 1_024 ||
    dir.includes("\u0000") ||
    dir === "/" ||
    /^[A-Za-z]:[\\/]?$/.test(dir) ||
    dir.split(/[\\/]/).includes("..") ||
    /^\/(?:proc|sys|dev|etc\/relayfile)(?:\/|$)/.test(dir);
  return bad ? refuse("invalid_local_dir", `localDir ${JSON.stringify(dir)} cannot be mounted`) : dir;
}

function requireRemotePath(value: unknown): string {
  if (value === undefined) return "/";
  if (typeof value !== "string") return refuse("invalid_request", "remotePath must be a string");
  const path = normalizePath(value.trim());
  if (path !== "/" && writablePathProblem(path) !== null) {
    return refuse("invalid_remote_path", `remotePath ${JSON.stringify(value)} is not a path`);
  }
  return path;
}

function refuse(wireCode: string, message: string, cause?: unknown): never {
  return fail("bad_request", message, { wireCode }, { cause });
}

function socketUrl(fileApiUrl: string, relayId: string): string {
  return `${fileApiUrl.replace(/^http/, "ws")}/v1/workspaces/${relayId}/fs/ws`;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
