/**
 * What was deleted lately, so that an update that was overtaken by its record's deletion does not bring the record back.
 * Kept like files, because deliveries are retried over hours and restarts.
 */
import { PIPELINE } from "../../limits.ts";
import type { DeletedRecord, SqlDriver } from "../../ports.ts";
import type { Transaction } from "./store.ts";

/** Remembers a deleted record; a newer deletion replaces an older one. */
export function rememberDeleted(tx: Transaction, { record, updated }: DeletedRecord): void {
  tx.sql.run(
    `INSERT INTO deleted_records (record, updated, at) VALUES (?, ?, ?)
     ON CONFLICT (record) DO UPDATE SET updated = MAX(updated, excluded.updated), at = excluded.at`,
    [record, updated, tx.now],
  );
}

/** When a deleted record was last changed, ISO 8601; null when it is not known to be deleted. */
export function deletedVersion(sql: SqlDriver, record: string): string | null {
  const [row] = sql.all<{ updated: string }>("SELECT updated FROM deleted_records WHERE record = ?", [
    record,
  ]);
  return row?.updated ?? null;
}

/** Forgets what was deleted long ago, a bounded number at a time. */
export function forgetDeleted(tx: Transaction): void {
  tx.sql.run(
    "DELETE FROM deleted_records WHERE record IN (SELECT record FROM deleted_records WHERE at < ? ORDER BY at LIMIT 1000)",
    [tx.now - PIPELINE.deletedKeptMs],
  );
}
