/** Public keys of the control plane as other objects and isolates see them: asked for once, then remembered. */
import type { CryptoKey } from "jose";
import type { Clock } from "../../ports.ts";
import type { KeyResolver } from "../../service/auth/token.ts";
import { importPublicKey } from "../../service/control-plane/keys.ts";
import type { ControlPlaneStub, PublishedKey } from "./types.ts";

/** How long an unknown key id is believed unknown, so that forged tokens cannot make every request ask. */
const ASK_AGAIN_MS = 10_000;

/** A resolver over the published keys. */
export function publishedKeyResolver(controlPlane: () => ControlPlaneStub, clock: Clock): KeyResolver {
  let known = new Map<string, CryptoKey>();
  let askedAtMs: number | null = null;

  const ask = async () => {
    const published = await controlPlane().publishedKeys();
    const entries = await Promise.all(published.map(imported));
    known = new Map(entries.filter((entry) => entry !== null));
    askedAtMs = clock.monotonicMs();
  };

  return async (kid) => {
    const key = known.get(kid);
    if (key !== undefined) return key;
    if (askedAtMs !== null && clock.monotonicMs() - askedAtMs < ASK_AGAIN_MS) return null;
    // Each request asks for itself: on this platform one request may not wait for another's call.
    await ask();
    return known.get(kid) ?? null;
  };
}

async function imported(jwk: PublishedKey): Promise<[string, CryptoKey] | null> {
  const key = await importPublicKey(jwk);
  return key === null || typeof jwk.kid !== "string" ? null : [jwk.kid, key];
}
