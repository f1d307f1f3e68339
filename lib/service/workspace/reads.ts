/** Reading a workspace: tree pages, files, queries, events. Every answer shows only what its caller may know of. */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { encodeContent } from "../../model/content.ts";
import type { FeedEvent } from "../../model/event.ts";
import type { FileDocument, TreePage } from "../../model/file.ts";
import { comparePaths, normalizePath } from "../../model/path.ts";
import { revisionOf } from "../../model/revision.ts";
import type { Caller } from "../auth/acl.ts";
import { Visibility } from "../auth/visibility.ts";
import { eventPage, wireEvent } from "../store/events.ts";
import { boundsBelow, type FileRow, findFile, rangeOfFiles, readBody } from "../store/files.ts";
import type { EventRow } from "../store/store.ts";
import { listTree, type TreeItem } from "../store/tree.ts";
import type { WorkspaceContext } from "./context.ts";

/** Rows one query page may look at. */
const QUERY_SCAN_MAX = 20_000;

/** A page of the tree (spec file-api 4.1). An unknown path is an empty page. */
export function treePage(
  context: WorkspaceContext,
  caller: Caller,
  query: { path: string; depth: number; cursor: string; excludeRuntime: boolean },
): TreePage {
  const view = new Visibility(context.store.sql, caller);
  const base = normalizePath(query.path);
  const { items, more } = listTree(context.store.sql, {
    base,
    depth: query.depth,
    after: query.cursor,
    limit: FILE_API.treePageEntries,
    excludeRuntime: query.excludeRuntime,
    seesFile: (file) => view.everything || view.seesPath(file.path, file),
    seesDirectory: (path) => view.seesDirectory(path),
  });
  const total = view.count(base, query.excludeRuntime);
  return {
    path: base,
    entries: items.map(treeEntry),
    nextCursor: more ? (items.at(-1)?.path ?? null) : null,
    ...(total === null || total <= 0 ? {} : { totalFiles: total }),
  };
}

/** A file's current version (spec file-api 4.2). Fails with `not_found`. */
export async function readFile(context: WorkspaceContext, path: string): Promise<FileDocument> {
  const { sql, bodies } = context.store;
  // A write may replace the row while a large body is being fetched; the second look finds the new version.
  for (let look = 0; look < 3; look++) {
    const row = findFile(sql, path);
    if (row === null) break;
    const bytes = await readBody(sql, bodies, row.revision);
    if (bytes !== null) return fileDocument(row, bytes);
  }
  return fail("not_found", `no file at ${path}`, { path });
}

/** A file as the wire shows it. */
export function fileDocument(row: FileRow, bytes: Uint8Array): FileDocument {
  return {
    path: row.path,
    revision: revisionOf(row.revision),
    contentHash: row.contentHash,
    contentType: row.contentType,
    ...encodeContent(bytes),
    ...(row.provider === "" ? {} : { provider: row.provider }),
    ...(row.objectId === null ? {} : { providerObjectId: row.objectId }),
    lastEditedAt: new Date(row.updatedAt).toISOString(),
    semantics: {
      ...row.semantics,
      ...(row.permissions === null ? {} : { permissions: [...row.permissions] }),
    },
  };
}

/** A page of events the caller may know of (spec file-api 5.2). */
export function eventsPage(
  context: WorkspaceContext,
  caller: Caller,
  query: { cursor: string | null; limit: number; direction: "asc" | "desc"; provider: string | null },
): { events: FeedEvent[]; nextCursor: string | null } {
  const { sql } = context.store;
  const visible = seesEvent(new Visibility(sql, caller));
  const wanted = query.provider;
  // Events of a known provider carry its id; for any other name the first segment decides, row by row.
  const indexed = wanted !== null && context.pipeline.catalog.some(({ id }) => id === wanted);
  const sees = (event: EventRow) =>
    (wanted === null || indexed || (event.provider || topOf(event.path)) === wanted) && visible(event);
  const page = eventPage(
    sql,
    { ...query, provider: indexed ? wanted : null, sees },
    context.store.latest("event"),
  );
  return { events: page.events.map(wireEvent), nextCursor: page.nextCursor };
}

function topOf(path: string): string {
  return (path.split("/", 2)[1] ?? "").toLowerCase();
}

