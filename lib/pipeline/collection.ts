/** One collection during a batch: its index rows, and the names that records with equal titles share. */
import type { EraSwitch } from "../model/era.ts";
import type { TreeStore } from "../ports.ts";
import type { ResourceDefinition } from "../providers/definition.ts";
import { IndexState, keepIndex, takeIndex } from "./index-state.ts";
import { titleSegmentsOf } from "./pure/aliases.ts";
import { type IndexRow, indexPathOf, JSON_TYPE, parseIndex, rowOf } from "./pure/index-rows.ts";
import { bytesOf } from "./pure/json.ts";
import type { NormalRecord } from "./pure/normalize.ts";
import { SharedNames } from "./shared-names.ts";
import type { Stage } from "./stage.ts";

/** What a collection is opened with. */
export interface CollectionOptions {
  readonly tree: TreeStore;
  readonly stage: Stage;
  readonly path: string;
  readonly resource: ResourceDefinition;
  readonly emission: EraSwitch;
  readonly provider: string;
  /** Reads the records again, for an index that cannot be read as one. */
  readonly rebuild: () => Promise<IndexRow[]>;
}

/** Rows of one collection, loaded once and written once per batch. */
export interface Collection {
  readonly path: string;
  readonly resource: ResourceDefinition;
  row(id: string): IndexRow | null;
  /** Sets the row of a live record. `bytes` is its envelope; `changed` says whether it is new. */
  put(record: NormalRecord, canonicalPath: string, bytes: Uint8Array, changed: boolean): void;
  remove(id: string): void;
  /** Stages the shared names and the index, when something changed. */
  finish(): Promise<void>;
  /** Tells that the batch was written; `revisionOf` gives the new revision of a path, or null when it was not. */
  settle(revisionOf: (path: string) => string | null): void;
}

const NAMES = new WeakMap<IndexState, SharedNames>();

/** Loads a collection. Fails with the store's own errors: an index that cannot be read is never an empty one. */
export async function openCollection(options: CollectionOptions): Promise<Collection> {
  const { tree, stage, path, resource, provider } = options;
  const indexed = resource.records?.index !== undefined;
  const indexPath = indexPathOf(path);
  const index = indexed ? await loadIndex(options, indexPath) : new IndexState("0", []);
  const segments = resource.records === undefined ? [] : titleSegmentsOf(resource.records);
  const names = NAMES.get(index) ?? new SharedNames(path, segments, segments.length > 0 ? index.rows() : []);

  return {
    path,
    resource,
    row: (id) => index.row(id),
    put(record, canonicalPath, bytes, changed) {
      names.put(record.id, record.title, index.row(record.id)?.title ?? null, { bytes, changed });
      if (indexed) index.put(rowOf(record, options.emission === "current" ? canonicalPath : null));
    },
    remove(id) {
      const row = index.row(id);
      if (row !== null) names.remove(id, row.title);
      index.remove(id);
    },
    async finish() {
      await names.stage(stage, provider);
      if (!indexed || (!index.isChanged && index.revision !== "0")) return;
      const common = { contentType: JSON_TYPE, provider };
      stage.write(indexPath, index.bytes(), { ...common, ifRevision: index.revision });
      const lookup = resource.records?.lookup;
      if (lookup === undefined) return;
      const entries = `${JSON.stringify(index.rows().map(lookup))}\n`;
      stage.write(indexPathOf(`/discovery${path}`), bytesOf(entries), common);
    },
    settle(revisionOf) {
      if (!indexed) return;
      index.revision = revisionOf(indexPath) ?? index.revision;
      names.settle();
      NAMES.set(index, names);
      keepIndex(tree, indexPath, index);
    },
  };
}

async function loadIndex(
  { tree, stage, rebuild }: CollectionOptions,
  indexPath: string,
): Promise<IndexState> {
  const revision = await stage.revisionOf(indexPath);
  const kept = takeIndex(tree, indexPath, revision);
  if (kept !== null) return kept;
  const stored = revision === "0" ? null : await stage.read(indexPath);
  if (stored === null) return new IndexState("0", []);
  // What a client wrote there was refused, but it is there: however well it reads, it is not the index.
  const rows = stored.byClient ? null : parseIndex(stored.bytes);
  if (rows !== null) return new IndexState(stored.revision, rows);
  const rebuilt = new IndexState(stored.revision, []);
  rebuilt.touch();
  for (const row of await rebuild()) rebuilt.put(row);
  return rebuilt;
}
