/** Reads over all workspaces, and replay by id alone (spec file-api 9.2). Bad parameters are refused here, unlike elsewhere. */
import { fail, isRelayfileError } from "../../errors.ts";
import type { SyncStatus } from "../../model/integration.ts";
import { json } from "../http-error.ts";
import type { ManagedWorkspace } from "../managed-workspace.ts";
import type { FileApiEnv } from "./env.ts";
import { queryText } from "./input.ts";

/** What a handler gets after token and scope were judged; the token's workspace does not matter here. */
export interface AdminContext {
  readonly env: FileApiEnv;
  readonly query: URLSearchParams;
  readonly params: Readonly<Record<string, string>>;
  readonly correlationId: string;
}

/** One route × method below `/v1/admin/`. */
export interface AdminRoute {
  readonly method: "GET" | "POST";
  readonly pattern: string;
  /** Literal scopes, any of which opens the route. */
  readonly scopes: readonly string[];
  readonly handle: (context: AdminContext) => Promise<Response>;
}

const READ = ["admin:read", "admin:replay"];
const REPLAY = ["admin:replay"];

/** Routes of administration. */
export const ADMIN_ROUTES: readonly AdminRoute[] = [
  { method: "GET", pattern: "backends", scopes: READ, handle: backends },
  { method: "GET", pattern: "ingress", scopes: READ, handle: ingress },
  { method: "GET", pattern: "sync", scopes: READ, handle: sync },
  { method: "POST", pattern: "replay/envelope/:id", scopes: REPLAY, handle: replayEnvelope },
  { method: "POST", pattern: "replay/envelopes/:id", scopes: REPLAY, handle: replayEnvelope },
  { method: "POST", pattern: "replay/op/:id", scopes: REPLAY, handle: replayOp },
  { method: "POST", pattern: "replay/ops/:id", scopes: REPLAY, handle: replayOp },
];

/** Thresholds of ingress alerts by profile: pending, dead letters, stale events, share of dropped deliveries. */
const PROFILES: Readonly<Record<string, readonly [number, number, number, number]>> = {
  balanced: [100, 1, 10, 0.05],
  strict: [25, 1, 5, 0.02],
  relaxed: [500, 5, 50, 0.2],
};

interface Alert {
  readonly workspaceId: string;
  readonly provider?: string;
  readonly type: string;
  readonly severity: "critical" | "warning";
  readonly value: number;
  readonly threshold: number;
  readonly message: string;
}

async function backends(): Promise<Response> {
  return json({
    backendProfile: "embedded",
    stateBackend: "sqlite",
    envelopeQueue: "sqlite",
    envelopeQueueDepth: 0,
    envelopeQueueCapacity: 1_024,
    writebackQueue: "sqlite",
    writebackQueueDepth: 0,
    writebackQueueCapacity: 1_024,
  });
}

async function ingress(context: AdminContext): Promise<Response> {
  const { query } = context;
  const profile = queryText(query, "alertProfile") ?? "balanced";
  const defaults = PROFILES[profile];
  if (defaults === undefined) return fail("bad_request", "invalid alertProfile");
  const names = ["pendingThreshold", "deadLetterThreshold", "staleThreshold", "dropRateThreshold"];
  const pending = numberOf(query, "pendingThreshold", defaults[0], 1, 1_000_000);
  const deadLetter = numberOf(query, "deadLetterThreshold", defaults[1], 1, 1_000_000);
  const stale = numberOf(query, "staleThreshold", defaults[2], 1, 1_000_000);
  const dropRate = numberOf(query, "dropRateThreshold", defaults[3], 0, 1, true);
  const frame = await frameOf(context);
  const provider = queryText(query, "provider")?.toLowerCase() ?? null;
  const nonZeroOnly = booleanOf(query, "nonZeroOnly", false);
  const read = await Promise.all(frame.objects.map((object) => object.ingress(provider)));
  const all = read.filter(
    (one) => !nonZeroOnly || one.pendingTotal + one.deadLetterTotal + one.acceptedTotal > 0,
  );
  const alerts = all.flatMap((one): Alert[] => {
    const { workspaceId } = one;
    const drop = one.acceptedTotal === 0 ? 0 : one.droppedTotal / (one.acceptedTotal + one.droppedTotal);
    return [
      alert(workspaceId, "dead_letters", "critical", one.deadLetterTotal, deadLetter),
      alert(workspaceId, "pending_backlog", "warning", one.pendingTotal, pending),
      alert(workspaceId, "drop_rate", "warning", drop, dropRate),
      alert(workspaceId, "stale_events", "warning", one.staleTotal, stale),
    ].filter((each) => each !== null);
  });
  const sum = (
    name:
      | "pendingTotal"
      | "deadLetterTotal"
      | "acceptedTotal"
      | "droppedTotal"
      | "dedupedTotal"
      | "coalescedTotal"
      | "suppressedTotal"
      | "staleTotal",
  ) => all.reduce((total, one) => total + one[name], 0);
  return json({
    ...headOf(
      context,
      frame,
      all.map((one) => [one.workspaceId, one]),
    ),
    alertProfile: profile,
    effectiveAlertProfile: names.some((name) => query.has(name)) ? "custom" : profile,
    pendingTotal: sum("pendingTotal"),
    deadLetterTotal: sum("deadLetterTotal"),
    acceptedTotal: sum("acceptedTotal"),
    droppedTotal: sum("droppedTotal"),
    dedupedTotal: sum("dedupedTotal"),
    coalescedTotal: sum("coalescedTotal"),
    suppressedTotal: sum("suppressedTotal"),
    staleTotal: sum("staleTotal"),
    thresholds: { pending, deadLetter, stale, dropRate },
    ...alertsOf(context, alerts),
  });
}

