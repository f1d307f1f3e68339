/** Inbound envelopes: the generic webhook, its counters, and deliveries that failed (spec file-api 7.2-7.4). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { Visibility } from "../auth/visibility.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import {
  acknowledgeEnvelope,
  countEnvelopes,
  type EnvelopeRow,
  failedEnvelopes,
  findEnvelope,
  ingressCounts,
  oldestOpen,
} from "../store/envelopes.ts";
import { pageSize } from "../workspace/context.ts";
import type { FileEnvelope } from "../workspace/file-envelope.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import { queryText, semanticsField, textField } from "./input.ts";
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

/** The queue of the original; here envelopes are processed as they arrive, so its depth is what is open. */
const QUEUE_CAPACITY = 1_024;

async function ingest({ request, workspace, correlationId, env }: RouteContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const provider = textField(body, "provider")?.toLowerCase() ?? null;
  const eventType = textField(body, "event_type");
  const path = textField(body, "path");
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

async function ingress({ workspace, query, env }: RouteContext): Promise<Response> {
  return json(ingressOf(workspace, queryText(query, "provider")?.toLowerCase() ?? null, env.clock.now()));
}

/** The counters of a workspace; with a provider, of that one alone. */
export function ingressOf(workspace: WorkspaceObject, only: string | null, now: number) {
  const { sql } = workspace.context.store;
  const counts = ingressCounts(sql);
  const names = only === null ? [...new Set(counts.map(({ provider }) => provider))].sort() : [only];
  const byProvider = Object.fromEntries(
    names.map((provider) => [provider, providerIngress(workspace, provider, now)]),
  );
  const all = Object.values(byProvider);
  const sum = (name: Total) => all.reduce((total, one) => total + one[name], 0);
  const pendingTotal = sum("pendingTotal");
  const totals = {
    acceptedTotal: sum("acceptedTotal"),
    droppedTotal: sum("droppedTotal"),
    dedupedTotal: sum("dedupedTotal"),
    coalescedTotal: sum("coalescedTotal"),
    suppressedTotal: sum("suppressedTotal"),
    staleTotal: sum("staleTotal"),
  };
  const deadLetters = names.map((provider) => [provider, countEnvelopes(sql, provider, "failed")] as const);
  return {
    workspaceId: workspace.workspaceId,
    queueDepth: pendingTotal,
    queueCapacity: QUEUE_CAPACITY,
    queueUtilization: pendingTotal / QUEUE_CAPACITY,
    pendingTotal,
    oldestPendingAgeSeconds: Math.max(0, ...all.map((one) => one.oldestPendingAgeSeconds)),
    deadLetterTotal: deadLetters.reduce((total, [, n]) => total + n, 0),
    deadLetterByProvider: Object.fromEntries(deadLetters.filter(([, n]) => n > 0)),
    ...totals,
    ...ratesOf(totals),
    ingressByProvider: byProvider,
  };
}

type Total =
  | "acceptedTotal"
  | "droppedTotal"
  | "dedupedTotal"
  | "coalescedTotal"
  | "pendingTotal"
  | "suppressedTotal"
  | "staleTotal";

function providerIngress(workspace: WorkspaceObject, provider: string, now: number) {
  const { sql } = workspace.context.store;
  const counts = ingressCounts(sql).filter((row) => row.provider === provider);
  const of = (name: string) => counts.find((row) => row.name === name)?.total ?? 0;
  const oldest = oldestOpen(sql, provider);
  const totals = {
    acceptedTotal: of("accepted"),
    droppedTotal: of("dropped"),
    dedupedTotal: of("deduped"),
    coalescedTotal: of("coalesced"),
  };
  return {
    ...totals,
    pendingTotal: countEnvelopes(sql, provider, "open"),
    oldestPendingAgeSeconds: oldest === null ? 0 : Math.max(0, Math.floor((now - oldest) / 1_000)),
    suppressedTotal: of("suppressed"),
    staleTotal: of("stale"),
    ...ratesOf(totals),
  };
}

function ratesOf(totals: {
  acceptedTotal: number;
  droppedTotal: number;
  dedupedTotal: number;
  coalescedTotal: number;
}) {
  const whole = totals.acceptedTotal + totals.droppedTotal + totals.dedupedTotal + totals.coalescedTotal;
  const rate = (part: number) => (whole === 0 ? 0 : part / whole);
  return { dedupeRate: rate(totals.dedupedTotal), coalesceRate: rate(totals.coalescedTotal) };
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
