/** Who the caller is: browser login, device login, refresh, revoke, whoami (spec control-plane 1.2-1.4). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { sha256Hex } from "../../model/sha256.ts";
import { textField } from "../file-api/input.ts";
import { json } from "../http-error.ts";
import { readBytes, readJsonObject } from "../request.ts";
import type { ControlContext, ControlPlaneEnv, ControlRoute } from "./env.ts";
import type { CloudPair } from "./tokens.ts";

/** Routes of identity. */
export const IDENTITY_ROUTES: readonly ControlRoute[] = [
  { method: "GET", pattern: "cli/login", admits: "none", handle: loginPage },
  { method: "POST", pattern: "cli/login", admits: "none", handle: login },
  { method: "POST", pattern: "auth/token/refresh", admits: "none", handle: refresh },
  { method: "POST", pattern: "auth/token/revoke", admits: "none", handle: revoke },
  { method: "GET", pattern: "auth/whoami", admits: "cloud", handle: whoami },
  { method: "POST", pattern: "auth/device/start", admits: "none", handle: deviceStart },
  { method: "POST", pattern: "auth/device/token", admits: "none", handle: deviceToken },
  { method: "GET", pattern: "auth/device", admits: "none", handle: devicePage },
  { method: "POST", pattern: "auth/device/approve", admits: "none", handle: deviceApprove },
];

/** Signing in answers a form with a redirect to a loopback listener; browsers judge that by the form's policy too. */
const PAGE_POLICY =
  "default-src 'none'; form-action 'self' http://127.0.0.1:* http://localhost:*; frame-ancestors 'none'";

const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";
const DEVICE_LIFETIME_MS = 600_000;
const DEVICE_INTERVAL_S = 5;
const FORM_BYTES_MAX = 4_096;
/** Letters and digits that cannot be taken for each other. */
const USER_CODE_ALPHABET = "BCDFGHJKLMNPQRSTVWXZ23456789";

/** An open service approves at once: whoever reaches it is its user. Otherwise the page asks for the key. */
async function loginPage({ query, env }: ControlContext): Promise<Response> {
  const redirectUri = query.get("redirect_uri") ?? "";
  const state = query.get("state");
  if (env.signIn.kind === "open") return handOver(env, { redirectUri, state, status: 302 });
  requireLoopback(redirectUri);
  return page(
    "Sign in",
    `<form method="post"><input type="hidden" name="redirect_uri" value="${escaped(redirectUri)}">
     ${state === null ? "" : `<input type="hidden" name="state" value="${escaped(state)}">`}
     ${keyField(env)}<button>Sign in</button></form>`,
  );
}

async function login({ request, env }: ControlContext): Promise<Response> {
  const form = await formOf(request);
  requireSignIn(env, form);
  const redirectUri = form.get("redirect_uri") ?? "";
  return handOver(env, { redirectUri, state: form.get("state"), status: 303 });
}

/** Sends a fresh session to a loopback listener; tokens go nowhere else. */
async function handOver(
  env: ControlPlaneEnv,
  to: { redirectUri: string; state: string | null; status: 302 | 303 },
): Promise<Response> {
  const target = requireLoopback(to.redirectUri);
  const pair = await env.mint.newSession();
  if (to.state !== null) target.searchParams.set("state", to.state);
  for (const [name, value] of Object.entries(snakeTokens(pair, env))) target.searchParams.set(name, value);
  return new Response(null, {
    status: to.status,
    headers: { Location: target.toString(), "Cache-Control": "no-store", "Referrer-Policy": "no-referrer" },
  });
}

/** Lets the request pass when nobody has to prove anything, or the form holds the key. Fails with `forbidden`. */
function requireSignIn({ signIn }: ControlPlaneEnv, form: URLSearchParams): void {
  if (signIn.kind === "open") return;
  if (signIn.kind === "closed") fail("forbidden", signIn.reason);
  // Hashes are compared, so that the time it takes tells nothing about the key.
  if (sha256Hex(form.get("key") ?? "") !== sha256Hex(signIn.key))
    fail("forbidden", "the sign-in key is wrong");
}

function keyField({ signIn }: ControlPlaneEnv): string {
  if (signIn.kind === "closed") fail("forbidden", signIn.reason);
  if (signIn.kind === "open") return "";
  return `<label>Sign-in key <input type="password" name="key" autocomplete="current-password" required></label>`;
}

async function formOf(request: Request): Promise<URLSearchParams> {
  return new URLSearchParams(new TextDecoder().decode(await readBytes(request, FORM_BYTES_MAX)));
}

async function refresh({ request, env }: ControlContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const token = textField(body, "refreshToken");
  if (token === null) fail("bad_request", "missing refreshToken");
  const pair = await env.mint.rotate(token);
  return json(
    {
      accessToken: pair.accessToken,
      refreshToken: pair.refreshToken,
      accessTokenExpiresAt: iso(pair.accessExpiresAtMs),
      refreshTokenExpiresAt: iso(pair.refreshExpiresAtMs),
      apiUrl: env.controlPlaneUrl,
      tokenType: "Bearer",
    },
    200,
    { "Cache-Control": "no-store" },
  );
}

async function revoke({ request, env }: ControlContext): Promise<Response> {
  const token = textField(await readJsonObject(request, FILE_API.bodyBytesMax), "token");
  if (token === null) fail("bad_request", "missing token");
  if (!(await env.mint.revoke(token))) fail("not_found", "unknown refresh token");
  return json({ revoked: true });
}

