/** What the index knows of one path, and its rows. */
import type { SqlRow, SqlValue } from "../ports.ts";
import { sameBytes } from "../sync/tree.ts";

/** One known file. Values are replaced, never changed: identity tells whether an entry moved while one awaited. */
export interface Entry {
  readonly remotePath: string;
  /** Path below the mount root; differs from the remote one only for shortened names. */
  readonly rel: string;
  /** Null until the server confirmed the path. */
  readonly revision: string | null;
  /** SHA-256 of the bytes at `revision`; empty when nothing was ever agreed. */
  readonly hash: string;
  readonly contentType: string;
  /** Stat of the local file when its bytes hashed to `seenHash`, at `seenAtMs`; all zero when never seen. */
  readonly sizeBytes: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
  readonly seenHash: string;
  readonly seenAtMs: number;
  /** A person deleted it here; not yet deleted on the server. */
  readonly deletePending: boolean;
  /** The server refuses reading it. */
  readonly readDenied: boolean;
  /** The server refuses writing it; `refusedHash` holds the bytes it refused. */
  readonly writeDenied: boolean;
  /** The revision was told late: what the server has now must still be read, also after a restart. */
  readonly unverified: boolean;
  /** About to be placed for the first time; nobody here has seen it yet. */
  readonly unplaced: boolean;
  /** Bytes refused for good: not sent again until they change. Empty when none. */
  readonly refusedHash: string;
  /** Consecutive scans that did not find the file. */
  readonly missingScans: number;
}

/** One path that could not be materialised. The run goes on without it. */
export interface Problem {
  readonly remotePath: string;
  readonly kind: "quarantined" | "skipped" | "not_ready";
  readonly message: string;
  readonly firstAtMs: number;
  readonly attempts: number;
}

/** True when the local bytes last seen are those of the base. */
export function isClean(entry: Entry): boolean {
  return entry.revision !== null && sameBytes({ hash: entry.seenHash }, entry);
}

/** True when the index has this version of a path and it was placed: nothing to read. */
export function hasVersion(entry: Entry | undefined, revision: string): entry is Entry {
  return entry?.revision === revision && !entry.unplaced;
}

/** An entry for a path nothing is known about yet. */
export function blankEntry(remotePath: string, rel: string): Entry {
  return {
    remotePath,
    rel,
    revision: null,
    hash: "",
    contentType: "",
    sizeBytes: 0,
    mtimeMs: 0,
    ctimeMs: 0,
    inode: 0,
    seenHash: "",
    seenAtMs: 0,
    deletePending: false,
    readDenied: false,
    writeDenied: false,
    unverified: false,
    unplaced: false,
    refusedHash: "",
    missingScans: 0,
  };
}

const FLAG = { deletePending: 1, readDenied: 2, writeDenied: 4, unverified: 8, unplaced: 16 } as const;

/** Its flags as one number; 0 for most. */
export function flagsOf(entry: Entry): number {
  return (
    (entry.deletePending ? FLAG.deletePending : 0) |
    (entry.readDenied ? FLAG.readDenied : 0) |
    (entry.writeDenied ? FLAG.writeDenied : 0) |
    (entry.unverified ? FLAG.unverified : 0) |
    (entry.unplaced ? FLAG.unplaced : 0)
  );
}

/** Its row, in the order of the columns. */
export function rowOf(entry: Entry): SqlValue[] {
  return [
    entry.remotePath,
    entry.rel,
    entry.revision,
    entry.hash,
    entry.contentType,
    entry.sizeBytes,
    entry.mtimeMs,
    entry.ctimeMs,
    entry.inode,
    entry.seenHash,
    entry.seenAtMs,
    flagsOf(entry),
    entry.refusedHash,
    entry.missingScans,
  ];
}

/** The entry of a row. */
export function entryOf(row: SqlRow): Entry {
  const flags = row.flags as number;
  return {
    remotePath: row.remote_path as string,
    rel: row.rel as string,
    revision: row.revision as string | null,
    hash: row.hash as string,
    contentType: row.content_type as string,
    sizeBytes: row.size as number,
    mtimeMs: row.mtime_ms as number,
    ctimeMs: row.ctime_ms as number,
    inode: row.inode as number,
    seenHash: row.seen_hash as string,
    seenAtMs: row.seen_at_ms as number,
    deletePending: (flags & FLAG.deletePending) !== 0,
    readDenied: (flags & FLAG.readDenied) !== 0,
    writeDenied: (flags & FLAG.writeDenied) !== 0,
    unverified: (flags & FLAG.unverified) !== 0,
    unplaced: (flags & FLAG.unplaced) !== 0,
    refusedHash: row.refused_hash as string,
    missingScans: row.missing_scans as number,
  };
}

/** The problem of a row. */
export function problemOf(row: SqlRow): Problem {
  return {
    remotePath: row.remote_path as string,
    kind: row.kind as Problem["kind"],
    message: row.message as string,
    firstAtMs: row.first_at_ms as number,
    attempts: row.attempts as number,
  };
}
