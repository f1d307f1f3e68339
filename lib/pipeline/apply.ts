/**
 * Puts normal records into a workspace tree: record, aliases, index row. One batch is one atomic change, computed
 * again from fresh reads when another writer was faster.
 */
import { isRelayfileError, messageOf } from "../errors.ts";
import { PIPELINE } from "../limits.ts";
import type { RejectedItem } from "../model/rejection.ts";
import type { TreeStore } from "../ports.ts";
import type { ProviderDefinition } from "../providers/definition.ts";
import { providerById } from "../providers/registry.ts";
import type { PipelineDeps } from "./deps.ts";
import { type Fate, place } from "./place.ts";
import { bucketByModel } from "./pure/bucket.ts";
import type { NormalRecord } from "./pure/normalize.ts";
import { type ApplyOptions, newRound } from "./round.ts";

/** Records of one model as a source delivers them. */
export interface RecordBatch {
  readonly model: string;
  readonly records: readonly unknown[];
  readonly connectionId?: string;
  readonly correlationId: string;
}

/** What a batch did. `applied + deleted + unchanged + stale + rejected` is the number of records. */
export interface BatchOutcome {
  /** Records written. */
  readonly applied: number;
  readonly deleted: number;
  /** Records that were already stored as they are. */
  readonly unchanged: number;
  /** Records older than the stored ones. */
  readonly stale: number;
  /** Records that could not be used. */
  readonly rejected: number;
  /** The records that could not be used, each once, by their place in the input. */
  readonly rejects: readonly RejectedItem[];
  /** Their reasons, at most five. */
  readonly errorSamples: readonly string[];
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

const ROUND_RECORDS = 1_000;
const CONFLICT_WAIT_MS = 50;

/**
 * Applies a batch of raw records of one model. Unknown providers and models do nothing. Fails with
 * `revision_conflict` when other writers win five times, and with the store's own errors.
 */
export async function applyRecords(
  tree: TreeStore,
  provider: string,
  batch: RecordBatch,
  deps: PipelineDeps,
): Promise<BatchOutcome> {
  const definition = providerById(provider);
  const none = (code: RejectedItem["code"], reason: string) =>
    outcomeOf(
      [],
      batch.records.map((_record, index) => ({ index, code, reason })),
    );
  if (definition === null) return none("unknown_provider", `unknown provider ${provider}`);
  const bucketed = bucketByModel(definition, batch.model, batch.records);
  if (!bucketed.known) return none("unknown_model", `${definition.id} has no model ${batch.model}`);
  const context = {
    origin: "provider_sync",
    correlationId: batch.correlationId,
    provider: definition.id,
  } as const;
  const options =
    batch.connectionId === undefined ? { context } : { context, connectionId: batch.connectionId };
  const outcome = await applyNormal(tree, definition, bucketed.records, options, deps);
  const placed = outcome.rejects.map((one) => ({ ...one, index: bucketed.indexes[one.index] ?? one.index }));
  const rejects = [...bucketed.rejected, ...placed].sort((a, b) => a.index - b.index);
  return { ...outcome, ...summaryOf(rejects) };
}

/** Applies normal records of any resources of one provider, in order within each resource. */
export async function applyNormal(
  tree: TreeStore,
  provider: ProviderDefinition,
  records: readonly NormalRecord[],
  options: ApplyOptions,
  deps: PipelineDeps,
): Promise<BatchOutcome> {
  const order = new Map(provider.resources.map((resource, index) => [resource, index] as const));
  const sorted = [...records.entries()].sort(
    ([, a], [, b]) => (order.get(a.resource) ?? 0) - (order.get(b.resource) ?? 0),
  );
  const outcomes: BatchOutcome[] = [];
  for (let start = 0; start < sorted.length; start += ROUND_RECORDS) {
    outcomes.push(
      await applyRound(tree, provider, sorted.slice(start, start + ROUND_RECORDS), options, deps),
    );
  }
  return sum(outcomes);
}

async function applyRound(
  tree: TreeStore,
  provider: ProviderDefinition,
  records: readonly (readonly [index: number, record: NormalRecord])[],
  options: ApplyOptions,
  deps: PipelineDeps,
): Promise<BatchOutcome> {
  for (let attempt = 1; ; attempt++) {
    const round = newRound(tree, provider, options, deps);
    const rejects: RejectedItem[] = [];
    const fates: Fate[] = [];
    for (const [index, record] of records) {
      const fate = await place(round, record);
      if (typeof fate === "string") fates.push(fate);
      else rejects.push({ index, code: fate.code, reason: fate.rejected });
    }
    for (const collection of round.collections.values()) await collection.finish();
    try {
      const gone = [...round.deleted].map(([record, updated]) => ({ record, updated }));
      const { written, deleted, revisions } = await round.stage.flush(options.context, gone);
      for (const collection of round.collections.values())
        collection.settle((path) => revisions.get(path) ?? null);
      return { ...outcomeOf(fates, rejects), written, removed: deleted };
    } catch (error) {
      if (!isRelayfileError(error, "revision_conflict") || attempt >= PIPELINE.indexWriteAttemptsMax)
        throw error;
      deps.log.debug("batch lost a race, planning it again", { attempt, error: messageOf(error) });
      await deps.clock.sleep(CONFLICT_WAIT_MS * attempt);
    }
  }
}

function summaryOf(rejects: readonly RejectedItem[]) {
  const errorSamples = rejects.slice(0, 5).map(({ index, reason }) => `record ${index}: ${reason}`);
  return { rejected: rejects.length, rejects, errorSamples };
}

function outcomeOf(fates: readonly Fate[], rejects: readonly RejectedItem[]): BatchOutcome {
  const count = (fate: Fate) => fates.filter((candidate) => candidate === fate).length;
  return {
    applied: count("applied"),
    deleted: count("deleted"),
    unchanged: count("unchanged"),
    stale: count("stale"),
    ...summaryOf(rejects),
    written: [],
    removed: [],
  };
}

function sum(outcomes: readonly BatchOutcome[]): BatchOutcome {
  return outcomes.reduce(
    (all, next) => ({
      applied: all.applied + next.applied,
      deleted: all.deleted + next.deleted,
      unchanged: all.unchanged + next.unchanged,
      stale: all.stale + next.stale,
      ...summaryOf([...all.rejects, ...next.rejects]),
      written: [...all.written, ...next.written],
      removed: [...all.removed, ...next.removed],
    }),
    outcomeOf([], []),
  );
}
