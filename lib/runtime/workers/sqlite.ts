/** SQLite of a Durable Object: synchronous like Bun's, and durable before any answer leaves the object. */
import { fail, messageOf } from "../../errors.ts";
import type { Database, SqlDriver, SqlRow, SqlValue } from "../../ports.ts";
import type { ObjectStorage, SqlCursor } from "./types.ts";

/**
 * The database of an object. Nothing is shared, so work runs at once; the platform holds answers back until the disk has
 * it. Statements fail with `payload_too_large` for a row over 2 MB and `io_error` when the object is full.
 */
export function durableDatabase(storage: Pick<ObjectStorage, "sql" | "transactionSync">): Database {
  const run = (text: string, params: readonly SqlValue[]): SqlCursor => {
    try {
      return storage.sql.exec(text, ...params);
    } catch (thrown) {
      return refuse(thrown);
    }
  };
  const sql: SqlDriver = {
    all: <Row extends SqlRow>(text: string, params: readonly SqlValue[] = []) =>
      rowsOf(run(text, params)) as Row[],
    run: (text, params = []) => {
      run(text, params);
    },
  };
  return {
    sql,
    commit: async (work) => storage.transactionSync(work),
    close: async () => {},
  };
}

function rowsOf(cursor: SqlCursor): SqlRow[] {
  const rows = cursor.toArray();
  for (const row of rows) {
    for (const name in row) {
      const value = row[name];
      if (value instanceof ArrayBuffer) (row as SqlRow)[name] = new Uint8Array(value);
    }
  }
  return rows as SqlRow[];
}

/** Names the two limits of the platform that a caller can meet; everything else is a defect and stays what it is. */
function refuse(cause: unknown): never {
  const text = messageOf(cause);
  if (text.includes("SQLITE_TOOBIG"))
    fail("payload_too_large", "one value is larger than the 2 MB a row may hold", {}, { cause });
  if (text.includes("SQLITE_FULL"))
    fail("io_error", "the workspace has used up the storage of its object", {}, { cause });
  throw cause;
}