async function sync(context: AdminContext): Promise<Response> {
  const { query } = context;
  const thresholds = {
    statusError: numberOf(query, "statusErrorThreshold", 1, 1, 1_000_000),
    lagSeconds: numberOf(query, "lagSecondsThreshold", 30, 1, 1_000_000),
    deadLetteredEnvelopes: numberOf(query, "deadLetteredEnvelopesThreshold", 1, 1, 1_000_000),
    deadLetteredOps: numberOf(query, "deadLetteredOpsThreshold", 1, 1, 1_000_000),
  };
  const frame = await frameOf(context);
  const nonZeroOnly = booleanOf(query, "nonZeroOnly", false);
  const provider = queryText(query, "provider")?.toLowerCase() ?? null;
  const read = await Promise.all(frame.objects.map((object) => object.syncStatus(provider)));
  const all = read.filter((one) => !nonZeroOnly || one.providers.length > 0);
  const rows = all.flatMap((one) => one.providers.map((row) => ({ workspaceId: one.workspaceId, row })));
  const alerts = rows.flatMap(({ workspaceId, row }): Alert[] =>
    [
      alert(
        workspaceId,
        "status_error",
        "critical",
        row.status === "error" ? 1 : 0,
        thresholds.statusError,
        row.provider,
      ),
      alert(workspaceId, "lag_seconds", "warning", row.lagSeconds ?? 0, thresholds.lagSeconds, row.provider),
      alert(
        workspaceId,
        "dead_lettered_envelopes",
        "critical",
        row.deadLetteredEnvelopes ?? 0,
        thresholds.deadLetteredEnvelopes,
        row.provider,
      ),
      alert(
        workspaceId,
        "dead_lettered_ops",
        "warning",
        row.deadLetteredOps ?? 0,
        thresholds.deadLetteredOps,
        row.provider,
      ),
    ].filter((each) => each !== null),
  );
  const count = (status: string) => rows.filter(({ row }) => row.status === status).length;
  return json({
    ...headOf(
      context,
      frame,
      all.map((one: SyncStatus) => [one.workspaceId, one]),
    ),
    providerStatusCount: rows.length,
    healthyCount: count("healthy"),
    laggingCount: count("lagging"),
    errorCount: count("error"),
    pausedCount: count("paused"),
    deadLetteredEnvelopesTotal: rows.reduce((total, { row }) => total + (row.deadLetteredEnvelopes ?? 0), 0),
    deadLetteredOpsTotal: rows.reduce((total, { row }) => total + (row.deadLetteredOps ?? 0), 0),
    failureCodes: mergeCounts(rows.map(({ row }) => row.failureCodes ?? {})),
    thresholds,
    ...alertsOf(context, alerts),
  });
}

async function replayEnvelope({ env, params, correlationId }: AdminContext): Promise<Response> {
  for (const id of env.workspaceIds()) {
    const object = await env.managed(id);
    if (!(await object?.replayEnvelopeById(params.id ?? ""))) continue;
    return json({ status: "queued", id: params.id, correlationId }, 202);
  }
  return fail("not_found", `no envelope ${params.id}`);
}

