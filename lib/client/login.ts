/** Signing in to the control plane: by a browser that returns to a loopback listener, or by a code typed elsewhere. */
import { fail, isRelayfileError, RelayfileError } from "../errors.ts";
import { CLIENT } from "../limits.ts";
import { IssuedTokens } from "../model/cloud.ts";
import type { CloudCredentials } from "../model/credentials.ts";
import type { Clock, Host, Random } from "../ports.ts";
import type { ControlApi, DevicePoll } from "./control-api.ts";

/** A listener on 127.0.0.1 that exists for one sign-in. */
export type ListenLoopback = (handle: (url: URL) => Response) => { readonly port: number; stop(): void };

/** Pause before the first device poll and between polls, in ms. */
const POLL_CAP_MS = 60_000;
const SLOW_DOWN_MS = 5_000;

/** What both ways need. */
export interface LoginWorld {
  readonly api: ControlApi;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal?: AbortSignal;
}

/** Tokens as the credential file keeps them; `base` is used when the service names no URL of its own. */
export function credentialsOf(tokens: IssuedTokens, base: string, nowMs: number): CloudCredentials {
  return {
    apiUrl: (tokens.api_url ?? base).replace(/\/+$/, ""),
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
    accessTokenExpiresAt: tokens.access_token_expires_at,
    ...(tokens.refresh_token_expires_at === undefined
      ? {}
      : { refreshTokenExpiresAt: tokens.refresh_token_expires_at }),
    updatedAt: new Date(nowMs).toISOString(),
  };
}

/** True where a browser on this machine cannot reach a person: a remote shell, or Linux without a display. */
export function isHeadless(host: Pick<Host, "env" | "platform">): boolean {
  const { env } = host;
  if (env.SSH_CONNECTION || env.SSH_TTY || env.SSH_CLIENT) return true;
  return host.platform === "linux" && !env.DISPLAY && !env.WAYLAND_DISPLAY;
}

/**
 * Waits for a browser to bring the tokens. A visit with a wrong `state` is turned away and waiting goes on, so a stray
 * request cannot end a sign-in. Fails with `not_signed_in` when it is refused and `request_timeout` when nobody comes.
 *
 * @param show gets the URL to open once the listener is ready
 */
export async function loopbackLogin(
  world: LoginWorld,
  options: {
    readonly listen: ListenLoopback;
    readonly timeoutMs: number;
    readonly show: (url: string) => Promise<void>;
  },
): Promise<IssuedTokens> {
  const state = world.random.bytes(24).toBase64({ alphabet: "base64url", omitPadding: true });
  const arrived = Promise.withResolvers<IssuedTokens>();
  const handle = (url: URL) => answerCallback(url, state, arrived.resolve, arrived.reject);
  const server = options.listen(handle);
  const late = new AbortController();
  const signal = world.signal === undefined ? late.signal : AbortSignal.any([late.signal, world.signal]);
  const timeout = world.clock.sleep(options.timeoutMs, signal).then(() => {
    throw new RelayfileError("request_timeout", `nobody signed in within ${options.timeoutMs / 1000} s`, {
      hint: "relayfile login --device works without a browser on this machine",
    });
  });
  try {
    await options.show(world.api.loginUrl(`http://127.0.0.1:${server.port}/callback`, state));
    return await Promise.race([arrived.promise, timeout]);
  } finally {
    late.abort();
    timeout.catch(() => {
      // Ended by the line above; the race has its result.
    });
    server.stop();
  }
}

/**
 * Signs in with a code that is approved on another device.
 *
 * @param show gets the page to visit and the code to type
 */
export async function deviceLogin(
  world: LoginWorld,
  clientName: string,
  show: (prompt: { readonly url: string; readonly code: string; readonly expiresInS: number }) => void,
): Promise<IssuedTokens> {
  const start = await startDevice(world, clientName);
  // Not the complete form: whoever reads the log could approve with it, so its code is removed from every line printed.
  show({ url: start.verification_uri, code: start.user_code, expiresInS: start.expires_in });
  const deadlineMs = world.clock.monotonicMs() + start.expires_in * 1000;
  let pauseMs = Math.min(Math.max(start.interval, 1) * 1000, POLL_CAP_MS);
  for (;;) {
    const leftMs = deadlineMs - world.clock.monotonicMs();
    if (leftMs <= 0) return fail("request_timeout", `nobody approved the code within ${start.expires_in} s`);
    await world.clock.sleep(Math.min(pauseMs, leftMs), world.signal);
    const poll = await pollDevice(world, start.device_code);
    if (poll.kind === "issued") return poll.tokens;
    pauseMs = nextPause(poll, pauseMs);
  }
}

