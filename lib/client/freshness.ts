/** When a token is due for renewal, from what it and its file say about themselves (spec control-plane 2.5). Pure. */
import type { CloudCredentials } from "../model/credentials.ts";
import { readClaims } from "../model/token.ts";

const MINUTE_MS = 60_000;
const ACCESS_MARGIN_MS = 5 * MINUTE_MS;
const REFRESH_MARGIN_MS = 24 * 60 * MINUTE_MS;

/** True when a cloud session should be refreshed: access ends within 5 min, refresh within 24 h, or unreadable. */
export function isCloudDue(cloud: CloudCredentials, nowMs: number): boolean {
  const accessEndsMs = Date.parse(cloud.accessTokenExpiresAt);
  if (Number.isNaN(accessEndsMs) || accessEndsMs - nowMs <= ACCESS_MARGIN_MS) return true;
  if (cloud.refreshTokenExpiresAt === undefined) return false;
  const refreshEndsMs = Date.parse(cloud.refreshTokenExpiresAt);
  return Number.isNaN(refreshEndsMs) || refreshEndsMs - nowMs <= REFRESH_MARGIN_MS;
}

/** True when the access token can no longer be used at all; unreadable dates count as usable. */
export function isCloudExpired(cloud: CloudCredentials, nowMs: number): boolean {
  return Date.parse(cloud.accessTokenExpiresAt) <= nowMs;
}

/** True when a workspace token ends within 5 min or a tenth of its life; a token without `exp` is never due. */
export function isWorkspaceTokenDue(token: string, nowMs: number): boolean {
  const claims = readClaims(token);
  if (claims === null || claims.expiresAtSeconds === null) return false;
  const endsMs = claims.expiresAtSeconds * 1000;
  const lifeMs = claims.issuedAtSeconds === null ? 0 : endsMs - claims.issuedAtSeconds * 1000;
  return nowMs >= endsMs - Math.max(ACCESS_MARGIN_MS, lifeMs / 10);
}

/** The instant a workspace token ended, in ms, or null when it still lives or says nothing. */
export function expiredAtMs(token: string, nowMs: number): number | null {
  const seconds = readClaims(token)?.expiresAtSeconds ?? null;
  return seconds !== null && seconds * 1000 <= nowMs ? seconds * 1000 : null;
}
