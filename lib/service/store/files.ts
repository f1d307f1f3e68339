/** Rows of files and their contents: point reads, conditional writes, deletes. Judges revisions, nothing else. */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { encodeContent } from "../../model/content.ts";
import type { EventOrigin } from "../../model/event.ts";
import type { Semantics } from "../../model/file.ts";
import { ancestorsOf } from "../../model/path.ts";
import { ABSENT_REVISION, revisionOf } from "../../model/revision.ts";
import type { BodyStore, SqlDriver, SqlRow } from "../../ports.ts";
import type { Transaction } from "./store.ts";

/** A file without its content. */
export interface FileRow {
  readonly path: string;
  /** The n of `rev_<n>`. */
  readonly revision: number;
  readonly contentHash: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** Empty when the path belongs to no provider. */
  readonly provider: string;
  readonly objectId: string | null;
  /** Last edit, ms. */
  readonly updatedAt: number;
  /** Properties, relations and comments; permissions are beside, because lists filter by them. */
  readonly semantics: Omit<Semantics, "permissions">;
  /** Null when the file carries no permission strings. */
  readonly permissions: readonly string[] | null;
  /** Of the request that wrote this version. */
  readonly correlationId: string;
  /** The number of the op this version made, or null for a version no client wrote. */
  readonly op: number | null;
  /** The n of the revision this version replaced; 0 when it created the file. */
  readonly base: number;
}

/** Content on its way into the tables: small bytes inline, or the key under which they were stored before. */
export interface Body {
  readonly bytes: Uint8Array;
  readonly hash: string;
  /** Null for inline content. */
  readonly key: string | null;
}

/** A write of one file. */
export interface FileWrite {
  /** Normalised and checked. */
  readonly path: string;
  readonly body: Body;
  readonly contentType: string;
  /** `"0"` must be absent, `"*"` or null anything, else the current revision. */
  readonly ifRevision: string | null;
  readonly provider: string;
  /** Undefined keeps what the file has. */
  readonly objectId?: string | undefined;
  /** Undefined or empty keeps what the file has; anything else replaces it whole. */
  readonly semantics?: Semantics | undefined;
  /** Rules found in the content of a marker; they win over `semantics`, and null clears. */
  readonly markerPermissions?: readonly string[] | null | undefined;
  readonly op?: number;
  readonly origin: EventOrigin;
  readonly correlationId: string;
  /** Used instead of a new revision, for two changes that are one (a rename). */
  readonly revision?: number;
  /** The stored row, when the caller has just read it; null when there is none. */
  readonly existing?: FileRow | null;
}

const COLUMNS =
  "path, revision, content_hash, content_type, size, provider, object_id, updated_at, semantics, permissions, correlation_id, op, base";

/** The row of a file, or null. */
export function findFile(sql: SqlDriver, path: string): FileRow | null {
  const [row] = sql.all(`SELECT ${COLUMNS} FROM files WHERE path = ?`, [path]);
  return row === undefined ? null : fileRowOf(row);
}

/** Rows with `from < path < to` (bytewise), ascending. `from` is included with `inclusive`. */
export function rangeOfFiles(
  sql: SqlDriver,
  range: { from: string; to: string; limit: number; inclusive?: boolean },
): FileRow[] {
  const comparison = range.inclusive ? ">=" : ">";
  return sql
    .all(`SELECT ${COLUMNS} FROM files WHERE path ${comparison} ? AND path < ? ORDER BY path LIMIT ?`, [
      range.from,
      range.to,
      range.limit,
    ])
    .map(fileRowOf);
}

/** The bounds of everything strictly below a directory. */
export function boundsBelow(directory: string): { from: string; to: string } {
  const stem = directory === "/" ? "" : directory;
  // "0" is the byte after "/": every path below starts with the stem and a slash.
  return { from: `${stem}/`, to: `${stem}0` };
}

/** Files whose permission strings matter at or below a directory, ascending; at most `limit`. */
export function filesWithPermissions(sql: SqlDriver, directory: string, limit: number): FileRow[] {
  const { from, to } = boundsBelow(directory);
  return sql
    .all(
      `SELECT ${COLUMNS} FROM files WHERE permissions IS NOT NULL AND path > ? AND path < ? ORDER BY path LIMIT ?`,
      [from, to, limit],
    )
    .map(fileRowOf);
}

/** The permission strings a deleted file had, or null. */
export function gonePermissions(sql: SqlDriver, path: string): readonly string[] | null {
  const [row] = sql.all<{ permissions: string }>("SELECT permissions FROM gone_permissions WHERE path = ?", [
    path,
  ]);
  return row === undefined ? null : JSON.parse(row.permissions);
}