async function startDevice(world: LoginWorld, clientName: string) {
  try {
    return await world.api.deviceStart(clientName, {
      signal: world.signal,
      timeoutMs: CLIENT.requestTimeoutMs,
    });
  } catch (thrown) {
    if (isRelayfileError(thrown, "not_found")) {
      fail("not_supported", "this control plane has no device login", {
        hint: "relayfile login in a browser",
      });
    }
    throw thrown;
  }
}

/** Trouble of the service counts as "slow down": an approval that was given is still there at the next poll. */
async function pollDevice(world: LoginWorld, deviceCode: string): Promise<DevicePoll> {
  try {
    return await world.api.deviceToken(deviceCode, { signal: world.signal });
  } catch (thrown) {
    if (!isRelayfileError(thrown) || !thrown.retryable) throw thrown;
    const seconds = Number(thrown.details.retryAfter);
    return {
      kind: "error",
      error: "slow_down",
      intervalS: Number.isFinite(seconds) && seconds > 0 ? seconds : null,
    };
  }
}

function nextPause(poll: Extract<DevicePoll, { kind: "error" }>, pauseMs: number): number {
  const given = (poll.intervalS ?? 0) * 1000;
  switch (poll.error) {
    case "authorization_pending":
      return Math.min(Math.max(pauseMs, given), POLL_CAP_MS);
    case "slow_down":
      return Math.min(Math.max(pauseMs + SLOW_DOWN_MS, given), POLL_CAP_MS);
    case "access_denied":
      return fail("not_signed_in", "the sign-in was denied");
    case "expired_token":
      return fail("not_signed_in", "the code expired before it was approved", {
        hint: "relayfile login --device",
      });
    default:
      return fail("not_signed_in", `the control plane refused the sign-in (${poll.error})`, {
        hint: "relayfile login --device",
      });
  }
}

function answerCallback(
  url: URL,
  state: string,
  resolve: (tokens: IssuedTokens) => void,
  reject: (error: RelayfileError) => void,
): Response {
  if (url.pathname !== "/callback") return page(404, "Nothing here", "This address only receives a sign-in.");
  if (!sameText(url.searchParams.get("state") ?? "", state)) {
    return page(400, "Not this sign-in", "The state does not match; the sign-in is still waiting.");
  }
  const refused = url.searchParams.get("error");
  if (refused !== null) {
    reject(new RelayfileError("not_signed_in", `the sign-in was refused (${refused.slice(0, 80)})`));
    return page(400, "Not signed in", "The sign-in was refused. You can close this window.");
  }
  const { state: _state, ...given } = Object.fromEntries(url.searchParams);
  const tokens = IssuedTokens.safeParse(given);
  if (!tokens.success) {
    const field = tokens.error.issues[0]?.path.join(".") ?? "a field";
    reject(
      new RelayfileError("unexpected_answer", `the control plane sent the browser back without ${field}`),
    );
    return page(400, "Not signed in", "The answer was incomplete. You can close this window.");
  }
  resolve(tokens.data);
  return page(200, "Signed in", "You can close this window and go back to the terminal.");
}

/** A page that takes the tokens out of the address bar and the history. */
function page(status: number, title: string, text: string): Response {
  const html = `<!doctype html><meta charset="utf-8"><title>relayfile: ${title}</title>
<script>history.replaceState(null, "", "/")</script>
<body style="font: 16px system-ui; margin: 4rem auto; max-width: 32rem"><h1>${title}</h1><p>${text}</p>`;
  return new Response(html, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Cache-Control": "no-store",
      "Referrer-Policy": "no-referrer",
      "Content-Security-Policy": "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'",
    },
  });
}

/** Compares in a time that does not depend on where the texts differ. */
function sameText(a: string, b: string): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < b.length; i++) difference |= (a.charCodeAt(i) || 0) ^ b.charCodeAt(i);
  return difference === 0;
}
