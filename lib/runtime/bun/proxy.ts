/** Requests to this machine must not go through a proxy, which could only answer for itself. */
const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/** Proxy variables as the runtime reads them, in both spellings. */
const PROXY_NAMES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"];

/**
 * Adds loopback to the exceptions when a proxy is configured; otherwise the embedded stack could not be reached on
 * machines behind one. The lower-case variable wins over the other, so both are completed.
 */
export function exemptLoopback(env: Record<string, string | undefined>): void {
  if (!PROXY_NAMES.some((name) => env[name])) return;
  const known = env.no_proxy || env.NO_PROXY || "";
  const listed = known.split(",").filter((part) => part.trim() !== "");
  const missing = LOOPBACK.filter((host) => !listed.includes(host));
  env.NO_PROXY = [...listed, ...missing].join(",");
  env.no_proxy = env.NO_PROXY;
}
