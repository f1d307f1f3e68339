/**
 * The workspace token while a command runs. Tokens kept in our own files are minted again when they are due, missing
 * or of another workspace and a cloud session exists; tokens named by a flag or variable are only read again.
 */
import { fail, isRelayfileError, RelayfileError } from "../errors.ts";
import { FULL_SCOPES, readClaims } from "../model/token.ts";
import type { CloudSession, SessionWorld } from "./cloud-session.ts";
import type { ControlApi } from "./control-api.ts";
import { expiredAtMs, isWorkspaceTokenDue } from "./freshness.ts";
import {
  credentialPaths,
  readTokenFile,
  readWorkspaceCredentials,
  workspaceTokenPath,
  writePrivateJson,
} from "./home.ts";
import { requireTokenFor } from "./http.ts";
import { joinWorkspace } from "./join.ts";
import { boundElsewhere, requireWorkspace, type Target } from "./target.ts";
import type { FoundToken } from "./tokens.ts";

/** Name under which this tool joins a workspace. */
export const AGENT_NAME = "relayfile-cli";

/** Access to the workspace token of one target. */
export interface WorkspaceSession {
  /** A usable token for the file API. Fails with `not_signed_in`, `token_expired` or `wrong_token_kind`. */
  token(): Promise<string>;
  /** A token other than `rejected`; null when there is none to be had. */
  renew(rejected: string): Promise<string | null>;
  /** Base URL of the file API: what was asked for, else what minting the token named. */
  fileApiUrl(): string;
}

/** Opens the workspace token of a target; `api` is the control plane as the cloud identity. */
export function workspaceSession(
  target: Target,
  world: SessionWorld,
  cloud: CloudSession,
  api: ControlApi,
  signal?: AbortSignal,
): WorkspaceSession {
  let current = target.workspaceToken;
  let fileApiUrl = target.fileApiUrl;

  async function token(): Promise<string> {
    const found = current;
    if (found === null) return (await mint(missing())).value;
    if (found.explicit) return checked(isDue(found) ? reread(found) : found).value;
    if (!isForeign(found) && !isDue(found)) return checked(found).value;
    const stored = reread(found);
    if (!isForeign(stored) && !isDue(stored)) return checked(stored).value;
    return (await mint(staleReason(stored), stored)).value;
  }

  async function renew(rejected: string): Promise<string | null> {
    if (current === null) return null;
    const stored = reread(current);
    if (stored.value !== rejected) return stored.value;
    if (stored.explicit || !cloud.available) return null;
    return (await mint(null)).value;
  }

  /** Mints and keeps a token. Without a cloud session: the token at hand while it lives, else `reason`. */
  async function mint(reason: RelayfileError | null, atHand?: FoundToken): Promise<FoundToken> {
    const workspace = requireWorkspace(target);
    const usable =
      atHand !== undefined && !isForeign(atHand) && expiredAtMs(atHand.value, world.clock.now()) === null;
    if (!cloud.available) {
      if (atHand !== undefined && (usable || isForeign(atHand))) return checked(atHand);
      throw reason ?? missing();
    }
    try {
      const request = { id: workspace.cloudId ?? workspace.id, agentName: AGENT_NAME, scopes: FULL_SCOPES };
      const { workspace: joined } = await joinWorkspace(api, request, {
        clock: world.clock,
        log: world.log,
        signal,
      });
      if (!isAimed(target)) fileApiUrl = joined.relayfileUrl.replace(/\/+$/, "");
      const path = keepWorkspaceToken(target, world, joined);
      const source = path ?? "join";
      current = {
        value: joined.token,
        source,
        path,
        explicit: false,
        server: joined.relayfileUrl,
        cloud: null,
        foreign: false,
      };
      return current;
    } catch (thrown) {
      if (usable && atHand !== undefined && isRelayfileError(thrown) && thrown.retryable) return atHand;
      throw thrown;
    }
  }

  function reread(found: FoundToken): FoundToken {
    if (found.path === null) return found;
    const reading = readTokenFile(world.fs, found.path);
    if (reading.state === "ok") current = { ...found, value: reading.value.token };
    return current ?? found;
  }

  function isDue(found: FoundToken): boolean {
    return isWorkspaceTokenDue(found.value, world.clock.now());
  }

  /** True for a token of our own files that was minted for another workspace or file API. */
  function isForeign(found: FoundToken): boolean {
    const claim = readClaims(found.value)?.workspaceId ?? null;
    const other = target.workspace !== null && claim !== null && claim !== target.workspace.id;
    return !found.explicit && (other || boundElsewhere(found, fileApiUrl));
  }

  function checked(found: FoundToken): FoundToken {
    requireTokenFor("file-api", found.value, found.source);
    const expired = expiredAtMs(found.value, world.clock.now());
    if (expired !== null) throw expiredError(found, expired);
    if (boundElsewhere(found, fileApiUrl)) {
      fail(
        "not_signed_in",
        `the token of ${found.source} belongs to ${found.server}, not to ${fileApiUrl} (${target.sources.fileApiUrl})`,
        {
          hint: "Name a token for that server with --token-file",
        },
      );
    }
    return found;
  }

  function staleReason(found: FoundToken): RelayfileError | null {
    const expired = expiredAtMs(found.value, world.clock.now());
    return expired === null ? null : expiredError(found, expired);
  }

  function missing(): RelayfileError {
    const name = target.workspace?.name ?? target.workspace?.id ?? "WORKSPACE";
    return (
      target.problems.workspaceToken ??
      new RelayfileError("not_signed_in", `no workspace token was found for ${name}`, {
        hint: cloud.available ? `relayfile workspace join ${name}` : "relayfile login",
      })
    );
  }

  function expiredError(found: FoundToken, atMs: number): RelayfileError {
    const name = target.workspace?.name ?? target.workspace?.id ?? "WORKSPACE";
    const hint = found.explicit
      ? `Put a fresh token there: relayfile workspace join ${name}`
      : cloud.available
        ? `relayfile workspace join ${name}`
        : "relayfile login";
    return new RelayfileError(
      "token_expired",
      `the token of ${found.source} expired at ${new Date(atMs).toISOString()}`,
      {
        source: found.source,
        hint,
      },
    );
  }

  return { token, renew, fileApiUrl: () => fileApiUrl };
}

/** True when a flag or variable chose the file API. */
function isAimed(target: Target): boolean {
  return /^(--|env )/.test(target.sources.fileApiUrl ?? "");
}

/**
 * Keeps a minted token: in the workspace's own file, and in `credentials.json` when that file holds this workspace's
 * token already, holds none, or `makeCurrent` says so. Returns the path that now holds it; null without a home.
 */
export function keepWorkspaceToken(
  target: Pick<Target, "home">,
  world: SessionWorld,
  joined: { readonly workspaceId: string; readonly token: string; readonly relayfileUrl: string },
  makeCurrent = false,
): string | null {
  const path = workspaceTokenPath(target.home, joined.workspaceId);
  const main = credentialPaths(target.home).workspace;
  if (path === null || main === null) return null;
  const updatedAt = new Date(world.clock.now()).toISOString();
  const document = { server: joined.relayfileUrl.replace(/\/+$/, ""), token: joined.token, updatedAt };
  writePrivateJson(world, path, document);
  const present = readWorkspaceCredentials(world.fs, main);
  const claim = present.state === "ok" ? (readClaims(present.value.token)?.workspaceId ?? null) : null;
  const ours = present.state === "missing" || claim === joined.workspaceId;
  if (makeCurrent || ours) writePrivateJson(world, main, document);
  return makeCurrent || ours ? main : path;
}