/** The content of one revision, or null when it is no longer kept. */
export async function readBody(
  sql: SqlDriver,
  bodies: BodyStore,
  revision: number,
): Promise<Uint8Array | null> {
  const [row] = sql.all<{ bytes: Uint8Array | null; key: string | null }>(
    "SELECT bytes, key FROM bodies WHERE revision = ?",
    [revision],
  );
  if (row === undefined) return null;
  if (row.key !== null) return bodies.get(row.key);
  return row.bytes ?? new Uint8Array(0);
}

/** The content a path had at a revision, or null when that pair never was or is no longer kept. */
export async function readVersion(
  sql: SqlDriver,
  bodies: BodyStore,
  path: string,
  revision: number,
): Promise<Uint8Array | null> {
  return pathOfRevision(sql, revision) === path ? readBody(sql, bodies, revision) : null;
}

/** The path a revision was written at, or null when its content is no longer kept. */
export function pathOfRevision(sql: SqlDriver, revision: number): string | null {
  const [row] = sql.all<{ path: string }>("SELECT path FROM bodies WHERE revision = ?", [revision]);
  return row?.path ?? null;
}

/**
 * Judges a precondition. Null and `"*"` always hold. Fails with `not_found` when the file is absent and a revision
 * was asked for, else with `revision_conflict` carrying both revisions.
 */
export function requireRevision(existing: FileRow | null, path: string, ifRevision: string | null): void {
  if (ifRevision === null || ifRevision === "*") return;
  if (existing === null) {
    if (ifRevision === ABSENT_REVISION) return;
    fail("not_found", `no file at ${path}`, { path, expectedRevision: ifRevision });
  }
  const current = revisionOf(existing.revision);
  if (ifRevision === current) return;
  fail("revision_conflict", "revision conflict", {
    path,
    expectedRevision: ifRevision,
    currentRevision: current,
  });
}

/** Writes one file and emits its event. Fails as `requireRevision`, and with `invalid_path` where a file and a directory would share a name. */
export function writeFile(tx: Transaction, write: FileWrite): { row: FileRow; created: boolean } {
  const existing = write.existing === undefined ? findFile(tx.sql, write.path) : write.existing;
  requireRevision(existing, write.path, write.ifRevision);
  if (existing === null) requireFreeName(tx, write.path);
  const revision = write.revision ?? tx.next("revision");
  const semantics = mergedSemantics(existing, write.semantics);
  const row: FileRow = {
    path: write.path,
    revision,
    contentHash: write.body.hash,
    contentType: write.contentType,
    sizeBytes: write.body.bytes.byteLength,
    provider: existing === null || existing.provider === "" ? write.provider : existing.provider,
    objectId: write.objectId ?? existing?.objectId ?? null,
    updatedAt: tx.now,
    ...semantics,
    ...(write.markerPermissions === undefined ? {} : { permissions: write.markerPermissions }),
    correlationId: write.correlationId,
    op: write.op ?? null,
    base: existing?.revision ?? 0,
  };
  saveRow(tx, row, existing);
  const { key, bytes } = write.body;
  if (key !== null) tx.sql.run("DELETE FROM loose_bodies WHERE key = ?", [key]);
  tx.sql.run("INSERT INTO bodies (revision, path, bytes, key) VALUES (?, ?, ?, ?)", [
    revision,
    row.path,
    key === null ? bytes : null,
    key,
  ]);
  tx.emit({
    type: existing === null ? "file.created" : "file.updated",
    path: row.path,
    revision: revisionOf(revision),
    contentHash: row.contentHash,
    origin: write.origin,
    provider: row.provider,
    correlationId: write.correlationId,
  });
  return { row, created: existing === null };
}

