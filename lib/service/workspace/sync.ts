/** Providers of one workspace: connecting, deliveries of webhooks, refresh, and what `sync/status` says about them. */
import { fail, isRelayfileError, messageOf } from "../../errors.ts";
import { FILE_API, PIPELINE } from "../../limits.ts";
import type { EventType } from "../../model/event.ts";
import type { RefreshedProvider, SyncStatus } from "../../model/integration.ts";
import type { TreeStore } from "../../ports.ts";
import type { IngestInput, IngestResult } from "../pipeline.ts";
import {
  finishEnvelope,
  findDelivery,
  insertEnvelope,
  newestProcessed,
  oldestOpen,
  reopenEnvelope,
  appliedEnvelopes,
  count,
  countEnvelopes,
  type EnvelopeRow,
  lastEnvelopeError,
} from "../store/envelopes.ts";
import { countOps } from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";
import type { WorkspaceContext } from "./context.ts";
import { applyFileEnvelope, type FileEnvelope } from "./file-envelope.ts";

/** A connected provider of a workspace. */
export interface Connection {
  readonly provider: string;
  readonly backend: string;
  readonly connectedAt: number;
}

/** Connected providers, sorted. */
export function connections(context: WorkspaceContext): Connection[] {
  return context.store.sql
    .all<{ provider: string; backend: string; connected_at: number }>(
      "SELECT provider, backend, connected_at FROM integrations ORDER BY provider",
    )
    .map((row) => ({ provider: row.provider, backend: row.backend, connectedAt: row.connected_at }));
}

/** Connects a provider and writes its layout and discovery files. Connecting twice changes nothing. */
export async function connectProvider(
  context: WorkspaceContext,
  tree: TreeStore,
  provider: string,
  backend: string,
): Promise<void> {
  if (!context.pipeline.catalog.some((entry) => entry.id === provider)) {
    fail("not_found", `no provider ${provider} in the catalog`, { provider });
  }
  await context.store.commit((tx) =>
    tx.sql.run(
      "INSERT INTO integrations (provider, backend, connected_at) VALUES (?, ?, ?) ON CONFLICT (provider) DO UPDATE SET backend = excluded.backend",
      [provider, backend, tx.now],
    ),
  );
  await context.pipeline.materialize(tree, provider);
}

/** Disconnects a provider; its files stay. */
export async function disconnectProvider(context: WorkspaceContext, provider: string): Promise<void> {
  await context.store.commit((tx) => tx.sql.run("DELETE FROM integrations WHERE provider = ?", [provider]));
}

/** What became of a delivery, and the envelope that keeps it. */
export interface Delivered {
  readonly envelopeId: string;
  readonly result: IngestResult;
}

/** Applies one delivery. A delivery id seen before answers `duplicate`, also while the first is under way (cloud#775). */
export async function ingestDelivery(
  context: WorkspaceContext,
  tree: TreeStore,
  input: IngestInput,
  kind: EnvelopeRow["kind"] = "provider",
): Promise<Delivered> {
  const claimed = await context.store.commit((tx) => {
    const known = findDelivery(tx.sql, input.provider, input.deliveryId);
    if (known === null) return { envelope: insertEnvelope(tx, input, kind), fresh: true };
    // A delivery that failed may come again: its sender retries.
    if (known.status === "failed") reopenEnvelope(tx, known);
    else count(tx, input.provider, "deduped");
    return { envelope: known, fresh: known.status === "failed" };
  });
  if (!claimed.fresh) {
    const result = {
      status: "duplicate",
      reason: "delivery id seen before",
      written: [],
      deleted: [],
    } as const;
    return { envelopeId: claimed.envelope.envelopeId, result };
  }
  return {
    envelopeId: claimed.envelope.envelopeId,
    result: await processEnvelope(context, tree, claimed.envelope),
  };
}

/** Processes an envelope, up to three times; then it is a dead letter, `sync.error` says so, and the error is thrown. */
export async function processEnvelope(
  context: WorkspaceContext,
  tree: TreeStore,
  envelope: EnvelopeRow,
): Promise<IngestResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await applyEnvelope(context, tree, envelope);
      await context.store.commit((tx) => {
        finishEnvelope(tx, envelope, {
          status: "processed",
          outcome: result.status,
          error: result.reason ?? null,
        });
        const silent =
          result.status === "applied" || result.status === "duplicate" || envelope.kind === "file";
        if (!silent)
          report(tx, envelope, result.status === "stale" ? "sync.stale" : "sync.ignored", result.reason);
      });
      return result;
    } catch (thrown) {
      const final =
        attempt >= PIPELINE.envelopeAttemptsMax || (isRelayfileError(thrown) && !thrown.retryable);
      await context.store.commit((tx) => {
        finishEnvelope(tx, envelope, {
          status: final ? "failed" : "open",
          outcome: null,
          error: messageOf(thrown),
        });
        if (final) report(tx, envelope, "sync.error", messageOf(thrown));
      });
      if (final) throw thrown;
      await context.clock.sleep(ENVELOPE_RETRY_MS);
    }
  }
}

