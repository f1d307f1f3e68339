/** What an operator sets by variables and secrets, and the addresses that follow from them. */
import { FILE_API } from "../../limits.ts";
import type { Env } from "../../ports.ts";
import type { SignIn } from "../../service/control-plane/env.ts";
import { CLOUD_PREFIX } from "../../service/front.ts";
import type { RateLimit } from "../../service/rate-limit.ts";

/** The two base URLs, without trailing slash. */
export interface Addresses {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
}

/**
 * The addresses a request came by: `RELAYFILE_FILE_API_URL` and `RELAYFILE_CONTROL_PLANE_URL` where they are set, else
 * its own origin, the control plane below `/cloud` as in the embedded stack. The platform routes only names of the
 * operator here, so the origin may be believed.
 */
export function addressesOf(env: Env, requestUrl: string): Addresses {
  const { origin } = new URL(requestUrl);
  const set = (name: string) => env[name]?.trim().replace(/\/+$/, "") || null;
  return {
    fileApiUrl: set("RELAYFILE_FILE_API_URL") ?? origin,
    controlPlaneUrl: set("RELAYFILE_CONTROL_PLANE_URL") ?? `${origin}${CLOUD_PREFIX}`,
  };
}

/** The path of a URL below the control plane's base, with a leading slash; null when it belongs to the file API. */
export function controlPlanePath({ controlPlaneUrl }: Addresses, requestUrl: string): string | null {
  const base = new URL(controlPlaneUrl);
  const url = new URL(requestUrl);
  const prefix = base.pathname.replace(/\/$/, "");
  if (url.origin !== base.origin) return null;
  if (url.pathname !== prefix && !url.pathname.startsWith(`${prefix}/`)) return null;
  return url.pathname.slice(prefix.length) || "/";
}

/** Authorities a deployment on a loopback address answers to; null on the platform, which routes by name itself. */
export function hostsOf(env: Env): readonly string[] | null {
  const hosts = (env.RELAYFILE_HOSTS ?? "").split(",").map((host) => host.trim().toLowerCase());
  const named = hosts.filter((host) => host !== "");
  return named.length === 0 ? null : named;
}

/** Who may sign in. Everybody only on loopback, where whoever reaches the service is its user. */
export function signInOf(env: Env): SignIn {
  const loopback = hostsOf(env)?.every((host) => /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/.test(host));
  if (env.RELAYFILE_SIGN_IN === "open" && loopback === true) return { kind: "open" };
  const key = env.RELAYFILE_SIGN_IN_KEY ?? "";
  if (key !== "") return { kind: "key", key };
  return { kind: "closed", reason: "nobody can sign in before the secret RELAYFILE_SIGN_IN_KEY is set" };
}

/** Base URL of a provider simulator, for development; null when there is none. */
export function simulatorUrlOf(env: Env): string | null {
  return env.RELAYFILE_SIMULATOR_URL?.replace(/\/+$/, "") || null;
}

/** Requests per agent and window of a workspace; `RELAYFILE_RATE_LIMIT` changes their number, and 0 sets no limit. */
export function rateLimitOf(env: Env): RateLimit {
  const set = env.RELAYFILE_RATE_LIMIT ?? "";
  const max = /^\d{1,9}$/.test(set) ? Number(set) : FILE_API.rateLimitMax;
  return { max, windowMs: FILE_API.rateLimitWindowMs };
}
