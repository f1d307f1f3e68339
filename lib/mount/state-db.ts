/**
 * The private index: what both sides last agreed on, per file. SQLite is the durable form, a map in memory the working
 * one, so that a change to k files costs O(k) (spec mount-daemon 1.4, 8.5).
 */
import type { SqlDriver } from "../ports.ts";
import type { Leaf, Tree } from "../sync/tree.ts";
import { type Entry, entryOf, flagsOf, type Problem, problemOf, rowOf } from "./entry.ts";
import type { StateDatabase } from "./world.ts";

/** A receipt the daemon waits for without an outbox record: deletes. */
export interface PendingReceipt {
  readonly opId: string;
  readonly remotePath: string;
  readonly revision: string;
}

const SCHEMA = [
  `CREATE TABLE IF NOT EXISTS files (
     remote_path TEXT PRIMARY KEY, rel TEXT NOT NULL UNIQUE, revision TEXT, hash TEXT NOT NULL,
     content_type TEXT NOT NULL, size INTEGER NOT NULL, mtime_ms REAL NOT NULL, ctime_ms REAL NOT NULL,
     inode INTEGER NOT NULL, seen_hash TEXT NOT NULL, seen_at_ms REAL NOT NULL, flags INTEGER NOT NULL,
     refused_hash TEXT NOT NULL, missing_scans INTEGER NOT NULL)`,
  "CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL)",
  "CREATE TABLE IF NOT EXISTS receipts (op_id TEXT PRIMARY KEY, remote_path TEXT NOT NULL, revision TEXT NOT NULL)",
  `CREATE TABLE IF NOT EXISTS problems (remote_path TEXT PRIMARY KEY, kind TEXT NOT NULL, message TEXT NOT NULL,
     first_at_ms REAL NOT NULL, attempts INTEGER NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS bases (remote_path TEXT PRIMARY KEY, revision TEXT NOT NULL, bytes BLOB NOT NULL,
     at_ms REAL NOT NULL)`,
] as const;

/** The index of one mount. */
export type StateDb = ReturnType<typeof openStateDb>;

