/** Stages one record in a round: what it replaces, its file, its aliases, its row, and the children that follow it. */
import { PIPELINE } from "../limits.ts";
import type { ProviderDefinition, ResourceDefinition } from "../providers/definition.ts";
import type { Collection } from "./collection.ts";
import { aliasPathsOf, anchorPathOf, isAlwaysRewritten } from "./pure/aliases.ts";
import { JSON_TYPE } from "./pure/index-rows.ts";
import { isObject, parseJsonBytes, sameBytes } from "./pure/json.ts";
import { isOversize, type NormalRecord, normalizeRecord, type RejectedRecord } from "./pure/normalize.ts";
import { fillTemplate, isDirectoryRecord } from "./pure/paths.ts";
import { envelopeBytes, recordOfBytes } from "./pure/records.ts";
import { canonicalPathOf, collectionOf, type Round } from "./round.ts";

/** What became of a record. */
export type Fate = "applied" | "deleted" | "unchanged" | "stale";

/** Names a record for ever: titles of its parents, which are part of paths, may change. */
function keyOf({ resource, params, id }: NormalRecord): string {
  return `${fillTemplate(resource.path, params)} ${id}`;
}

/** Stages one record. Deletes of paths it no longer has come before its writes. */
export async function place(round: Round, record: NormalRecord): Promise<Fate | RejectedRecord> {
  const { stage, provider, options, deps } = round;
  const { resource } = record;
  const rules = resource.records;
  if (rules === undefined) return { rejected: `${resource.name} has no records`, code: "unknown_model" };
  const emission = deps.era.emission;
  const collection = await collectionOf(round, resource, record.params);
  const prior = await priorOf(round, collection, record);

  if (record.deleted) return removeRecord(round, collection, record, prior);
  if (prior === null && options.force !== true && (await isOvertaken(round, record))) return "stale";
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
      code: "record_too_large",
      rejected: `${resource.objectType} ${record.id} is ${bytes.length} bytes, the limit is ${PIPELINE.recordBytesMax}`,
    };
  }
  const canonicalPath = canonicalPathOf(collection, record);
  const aliases = aliasPathsOf(collection.path, record, emission);
  const priorPaths =
    prior === null ? [] : [prior.canonicalPath, ...aliasPathsOf(collection.path, prior.record, emission)];
  const same =
    prior !== null &&
    !prior.spoiled &&
    sameBytes(prior.bytes, bytes) &&
    prior.canonicalPath === canonicalPath;
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

/** True for a copy of a deleted record from before its deletion. */
async function isOvertaken(round: Round, record: NormalRecord): Promise<boolean> {
  const key = keyOf(record);
  const gone = round.deleted.get(key) ?? (await round.tree.deletedVersion(key));
  if (gone === null) return false;
  // Equally old is not older: a restored record often keeps its timestamp.
  return isOlder(record.updated, gone);
}

/** What is stored under a record's id. */
interface Prior {
  readonly record: NormalRecord;
  readonly bytes: Uint8Array;
  readonly canonicalPath: string;
  /** The alias it was read from; null when it was read from the canonical file. */
  readonly anchor: { readonly path: string; readonly revision: string } | null;
  /** True when a client wrote over that alias: what is stored is then not what was synced, whatever it says. */
  readonly spoiled: boolean;
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
  let spoiled = false;
  for (const path of [anchorPath, rowPath, anchorPath === null ? plainPath : null]) {
    const file = path === null ? null : await stage.read(path);
    if (path !== null && path === anchorPath && file?.byClient === true) {
      spoiled = true;
      continue;
    }
    const payload = file === null ? null : recordOfBytes(file.bytes);
    if (path === null || file === null || payload === null) continue;
    const prior = normalizeRecord(provider, record.resource, payload);
    if ("rejected" in prior || prior.id !== record.id) continue;
    const canonicalPath = rowPath ?? canonicalPathOf(collection, prior);
    const anchor = path === anchorPath ? { path, revision: file.revision } : null;
    return { record: prior, bytes: file.bytes, canonicalPath, anchor, spoiled };
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
  if (updated !== "") round.deleted.set(keyOf(record), updated);
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

/** True when the first instant lies before the second; unknown instants are never older. */
function isOlder(incoming: string, stored: string): boolean {
  const [a, b] = [Date.parse(incoming), Date.parse(stored)];
  return !Number.isNaN(a) && !Number.isNaN(b) && a < b;
}
