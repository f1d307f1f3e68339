/**
 * Puts normal records into a workspace tree: record, aliases, index row. One batch is one atomic change, computed
 * again from fresh reads when another writer was faster.
 */
import { isRelayfileError, messageOf } from "../errors.ts";
import { PIPELINE } from "../limits.ts";
import type { ChangeContext, TreeStore } from "../ports.ts";
import type { Params, ProviderDefinition, ResourceDefinition } from "../providers/definition.ts";
import { providerById } from "../providers/registry.ts";
import { type Collection, openCollection } from "./collection.ts";
import type { PipelineDeps } from "./deps.ts";
import { aliasPathsOf, anchorPathOf, isAlwaysRewritten } from "./pure/aliases.ts";
import { bucketByModel } from "./pure/bucket.ts";
import { type IndexRow, JSON_TYPE, rowOf } from "./pure/index-rows.ts";
import { isObject, parseJsonBytes, sameBytes } from "./pure/json.ts";
import { isOversize, type NormalRecord, normalizeRecord } from "./pure/normalize.ts";
import { fillTemplate, homeOf, isDirectoryRecord, parentResource, recordFile } from "./pure/paths.ts";
import { envelopeBytes, recordOfBytes } from "./pure/records.ts";
import { encodeSegment } from "./pure/slug.ts";
import { type Stage, stageOver } from "./stage.ts";
import { deletedVersion, rememberDeleted } from "./tombstones.ts";

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
  /** Reasons, at most five. */
  readonly errorSamples: readonly string[];
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** Options of `applyNormal`. */
export interface ApplyOptions {
  readonly context: ChangeContext;
  readonly connectionId?: string;
  /** Writes records even when they look unchanged or stale: after our own write to the provider. */
  readonly force?: boolean;
}

type Fate = "applied" | "deleted" | "unchanged" | "stale" | "rejected";

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
  if (definition === null) return total([], [], [`unknown provider ${provider}`], batch.records.length);
  const bucketed = bucketByModel(definition, batch.model, batch.records);
  if (!bucketed.known) {
    return total([], [], [`${definition.id} has no model ${batch.model}`], batch.records.length);
  }
  const context = {
    origin: "provider_sync",
    correlationId: batch.correlationId,
    provider: definition.id,
  } as const;
  const options =
    batch.connectionId === undefined ? { context } : { context, connectionId: batch.connectionId };
  const outcome = await applyNormal(tree, definition, bucketed.records, options, deps);
  const reasons = bucketed.rejected.map(({ index, reason }) => `record ${index}: ${reason}`);
  return {
    ...outcome,
    rejected: outcome.rejected + reasons.length,
    errorSamples: [...outcome.errorSamples, ...reasons].slice(0, 5),
  };
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
  const sorted = [...records].sort((a, b) => (order.get(a.resource) ?? 0) - (order.get(b.resource) ?? 0));
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
  records: readonly NormalRecord[],
  options: ApplyOptions,
  deps: PipelineDeps,
): Promise<BatchOutcome> {
  for (let attempt = 1; ; attempt++) {
    const round = newRound(tree, provider, options, deps);
    const errors: string[] = [];
    const fates: Fate[] = [];
    for (const record of records) {
      const fate = await place(round, record);
      fates.push(typeof fate === "string" ? fate : "rejected");
      if (typeof fate !== "string") errors.push(fate.rejected);
    }
    for (const collection of round.collections.values()) await collection.finish();
    try {
      const { written, deleted, revisions } = await round.stage.flush(options.context);
      for (const collection of round.collections.values())
        collection.settle((path) => revisions.get(path) ?? null);
      for (const [key, updated] of round.deleted) rememberDeleted(tree, key, updated);
      return { ...total(fates, errors, [], 0), written, removed: deleted };
    } catch (error) {
      if (!isRelayfileError(error, "revision_conflict") || attempt >= PIPELINE.indexWriteAttemptsMax)
        throw error;
      deps.log.debug("batch lost a race, planning it again", { attempt, error: messageOf(error) });
      await deps.clock.sleep(CONFLICT_WAIT_MS * attempt);
    }
  }
}

interface Round {
  readonly tree: TreeStore;
  readonly stage: Stage;
  readonly provider: ProviderDefinition;
  readonly options: ApplyOptions;
  readonly deps: PipelineDeps;
  readonly collections: Map<string, Collection>;
  /** Deleted records and when they were last changed. */
  readonly deleted: Map<string, string>;
}

