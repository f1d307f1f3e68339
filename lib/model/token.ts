/** Tokens: what kind a string is, and what a workspace token claims. Nothing here verifies a signature. */
/** Scopes a workspace token needs for everything this tool does. */
export const FULL_SCOPES = ["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"] as const;

/** Kinds of secrets that people paste into the wrong place (spec control-plane 0). */
export type TokenKind =
  | "workspace-jwt"
  | "cloud-access"
  | "cloud-refresh"
  | "messaging-key"
  | "messaging-agent"
  | "connect-session"
  | "unknown";

const CLASS_PREFIX = /^relay_(?:pa|ws|id|ag)_/;
const JWT = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$/;

/** The token without its class prefix (`relay_ws_` and friends), if it has one. */
export function stripClassPrefix(token: string): string {
  return token.trim().replace(CLASS_PREFIX, "");
}

/** What kind of secret a string looks like. */
export function tokenKind(token: string): TokenKind {
  const bare = token.trim();
  if (bare.startsWith("cld_at_")) return "cloud-access";
  if (bare.startsWith("cld_rt_")) return "cloud-refresh";
  if (bare.startsWith("rk_live_")) return "messaging-key";
  if (bare.startsWith("at_live_")) return "messaging-agent";
  if (bare.startsWith("nango_connect_session_")) return "connect-session";
  return JWT.test(stripClassPrefix(bare)) ? "workspace-jwt" : "unknown";
}

/** Claims of a workspace token, after aliases are resolved. */
export interface WorkspaceClaims {
  readonly workspaceId: string | null;
  readonly subject: string | null;
  readonly scopes: readonly string[];
  readonly audience: readonly string[];
  /** Seconds since the epoch, or null. */
  readonly expiresAtSeconds: number | null;
  readonly issuedAtSeconds: number | null;
  readonly issuer: string | null;
  readonly algorithm: string | null;
  readonly keyId: string | null;
  /** True when the token carries a class prefix. */
  readonly prefixed: boolean;
}

/** Reads the claims of a JWT without verifying it; null for anything that is not a JWT. Never for access decisions. */
export function readClaims(token: string): WorkspaceClaims | null {
  const parts = stripClassPrefix(token).split(".");
  if (parts.length < 2) return null;
  const header = decodePart(parts[0]);
  const raw = decodePart(parts[1]);
  if (raw === null) return null;
  return {
    workspaceId: firstText(raw.wks, raw.workspace_id),
    subject: firstText(raw.sub, raw.agent_name),
    scopes: scopeList(raw.scopes ?? raw.scope),
    audience: Array.isArray(raw.aud)
      ? raw.aud.filter((v) => typeof v === "string")
      : typeof raw.aud === "string"
        ? [raw.aud]
        : [],
    expiresAtSeconds: typeof raw.exp === "number" ? raw.exp : null,
    issuedAtSeconds: typeof raw.iat === "number" ? raw.iat : null,
    issuer: firstText(raw.iss),
    algorithm: firstText(header?.alg),
    keyId: firstText(header?.kid),
    prefixed: CLASS_PREFIX.test(token.trim()),
  };
}

/** Scopes of a claim that is an array or one text separated by spaces or commas. */
export function scopeList(claim: unknown): string[] {
  if (Array.isArray(claim)) return claim.filter((v): v is string => typeof v === "string");
  return typeof claim === "string" ? claim.split(/[\s,]+/).filter((v) => v !== "") : [];
}

function firstText(...values: unknown[]): string | null {
  for (const value of values) if (typeof value === "string" && value.trim() !== "") return value;
  return null;
}

function decodePart(part: string | undefined): Record<string, unknown> | null {
  try {
    const bytes = Uint8Array.fromBase64((part ?? "").replace(/=+$/, ""), { alphabet: "base64url" });
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    // Anything may be pasted here; what does not decode is simply not a token we know.
    return null;
  }
}
