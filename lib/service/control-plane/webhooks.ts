/** Provider webhooks as providers send them: raw body, their headers, their signature (design decision 6). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { json } from "../http-error.ts";
import { parseJson, readBytes } from "../request.ts";
import type { ControlContext, ControlRoute } from "./env.ts";
import { registerIntegration } from "./integrations.ts";
import { bodyDelivery, keptHeaders, namedDelivery, requireSender } from "./senders.ts";

/** The route of webhooks. */
export const WEBHOOK_ROUTES: readonly ControlRoute[] = [
  { method: "POST", pattern: "workspaces/:id/webhooks/:provider", admits: "own-check", handle: receive },
];

/** How much of a body that is not JSON is kept for people to look at. */
const MALFORMED_KEPT_CHARS = 65_536;

async function receive(context: ControlContext): Promise<Response> {
  const { request, env, workspace, params, query, correlationId } = context;
  const provider = env.pipeline.idOf(params.provider ?? "");
  if (provider === null)
    fail("not_found", `no provider ${params.provider} in the catalog`, {
      wireCode: "unknown_provider",
      hint: `Known are ${env.pipeline.catalog.map(({ id }) => id).join(", ")}`,
    });
  const body = await readBytes(request, FILE_API.bodyBytesMax);
  const signature = {
    header: "x-hub-signature-256",
    prefix: "sha256=",
    secret: env.webhookSecret(provider),
  };
  await requireSender(context, signature, body);
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const headers = keptHeaders(request);
  const deliveryId = namedDelivery(headers) ?? (await bodyDelivery(body, headers["x-github-event"] ?? ""));
  const input = { provider, headers, receivedAtMs: env.clock.now(), deliveryId, correlationId };
  const payload = payloadOf(request, body);
  if (payload.kind === "malformed") {
    // The sender is trusted, so what it sent is kept: nothing is lost, and somebody can see what it was.
    const kept = { ...input, payload: payload.text.slice(0, MALFORMED_KEPT_CHARS) };
    const envelopeId = await object.refuse(kept, "malformed_payload", "the body is not JSON");
    return fail("bad_request", "invalid json body", { wireCode: "malformed_payload", envelopeId });
  }
  await registerIntegration(env, workspace, provider);
  const flush = query.get("flush") === "true" || query.get("flush") === "1";
  const result = await object.ingest({ ...input, payload: payload.value }, flush);
  return json({ ...result, provider, deliveryId, correlationId });
}

type Payload =
  | { readonly kind: "json"; readonly value: unknown }
  | { readonly kind: "malformed"; readonly text: string };

/** JSON, or the form that GitHub offers as an alternative (`payload=<json>`). */
function payloadOf(request: Request, body: Uint8Array): Payload {
  const isForm = request.headers.get("content-type")?.includes("application/x-www-form-urlencoded") ?? false;
  const form = isForm ? (new URLSearchParams(new TextDecoder().decode(body)).get("payload") ?? "") : null;
  const bytes = form === null ? body : new TextEncoder().encode(form);
  try {
    return { kind: "json", value: parseJson(bytes) };
  } catch {
    // What is not JSON is still a delivery; the caller keeps it as a dead letter.
    return { kind: "malformed", text: new TextDecoder().decode(bytes) };
  }
}