/** Judges events for one caller. Events of the workspace itself, at `/`, are for everyone who may read anything. */
export function seesEvent(view: Visibility): (event: EventRow) => boolean {
  if (view.everything) return () => true;
  return (event) => event.path === "/" || view.seesPath(event.path);
}

/** Filters of `fs/query` (spec file-api 4.8). Null matches everything. */
export interface FileQuery {
  readonly path: string;
  readonly provider: string | null;
  readonly relation: string | null;
  readonly comment: string | null;
  readonly permission: string | null;
  readonly properties: Readonly<Record<string, string>>;
  readonly limit: number;
  /** Only files after this path; empty for the start. */
  readonly cursor: string;
}

/** Metadata of the files that match, without content, sorted by path. */
export function queryFiles(context: WorkspaceContext, caller: Caller, query: FileQuery) {
  const { sql } = context.store;
  const view = new Visibility(sql, caller);
  const items: Record<string, unknown>[] = [];
  let scanned = 0;
  let last = "";
  for (const row of filesAtOrBelow(context, query.path, query.cursor)) {
    // The scan budget ended: the cursor says how far we looked, so the caller makes progress.
    if (++scanned > QUERY_SCAN_MAX) return { items, nextCursor: last };
    last = row.path;
    if (!view.seesPath(row.path, row) || !matchesQuery(row, query, view)) continue;
    if (items.length === query.limit) return { items, nextCursor: items.at(-1)?.path as string };
    items.push(queryItem(row, view));
  }
  return { items, nextCursor: null };
}

/** Rows at or below a path in order, in batches, so that memory stays bounded whatever the size. */
export function* filesAtOrBelow(context: WorkspaceContext, path: string, after = ""): Generator<FileRow> {
  const { sql } = context.store;
  const base = normalizePath(path);
  const self = base === "/" ? null : findFile(sql, base);
  if (self !== null && comparePaths(after, base) < 0) yield self;
  const { from, to } = boundsBelow(base);
  let position = comparePaths(after, from) > 0 ? after : from;
  while (true) {
    const rows = rangeOfFiles(sql, { from: position, to, limit: 500 });
    yield* rows;
    if (rows.length < 500) return;
    position = rows.at(-1)?.path ?? to;
  }
}

function matchesQuery(row: FileRow, query: FileQuery, view: Visibility): boolean {
  const { semantics } = row;
  if (query.provider !== null && row.provider !== query.provider) return false;
  if (query.relation !== null && !semantics.relations?.includes(query.relation)) return false;
  if (query.comment !== null && !semantics.comments?.includes(query.comment)) return false;
  if (query.permission !== null && !view.acl.effective(row.path, row).includes(query.permission))
    return false;
  return Object.entries(query.properties).every(([key, value]) => semantics.properties?.[key] === value);
}

function queryItem(row: FileRow, view: Visibility): Record<string, unknown> {
  const permissions = view.acl.effective(row.path, row);
  return {
    path: row.path,
    revision: revisionOf(row.revision),
    contentType: row.contentType,
    ...(row.provider === "" ? {} : { provider: row.provider }),
    ...(row.objectId === null ? {} : { providerObjectId: row.objectId }),
    lastEditedAt: new Date(row.updatedAt).toISOString(),
    size: row.sizeBytes,
    ...row.semantics,
    ...(permissions.length === 0 ? {} : { permissions }),
  };
}

function treeEntry(item: TreeItem): TreePage["entries"][number] {
  if (item.kind === "dir") return { path: item.path, type: "dir", revision: "dir" };
  const { file } = item;
  const { properties, relations, comments } = file.semantics;
  return {
    path: file.path,
    type: "file",
    revision: revisionOf(file.revision),
    contentHash: file.contentHash,
    ...(file.provider === "" ? {} : { provider: file.provider }),
    ...(file.objectId === null ? {} : { providerObjectId: file.objectId }),
    ...(file.sizeBytes === 0 ? {} : { size: file.sizeBytes }),
    updatedAt: new Date(file.updatedAt).toISOString(),
    ...counted("propertyCount", Object.keys(properties ?? {}).length),
    ...counted("relationCount", relations?.length ?? 0),
    ...counted("permissionCount", file.permissions?.length ?? 0),
    ...counted("commentCount", comments?.length ?? 0),
  };
}

function counted(name: string, count: number): Record<string, number> {
  return count === 0 ? {} : { [name]: count };
}
