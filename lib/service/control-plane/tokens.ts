/** Minting: workspace tokens signed with the service's key, and opaque cloud tokens kept as hashes. */
import { type CryptoKey, type JWK, SignJWT } from "jose";
import { fail } from "../../errors.ts";
import { TOKENS } from "../../limits.ts";
import { sha256Hex } from "../../model/sha256.ts";
import type { Clock, Random } from "../../ports.ts";
import { grantableScopes } from "../auth/scopes.ts";
import type { ControlStore, SessionRow } from "./store.ts";

/** The key pair of the service. */
export interface SigningKeys {
  readonly kid: string;
  readonly privateKey: CryptoKey;
  readonly publicKey: CryptoKey;
  /** The public part as published. */
  readonly publicJwk: JWK;
}

/** A minted workspace token. */
export interface MintedToken {
  readonly token: string;
  readonly scopes: readonly string[];
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

/** A pair of cloud tokens, in the clear: the only moment they exist outside their holder. */
export interface CloudPair {
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly accessExpiresAtMs: number;
  readonly refreshExpiresAtMs: number;
}

/** Mints and checks the tokens of one control plane. */
export class TokenMint {
  constructor(
    private readonly keys: SigningKeys,
    private readonly store: ControlStore,
    private readonly clock: Clock,
    private readonly random: Random,
    private readonly issuer: string,
  ) {}

  /**
   * A workspace token. Scopes of unknown form are dropped; when none is left the request fails with `bad_request`
   * (`invalid_scope`), because the original's fallback to full access hands out more than was asked for.
   */
  async workspaceToken(
    workspaceRelayId: string,
    request: { agent: string; scopes: readonly string[]; lifetimeMs?: number },
  ): Promise<MintedToken> {
    const scopes = grantableScopes(request.scopes);
    if (scopes.length === 0) {
      fail("bad_request", "no requested scope is known", {
        wireCode: "invalid_scope",
        requested: request.scopes,
      });
    }
    const issuedAtMs = this.clock.now();
    const expiresAtMs = issuedAtMs + (request.lifetimeMs ?? TOKENS.workspaceMs);
    const token = await new SignJWT({
      wks: workspaceRelayId,
      workspace_id: workspaceRelayId,
      agent_name: request.agent,
      scopes,
      token_type: "access",
    })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid: this.keys.kid })
      .setSubject(request.agent)
      .setIssuer(this.issuer)
      .setAudience("relayfile")
      .setIssuedAt(Math.floor(issuedAtMs / 1_000))
      .setExpirationTime(Math.floor(expiresAtMs / 1_000))
      .setJti(this.random.uuid())
      .sign(this.keys.privateKey);
    return { token, scopes, issuedAtMs, expiresAtMs };
  }

  /** A new session: every sign-in owns its own. */
  async newSession(): Promise<CloudPair> {
    const pair = this.pair();
    await this.store.commit((sql) =>
      sql.run(
        `INSERT INTO sessions (id, access_hash, refresh_hash, access_expires_at, refresh_expires_at)
         VALUES (?, ?, ?, ?, ?)`,
        [
          this.random.uuid(),
          sha256Hex(pair.accessToken),
          sha256Hex(pair.refreshToken),
          pair.accessExpiresAtMs,
          pair.refreshExpiresAtMs,
        ],
      ),
    );
    return pair;
  }

  /** Trades a refresh token for a new pair. It works once: a second use, like an unknown token, fails with `unauthorized`. */
  async rotate(refreshToken: string): Promise<CloudPair> {
    const pair = this.pair();
    const rotated = await this.store.commit((sql) => {
      const [row] = sql.all<{ id: string }>(
        "SELECT id FROM sessions WHERE refresh_hash = ? AND revoked = 0 AND refresh_expires_at > ?",
        [sha256Hex(refreshToken), this.clock.now()],
      );
      if (row === undefined) return false;
      sql.run(
        `UPDATE sessions SET access_hash = ?, refresh_hash = ?, access_expires_at = ?, refresh_expires_at = ?
         WHERE id = ?`,
        [
          sha256Hex(pair.accessToken),
          sha256Hex(pair.refreshToken),
          pair.accessExpiresAtMs,
          pair.refreshExpiresAtMs,
          row.id,
        ],
      );
      return true;
    });
    if (!rotated)
      fail("unauthorized", "refresh token is spent, revoked or expired", { wireCode: "invalid_grant" });
    return pair;
  }

  /** Ends the session of a refresh token; false when there is none. */
  revoke(refreshToken: string): Promise<boolean> {
    return this.store.commit((sql) => {
      const hash = sha256Hex(refreshToken);
      const known = sql.all("SELECT 1 FROM sessions WHERE refresh_hash = ?", [hash]).length > 0;
      sql.run("UPDATE sessions SET revoked = 1 WHERE refresh_hash = ?", [hash]);
      return known;
    });
  }

  /** The live session of an access token, or null. */
  session(accessToken: string): SessionRow | null {
    const [row] = this.store.sql.all<{ id: string; access: number; refresh: number; revoked: number }>(
      `SELECT id, access_expires_at AS access, refresh_expires_at AS refresh, revoked FROM sessions
       WHERE access_hash = ?`,
      [sha256Hex(accessToken)],
    );
    if (row === undefined || row.revoked === 1 || row.access <= this.clock.now()) return null;
    return { id: row.id, accessExpiresAt: row.access, refreshExpiresAt: row.refresh, revoked: false };
  }

  /** A random text with a prefix, 256 bits. */
  secret(prefix: string): string {
    return prefix + this.random.bytes(32).toBase64({ alphabet: "base64url", omitPadding: true });
  }

  private pair(): CloudPair {
    const now = this.clock.now();
    return {
      accessToken: this.secret("cld_at_"),
      refreshToken: this.secret("cld_rt_"),
      accessExpiresAtMs: now + TOKENS.cloudAccessMs,
      refreshExpiresAtMs: now + TOKENS.cloudRefreshMs,
    };
  }
}
