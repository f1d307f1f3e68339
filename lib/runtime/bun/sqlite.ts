/** SQLite on Bun: one connection per database, and group commit, so that many small writes share one fsync. */
import { Database as Sqlite } from "bun:sqlite";
import { messageOf, RelayfileError } from "../../errors.ts";
import type { Database, SqlDriver, SqlRow, SqlValue } from "../../ports.ts";

interface Queued {
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

type Outcome =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly reason: unknown };

/**
 * Opens or creates a database file. Writes are durable when their promise resolves (WAL, `synchronous=FULL`).
 * Fails with `io_error` when the file cannot be opened or written.
 */
export function openDatabase(path: string): Database {
  const connection = open(path);
  const sql: SqlDriver = {
    all: <Row extends SqlRow>(text: string, params: readonly SqlValue[] = []) =>
      connection.query(text).all(...(params as SqlValue[])) as Row[],
    run: (text, params = []) => {
      connection.query(text).run(...(params as SqlValue[]));
    },
  };
  const queue: Queued[] = [];
  let flushing: Promise<void> | null = null;
  let closed = false;

  /** The queue is taken as a whole: everything that arrived while the previous fsync blocked shares the next one. */
  const flush = () => {
    flushing = null;
    const batch = queue.splice(0);
    const outcomes: Outcome[] = [];
    try {
      connection.run("BEGIN IMMEDIATE");
      for (const item of batch) outcomes.push(runItem(connection, path, item));
      connection.run("COMMIT");
    } catch (cause) {
      // The transaction as a whole failed: nothing of it is durable, so every caller must learn it.
      if (connection.inTransaction) connection.run("ROLLBACK");
      const reason = storageError(path, cause);
      for (const item of batch) item.reject(reason);
      return;
    }
    for (const [index, item] of batch.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok) item.resolve(outcome.value);
      else item.reject(outcome?.reason);
    }
  };

  return {
    sql,
    commit: <T>(work: () => T) =>
      new Promise<T>((resolve, reject) => {
        if (closed) {
          reject(new Error(`database ${path} is closed`));
          return;
        }
        queue.push({ work, resolve: resolve as (value: unknown) => void, reject });
        flushing ??= new Promise((done) => setImmediate(() => done(flush())));
      }),
    close: async () => {
      if (closed) return;
      closed = true;
      await flushing;
      connection.run("PRAGMA wal_checkpoint(TRUNCATE)");
      connection.close();
    },
  };
}

function runItem(connection: Sqlite, path: string, item: Queued): Outcome {
  connection.run("SAVEPOINT item");
  try {
    const value = item.work();
    connection.run("RELEASE item");
    return { ok: true, value };
  } catch (reason) {
    // SQLite ends the whole transaction by itself on a full or failing disk: then nothing here can be saved.
    if (!connection.inTransaction) throw reason;
    connection.run("ROLLBACK TO item");
    connection.run("RELEASE item");
    return { ok: false, reason: storageError(path, reason) };
  }
}

function open(path: string): Sqlite {
  try {
    const connection = new Sqlite(path, { create: true, readwrite: true });
    for (const pragma of [
      "page_size=16384",
      "journal_mode=WAL",
      "synchronous=FULL",
      "cache_size=-32768",
      "wal_autocheckpoint=1000",
      "busy_timeout=5000",
    ])
      connection.run(`PRAGMA ${pragma}`);
    return connection;
  } catch (cause) {
    throw storageError(path, cause);
  }
}

function isStorageFault(thrown: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|READONLY|CORRUPT|CANTOPEN|NOTADB)/.test(
    String((thrown as { code?: unknown })?.code),
  );
}

function storageError(path: string, cause: unknown): unknown {
  if (!isStorageFault(cause)) return cause;
  return new RelayfileError("io_error", `cannot write ${path}: ${messageOf(cause)}`, { path }, { cause });
}
