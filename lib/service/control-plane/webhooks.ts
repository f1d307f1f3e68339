/** Provider webhooks as providers send them: raw body, their headers, their signature (design decision 6). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { allowsSomewhere } from "../auth/scopes.ts";
import { json } from "../http-error.ts";
import { parseJson, readBytes } from "../request.ts";
import type { ControlContext, ControlRoute } from "./env.ts";
import { registerIntegration } from "./integrations.ts";

/** The route of webhooks. */
export const WEBHOOK_ROUTES: readonly ControlRoute[] = [
  { method: "POST", pattern: "workspaces/:id/webhooks/:provider", admits: "own-check", handle: receive },
];

/** Headers that carry a delivery id, by preference (spec provider-contract 5.3). */
const DELIVERY_HEADERS = [
  "x-github-delivery",
  "linear-delivery",
  "x-atlassian-webhook-identifier",
  "x-nango-delivery-id",
  "x-nango-webhook-id",
  "webhook-id",
  "x-hookdeck-eventid",
];

async function receive(context: ControlContext): Promise<Response> {
  const { request, env, workspace, params, query, correlationId } = context;
  const provider = env.pipeline.idOf(params.provider ?? "");
  if (provider === null)
    fail("not_found", `no provider ${params.provider} in the catalog`, { wireCode: "unknown_provider" });
  const body = await readBytes(request, FILE_API.bodyBytesMax);
  await requireSender(context, provider, body);
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const payload = payloadOf(request, body);
  const headers = Object.fromEntries(request.headers);
  const deliveryId =
    DELIVERY_HEADERS.map((name) => headers[name]).find((value) => value?.trim()) ??
    (await bodyId(body, headers));
  await registerIntegration(env, workspace, provider);
  const { authorization: _authorization, ...kept } = headers;
  const input = {
    provider,
    headers: kept,
    payload,
    receivedAtMs: env.clock.now(),
    deliveryId,
    correlationId,
  };
  const flush = query.get("flush") === "true" || query.get("flush") === "1";
  const result = await object.ingest(input, flush);
  return json({ ...result, provider, deliveryId, correlationId });
}

/** A bearer that may trigger syncs, or the provider's own signature over the raw body. */
async function requireSender(
  { request, env, caller }: ControlContext,
  provider: string,
  body: Uint8Array,
): Promise<void> {
  if (caller.kind === "cloud") return;
  if (caller.kind === "workspace") {
    if (!allowsSomewhere(caller.token.scopes, "sync:trigger"))
      fail("forbidden", "missing required scope: sync:trigger");
    return;
  }
  const signature = request.headers.get("x-hub-signature-256") ?? "";
  const secret = env.webhookSecret(provider);
  if (secret === null || signature === "") fail("unauthorized", "missing or invalid bearer token");
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["verify"],
  );
  const hex = /^sha256=([0-9a-f]{64})$/i.exec(signature.trim())?.[1];
  const valid =
    hex !== undefined &&
    (await crypto.subtle.verify("HMAC", key, Uint8Array.fromHex(hex), body as Uint8Array<ArrayBuffer>));
  if (!valid) fail("unauthorized", "webhook signature mismatch");
}

/** JSON, or the form that GitHub offers as an alternative (`payload=<json>`). */
function payloadOf(request: Request, body: Uint8Array): unknown {
  if (request.headers.get("content-type")?.includes("application/x-www-form-urlencoded")) {
    const text = new URLSearchParams(new TextDecoder().decode(body)).get("payload") ?? "";
    return parseJson(new TextEncoder().encode(text));
  }
  return parseJson(body);
}

/** Without a delivery id the event and the bytes are the identity: the same delivery twice is the same hash. */
async function bodyId(body: Uint8Array, headers: Record<string, string>): Promise<string> {
  const event = headers["x-github-event"] ?? "";
  const seed = new TextEncoder().encode(`${event}\n`);
  const bytes = new Uint8Array(seed.byteLength + body.byteLength);
  bytes.set(seed);
  bytes.set(body, seed.byteLength);
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
  return `sha256:${hash}`;
}
