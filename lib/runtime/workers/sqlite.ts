/** SQLite of a Durable Object: synchronous like Bun's, and durable before any answer leaves the object. */
import type { Database, SqlDriver, SqlRow, SqlValue } from "../../ports.ts";
import type { ObjectStorage, SqlCursor } from "./types.ts";

/** The database of an object. Nothing is shared, so work runs at once; the platform holds answers back until the disk has it. */
export function durableDatabase(storage: ObjectStorage): Database {
  const sql: SqlDriver = {
    all: <Row extends SqlRow>(text: string, params: readonly SqlValue[] = []) =>
      rowsOf(storage.sql.exec(text, ...params)) as Row[],
    run: (text, params = []) => {
      storage.sql.exec(text, ...params);
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
