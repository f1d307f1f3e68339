/** Pages of the tree: files and inferred directories merged in path order, skipping over what lies too deep. */
import { comparePaths } from "../../model/path.ts";
import type { SqlDriver } from "../../ports.ts";
import { isMountRuntimePath } from "./directories.ts";
import { boundsBelow, type FileRow, rangeOfFiles } from "./files.ts";

/** One entry of a listing. */
export type TreeItem =
  | { readonly kind: "file"; readonly path: string; readonly file: FileRow }
  | { readonly kind: "dir"; readonly path: string };

/** What to list. */
export interface TreeQuery {
  /** Normalised; itself never listed. */
  readonly base: string;
  /** Levels below the base, at least 1. */
  readonly depth: number;
  /** Only entries after this path; empty for the start. Need not exist. */
  readonly after: string;
  readonly limit: number;
  /** Leaves out a mount's private files. */
  readonly excludeRuntime: boolean;
  readonly seesFile: (file: FileRow) => boolean;
  /** False when no visible file lies below. */
  readonly seesDirectory: (path: string) => boolean;
}

const NARROW_BATCH = 64;

/** Entries in path order, at most `limit`; `more` when others follow. Cost depends on the page, not on the workspace. */
export function listTree(sql: SqlDriver, query: TreeQuery): { items: TreeItem[]; more: boolean } {
  const items: TreeItem[] = [];
  const streams = [fileStream(sql, query), directoryStream(sql, query)] as const;
  const heads: (TreeItem | undefined)[] = [streams[0].next().value, streams[1].next().value];
  while (true) {
    const [file, directory] = heads;
    if (file === undefined && directory === undefined) return { items, more: false };
    const takeFile =
      directory === undefined || (file !== undefined && comparePaths(file.path, directory.path) < 0);
    const item = (takeFile ? file : directory) as TreeItem;
    heads[takeFile ? 0 : 1] = streams[takeFile ? 0 : 1].next().value;
    if (!isVisible(item, query)) continue;
    if (items.length === query.limit) return { items, more: true };
    items.push(item);
  }
}

function isVisible(item: TreeItem, query: TreeQuery): boolean {
  if (query.excludeRuntime && isMountRuntimePath(item.path)) return false;
  return item.kind === "file" ? query.seesFile(item.file) : query.seesDirectory(item.path);
}

function* fileStream(sql: SqlDriver, query: TreeQuery): Generator<TreeItem, undefined> {
  yield* levels(query, (from, to, limit, inclusive) =>
    rangeOfFiles(sql, { from, to, limit, inclusive }).map((file) => ({
      kind: "file",
      path: file.path,
      file,
    })),
  );
}

function* directoryStream(sql: SqlDriver, query: TreeQuery): Generator<TreeItem, undefined> {
  yield* levels(query, (from, to, limit, inclusive) =>
    sql
      .all<{ path: string }>(
        `SELECT path FROM dirs WHERE path ${inclusive ? ">=" : ">"} ? AND path < ? ORDER BY path LIMIT ?`,
        [from, to, limit],
      )
      .map(({ path }) => ({ kind: "dir", path })),
  );
}

/** Items of one table at most `depth` levels below the base; deeper ranges are jumped over with one seek each. */
function* levels(
  query: TreeQuery,
  fetch: (from: string, to: string, limit: number, inclusive: boolean) => TreeItem[],
): Generator<TreeItem, undefined> {
  const { from: start, to } = boundsBelow(query.base);
  let from = comparePaths(query.after, start) > 0 ? query.after : start;
  let inclusive = false;
  let batch = query.depth > 8 ? query.limit + 1 : NARROW_BATCH;
  while (true) {
    const rows = fetch(from, to, batch, inclusive);
    for (const row of rows) {
      // Rows fetched before a jump was known are passed over here.
      if (comparePaths(row.path, from) < 0) continue;
      const end = endOfLevel(row.path, start.length, query.depth);
      if (end === -1) {
        yield row;
        continue;
      }
      from = `${row.path.slice(0, end)}0`;
    }
    const last = rows.at(-1);
    if (last === undefined || rows.length < batch) return;
    inclusive = comparePaths(from, last.path) > 0;
    if (!inclusive) from = last.path;
    batch = Math.min(batch * 2, query.limit + 1);
  }
}

/** Index of the slash that ends the deepest allowed segment, or -1 when the path is not deeper than that. */
function endOfLevel(path: string, start: number, depth: number): number {
  let at = start - 1;
  for (let level = 0; level < depth; level++) {
    at = path.indexOf("/", at + 1);
    if (at === -1) return -1;
  }
  return at;
}