const ENVELOPE_RETRY_MS = 50;

function applyEnvelope(
  context: WorkspaceContext,
  tree: TreeStore,
  envelope: EnvelopeRow,
): Promise<IngestResult> {
  if (envelope.kind === "file") return applyFileEnvelope(context, envelope, envelope.payload as FileEnvelope);
  return context.pipeline.ingest(tree, inputOf(envelope));
}

/** Tells stand-ins that forgot everything what was delivered before; needed once after a restart. */
export async function recallDeliveries(context: WorkspaceContext): Promise<void> {
  for (const envelope of appliedEnvelopes(context.store.sql, RECALLED_MAX)) {
    await context.pipeline.recall(inputOf(envelope));
  }
}

const RECALLED_MAX = 2_000;

function inputOf(envelope: EnvelopeRow): IngestInput {
  const { provider, headers, payload, receivedAt, deliveryId, correlationId } = envelope;
  return { provider, headers, payload, receivedAtMs: receivedAt, deliveryId, correlationId };
}

function report(tx: Transaction, envelope: EnvelopeRow, type: EventType, detail: string | undefined): void {
  tx.emit({
    type,
    path: "/",
    revision: "",
    origin: "provider_sync",
    provider: envelope.provider,
    correlationId: envelope.correlationId,
    detail: detail ?? null,
  });
}

/** Writes discovery anew for one provider; a failure is part of the answer. */
export async function refreshProvider(
  context: WorkspaceContext,
  tree: TreeStore,
  provider: string,
): Promise<RefreshedProvider & { failure?: string }> {
  try {
    return await context.pipeline.refresh(tree, provider);
  } catch (thrown) {
    context.log.warn("refresh failed", { provider, error: messageOf(thrown) });
    const failure = isRelayfileError(thrown) ? thrown.message : "refresh failed";
    return { provider, discoveryBackfilled: false, errors: 1, discoveryBackfillStatus: "failed", failure };
  }
}

/** State of each provider's sync (spec file-api 7.1). A provider that is asked for by name is always listed. */
export function syncStatus(context: WorkspaceContext, only: string | null): SyncStatus {
  const { sql, workspaceId } = context.store;
  const connected = new Set(connections(context).map(({ provider }) => provider));
  const seen = sql
    .all<{ provider: string }>("SELECT DISTINCT provider FROM webhook_envelopes")
    .map(({ provider }) => provider);
  const providers = only === null ? [...new Set([...connected, ...seen])].sort() : [only];
  return {
    workspaceId,
    providers: providers.map((provider) => providerStatus(context, provider, connected)),
  };
}

function providerStatus(context: WorkspaceContext, provider: string, connected: ReadonlySet<string>) {
  const { sql } = context.store;
  const newest = newestProcessed(sql, provider);
  const waiting = oldestOpen(sql, provider);
  const lagMs = waiting === null ? 0 : Math.max(0, context.clock.now() - waiting);
  const deadLetteredEnvelopes = countEnvelopes(sql, provider, "failed");
  const deadLetteredOps = countOps(sql, provider, "dead_lettered");
  const lastError = lastOpError(context, provider) ?? lastEnvelopeError(sql, provider);
  const troubled = deadLetteredEnvelopes + deadLetteredOps > 0;
  return {
    provider,
    status: troubled ? "error" : lagMs > FILE_API.lagWarnMs ? "lagging" : "healthy",
    ...(newest === null
      ? {}
      : { cursor: newest.envelopeId, watermarkTs: new Date(newest.receivedAt).toISOString() }),
    lagSeconds: Math.floor(lagMs / 1_000),
    ...(troubled && lastError !== null ? { lastError, failureCodes: { [failureCode(lastError)]: 1 } } : {}),
    deadLetteredEnvelopes,
    deadLetteredOps,
    ...(connected.has(provider) ? { ready: true } : {}),
  };
}

function lastOpError(context: WorkspaceContext, provider: string): string | null {
  const [row] = context.store.sql.all<{ last_error: string | null }>(
    "SELECT last_error FROM operations WHERE attention = 'dead_lettered' AND provider = ? ORDER BY seq DESC LIMIT 1",
    [provider],
  );
  return row?.last_error ?? null;
}

/** The class of an error text (spec file-api 7.1). */
export function failureCode(error: string): string {
  const rules: readonly (readonly [RegExp, string])[] = [
    [/429|rate.?limit/i, "rate_limited"],
    [/time(?:d )?.?out/i, "timeout"],
    [/401|unauthorized/i, "unauthorized"],
    [/403|forbidden/i, "forbidden"],
    [/404|not.?found/i, "not_found"],
    [/409|conflict/i, "conflict"],
    [/50[0234]/, "provider_unavailable"],
  ];
  return rules.find(([pattern]) => pattern.test(error))?.[1] ?? "unknown";
}