function newRound(
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

function keyOf(collection: Collection, record: NormalRecord): string {
  return `${collection.path} ${record.id}`;
}

/** Stages one record. Deletes of paths it no longer has come before its writes. */
async function place(round: Round, record: NormalRecord): Promise<Fate | { rejected: string }> {
  const { stage, provider, options, deps } = round;
  const { resource } = record;
  const rules = resource.records;
  if (rules === undefined) return { rejected: `${resource.name} has no records` };
  const emission = deps.era.emission;
  const collection = await collectionOf(round, resource, record.params);
  const prior = await priorOf(round, collection, record);

  if (record.deleted) return removeRecord(round, collection, record, prior);
  if (prior === null && isOlder(record.updated, deletedVersion(round.tree, keyOf(collection, record))))
    return "stale";
  if (prior !== null && record.onlyIfAbsent) return "unchanged";
  if (prior !== null && options.force !== true && isOlder(record.updated, prior.record.updated)) {
    rewriteAlways(round, collection, prior.record, prior.bytes);
    return "stale";
  }

  const bytes = envelopeBytes({
    provider: provider.id,
    objectType: resource.objectType,
    objectId: record.id,
    deleted: false,
    payload: record.payload,
    ...(options.connectionId === undefined ? {} : { connectionId: options.connectionId }),
  });
  if (isOversize(bytes)) {
    return {
      rejected: `${resource.objectType} ${record.id} is ${bytes.length} bytes, the limit is ${PIPELINE.recordBytesMax}`,
    };
  }
  const canonicalPath = canonicalPathOf(collection, record);
  const aliases = aliasPathsOf(collection.path, record, emission);
  const priorPaths =
    prior === null ? [] : [prior.canonicalPath, ...aliasPathsOf(collection.path, prior.record, emission)];
  const same = prior !== null && sameBytes(prior.bytes, bytes) && prior.canonicalPath === canonicalPath;
  if (same && options.force !== true && (await stage.read(canonicalPath)) !== null) {
    rewriteAlways(round, collection, record, bytes);
    collection.put(record, canonicalPath, bytes, false);
    return "unchanged";
  }

  const wanted = new Set([canonicalPath, ...aliases]);
  for (const path of priorPaths) if (!wanted.has(path)) stage.remove(path);
  await moveChildren(round, collection, record, prior?.canonicalPath ?? null, canonicalPath);
  const common = { contentType: JSON_TYPE, provider: provider.id };
  // Records of an index are guarded by its revision; the others by their own, so that a duplicate applies once.
  const guard = rules.index === undefined ? { ifRevision: await stage.revisionOf(canonicalPath) } : {};
  stage.write(canonicalPath, bytes, { ...common, ...guard, providerObjectId: record.id });
  for (const path of aliases) {
    const guard = path === prior?.anchor?.path ? { ifRevision: prior.anchor.revision } : {};
    stage.write(path, bytes, { ...common, ...guard });
  }
  collection.put(record, canonicalPath, bytes, true);
  return "applied";
}

/** What is stored under a record's id. */
interface Prior {
  readonly record: NormalRecord;
  readonly bytes: Uint8Array;
  readonly canonicalPath: string;
  /** The alias it was read from; null when it was read from the canonical file. */
  readonly anchor: { readonly path: string; readonly revision: string } | null;
}

async function priorOf(round: Round, collection: Collection, record: NormalRecord): Promise<Prior | null> {
  const { stage, provider, deps } = round;
  const rules = record.resource.records;
  if (rules === undefined) return null;
  const row = collection.row(record.id);
  const known = { ...(row ?? {}), ...record.payload };
  const anchorPath = anchorPathOf(collection.path, rules, record.id, known, deps.era.emission);
  const rowPath = typeof row?.canonicalPath === "string" ? row.canonicalPath : null;
  const plainPath = canonicalPathOf(collection, record);
  for (const path of [anchorPath, rowPath, anchorPath === null ? plainPath : null]) {
    const file = path === null ? null : await stage.read(path);
    const payload = file === null ? null : recordOfBytes(file.bytes);
    if (path === null || file === null || payload === null) continue;
    const prior = normalizeRecord(provider, record.resource, payload);
    if ("rejected" in prior || prior.id !== record.id) continue;
    const canonicalPath = rowPath ?? canonicalPathOf(collection, prior);
    const anchor = path === anchorPath ? { path, revision: file.revision } : null;
    return { record: prior, bytes: file.bytes, canonicalPath, anchor };
  }
  return null;
}

/** May 2026 wrote some aliases on every sync; see `AliasEra`. */
function rewriteAlways(round: Round, collection: Collection, record: NormalRecord, bytes: Uint8Array): void {
  if (round.deps.era.emission === "current") return;
  const options = { contentType: JSON_TYPE, provider: round.provider.id };
  for (const path of aliasPathsOf(collection.path, record, "2026-05", isAlwaysRewritten)) {
    round.stage.write(path, bytes, options);
  }
}

async function removeRecord(
  round: Round,
  collection: Collection,
  record: NormalRecord,
  prior: Prior | null,
): Promise<Fate> {
  const row = collection.row(record.id);
  const former = prior?.record ?? record;
  const canonicalPath = prior?.canonicalPath ?? canonicalPathOf(collection, former);
  const paths = [canonicalPath, ...aliasPathsOf(collection.path, former, round.deps.era.emission)];
  for (const path of paths) round.stage.remove(path);
  // A removed parent takes its children with it.
  await moveChildren(round, collection, former, canonicalPath, null);
  collection.remove(record.id);
  const updated = isOlder(record.updated, former.updated) ? former.updated : record.updated || former.updated;
  round.deleted.set(keyOf(collection, record), updated);
  return prior === null && row === null ? "unchanged" : "deleted";
}

/** Children of a directory record follow it: to its new directory, or away with it (`to` null). */
async function moveChildren(
  round: Round,
  collection: Collection,
  record: NormalRecord,
  from: string | null,
  to: string | null,
): Promise<void> {
  const { stage, provider } = round;
  const rules = record.resource.records;
  if (rules === undefined || !isDirectoryRecord(rules) || !hasChildren(provider, record.resource)) return;
  const directory = (file: string) => file.slice(0, file.lastIndexOf("/"));
  // Children that arrived before their parent lie in a directory named by the bare id.
  const bare = directory(canonicalPathOf(collection, { ...record, label: "" }));
  const target = to === null ? null : directory(to);
  const sources = new Set([bare, ...(from === null ? [] : [directory(from)])]);
  for (const source of sources) {
    if (source === target) continue;
    for (const path of await stage.pathsBelow(source)) {
      if (path === from) continue;
      const file = target === null ? null : await stage.read(path);
      stage.remove(path);
      if (file === null || target === null) continue;
      const child = parseJsonBytes(file.bytes);
      const objectId =
        isObject(child) && typeof child.objectId === "string" ? { providerObjectId: child.objectId } : {};
      const options = { contentType: JSON_TYPE, provider: provider.id, ...objectId };
      stage.write(`${target}${path.slice(source.length)}`, file.bytes, options);
    }
  }
}

function hasChildren(provider: ProviderDefinition, resource: ResourceDefinition): boolean {
  return provider.resources.some((candidate) => candidate.parent?.resource === resource.name);
}

function canonicalPathOf(collection: Collection, record: NormalRecord): string {
  const rules = record.resource.records;
  if (rules === undefined) return collection.path;
  const home = homeOf(rules, collection.path, record.params);
  return `${home}/${recordFile(rules, record.id, record.label, record.params)}`;
}

/** The opened collection of a resource; its path names a parent record by the parent's own directory. */
async function collectionOf(round: Round, resource: ResourceDefinition, params: Params): Promise<Collection> {
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

/** Rows of a collection whose index is damaged, from its records. */
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

/** True when the first instant lies before the second; unknown instants are never older. */
function isOlder(incoming: string, stored: string): boolean {
  const [a, b] = [Date.parse(incoming), Date.parse(stored)];
  return !Number.isNaN(a) && !Number.isNaN(b) && a < b;
}

function total(
  fates: readonly Fate[],
  errors: readonly string[],
  more: readonly string[],
  rejected: number,
): BatchOutcome {
  const count = (fate: Fate) => fates.filter((candidate) => candidate === fate).length;
  return {
    applied: count("applied"),
    deleted: count("deleted"),
    unchanged: count("unchanged"),
    stale: count("stale"),
    rejected: count("rejected") + rejected,
    errorSamples: [...errors, ...more].slice(0, 5),
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
      rejected: all.rejected + next.rejected,
      errorSamples: [...all.errorSamples, ...next.errorSamples].slice(0, 5),
      written: [...all.written, ...next.written],
      removed: [...all.removed, ...next.removed],
    }),
    total([], [], [], 0),
  );
}
