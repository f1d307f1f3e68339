/** The service's own key pair: made once, kept by the runtime as text, published without its private part. */
import { type CryptoKey, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import type { SigningKeys } from "./tokens.ts";

/** A new RSA key as JSON text, private part included: keep it private. */
export async function newKeyText(): Promise<string> {
  const pair = await generateKeyPair("RS256", { extractable: true, modulusLength: 2048 });
  const jwk = await exportJWK(pair.privateKey);
  return JSON.stringify({
    ...jwk,
    kid: `local-${crypto.randomUUID().slice(0, 8)}`,
    alg: "RS256",
    use: "sig",
  });
}

/** The keys of such a text; null when it is not one. */
export async function importKeys(text: string): Promise<SigningKeys | null> {
  try {
    const jwk = JSON.parse(text) as JWK;
    const { kty, n, e, kid } = jwk;
    if (typeof kid !== "string" || kty !== "RSA" || typeof jwk.d !== "string") return null;
    const publicJwk: JWK = { kty, n, e, kid, alg: "RS256", use: "sig" };
    const privateKey = (await importJWK(jwk, "RS256")) as CryptoKey;
    const publicKey = (await importJWK(publicJwk, "RS256")) as CryptoKey;
    return { kid, privateKey, publicKey, publicJwk };
  } catch {
    // Damaged text is an expected answer of this function: the caller names the file.
    return null;
  }
}

/** The public key of a published JWK; null when it is not one of ours. */
export async function importPublicKey(jwk: Readonly<Record<string, unknown>>): Promise<CryptoKey | null> {
  const { kty, n, e, kid } = jwk;
  if (kty !== "RSA" || typeof n !== "string" || typeof e !== "string" || typeof kid !== "string") return null;
  return (await importJWK({ kty, n, e }, "RS256")) as CryptoKey;
}