/** Opens the index over an open database and loads it. */
export function openStateDb(database: StateDatabase) {
  const { sql } = database;
  for (const statement of SCHEMA) sql.run(statement);
  const entries = new Map<string, Entry>();
  const byRel = new Map<string, string>();
  const problems = new Map<string, Problem>();
  /** Entries with any flag: few, so that nobody needs to look through all for them. */
  const flagged = new Set<string>();
  let confirmed = 0;
  let depth = 0;
  let exported = false;

  const changed = () => {
    if (!exported) return;
    exported = false;
    sql.run("DELETE FROM meta WHERE key = ?", [EXPORTED]);
  };

  const hold = (entry: Entry) => {
    const before = entries.get(entry.remotePath);
    if (before !== undefined && before.rel !== entry.rel) byRel.delete(before.rel);
    if ((before?.revision ?? null) !== null) confirmed--;
    if (entry.revision !== null) confirmed++;
    if (flagsOf(entry) === 0) flagged.delete(entry.remotePath);
    else flagged.add(entry.remotePath);
    entries.set(entry.remotePath, entry);
    if (!entry.remotePath.endsWith(`/${entry.rel}`)) byRel.set(entry.rel, entry.remotePath);
  };

  const load = () => {
    entries.clear();
    byRel.clear();
    problems.clear();
    flagged.clear();
    confirmed = 0;
    for (const row of sql.all("SELECT * FROM files")) hold(entryOf(row));
    for (const row of sql.all("SELECT * FROM problems")) {
      const problem = problemOf(row);
      problems.set(problem.remotePath, problem);
    }
    exported = sql.all("SELECT value FROM meta WHERE key = ?", [EXPORTED]).length > 0;
  };

  const db = {
    entries: entries as ReadonlyMap<string, Entry>,
    problems: problems as ReadonlyMap<string, Problem>,

    /** Runs `work` in one transaction; nested calls join it. Synchronous, so nothing interleaves. */
    transaction<T>(work: () => T): T {
      if (depth > 0) return work();
      depth++;
      sql.run("BEGIN IMMEDIATE");
      try {
        const result = work();
        sql.run("COMMIT");
        return result;
      } catch (error) {
        rollBack(sql);
        db.reload();
        throw error;
      } finally {
        depth--;
      }
    },

    get: (remotePath: string) => entries.get(remotePath),

    /** Entries with a pending delete, a refusal or an unverified revision; cheap whatever the size. */
    flagged(): Entry[] {
      return [...flagged].flatMap((path) => entries.get(path) ?? []);
    },

    /** How many files the server confirmed. */
    confirmedFiles: () => confirmed,

    /** The remote path that owns a local name, when it is not simply the same name. */
    remoteOfRel: (rel: string) => byRel.get(rel) ?? null,

    put(entry: Entry): void {
      changed();
      sql.run(insertOf(1), rowOf(entry));
      hold(entry);
    },

    /** The same for many entries at a fraction of the cost each. */
    putAll(all: readonly Entry[]): void {
      changed();
      for (let at = 0; at < all.length; at += ROWS_PER_INSERT) {
        const rows = all.slice(at, at + ROWS_PER_INSERT);
        sql.run(insertOf(rows.length), rows.flatMap(rowOf));
        for (const entry of rows) hold(entry);
      }
    },

    /** Changes parts of an entry; unknown paths are ignored. */
    patch(remotePath: string, changes: Partial<Entry>): void {
      const entry = entries.get(remotePath);
      if (entry !== undefined) db.put({ ...entry, ...changes });
    },

    forget(remotePath: string): void {
      const before = entries.get(remotePath);
      if (before === undefined) return;
      changed();
      sql.run("DELETE FROM files WHERE remote_path = ?", [remotePath]);
      entries.delete(remotePath);
      byRel.delete(before.rel);
      flagged.delete(remotePath);
      if (before.revision !== null) confirmed--;
    },

    meta(key: string): string | null {
      return (sql.all("SELECT value FROM meta WHERE key = ?", [key])[0]?.value as string | undefined) ?? null;
    },

    /** True while nothing has changed since `markExported`, also over restarts. */
    isExported: () => exported,

    /** The index was written down for tools as it is now. */
    markExported(): void {
      db.setMeta(EXPORTED, "1");
      exported = true;
    },

    setMeta(key: string, value: string | null): void {
      if (key !== EXPORTED) changed();
      if (value === null) sql.run("DELETE FROM meta WHERE key = ?", [key]);
      else sql.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", [key, value]);
    },

    receipts(): PendingReceipt[] {
      return sql.all("SELECT * FROM receipts ORDER BY op_id").map((row) => ({
        opId: row.op_id as string,
        remotePath: row.remote_path as string,
        revision: row.revision as string,
      }));
    },

    addReceipt(receipt: PendingReceipt): void {
      sql.run("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?)", [
        receipt.opId,
        receipt.remotePath,
        receipt.revision,
      ]);
    },

    dropReceipt(opId: string): void {
      sql.run("DELETE FROM receipts WHERE op_id = ?", [opId]);
    },

    setProblem(problem: Problem): void {
      sql.run("INSERT OR REPLACE INTO problems VALUES (?, ?, ?, ?, ?)", [
        problem.remotePath,
        problem.kind,
        problem.message,
        problem.firstAtMs,
        problem.attempts,
      ]);
      problems.set(problem.remotePath, problem);
    },

    clearProblem(remotePath: string): void {
      if (!problems.delete(remotePath)) return;
      sql.run("DELETE FROM problems WHERE remote_path = ?", [remotePath]);
    },

    /** Bytes of the revision a local edit started from, when they were kept. */
    base(remotePath: string): { revision: string; bytes: Uint8Array } | null {
      const row = sql.all("SELECT revision, bytes FROM bases WHERE remote_path = ?", [remotePath])[0];
      return row === undefined ? null : { revision: row.revision as string, bytes: row.bytes as Uint8Array };
    },

    keepBase(remotePath: string, revision: string, bytes: Uint8Array, atMs: number): void {
      sql.run("INSERT OR REPLACE INTO bases VALUES (?, ?, ?, ?)", [remotePath, revision, bytes, atMs]);
    },

    /** Forgets bases older than `beforeMs`, then the oldest until at most `bytesMax` remain. */
    pruneBases(beforeMs: number, bytesMax: number): void {
      sql.run("DELETE FROM bases WHERE at_ms < ?", [beforeMs]);
      let total = 0;
      for (const row of sql.all("SELECT remote_path, length(bytes) AS size FROM bases ORDER BY at_ms DESC")) {
        total += row.size as number;
        if (total > bytesMax) sql.run("DELETE FROM bases WHERE remote_path = ?", [row.remote_path as string]);
      }
    },

    /** The agreed tree by remote path: files the server confirmed. */
    baseTree(): Tree {
      const tree = new Map<string, Leaf>();
      for (const entry of entries.values()) {
        if (entry.revision !== null)
          tree.set(entry.remotePath, { hash: entry.hash, revision: entry.revision });
      }
      return tree;
    },

    /** Forgets every file but keeps meta; used when a person resets a clobbered mount. */
    forgetAll(): void {
      db.transaction(() => {
        for (const table of ["files", "problems", "bases"]) sql.run(`DELETE FROM ${table}`);
        for (const key of ["bootstrapComplete", "bootstrap", "eventsCursor"]) db.setMeta(key, null);
      });
      db.reload();
    },

    /** Reads the map from the tables again: what a rolled back transaction needs. */
    reload: load,

    close: () => database.close(),
  };
  load();
  return db;
}

const EXPORTED = "exported";
/** Rows of one statement: more gain little, and 999 values are allowed everywhere. */
const ROWS_PER_INSERT = 50;

const VALUES = `(${Array(14).fill("?").join(", ")})`;
const INSERT_ONE = `INSERT OR REPLACE INTO files VALUES ${VALUES}`;

/** The statement for so many entries; only a few lengths occur, so each is prepared once. */
function insertOf(rows: number): string {
  return rows === 1 ? INSERT_ONE : INSERT_ONE + `, ${VALUES}`.repeat(rows - 1);
}

/** Ends a failed transaction. On a full disk SQLite has ended it already, and then there is none to end. */
function rollBack(sql: SqlDriver): void {
  try {
    sql.run("ROLLBACK");
  } catch {
    // Nothing was open: the tables are as they were before.
  }
}
