/**
 * The workspace token while a command or daemon runs. Tokens kept in our own files are renewed when they are due,
 * missing or of another workspace; tokens named by a flag or variable are only read again.
 */
import { fail, isRelayfileError, RelayfileError } from "../errors.ts";
import { FULL_SCOPES, readClaims } from "../model/token.ts";
import type { CloudSession, SessionWorld } from "./cloud-session.ts";
import type { ControlApi } from "./control-api.ts";
import { renewPair } from "./delegation.ts";
import { expiredAtMs, isWorkspaceTokenDue } from "./freshness.ts";
import { readTokenFile, readWorkspaceCredentials, workspaceTokenPath } from "./home.ts";
import { requireTokenFor } from "./http.ts";
import { joinWorkspace } from "./join.ts";
import { boundElsewhere, requireWorkspace, type Target } from "./target.ts";
import { keepWorkspaceToken } from "./token-store.ts";
import { type FoundToken, storedToken } from "./tokens.ts";

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
  let replacing: Promise<FoundToken> | null = null;

  async function token(): Promise<string> {
    if (current === null) return (await replace()).value;
    if (isFresh(current)) return checked(current).value;
    const stored = reread(current);
    if (stored.explicit || isFresh(stored)) return checked(stored).value;
    return (await replace()).value;
  }

  async function renew(rejected: string): Promise<string | null> {
    if (current === null) return null;
    const stored = reread(current);
    if (stored.value !== rejected) return stored.value;
    if (stored.explicit || (stored.renewal === null && !cloud.available)) return null;
    const next = await replace(rejected);
    return next.value === rejected ? null : next.value;
  }

  /** A new token, however many callers need one at the same time. */
  function replace(rejected?: string): Promise<FoundToken> {
    replacing ??= obtain(current, rejected).finally(() => {
      replacing = null;
    });
    return replacing;
  }

  /** Renews the pair, else joins. While neither works, a token that still lives is good enough. */
  async function obtain(atHand: FoundToken | null, rejected: string | undefined): Promise<FoundToken> {
    const named = target.problems.workspaceToken;
    // A file that somebody named must hold the token: working with another identity would be a surprise.
    if (atHand === null && named?.code === "invalid_input") throw named;
    const usable =
      atHand !== null && atHand.value !== rejected && !isElsewhere(atHand) && ended(atHand) === null;
    try {
      if (atHand?.renewal && !isElsewhere(atHand)) {
        const renewed = await renewPair(target, world, atHand, rejected);
        if (renewed !== null) return adopt(renewed);
      }
      if (cloud.available) return adopt(await join());
    } catch (thrown) {
      if (usable && isRelayfileError(thrown) && thrown.retryable) return atHand;
      throw thrown;
    }
    if (atHand === null) throw missing();
    return checked(atHand);
  }

  async function join(): Promise<FoundToken> {
    const workspace = requireWorkspace(target);
    const request = { id: workspace.cloudId ?? workspace.id, agentName: AGENT_NAME, scopes: FULL_SCOPES };
    const waiting = { clock: world.clock, log: world.log, signal };
    const { minted } = await joinWorkspace(api, request, waiting);
    if (!isAimed(target)) fileApiUrl = minted.relayfileUrl.replace(/\/+$/, "");
    const { path, stored } = keepWorkspaceToken(target.home, world, minted);
    return storedToken(stored, path ?? "join");
  }

  function adopt(found: FoundToken): FoundToken {
    current = found;
    return found;
  }

  /** The token as its file has it now; for tokens of ours also the one kept for the workspace by another process. */
  function reread(found: FoundToken): FoundToken {
    if (found.path === null) return found;
    if (found.explicit || found.foreign) {
      const reading = readTokenFile(world.fs, found.path);
      return reading.state === "ok" ? adopt({ ...found, value: reading.value.token }) : found;
    }
    const kept = target.workspace === null ? null : workspaceTokenPath(target.home, target.workspace.id);
    const stored = [found.path, kept].flatMap((path) => {
      const reading = path === null ? null : readWorkspaceCredentials(world.fs, path);
      return path !== null && reading?.state === "ok" ? [storedToken(reading.value, path)] : [];
    });
    return adopt(stored.find(isFresh) ?? stored.find((one) => !isElsewhere(one)) ?? found);
  }

  function isFresh(found: FoundToken): boolean {
    return !isElsewhere(found) && !isWorkspaceTokenDue(found.value, world.clock.now());
  }

  /** True for a token of our own files that was minted for another workspace or file API. */
  function isElsewhere(found: FoundToken): boolean {
    const claim = readClaims(found.value)?.workspaceId ?? null;
    const other = target.workspace !== null && claim !== null && claim !== target.workspace.id;
    return !found.explicit && (other || boundElsewhere(found, fileApiUrl));
  }

  function ended(found: FoundToken): number | null {
    return expiredAtMs(found.value, world.clock.now());
  }

  /** The token if it may be sent; else the failure that says why not. */
  function checked(found: FoundToken): FoundToken {
    requireTokenFor("file-api", found.value, found.source);
    const endedAtMs = ended(found);
    if (endedAtMs !== null) throw expiredError(found, endedAtMs);
    if (boundElsewhere(found, fileApiUrl)) {
      fail(
        "not_signed_in",
        `the token of ${found.source} belongs to ${found.server}, not to ${fileApiUrl} (${target.sources.fileApiUrl})`,
        { hint: "Name a token for that server with --token-file" },
      );
    }
    return found;
  }

  function missing(): RelayfileError {
    const problem = target.problems.workspaceToken;
    if (problem !== undefined) return problem;
    const message = `no workspace token was found for ${nameOf(target)}`;
    return new RelayfileError("not_signed_in", message, { hint: signInHint() });
  }

  function expiredError(found: FoundToken, atMs: number): RelayfileError {
    const join = `relayfile workspace join ${nameOf(target)}`;
    const hint = found.explicit ? `Put a fresh token there: ${join}` : signInHint();
    const message = `the token of ${found.source} expired at ${new Date(atMs).toISOString()}`;
    return new RelayfileError("token_expired", message, { source: found.source, hint });
  }

  /** Signing in is suggested only where no cloud session exists. */
  function signInHint(): string {
    return cloud.available ? `relayfile workspace join ${nameOf(target)}` : "relayfile login";
  }

  return { token, renew, fileApiUrl: () => fileApiUrl };
}

/** True when a flag or variable chose the file API. */
function isAimed(target: Target): boolean {
  return /^(--|env )/.test(target.sources.fileApiUrl ?? "");
}

function nameOf(target: Target): string {
  return target.workspace?.name ?? target.workspace?.id ?? "WORKSPACE";
}
