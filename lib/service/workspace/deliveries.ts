/** Deliveries of webhooks: claimed once per delivery id, applied, and kept as dead letters when they cannot be. */
import { isRelayfileError, messageOf } from "../../errors.ts";
import { PIPELINE } from "../../limits.ts";
import type { EventType } from "../../model/event.ts";
import type { TreeStore } from "../../ports.ts";
import type { IngestInput, IngestResult } from "../pipeline.ts";
import {
  count,
  type EnvelopeRow,
  findDelivery,
  finishEnvelope,
  insertEnvelope,
  reopenEnvelope,
} from "../store/envelopes.ts";
import type { Transaction } from "../store/store.ts";
import type { WorkspaceContext } from "./context.ts";
import { applyFileEnvelope, type FileEnvelope } from "./file-envelope.ts";
import { applyRecordEnvelope, applySourceEnvelope } from "./source-envelope.ts";

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
    const claim = claimDelivery(tx, input, kind);
    if (claim.fresh) context.inFlight.add(claim.envelope.envelopeId);
    return claim;
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

/** The envelope of a delivery; not `fresh` when it was seen before. A delivery that failed may come again: its sender retries. */
export function claimDelivery(
  tx: Transaction,
  input: IngestInput,
  kind: EnvelopeRow["kind"],
): { envelope: EnvelopeRow; fresh: boolean } {
  const known = findDelivery(tx.sql, input.provider, input.deliveryId);
  if (known === null) return { envelope: insertEnvelope(tx, input, kind), fresh: true };
  if (known.status === "failed") reopenEnvelope(tx, known);
  else count(tx, input.provider, "deduped");
  return { envelope: known, fresh: known.status === "failed" };
}

/**
 * Processes an envelope, up to three times; then it is a dead letter, `sync.error` says so, and the error is thrown. One
 * that can never be used is a dead letter at once, with its typed reason. An aborted one stays open.
 */
export async function processEnvelope(
  context: WorkspaceContext,
  tree: TreeStore,
  envelope: EnvelopeRow,
  signal: AbortSignal = new AbortController().signal,
): Promise<IngestResult> {
  context.inFlight.add(envelope.envelopeId);
  try {
    return await attemptEnvelope(context, tree, envelope, signal);
  } finally {
    context.inFlight.delete(envelope.envelopeId);
  }
}

async function attemptEnvelope(
  context: WorkspaceContext,
  tree: TreeStore,
  envelope: EnvelopeRow,
  signal: AbortSignal,
): Promise<IngestResult> {
  for (let attempt = 1; ; attempt++) {
    try {
      const result = await applyEnvelope(context, tree, envelope, signal);
      await context.store.commit((tx) => {
        if (result.status === "rejected") {
          finishEnvelope(tx, envelope, {
            status: "failed",
            outcome: result.code ?? "unreadable_payload",
            error: result.reason ?? null,
          });
          report(tx, envelope, "sync.error", result.reason);
          return;
        }
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
      if (signal.aborted) throw thrown;
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
  signal: AbortSignal,
): Promise<IngestResult> {
  if (envelope.kind === "file") return applyFileEnvelope(context, envelope, envelope.payload as FileEnvelope);
  if (envelope.kind === "source") return applySourceEnvelope(context, tree, envelope, signal);
  if (envelope.kind === "record") return applyRecordEnvelope(context, tree, envelope);
  return context.pipeline.ingest(tree, inputOf(envelope));
}

function inputOf(envelope: EnvelopeRow): IngestInput {
  const { provider, headers, payload, receivedAt, deliveryId, correlationId } = envelope;
  return { provider, headers, payload, receivedAtMs: receivedAt, deliveryId, correlationId };
}

/** Tells the event feed what became of an envelope that wrote nothing. */
export function report(
  tx: Transaction,
  envelope: EnvelopeRow,
  type: EventType,
  detail: string | undefined,
): void {
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
