/**
 * Workspace tokens that renew themselves: an access token with a single-use refresh token, good for months without
 * the cloud session (spec control-plane 1.8). The trade happens under a lock that all processes share.
 */
import { isRelayfileError, messageOf } from "../errors.ts";
import { RenewedPair } from "../model/cloud.ts";
import { readClaims } from "../model/token.ts";
import type { SessionWorld } from "./cloud-session.ts";
import { withFileLock } from "./file-lock.ts";
import { isWorkspaceTokenDue } from "./freshness.ts";
import { readWorkspaceCredentials, workspaceTokenPath } from "./home.ts";
import { type ServiceTarget, sendJson } from "./http.ts";
import type { Target } from "./target.ts";
import { keepWorkspaceToken } from "./token-store.ts";
import { type FoundToken, type Renewal, storedToken } from "./tokens.ts";

/** Ends before the lock looks abandoned to others. */
const RENEW_TIMEOUT_MS = 10_000;

/**
 * Trades the refresh token of a kept pair for a new pair and keeps it; another process that was faster is believed.
 * Null when the pair cannot be renewed any more, whatever the reason: the caller then joins.
 */
export async function renewPair(
  target: Pick<Target, "home">,
  world: SessionWorld,
  found: FoundToken,
  rejected: string | undefined,
): Promise<FoundToken | null> {
  const workspaceId = readClaims(found.value)?.workspaceId ?? null;
  const path = workspaceId === null ? null : workspaceTokenPath(target.home, workspaceId);
  if (path === null || workspaceId === null) return null;
  return withFileLock(world, path, async () => {
    const reading = readWorkspaceCredentials(world.fs, path);
    const stored = reading.state === "ok" ? storedToken(reading.value, path) : found;
    const due = stored.value === rejected || isWorkspaceTokenDue(stored.value, world.clock.now());
    if (!due) return stored;
    if (stored.renewal === null) return null;
    const pair = await trade(stored.renewal, world);
    if (pair === null) return null;
    const kept = keepWorkspaceToken(target.home, world, {
      workspaceId,
      token: pair.accessToken,
      relayfileUrl: stored.server ?? found.server ?? "",
      renewal: { refreshToken: pair.refreshToken, refreshUrl: stored.renewal.refreshUrl },
      delegationNotAfter: pair.delegationNotAfter,
    });
    return storedToken(kept.stored, kept.path ?? path);
  });
}

async function trade(renewal: Renewal, world: SessionWorld): Promise<RenewedPair | null> {
  if (!URL.canParse(renewal.refreshUrl)) return null;
  const issuer: ServiceTarget = {
    service: "control-plane",
    baseUrl: renewal.refreshUrl,
    token: () => null,
    fetch: world.fetch,
    random: world.random,
    correlationPrefix: "cli",
  };
  const body = { refreshToken: renewal.refreshToken };
  try {
    return await sendJson(issuer, { method: "POST", path: "", body, timeoutMs: RENEW_TIMEOUT_MS }, (v) =>
      RenewedPair.parse(v),
    );
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    // Refused for good or only now: either way joining is what remains, and it reports its own failure.
    world.log.debug("workspace token not renewed", { reason: messageOf(thrown) });
    return null;
  }
}
