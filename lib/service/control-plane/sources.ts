/**
 * Webhooks of a Nango-style sync source: connections made and undone, records ready to be fetched, providers' own
 * webhooks passed through. A created connection registers the integration (cloud#736).
 */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { SourceEvent } from "../../model/sync-source.ts";
import { json } from "../http-error.ts";
import { parseJson, readBytes } from "../request.ts";
import type { ControlContext, ControlPlaneEnv, ControlRoute } from "./env.ts";
import { bodyDelivery, keptHeaders, namedDelivery, requireSender } from "./senders.ts";
import type { WorkspaceRow } from "./store.ts";

/** The route of source webhooks. */
export const SOURCE_ROUTES: readonly ControlRoute[] = [
  { method: "POST", pattern: "workspaces/:id/sources/nango/webhooks", admits: "own-check", handle: receive },
];

/** The backend of connections that the source holds. */
export const SOURCE_BACKEND = "nango";

async function receive(context: ControlContext): Promise<Response> {
  const { request, env, workspace, correlationId } = context;
  const body = await readBytes(request, FILE_API.bodyBytesMax);
  const secret = env.webhookSecret(SOURCE_BACKEND);
  await requireSender(context, { header: "x-nango-hmac-sha256", prefix: "", secret }, body);
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const payload = parseJson(body);
  const event = env.pipeline.readSource(payload);
  if (event.kind === "rejected") {
    return fail("bad_request", event.reason, { wireCode: event.code });
  }
  if (event.kind === "not_applicable")
    return json({ status: event.kind, reason: event.reason, correlationId });
  const { provider } = event;
  // Whoever holds a workspace token may say much about their own workspace, but a connection is a key to an account.
  const named = event.kind === "forward" ? null : event.connectionId;
  if (
    context.caller.kind === "workspace" &&
    named !== null &&
    env.store.isHeldElsewhere(workspace.id, provider, named)
  ) {
    return fail("forbidden", `${named} is the connection of another workspace`, {
      wireCode: "connection_taken",
    });
  }
  if (event.kind === "connected") {
    const connectionId = await connectSource(env, workspace, event);
    return json({ status: "connected", provider, connectionId, correlationId });
  }
  const row = env.store.integration(workspace.id, provider);
  if (event.kind === "disconnected") {
    if (row?.connectionId !== event.connectionId) {
      const reason = `${event.connectionId} is not the connection of ${provider} here`;
      return json({ status: "not_applicable", reason, correlationId });
    }
    await env.store.removeIntegration(workspace.id, provider);
    await object.disconnect(provider);
    return json({ status: "disconnected", provider, correlationId });
  }
  // Records of a connection whose own webhook was lost register it as well (cloud#736).
  if (row === null && event.connectionId !== null) {
    const providerConfigKey = event.kind === "sync" ? event.job.providerConfigKey : provider;
    await connectSource(env, workspace, { provider, connectionId: event.connectionId, providerConfigKey });
  }
  const headers = keptHeaders(request);
  const deliveryId = deliveryOf(event, headers) ?? (await bodyDelivery(body, event.kind));
  const input = { provider, headers, payload, receivedAtMs: env.clock.now(), deliveryId, correlationId };
  if (event.kind === "sync") {
    const { envelopeId, fresh } = await object.queueSource(input);
    const status = fresh ? "queued" : "duplicate";
    return json({ status, id: envelopeId, provider, deliveryId, correlationId }, fresh ? 202 : 200);
  }
  const { envelopeId, result } = await object.ingestSource(input);
  return json({ ...result, id: envelopeId, provider, deliveryId, correlationId });
}

/** Registers a connection; the newest one is the provider's own from then on. */
async function connectSource(
  env: ControlPlaneEnv,
  workspace: WorkspaceRow,
  event: { provider: string; connectionId: string; providerConfigKey: string },
): Promise<string> {
  const { provider, connectionId, providerConfigKey } = event;
  const known = env.store.integration(workspace.id, provider);
  const metadata = { ...known?.metadata, providerConfigKey };
  await env.store.saveIntegration({
    workspace: workspace.id,
    provider,
    backend: SOURCE_BACKEND,
    connectionId,
    state: "ready",
    lastError: null,
    metadata,
    createdAt: known?.createdAt ?? env.clock.now(),
  });
  await (await env.workspace(workspace.relayId))?.link(provider, SOURCE_BACKEND, connectionId, metadata);
  return connectionId;
}

/** A forwarded webhook is the provider's delivery; a sync is its page of its sync. Null when neither says which. */
function deliveryOf(
  event: Extract<SourceEvent, { kind: "sync" | "sync_failed" | "forward" }>,
  headers: Readonly<Record<string, string>>,
): string | null {
  if (event.kind === "forward") {
    const own = Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    return namedDelivery(Object.fromEntries(own)) ?? namedDelivery(headers);
  }
  const named = namedDelivery(headers);
  if (named !== null || event.kind === "sync_failed") return named;
  const { providerConfigKey, connectionId, syncName, model, modifiedAfter } = event.job;
  if (syncName === "" || modifiedAfter === null) return null;
  return `sync:${providerConfigKey}:${connectionId}:${syncName}:${model}:${modifiedAfter}`;
}
