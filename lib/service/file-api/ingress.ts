/** Inbound envelopes: the generic webhook, its counters, and deliveries that failed (spec file-api 7.2-7.4). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { Visibility } from "../auth/visibility.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { acknowledgeEnvelope, type EnvelopeRow, failedEnvelopes, findEnvelope } from "../store/envelopes.ts";
import { pageSize } from "../workspace/context.ts";
import type { FileEnvelope } from "../workspace/file-envelope.ts";
import { queryText, semanticsField, sentPath, textField } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";
import { shownError } from "./sync.ts";

/** Routes of ingress. */
export const INGRESS_ROUTES: readonly FileRoute[] = [
  {
    method: "POST",
    pattern: "webhooks/ingest",
    scope: "sync:trigger",
    path: "none",
    acl: false,
    handle: ingest,
  },
  { method: "GET", pattern: "sync/ingress", scope: "sync:read", path: "none", acl: false, handle: ingress },
  { method: "GET", pattern: "sync/dead-letter", scope: "sync:read", path: "none", acl: false, handle: list },
  {
    method: "GET",
    pattern: "sync/dead-letter/:envelopeId",
    scope: "sync:read",
    path: "none",
    acl: false,
    handle: get,
  },
  {
    method: "POST",
    pattern: "sync/dead-letter/:envelopeId/ack",
    scope: "sync:trigger",
    path: "none",
    acl: false,
    handle: ack,
  },
  {
    method: "POST",
    pattern: "sync/dead-letter/:envelopeId/replay",
    scope: "sync:trigger",
    path: "none",
    acl: false,
    handle: replay,
  },
];

async function ingest({ request, workspace, correlationId, env }: RouteContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const provider = textField(body, "provider")?.toLowerCase() ?? null;
  const eventType = textField(body, "event_type");
  const path = sentPath(body.path);
  if (provider === null || eventType === null || path === null) {
    fail("bad_request", "provider, event_type and path are required");
  }
  const now = env.clock.now();
  const data = (typeof body.data === "object" && body.data !== null ? body.data : {}) as Record<
    string,
    unknown
  >;
  const sentAt = Date.parse(textField(body, "timestamp") ?? "");
  const payload: FileEnvelope = {
    eventType,
    path,
    happenedAtMs: Number.isNaN(sentAt) ? now : Math.min(sentAt, now),
    content:
      typeof data.content === "string"
        ? data.content
        : data.content === undefined
          ? ""
          : JSON.stringify(data.content),
    encoding: textField(data, "encoding") ?? undefined,
    contentType: textField(data, "contentType") ?? "application/octet-stream",
    objectId: textField(data, "providerObjectId") ?? textField(data, "objectId"),
    semantics: semanticsField(data.semantics),
    origin: textField(data, "origin"),
    opId: textField(data, "opId"),
  };
  const deliveryId =
    textField(body, "delivery_id") ?? `dlv_${now}_${workspace.context.random.uuid().slice(0, 8)}`;
  const delivered = await workspace
    .ingestFile({
      provider,
      headers: headersOf(body.headers),
      payload,
      receivedAtMs: now,
      deliveryId,
      correlationId,
    })
    .catch(async (thrown) => {
      // The envelope is kept as a dead letter, so its sender is done; a repeat of the delivery tries again.
      const kept = failedEnvelopes(workspace.context.store.sql, { provider, before: null, limit: 1 })[0];
      if (kept?.deliveryId !== deliveryId) throw thrown;
      return { envelopeId: kept.envelopeId };
    });
  return json({ status: "queued", id: delivered.envelopeId, correlationId }, 202);
}

function headersOf(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(Object.entries(value).map(([name, text]) => [name.toLowerCase(), String(text)]));
}

async function ingress({ workspace, query }: RouteContext): Promise<Response> {
  return json(await workspace.ingress(queryText(query, "provider")?.toLowerCase() ?? null));
}

async function list(context: RouteContext): Promise<Response> {
  const { workspace, query } = context;
  const { sql } = workspace.context.store;
  const cursor = queryText(query, "cursor");
  const at = cursor === null ? null : findEnvelope(sql, cursor);
  if (cursor !== null && at === null) fail("bad_request", `invalid cursor ${JSON.stringify(cursor)}`);
  const limit = pageSize(query.get("limit"));
  const provider = queryText(query, "provider")?.toLowerCase() ?? null;
  const rows = failedEnvelopes(sql, { provider, before: at?.seq ?? null, limit: limit + 1 });
  const sees = seesEnvelopes(context);
  const page = rows.slice(0, limit);
  const items = page.filter(sees).map((row) => deadLetterOf(context, row));
  return json({ items, nextCursor: rows.length > limit ? (page.at(-1)?.envelopeId ?? null) : null });
}

async function get(context: RouteContext): Promise<Response> {
  return json(deadLetterOf(context, requireDeadLetter(context)));
}

async function ack(context: RouteContext): Promise<Response> {
  const { workspace, correlationId } = context;
  const envelope = requireDeadLetter(context);
  await workspace.context.store.commit((tx) => acknowledgeEnvelope(tx, envelope));
  return json({ status: "acknowledged", id: envelope.envelopeId, correlationId });
}

async function replay(context: RouteContext): Promise<Response> {
  const { workspace, correlationId } = context;
  const envelope = requireDeadLetter(context);
  await workspace.replayEnvelope(envelope);
  return json({ status: "queued", id: envelope.envelopeId, correlationId }, 202);
}

function requireDeadLetter(context: RouteContext): EnvelopeRow {
  const { workspace, params } = context;
  const { envelopeId } = params;
  const envelope = findEnvelope(workspace.context.store.sql, envelopeId ?? "");
  if (envelope?.status === "failed" && seesEnvelopes(context)(envelope)) return envelope;
  return fail("not_found", `no dead letter ${envelopeId}`, { envelopeId });
}

/** An envelope about one file exists only for those who may know of that file. */
function seesEnvelopes({ workspace, caller }: RouteContext): (row: EnvelopeRow) => boolean {
  const view = new Visibility(workspace.context.store.sql, caller);
  return (row) => view.everything || row.kind !== "file" || view.seesName((row.payload as FileEnvelope).path);
}

function deadLetterOf({ workspace, caller }: RouteContext, row: EnvelopeRow) {
  return {
    envelopeId: row.envelopeId,
    workspaceId: workspace.workspaceId,
    provider: row.provider,
    deliveryId: row.deliveryId,
    ...(row.correlationId === "" ? {} : { correlationId: row.correlationId }),
    failedAt: new Date(row.finishedAt ?? row.receivedAt).toISOString(),
    attemptCount: row.attempts,
    lastError: shownError(workspace, caller, row.lastError ?? ""),
    ...(row.outcome === null ? {} : { reason: row.outcome }),
    kind: row.kind,
  };
}