/** Deletes one file and emits its event; the revision is the deletion's own. Null when there was nothing and none was asked for. */
export function deleteFile(
  tx: Transaction,
  target: {
    path: string;
    ifRevision: string | null;
    origin: EventOrigin;
    correlationId: string;
    revision?: number;
    /** The stored row, when the caller has just read it; null when there is none. */
    existing?: FileRow | null;
  },
): { revision: number; existing: FileRow } | null {
  const existing = target.existing === undefined ? findFile(tx.sql, target.path) : target.existing;
  if (existing === null) {
    if (target.ifRevision === null || target.ifRevision === ABSENT_REVISION) return null;
    fail("not_found", `no file at ${target.path}`, { path: target.path });
  }
  requireRevision(existing, target.path, target.ifRevision);
  const revision = target.revision ?? tx.next("revision");
  tx.sql.run("DELETE FROM files WHERE path = ?", [target.path]);
  if (existing.permissions !== null) {
    tx.sql.run("INSERT OR REPLACE INTO gone_permissions (path, permissions) VALUES (?, ?)", [
      target.path,
      JSON.stringify(existing.permissions),
    ]);
  }
  supersede(tx, existing.revision);
  tx.directories.removed(target.path);
  tx.emit({
    type: "file.deleted",
    path: target.path,
    revision: revisionOf(revision),
    origin: target.origin,
    provider: existing.provider,
    correlationId: target.correlationId,
  });
  return { revision, existing };
}

/** The first bytes of a file as shown beside a conflict; empty when the content is gone. */
export async function conflictPreview(sql: SqlDriver, bodies: BodyStore, path: string): Promise<string> {
  const row = findFile(sql, path);
  if (row === null) return "";
  const bytes = await readBody(sql, bodies, row.revision);
  if (bytes === null) return "";
  const stored = new TextEncoder()
    .encode(encodeContent(bytes).content)
    .subarray(0, FILE_API.conflictPreviewBytes);
  return new TextDecoder().decode(stored);
}

function requireFreeName(tx: Transaction, path: string): void {
  if (tx.directories.exists(path))
    fail("invalid_path", `${path} is a directory: files lie below it`, { path });
  for (const ancestor of ancestorsOf(path).slice(1).reverse()) {
    // What is above an existing directory is one too.
    if (tx.directories.exists(ancestor)) return;
    if (findFile(tx.sql, ancestor) !== null) {
      fail("invalid_path", `${ancestor} is a file: nothing can lie below it`, { path, file: ancestor });
    }
  }
}

function saveRow(tx: Transaction, row: FileRow, existing: FileRow | null): void {
  const semantics = Object.keys(row.semantics).length === 0 ? null : JSON.stringify(row.semantics);
  const permissions = row.permissions === null ? null : JSON.stringify(row.permissions);
  const values = [
    row.revision,
    row.contentHash,
    row.contentType,
    row.sizeBytes,
    row.provider,
    row.objectId,
    row.updatedAt,
    semantics,
    permissions,
    row.correlationId,
    row.op,
    row.base,
    row.path,
  ];
  if (existing === null) {
    tx.sql.run(
      `INSERT INTO files (revision, content_hash, content_type, size, provider, object_id, updated_at, semantics,
         permissions, correlation_id, op, base, path) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      values,
    );
    tx.sql.run("DELETE FROM gone_permissions WHERE path = ?", [row.path]);
    tx.directories.added(row.path);
    return;
  }
  tx.sql.run(
    `UPDATE files SET revision = ?, content_hash = ?, content_type = ?, size = ?, provider = ?, object_id = ?,
       updated_at = ?, semantics = ?, permissions = ?, correlation_id = ?, op = ?, base = ?
       WHERE path = ?`,
    values,
  );
  supersede(tx, existing.revision);
}

/** Content of former revisions is kept for a while: readers may be on it, and digests look back. */
function supersede(tx: Transaction, revision: number): void {
  tx.sql.run("INSERT OR REPLACE INTO superseded (revision, at) VALUES (?, ?)", [revision, tx.now]);
}

function mergedSemantics(
  existing: FileRow | null,
  sent: Semantics | undefined,
): Pick<FileRow, "semantics" | "permissions"> {
  const { permissions, ...rest } = sent ?? {};
  const empty = permissions === undefined && Object.keys(rest).length === 0;
  if (empty && existing !== null) return { semantics: existing.semantics, permissions: existing.permissions };
  return {
    semantics: rest,
    permissions: permissions === undefined || permissions.length === 0 ? null : permissions,
  };
}

function fileRowOf(row: SqlRow): FileRow {
  return {
    path: row.path as string,
    revision: row.revision as number,
    contentHash: row.content_hash as string,
    contentType: row.content_type as string,
    sizeBytes: row.size as number,
    provider: row.provider as string,
    objectId: row.object_id as string | null,
    updatedAt: row.updated_at as number,
    semantics: row.semantics === null ? {} : JSON.parse(row.semantics as string),
    permissions: row.permissions === null ? null : JSON.parse(row.permissions as string),
    correlationId: row.correlation_id as string,
    op: row.op as number | null,
    base: row.base as number,
  };
}
