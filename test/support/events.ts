/** Rows of the event feed that nothing wrote, for tests of what reads it. */
import type { Transaction } from "../../lib/service/store/store.ts";

/** Adds updates of files at given times; the files themselves do not exist. */
export function insertEventRows(
  tx: Transaction,
  rows: readonly { readonly path: string; readonly at: number }[],
): void {
  for (const { path, at } of rows) {
    tx.sql.run(
      `INSERT INTO events (seq, type, path, revision, content_hash, origin, provider, correlation_id, at, detail)
       VALUES (?, 'file.updated', ?, 'rev_0', NULL, 'provider_sync', ?, 't', ?, NULL)`,
      [tx.next("event"), path, path.split("/")[1] ?? null, at],
    );
  }
}