async function whoami({ env }: ControlContext): Promise<Response> {
  const [first] = env.store.workspaces();
  const organization = { id: "org_local", slug: "local", name: "Local", role: "owner", status: "active" };
  return json({
    authenticated: true,
    source: "token",
    subjectType: "cli",
    scopes: ["cli:auth"],
    user: { id: "usr_local", email: "local@localhost", name: "Local user", avatarUrl: null },
    currentOrganization: organization,
    currentWorkspace:
      first === undefined
        ? null
        : { id: first.id, organization_id: organization.id, slug: first.name, name: first.name },
    workspaceRequired: first === undefined,
  });
}

async function deviceStart({ env }: ControlContext): Promise<Response> {
  const deviceCode = env.mint.secret("dc_");
  const bytes = env.random.bytes(8);
  const letters = [...bytes].map((byte) => USER_CODE_ALPHABET[byte % USER_CODE_ALPHABET.length]).join("");
  const userCode = `${letters.slice(0, 4)}-${letters.slice(4)}`;
  const now = env.clock.now();
  await env.store.commit((sql) => {
    sql.run("DELETE FROM device_codes WHERE expires_at < ?", [now]);
    sql.run(
      "INSERT INTO device_codes (device_hash, user_code, approved, denied, expires_at) VALUES (?, ?, 0, 0, ?)",
      [sha256Hex(deviceCode), userCode, now + DEVICE_LIFETIME_MS],
    );
  });
  const page = `${env.controlPlaneUrl}/api/v1/auth/device`;
  return json({
    device_code: deviceCode,
    user_code: userCode,
    verification_uri: page,
    verification_uri_complete: `${page}?user_code=${userCode}`,
    expires_in: DEVICE_LIFETIME_MS / 1_000,
    interval: DEVICE_INTERVAL_S,
  });
}

/** One poll (RFC 8628 3.5). Faster than the interval answers `slow_down`. */
async function deviceToken({ request, env }: ControlContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  if (body.grant_type !== DEVICE_GRANT) return oauthError("unsupported_grant_type");
  const code = textField(body, "device_code");
  if (code === null) return oauthError("invalid_grant");
  const now = env.clock.now();
  const verdict = await env.store.commit((sql): string => {
    const [row] = sql.all<{ approved: number; denied: number; last: number | null; expires: number }>(
      "SELECT approved, denied, last_poll_at AS last, expires_at AS expires FROM device_codes WHERE device_hash = ?",
      [sha256Hex(code)],
    );
    if (row === undefined) return "invalid_grant";
    if (row.expires <= now) return "expired_token";
    if (row.denied === 1) return "access_denied";
    if (row.approved === 1) {
      sql.run("DELETE FROM device_codes WHERE device_hash = ?", [sha256Hex(code)]);
      return "issued";
    }
    sql.run("UPDATE device_codes SET last_poll_at = ? WHERE device_hash = ?", [now, sha256Hex(code)]);
    return row.last !== null && now - row.last < DEVICE_INTERVAL_S * 1_000 - 500
      ? "slow_down"
      : "authorization_pending";
  });
  if (verdict !== "issued") return oauthError(verdict);
  return json(snakeTokens(await env.mint.newSession(), env), 200, { "Cache-Control": "no-store" });
}

async function devicePage({ query, env }: ControlContext): Promise<Response> {
  const code = (query.get("user_code") ?? "").toUpperCase().replace(/[^A-Z0-9-]/g, "");
  return page(
    "Sign in a device",
    `<form method="post" action="device/approve"><label>Code shown on the device
     <input name="user_code" value="${code}" autocomplete="off" required></label>
     ${keyField(env)}
     <button name="decision" value="approve">Approve</button>
     <button name="decision" value="deny">Deny</button></form>`,
  );
}

async function deviceApprove({ request, env }: ControlContext): Promise<Response> {
  const form = await formOf(request);
  requireSignIn(env, form);
  const code = (form.get("user_code") ?? "").trim().toUpperCase();
  const denied = form.get("decision") === "deny";
  const known = await env.store.commit((sql) => {
    const rows = sql.all("SELECT 1 FROM device_codes WHERE user_code = ? AND expires_at > ?", [
      code,
      env.clock.now(),
    ]);
    sql.run(`UPDATE device_codes SET ${denied ? "denied" : "approved"} = 1 WHERE user_code = ?`, [code]);
    return rows.length > 0;
  });
  if (!known)
    return page("Unknown code", "<p>The code is wrong or has expired. Start again on the device.</p>", 404);
  return page(denied ? "Denied" : "Approved", "<p>You can close this page and return to the device.</p>");
}

function snakeTokens(pair: CloudPair, env: ControlPlaneEnv): Record<string, string> {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    access_token_expires_at: iso(pair.accessExpiresAtMs),
    refresh_token_expires_at: iso(pair.refreshExpiresAtMs),
    api_url: env.controlPlaneUrl,
  };
}

function requireLoopback(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  const loopback = ["127.0.0.1", "localhost", "[::1]"].includes(url?.hostname ?? "");
  if (url !== null && url.protocol === "http:" && loopback && url.username === "") return url;
  return fail("bad_request", "redirect_uri must be an http URL on 127.0.0.1, localhost or [::1]");
}

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function oauthError(error: string): Response {
  return json({ error, code: error, message: error, interval: DEVICE_INTERVAL_S }, 400);
}

function page(title: string, body: string, status = 200): Response {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title></head>
<body><h1>${title}</h1>${body}</body></html>\n`;
  return new Response(html, {
    status,
    headers: {
      "Content-Type": "text/html; charset=utf-8",
      "Content-Security-Policy": PAGE_POLICY,
    },
  });
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
