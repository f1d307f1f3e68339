/** One collection during a batch: its index rows, and the names that records with equal titles share. */
import type { EraSwitch } from "../model/era.ts";
import type { ResourceDefinition } from "../providers/definition.ts";
import { sharedNames, titleSegmentsOf } from "./pure/aliases.ts";
import {
  compareRows,
  type IndexRow,
  indexBytes,
  indexPathOf,
  JSON_TYPE,
  parseIndex,
  rowOf,
} from "./pure/index-rows.ts";
import { bytesOf, sameBytes } from "./pure/json.ts";
import type { NormalRecord } from "./pure/normalize.ts";
import { aliasSlugOf } from "./pure/slug.ts";
import type { Stage } from "./stage.ts";

/** Rows of one collection, loaded once and written once per batch. */
export interface Collection {
  readonly path: string;
  readonly resource: ResourceDefinition;
  row(id: string): IndexRow | null;
  /** Sets the row of a live record. `bytes` is its envelope, for the names it shares. */
  put(record: NormalRecord, canonicalPath: string, bytes: Uint8Array, changed: boolean): void;
  remove(id: string): void;
  /** Stages the shared names and the index, when something changed. */
  finish(stage: Stage): Promise<void>;
}

/** Loads a collection. `rebuild` reads its records again when the stored index cannot be read as one. */
export async function openCollection(
  stage: Stage,
  path: string,
  resource: ResourceDefinition,
  options: { emission: EraSwitch; provider: string; rebuild: () => Promise<IndexRow[]> },
): Promise<Collection> {
  const indexed = resource.records?.index !== undefined;
  const indexPath = indexPathOf(path);
  const stored = indexed ? await stage.read(indexPath) : null;
  const rows = new Map<string, IndexRow>();
  for (const row of stored === null ? [] : (parseIndex(stored.bytes) ?? (await options.rebuild())))
    rows.set(row.id, row);

  const segments = resource.records === undefined ? [] : titleSegmentsOf(resource.records);
  const holders = new Map<string, Set<string>>();
  if (segments.length > 0) for (const row of rows.values()) hold(holders, aliasSlugOf(row.title), row.id);
  /** Holders of a slug before this batch, for slugs that changed. */
  const before = new Map<string, Set<string>>();
  const bodies = new Map<string, { bytes: Uint8Array; changed: boolean }>();

  const touch = (slug: string): Set<string> => {
    const group = holders.get(slug) ?? new Set();
    if (!before.has(slug)) before.set(slug, new Set(group));
    holders.set(slug, group);
    return group;
  };

  return {
    path,
    resource,
    row: (id) => rows.get(id) ?? null,
    put(record, canonicalPath, bytes, changed) {
      const old = rows.get(record.id);
      if (segments.length > 0) {
        if (old !== undefined) touch(aliasSlugOf(old.title)).delete(record.id);
        touch(aliasSlugOf(record.title)).add(record.id);
        bodies.set(record.id, { bytes, changed: changed || bodies.get(record.id)?.changed === true });
      }
      if (indexed) rows.set(record.id, rowOf(record, options.emission === "current" ? canonicalPath : null));
    },
    remove(id) {
      const old = rows.get(id);
      if (old !== undefined && segments.length > 0) touch(aliasSlugOf(old.title)).delete(id);
      bodies.delete(id);
      rows.delete(id);
    },
    async finish(stage) {
      await stageSharedNames(stage, { path, segments, before, holders, bodies, provider: options.provider });
      if (!indexed) return;
      const bytes = indexBytes(rows.values());
      if (stored !== null && sameBytes(stored.bytes, bytes)) return;
      const ifRevision = stored?.revision ?? "0";
      stage.write(indexPath, bytes, { contentType: JSON_TYPE, provider: options.provider, ifRevision });
      const lookup = resource.records?.lookup;
      if (lookup === undefined) return;
      const entries = `${JSON.stringify([...rows.values()].sort(compareRows).map(lookup))}\n`;
      stage.write(indexPathOf(`/discovery${path}`), bytesOf(entries), {
        contentType: JSON_TYPE,
        provider: options.provider,
      });
    },
  };
}

function hold(holders: Map<string, Set<string>>, slug: string, id: string): void {
  const group = holders.get(slug);
  if (group === undefined) holders.set(slug, new Set([id]));
  else group.add(id);
}

/** Moves the plain and suffixed names of every slug whose holders or bodies changed. */
async function stageSharedNames(
  stage: Stage,
  state: {
    path: string;
    segments: readonly string[];
    before: ReadonlyMap<string, ReadonlySet<string>>;
    holders: ReadonlyMap<string, ReadonlySet<string>>;
    bodies: ReadonlyMap<string, { bytes: Uint8Array; changed: boolean }>;
    provider: string;
  },
): Promise<void> {
  const removals: string[] = [];
  const writes: { path: string; bytes: Uint8Array }[] = [];
  for (const segment of state.segments) {
    for (const [slug, former] of state.before) {
      const oldNames = sharedNames(slug, former);
      const newNames = sharedNames(slug, state.holders.get(slug) ?? []);
      const kept = new Set(newNames.values());
      for (const name of oldNames.values()) {
        if (!kept.has(name)) removals.push(`${state.path}/${segment}/${name}`);
      }
      for (const [id, name] of newNames) {
        const target = `${state.path}/${segment}/${name}`;
        const body = state.bodies.get(id);
        const former = oldNames.get(id);
        if (body !== undefined) {
          if (body.changed || former !== name) writes.push({ path: target, bytes: body.bytes });
        } else if (former !== undefined && former !== name) {
          const file = await stage.read(`${state.path}/${segment}/${former}`);
          if (file !== null) writes.push({ path: target, bytes: file.bytes });
        }
      }
    }
  }
  for (const path of removals) stage.remove(path);
  for (const { path, bytes } of writes)
    stage.write(path, bytes, { contentType: JSON_TYPE, provider: state.provider });
}
