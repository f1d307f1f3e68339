/** Sorts a batch of raw records into its resource; unknown models give nothing, never an error. */
import type { RejectedItem } from "../../model/rejection.ts";
import type { ProviderDefinition } from "../../providers/definition.ts";
import { resourceOfModel } from "../../providers/registry.ts";
import { type NormalRecord, normalizeRecord } from "./normalize.ts";

/** Normal records of a batch, and what could not be used. */
export interface Bucketed {
  readonly records: readonly NormalRecord[];
  /** For each record its place in the input. */
  readonly indexes: readonly number[];
  /** In input order, at most one per record. */
  readonly rejected: readonly RejectedItem[];
  /** False when no resource takes this model. */
  readonly known: boolean;
}

/** The normal records of one model's batch, in input order. */
export function bucketByModel(
  provider: ProviderDefinition,
  model: string,
  raw: readonly unknown[],
): Bucketed {
  const resource = resourceOfModel(provider, model);
  if (resource === null) return { records: [], indexes: [], rejected: [], known: false };
  const records: NormalRecord[] = [];
  const indexes: number[] = [];
  const rejected: RejectedItem[] = [];
  for (const [index, value] of raw.entries()) {
    const normal = normalizeRecord(provider, resource, value);
    if ("rejected" in normal) {
      rejected.push({ index, code: normal.code, reason: normal.rejected });
      continue;
    }
    records.push(normal);
    indexes.push(index);
  }
  return { records, indexes, rejected, known: true };
}
