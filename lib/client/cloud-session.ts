/**
 * The cloud identity while a command runs: its access token, refreshed when due. Refresh tokens work once, so the
 * rotation happens under a lock that all processes of this machine share, and the new pair is on disk before use.
 */
import { fail, isRelayfileError, messageOf } from "../errors.ts";
import type { CloudCredentials } from "../model/credentials.ts";
import type { Fetch, Log } from "../ports.ts";
import { controlApi } from "./control-api.ts";
import { type LockWorld, withFileLock } from "./file-lock.ts";
import { isCloudDue, isCloudExpired } from "./freshness.ts";
import { readCloudCredentials, readTokenFile, writePrivateJson } from "./home.ts";
import { boundElsewhere, type Target } from "./target.ts";
import { type FoundToken, findCloudToken } from "./tokens.ts";

/** Ends before the lock looks abandoned to others. */
const REFRESH_TIMEOUT_MS = 10_000;

/** What a session needs of the world. */
export type SessionWorld = LockWorld & { readonly fetch: Fetch; readonly log: Log };

/** Access to the cloud token of one target. */
export interface CloudSession {
  /** True when a token exists that may be sent to the target's control plane. */
  readonly available: boolean;
  /** A token that is not due, as far as that can be had. Fails with `not_signed_in`. */
  token(): Promise<string>;
  /** A token other than `rejected`, which the control plane refused; null when there is none to be had. */
  renew(rejected: string): Promise<string | null>;
}

/** Opens the cloud identity of a target; does nothing until asked for a token. */
export function cloudSession(target: Target, world: SessionWorld): CloudSession {
  let current = target.cloudToken;

  /** The token, looked for again while there is none: a long run must notice that somebody signed in meanwhile. */
  function present(): FoundToken | null {
    if (current !== null || target.problems.cloudToken !== undefined) return current;
    const { home } = target;
    const search = { fs: world.fs, home, cwd: "/", env: {}, flag: undefined, nowMs: world.clock.now() };
    current = findCloudToken(search).found;
    return current;
  }

  function isElsewhere(found: FoundToken): boolean {
    return boundElsewhere(found, target.controlPlaneUrl);
  }

  async function token(): Promise<string> {
    const found = requireFound();
    if (found.cloud === null) return found.value;
    if (ownedHere(found))
      return isCloudDue(found.cloud, world.clock.now()) ? (await rotate(found)).value : found.value;
    if (isCloudExpired(found.cloud, world.clock.now())) reread(found);
    return requireFound().value;
  }

  async function renew(rejected: string): Promise<string | null> {
    const found = current;
    if (found === null || found.path === null) return null;
    const renewed = ownedHere(found) ? await rotate(found, rejected) : reread(found);
    return renewed.value === rejected ? null : renewed.value;
  }

  /** Refreshes under the lock unless another process already did; the adopted or new session becomes current. */
  function rotate(found: FoundToken & { readonly path: string }, rejected?: string): Promise<FoundToken> {
    return withFileLock(world, found.path, async () => {
      const reading = readCloudCredentials(world.fs, found.path);
      const stored = reading.state === "ok" ? reading.value : found.cloud;
      if (stored === null) return found;
      const usable = stored.accessToken !== rejected && !isCloudDue(stored, world.clock.now());
      const session = usable ? stored : await refresh(target, stored, found.path, world, rejected);
      current = { ...found, value: session.accessToken, cloud: session };
      return current;
    });
  }

  function reread(found: FoundToken): FoundToken {
    if (found.path === null) return found;
    const reading = readTokenFile(world.fs, found.path);
    if (reading.state === "ok")
      current = { ...found, value: reading.value.token, cloud: reading.value.cloud };
    return current ?? found;
  }

  function requireFound(): FoundToken {
    const found = present();
    if (found === null) {
      throw (
        target.problems.cloudToken ??
        fail("not_signed_in", "no cloud session was found: no credential file, flag or variable holds one")
      );
    }
    if (isElsewhere(found)) {
      fail(
        "not_signed_in",
        `the session of ${found.source} belongs to ${found.server}, not to ${target.controlPlaneUrl} (${target.sources.controlPlaneUrl})`,
        { hint: `relayfile login --control-plane ${target.controlPlaneUrl}` },
      );
    }
    return found;
  }

  return {
    get available() {
      const found = present();
      return found !== null && !isElsewhere(found);
    },
    token,
    renew,
  };
}

function ownedHere(found: FoundToken): found is FoundToken & { readonly path: string } {
  const renewable = found.cloud !== null && found.cloud.refreshToken !== "";
  return found.path !== null && renewable && !found.explicit && !found.foreign;
}

/** One use of the refresh token. A refused one needs a new sign-in; other trouble keeps a token that still lives. */
async function refresh(
  target: Target,
  stored: CloudCredentials,
  path: string,
  world: SessionWorld,
  rejected: string | undefined,
): Promise<CloudCredentials> {
  const api = controlApi({
    service: "control-plane",
    baseUrl: target.controlPlaneUrl,
    token: () => null,
    fetch: world.fetch,
    random: world.random,
    correlationPrefix: "cli",
  });
  try {
    const fresh = await api.refreshSession(stored.refreshToken, { timeoutMs: REFRESH_TIMEOUT_MS });
    const { refreshTokenExpiresAt: _old, ...kept } = stored;
    const session: CloudCredentials = {
      ...kept,
      apiUrl: fresh.apiUrl ?? stored.apiUrl,
      accessToken: fresh.accessToken,
      refreshToken: fresh.refreshToken,
      accessTokenExpiresAt: fresh.accessTokenExpiresAt,
      ...(fresh.refreshTokenExpiresAt === undefined
        ? {}
        : { refreshTokenExpiresAt: fresh.refreshTokenExpiresAt }),
      updatedAt: new Date(world.clock.now()).toISOString(),
    };
    writePrivateJson(world, path, session);
    return session;
  } catch (thrown) {
    if (!isRelayfileError(thrown)) throw thrown;
    const alive = stored.accessToken !== rejected && !isCloudExpired(stored, world.clock.now());
    if (alive) {
      world.log.debug("cloud token not refreshed, using the present one", { reason: messageOf(thrown) });
      return stored;
    }
    if (isRelayfileError(thrown, "bad_request", "unauthorized", "forbidden")) {
      fail(
        "not_signed_in",
        `the control plane refused the refresh token of ${path}: it was used or has expired`,
        {},
        {
          cause: thrown,
        },
      );
    }
    throw thrown;
  }
}
