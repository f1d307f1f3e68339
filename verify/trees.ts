/** Reading a provider's listing: which files are records, which are copies, and which record a copy belongs to. */
import { classifyWrite } from "../lib/pipeline/pure/classify.ts";
import {
  type EventsFact,
  type FindingDraft,
  type IndexRowFact,
  judged,
  type ListedFileFact,
  type OpsFact,
  type Outcome,
  type ProviderIndexFact,
  type ProviderRecordsFact,
  type RecordsFact,
  skip,
  unknown,
} from "./check.ts";

/** Concludes about trees; where nothing is wrong in what could be read, a tree that could not be read leaves it open. */
export function concluded<Code extends string>(
  records: RecordsFact,
  exercised: number,
  findings: readonly FindingDraft<Code>[],
  reason: string,
): Outcome<Code> {
  const failed = records.providers.flatMap(({ provider, listing, reading }) =>
    [listing, reading ?? null].flatMap((probe) =>
      probe === null || probe.status === 200 ? [] : [{ provider, probe }],
    ),
  );
  const [first] = failed;
  const cut = records.providers.find(({ truncated }) => truncated);
  if (first === undefined && cut !== undefined && exercised === 0 && findings.length === 0)
    return skip(`${cut.provider} has more files than one listing holds`);
  if (first === undefined || findings.length > 0) return judged(exercised, findings, reason);
  const { status, failure } = first.probe;
  return unknown(`the tree of ${first.provider} could not be read (${status ?? failure})`);
}

/** An index with the collection it speaks of, read without a problem. */
export interface Collection {
  readonly root: string;
  readonly index: ProviderIndexFact;
  readonly rows: readonly IndexRowFact[];
}

/** Collections of a provider: every readable index but the provider's own, which lists resources. */
export function collectionsOf(entry: ProviderRecordsFact): Collection[] {
  return entry.indexes.flatMap((index) => {
    const root = index.path.slice(0, -"/_index.json".length);
    // The provider's root and /discovery index resources and names, not records; what moved says nothing of the listing.
    if (
      index.rows === null ||
      index.moved === true ||
      root === `/${entry.provider}` ||
      root.startsWith("/discovery/")
    )
      return [];
    return [{ root, index, rows: index.rows }];
  });
}

/**
 * Finds the canonical file of a row of a collection: what the row says itself, else the file named after its id; null when
 * there is none. The names are read once, because collections are large.
 */
export function canonicalFinder(
  root: string,
  paths: ReadonlySet<string>,
): (row: IndexRowFact) => string | null {
  let byKey: Map<string, string> | null = null;
  return (row) => {
    if (row.canonicalPath !== null) return row.canonicalPath;
    if (row.id === null) return null;
    byKey ??= keysOf(root, paths);
    for (const key of spellingsOf(row.id)) {
      const path = byKey.get(key);
      if (path !== undefined) return path;
    }
    return null;
  };
}

/** Files of a collection by what their names may mean: the whole name, and the id before or after its slug. */
function keysOf(root: string, paths: ReadonlySet<string>): Map<string, string> {
  const named = new Map<string, string>();
  const guessed = new Map<string, string>();
  const enter = (map: Map<string, string>, key: string, path: string) => {
    if (!map.has(key)) map.set(key, path);
  };
  for (const path of paths) {
    if (!path.startsWith(`${root}/`) || path.startsWith(`${root}/by-`)) continue;
    const [name = "", leaf, ...deeper] = path.slice(root.length + 1).split("/");
    if (leaf === undefined && name.endsWith(".json")) {
      const stem = name.slice(0, -".json".length);
      enter(named, stem, path);
      const at = stem.lastIndexOf("__");
      if (at !== -1) enter(guessed, stem.slice(at + 2), path);
    } else if ((leaf === "meta.json" || leaf === "metadata.json") && deeper.length === 0) {
      enter(named, name, path);
      const at = name.indexOf("__");
      if (at !== -1) enter(guessed, name.slice(0, at), path);
    }
  }
  return new Map([...guessed, ...named]);
}

/** An id as names spell it: encoded, without dashes, with `_` for a dot. */
export function spellingsOf(id: string): string[] {
  return [...new Set([encodeURIComponent(id), id.replaceAll("-", ""), id.replaceAll(".", "_")])];
}

/** True for the file of a record: one that can be edited, is declared read-only, or is of a provider unknown here. */
export function isRecord(path: string): boolean {
  const route = classifyWrite(path, "write");
  return (
    route.kind === "edit" ||
    (route.kind === "none" && (route.reason === "read_only" || route.reason === "not_a_provider"))
  );
}

/** Files of a listing that are records with a way to edit them: a file without one may be anything. */
export function editableRecords(entry: ProviderRecordsFact): ListedFileFact[] {
  return entry.files.filter(({ path }) => !isAliasPath(path) && classifyWrite(path, "write").kind === "edit");
}

/** Paths that hold what somebody wrote and the provider has not confirmed: no record, and no model for its copies. */
export function unconfirmed(events: EventsFact | null, ops: OpsFact | null): ReadonlySet<string> {
  const newest = new Map<string, string>();
  for (const { path, type, origin } of events?.items ?? [])
    if (type.startsWith("file.") && !newest.has(path)) newest.set(path, origin);
  return new Set([
    ...[...newest].flatMap(([path, origin]) => (origin === "agent_write" ? [path] : [])),
    ...(ops?.items ?? []).flatMap(({ path, status }) =>
      status === "succeeded" || path === undefined ? [] : [path],
    ),
  ]);
}

/** A copy of a record below a `by-*` directory. */
export interface AliasFile {
  readonly path: string;
  readonly hash: string | null;
  /** The directory of the alias tree, for example `/linear/issues/by-state`. */
  readonly tree: string;
  /** Name without extension. */
  readonly stem: string;
}

/** Every alias of a listing. */
export function aliasesOf(entry: ProviderRecordsFact): AliasFile[] {
  return entry.files.flatMap(({ path, hash }) => {
    const segments = path.split("/");
    const at = segments.findIndex(
      (segment, index) => segment.startsWith("by-") && index < segments.length - 1,
    );
    if (at === -1 || !path.endsWith(".json")) return [];
    const leaf = segments.at(-1) ?? "";
    return [{ path, hash, tree: segments.slice(0, at + 1).join("/"), stem: leaf.slice(0, -".json".length) }];
  });
}

/** True below a `by-*` directory. */
export function isAliasPath(path: string): boolean {
  return path
    .split("/")
    .slice(1, -1)
    .some((segment) => segment.startsWith("by-"));
}
