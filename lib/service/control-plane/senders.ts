/** Who sent a delivery, and which delivery it is: signatures over the raw body, ids from headers. */
import { fail } from "../../errors.ts";
import { allowsSomewhere } from "../auth/scopes.ts";
import type { ControlContext } from "./env.ts";

/** Where a sender signs. */
export interface Signature {
  /** Lower-case header name. */
  readonly header: string;
  /** What stands before the hexadecimal digest; may be empty. */
  readonly prefix: string;
  /** The shared key; null accepts only bearers. */
  readonly secret: string | null;
}

/** Lets a bearer pass that may trigger syncs, or an HMAC-SHA256 over the raw body. Fails with `unauthorized` or `forbidden`. */
export async function requireSender(
  { request, caller }: ControlContext,
  signature: Signature,
  body: Uint8Array,
): Promise<void> {
  if (caller.kind !== "none") return requireTrigger(caller);
  const given = request.headers.get(signature.header)?.trim().toLowerCase() ?? "";
  if (signature.secret === null || given === "") fail("unauthorized", "missing or invalid bearer token");
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(signature.secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const hex = given.startsWith(signature.prefix) ? given.slice(signature.prefix.length) : "";
  const valid =
    /^[0-9a-f]{64}$/.test(hex) &&
    (await crypto.subtle.verify("HMAC", key, Uint8Array.fromHex(hex), body as Uint8Array<ArrayBuffer>));
  if (!valid) fail("unauthorized", "webhook signature mismatch");
}

/** Lets a cloud token pass, and a workspace token that may trigger syncs. Fails with `forbidden`. */
export function requireTrigger(caller: ControlContext["caller"]): void {
  if (caller.kind === "workspace" && !allowsSomewhere(caller.token.scopes, "sync:trigger")) {
    fail("forbidden", "missing required scope: sync:trigger");
  }
}

/** Headers that carry a delivery id, by preference (spec provider-contract 5.3). */
const DELIVERY_HEADERS = [
  "x-github-delivery",
  "linear-delivery",
  "x-atlassian-webhook-identifier",
  "x-nango-delivery-id",
  "x-nango-webhook-id",
  "x-nango-id",
  "webhook-id",
  "x-hookdeck-eventid",
];

/** The delivery id that headers name, or null. Names are in lower case. */
export function namedDelivery(headers: Readonly<Record<string, string>>): string | null {
  return DELIVERY_HEADERS.map((name) => headers[name]).find((value) => value?.trim()) ?? null;
}

/** Without a delivery id the event and the bytes are the identity: the same delivery twice is the same hash. */
export async function bodyDelivery(body: Uint8Array, event: string): Promise<string> {
  const seed = new TextEncoder().encode(`${event}\n`);
  const bytes = new Uint8Array(seed.byteLength + body.byteLength);
  bytes.set(seed);
  bytes.set(body, seed.byteLength);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `sha256:${hash}`;
}

/** The request's headers without its credentials, names in lower case. */
export function keptHeaders(request: Request): Record<string, string> {
  const { authorization: _authorization, cookie: _cookie, ...kept } = Object.fromEntries(request.headers);
  return kept;
}
