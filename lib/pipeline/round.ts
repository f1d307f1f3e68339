/** What one round of a batch works on: staged changes, opened collections, and where records and collections lie. */
import type { ChangeContext, TreeStore } from "../ports.ts";
import type { Params, ProviderDefinition, ResourceDefinition } from "../providers/definition.ts";
import { type Collection, openCollection } from "./collection.ts";
import type { PipelineDeps } from "./deps.ts";
import { anchorPathOf } from "./pure/aliases.ts";
import { type IndexRow, rowOf } from "./pure/index-rows.ts";
import { type NormalRecord, normalizeRecord } from "./pure/normalize.ts";
import { fillTemplate, homeOf, isDirectoryRecord, parentResource, recordFile } from "./pure/paths.ts";
import { recordOfBytes } from "./pure/records.ts";
import { encodeSegment } from "./pure/slug.ts";
import { type Stage, stageOver } from "./stage.ts";

/** Options of `applyNormal`. */
export interface ApplyOptions {
  readonly context: ChangeContext;
  readonly connectionId?: string;
  /** Writes records even when they look unchanged or stale: after our own write to the provider. */
  readonly force?: boolean;
}

/** One round. Thrown away and started again when another writer was faster. */
export interface Round {
  readonly tree: TreeStore;
  readonly stage: Stage;
  readonly provider: ProviderDefinition;
  readonly options: ApplyOptions;
  readonly deps: PipelineDeps;
  readonly collections: Map<string, Collection>;
  /** Records this round deletes, and when they were last changed. */
  readonly deleted: Map<string, string>;
}

/** A round with nothing staged. */
export function newRound(
  tree: TreeStore,
  provider: ProviderDefinition,
  options: ApplyOptions,
  deps: PipelineDeps,
): Round {
  return {
    tree,
    stage: stageOver(tree),
    provider,
    options,
    deps,
    collections: new Map(),
    deleted: new Map(),
  };
}

/** Path of a record's own file. */
export function canonicalPathOf(collection: Collection, record: NormalRecord): string {
  const rules = record.resource.records;
  if (rules === undefined) return collection.path;
  const home = homeOf(rules, collection.path, record.params);
  return `${home}/${recordFile(rules, record.id, record.label, record.params)}`;
}

/** The opened collection of a resource; its path names a parent record by the parent's own directory. */
export async function collectionOf(
  round: Round,
  resource: ResourceDefinition,
  params: Params,
): Promise<Collection> {
  const path = await collectionPath(round.stage, round.provider, resource, params, round.deps);
  const open = round.collections.get(path);
  if (open !== undefined) return open;
  const collection = await openCollection({
    tree: round.tree,
    stage: round.stage,
    path,
    resource,
    emission: round.deps.era.emission,
    provider: round.provider.id,
    rebuild: () => rebuildRows(round, path, resource),
  });
  round.collections.set(path, collection);
  return collection;
}

/**
 * The directory of a collection. A parent that is a directory record and known appears under its full name, and so do
 * the parents above it.
 */
export async function collectionPath(
  stage: Pick<Stage, "read">,
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  params: Params,
  deps: Pick<PipelineDeps, "era">,
): Promise<string> {
  const parent = parentResource(provider, resource);
  if (resource.parent === undefined || parent?.records === undefined)
    return fillTemplate(resource.path, params);
  const rules = parent.records;
  const id = params[resource.parent.param] ?? "";
  const home = await collectionPath(stage, provider, parent, params, deps);
  const rest = resource.path.slice(`${parent.path}/{${resource.parent.param}}`.length);
  let name = encodeSegment(id);
  if (isDirectoryRecord(rules)) {
    const anchor = anchorPathOf(home, rules, id, { id }, deps.era.emission);
    const file = anchor === null ? null : await stage.read(anchor);
    const payload = file === null ? null : recordOfBytes(file.bytes);
    const known = payload === null ? null : normalizeRecord(provider, parent, payload);
    const label = known === null || "rejected" in known ? "" : known.label;
    name = recordFile(rules, id, label, params).split("/")[0] ?? name;
  }
  return `${home}/${name}${fillTemplate(rest, params)}`;
}

/** Rows of a collection whose index is damaged or overwritten, from its records. */
async function rebuildRows(round: Round, path: string, resource: ResourceDefinition): Promise<IndexRow[]> {
  const rows: IndexRow[] = [];
  round.deps.log.warn("index is damaged, rebuilding it from the records", { path });
  for (const candidate of await round.stage.pathsBelow(path)) {
    const below = candidate.slice(path.length + 1);
    if (below.startsWith("by-") || below === "_index.json") continue;
    const file = await round.stage.read(candidate);
    const payload = file === null ? null : recordOfBytes(file.bytes);
    const record = payload === null ? null : normalizeRecord(round.provider, resource, payload);
    if (record === null || "rejected" in record || !candidate.endsWith(canonicalLeaf(resource, record)))
      continue;
    rows.push(rowOf(record, round.deps.era.emission === "current" ? candidate : null));
  }
  return rows;
}

function canonicalLeaf(resource: ResourceDefinition, record: NormalRecord): string {
  return resource.records === undefined
    ? ""
    : `/${recordFile(resource.records, record.id, record.label, record.params)}`;
}