async function replayOp({ env, params, correlationId }: AdminContext): Promise<Response> {
  for (const id of env.workspaceIds()) {
    const object = await env.managed(id);
    try {
      if (object === null) continue;
      await object.replayOp(params.id ?? "", correlationId);
      return json({ status: "queued", id: params.id, correlationId }, 202);
    } catch (error) {
      if (!isRelayfileError(error, "not_found")) throw error;
    }
  }
  return fail("not_found", `no op ${params.id}`);
}

interface Frame {
  readonly workspaceCount: number;
  readonly objects: readonly ManagedWorkspace[];
  readonly nextCursor: string | null;
}

/** The workspaces of one page, by id. */
async function frameOf({ env, query }: AdminContext): Promise<Frame> {
  const limit = numberOf(query, "limit", 200, 1, 5_000);
  const only = queryText(query, "workspaceId");
  const cursor = queryText(query, "cursor");
  const ids = env
    .workspaceIds()
    .filter((id) => only === null || id === only)
    .sort();
  if (cursor !== null && !ids.includes(cursor)) fail("bad_request", "invalid cursor");
  const rest = cursor === null ? ids : ids.filter((id) => id > cursor);
  const page = rest.slice(0, limit);
  const objects = await Promise.all(page.map((id) => env.managed(id)));
  return {
    workspaceCount: ids.length,
    objects: objects.filter((object) => object !== null),
    nextCursor: rest.length > limit ? (page.at(-1) ?? null) : null,
  };
}

function headOf({ env, query }: AdminContext, frame: Frame, all: readonly (readonly [string, unknown])[]) {
  return {
    generatedAt: new Date(env.clock.now()).toISOString(),
    workspaceCount: frame.workspaceCount,
    returnedWorkspaceCount: all.length,
    workspaceIds: all.map(([id]) => id),
    nextCursor: frame.nextCursor,
    workspaces: booleanOf(query, "includeWorkspaces", true) ? Object.fromEntries(all) : {},
  };
}

function alertsOf({ query }: AdminContext, alerts: readonly Alert[]) {
  const max = numberOf(query, "maxAlerts", 200, 0, 10_000);
  const order = (one: Alert) =>
    `${one.severity === "critical" ? 0 : 1} ${one.workspaceId} ${one.provider ?? ""} ${one.type}`;
  const sorted = [...alerts].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  const critical = alerts.filter(({ severity }) => severity === "critical").length;
  return {
    alertTotals: {
      total: alerts.length,
      critical,
      warning: alerts.length - critical,
      byType: mergeCounts(alerts.map(({ type }) => ({ [type]: 1 }))),
    },
    alertsTruncated: sorted.length > max,
    alerts: booleanOf(query, "includeAlerts", true) ? sorted.slice(0, max) : [],
  };
}

function alert(
  workspaceId: string,
  type: string,
  severity: Alert["severity"],
  value: number,
  threshold: number,
  provider?: string,
): Alert | null {
  if (value < threshold || value === 0) return null;
  const message = `${type} is ${value}, the threshold is ${threshold}`;
  return {
    workspaceId,
    ...(provider === undefined ? {} : { provider }),
    type,
    severity,
    value,
    threshold,
    message,
  };
}

function mergeCounts(counts: readonly Readonly<Record<string, number>>[]): Record<string, number> {
  const merged: Record<string, number> = {};
  for (const one of counts)
    for (const [name, n] of Object.entries(one)) merged[name] = (merged[name] ?? 0) + n;
  return merged;
}

function numberOf(
  query: URLSearchParams,
  name: string,
  fallback: number,
  min: number,
  max: number,
  fraction = false,
): number {
  const raw = query.get(name);
  if (raw === null) return fallback;
  const value = (fraction ? /^\d*\.?\d+$/ : /^\d+$/).test(raw.trim()) ? Number(raw) : Number.NaN;
  return Number.isNaN(value) || value < min || value > max ? fail("bad_request", `invalid ${name}`) : value;
}

/** Booleans as Go reads them. */
function booleanOf(query: URLSearchParams, name: string, fallback: boolean): boolean {
  const raw = query.get(name);
  if (raw === null) return fallback;
  if (["1", "t", "T", "true", "TRUE", "True"].includes(raw)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(raw)) return false;
  return fail("bad_request", `invalid ${name}`);
}
