/**
 * What arrives as raw records: batches, and syncs of a source. A record that cannot be used becomes a dead letter of its
 * own, with the record in it, so that nothing is lost and replaying it is possible.
 */
import type { RejectionCode } from "../../model/rejection.ts";
import type { RefusedRecord } from "../../model/sync-source.ts";
import type { TreeStore } from "../../ports.ts";
import type { IngestResult, RecordsInput, RecordsResult } from "../pipeline.ts";
import { type EnvelopeRow, insertRefused } from "../store/envelopes.ts";
import type { WorkspaceContext } from "./context.ts";
import { connections } from "./sync.ts";

/** Applies a batch of raw records; those that cannot be used are dead letters afterwards. */
export async function applyBatch(
  context: WorkspaceContext,
  tree: TreeStore,
  input: RecordsInput,
): Promise<RecordsResult> {
  const result = await context.pipeline.applyRecords(tree, input);
  const refused = result.rejects.map(({ index, code, reason }) => ({
    model: input.model,
    record: input.records[index],
    code,
    reason,
  }));
  await keepRefused(context, input.provider, refused, input.correlationId);
  return result;
}

/** Processes the dead letter of one record again. */
export async function applyRecordEnvelope(
  context: WorkspaceContext,
  tree: TreeStore,
  envelope: EnvelopeRow,
): Promise<IngestResult> {
  const { model, record } = envelope.payload as { model: string; record: unknown };
  const { provider, correlationId } = envelope;
  const input = { provider, model, records: [record], correlationId };
  const result = await context.pipeline.applyRecords(tree, input);
  const [refused] = result.rejects;
  if (refused !== undefined) return rejected(refused.code, refused.reason);
  const changed = { written: result.written, deleted: result.removed };
  if (result.applied + result.deleted > 0) return { status: "applied", ...changed };
  return { status: result.stale > 0 ? "stale" : "duplicate", ...changed };
}

/** Processes a webhook of the sync source. Fails with `rate_limited` or `unavailable` when its records cannot be had. */
export async function applySourceEnvelope(
  context: WorkspaceContext,
  tree: TreeStore,
  envelope: EnvelopeRow,
  signal: AbortSignal,
): Promise<IngestResult> {
  const { pipeline } = context;
  const event = pipeline.readSource(envelope.payload);
  if (event.kind === "rejected") return rejected(event.code, event.reason);
  if (event.kind === "not_applicable" || event.kind === "connected" || event.kind === "disconnected") {
    return {
      status: "not_applicable",
      reason: event.kind === "not_applicable" ? event.reason : event.kind,
      ...NOTHING,
    };
  }
  const strange = strangeConnection(context, event.provider, event.connectionId);
  if (strange !== null) return rejected("other_connection", strange);
  if (event.kind === "sync_failed") return rejected("source_failed", event.reason);
  if (event.kind === "forward") {
    const { deliveryId, correlationId, receivedAt } = envelope;
    const { provider, headers, payload } = event;
    return pipeline.ingest(tree, {
      provider,
      headers,
      payload,
      receivedAtMs: receivedAt,
      deliveryId,
      correlationId,
    });
  }
  const result = await pipeline.syncSource(tree, event.job, signal);
  await keepRefused(context, event.provider, result.refused, envelope.correlationId);
  const changed = result.applied + result.deleted > 0;
  const reason = `${result.records} records of ${event.job.model}: ${result.applied} applied, ${result.deleted} deleted, ${result.refused.length} refused`;
  return { status: changed ? "applied" : "duplicate", reason, ...NOTHING };
}

const NOTHING = { written: [], deleted: [] };

function rejected(code: RejectionCode, reason: string): IngestResult {
  return { status: "rejected", code, reason, ...NOTHING };
}

/** Why a connection is not the workspace's own; null when it is, or when that is not known. */
function strangeConnection(
  context: WorkspaceContext,
  provider: string,
  connectionId: string | null,
): string | null {
  const own = connections(context).find((one) => one.provider === provider);
  if (own === undefined) return `${provider} is not connected`;
  if (connectionId === null || own.connectionId === null || own.connectionId === connectionId) return null;
  return `${connectionId} is not the connection of ${provider} here, which is ${own.connectionId}`;
}

/** One dead letter per record, the same record once however often it is sent. */
async function keepRefused(
  context: WorkspaceContext,
  provider: string,
  refused: readonly RefusedRecord[],
  correlationId: string,
): Promise<void> {
  if (refused.length === 0) return;
  const { store, clock } = context;
  const ids = await Promise.all(
    refused.map(async ({ model, record }) => {
      const text = JSON.stringify([model, record ?? null]);
      return `record:${await context.sha256(new TextEncoder().encode(text))}`;
    }),
  );
  await store.commit((tx) => {
    for (const [at, { model, record, code, reason }] of refused.entries()) {
      const input = {
        provider,
        headers: {},
        payload: { model, record },
        receivedAtMs: clock.now(),
        deliveryId: ids[at] ?? "",
        correlationId,
      };
      insertRefused(tx, input, "record", { code, reason });
    }
    tx.emit({
      type: "sync.error",
      path: "/",
      revision: "",
      origin: "provider_sync",
      provider,
      correlationId,
      detail: `${refused.length} records could not be used: ${refused[0]?.reason}`,
    });
  });
}
