/** Workspace tokens: parsing and checking in the order and with the words of the contract (spec file-api 2.1). */
import { type CryptoKey, compactVerify } from "jose";
import { fail } from "../../errors.ts";
import { scopeList, stripClassPrefix } from "../../model/token.ts";
import type { Caller } from "./acl.ts";

/** Finds the public key for a key id; null when it is unknown. Fails with `unavailable` when keys cannot be fetched. */
export type KeyResolver = (kid: string) => Promise<CryptoKey | null>;

/** A verified token. */
export interface VerifiedToken extends Caller {
  /** Milliseconds. */
  readonly expiresAtMs: number;
}

const CACHE_MAX = 2_000;

/** Verifies tokens; remembers verdicts of signatures, never of expiry. */
export class TokenVerifier {
  private readonly verified = new Map<string, VerifiedToken>();

  constructor(
    private readonly resolveKey: KeyResolver,
    private readonly now: () => number,
  ) {}

  /** The caller behind a token. Fails with `unauthorized`, `forbidden` ("no scopes granted") or `unavailable`. */
  async verify(token: string): Promise<VerifiedToken> {
    const known = this.verified.get(token);
    if (known !== undefined) return this.requireFresh(known);
    const fresh = this.requireFresh(await this.check(token));
    if (this.verified.size >= CACHE_MAX) this.verified.delete(this.verified.keys().next().value as string);
    this.verified.set(token, fresh);
    return fresh;
  }

  private requireFresh(token: VerifiedToken): VerifiedToken {
    if (this.now() >= token.expiresAtMs) fail("unauthorized", "token expired");
    return token;
  }

  private async check(token: string): Promise<VerifiedToken> {
    const bare = stripClassPrefix(token);
    const parts = bare.split(".");
    if (parts.length !== 3) fail("unauthorized", "invalid jwt format");
    const header = part(parts[0], "invalid jwt header");
    part(parts[1], "invalid jwt payload");
    if (!/^[A-Za-z0-9_-]+$/.test(parts[2] ?? "")) fail("unauthorized", "invalid jwt signature");
    if (header.alg !== "RS256") fail("unauthorized", "unsupported jwt algorithm");
    if (typeof header.kid !== "string" || header.kid === "") fail("unauthorized", "missing jwt kid");
    const key = await this.resolveKey(header.kid);
    if (key === null) fail("unauthorized", "unknown jwt kid");
    let payload: Uint8Array;
    try {
      ({ payload } = await compactVerify(bare, key, { algorithms: ["RS256"] }));
    } catch (cause) {
      fail("unauthorized", "jwt signature mismatch", {}, { cause });
    }
    return claimsOf(parsed(payload, "invalid jwt payload"), this.now());
  }
}

function claimsOf(claims: Record<string, unknown>, now: number): VerifiedToken {
  const workspaceId = text(claims.wks) ?? text(claims.workspace_id);
  if (workspaceId === null) fail("unauthorized", "missing workspace claim");
  const agent = text(claims.sub) ?? text(claims.agent_name);
  if (agent === null) fail("unauthorized", "missing subject claim");
  if (typeof claims.exp !== "number") fail("unauthorized", "invalid exp claim");
  const audience = Array.isArray(claims.aud) ? claims.aud : [claims.aud];
  const expiresAtMs = claims.exp * 1_000;
  const forUs = audience.some((entry) => typeof entry === "string" && entry.trim() === "relayfile");
  const scopes = scopeList(claims.scopes);
  if (now >= expiresAtMs) fail("unauthorized", "token expired");
  if (!forUs) fail("unauthorized", "invalid aud claim");
  if (scopes.length === 0) fail("forbidden", "no scopes granted");
  return { workspaceId, agent, scopes, expiresAtMs };
}

function part(encoded: string | undefined, problem: string): Record<string, unknown> {
  try {
    return parsed(Uint8Array.fromBase64(encoded ?? "", { alphabet: "base64url" }), problem);
  } catch (cause) {
    return fail("unauthorized", problem, {}, { cause });
  }
}

function parsed(bytes: Uint8Array, problem: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    if (typeof value === "object" && value !== null && !Array.isArray(value))
      return value as Record<string, unknown>;
  } catch (cause) {
    fail("unauthorized", problem, {}, { cause });
  }
  return fail("unauthorized", problem);
}

function text(value: unknown): string | null {
  return typeof value === "string" && value.trim() !== "" ? value : null;
}
