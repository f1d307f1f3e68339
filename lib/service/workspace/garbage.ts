/** What nobody can ask for any more: old events, ended ops, contents of former revisions, and bodies no row names. */
import { FILE_API } from "../../limits.ts";
import { forgetDeleted } from "../store/deleted-records.ts";
import { pruneEvents } from "../store/events.ts";
import { pruneOps } from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";
import type { WorkspaceContext } from "./context.ts";

/** How much one run removes of each kind; the next run goes on. */
const BATCH_MAX = 1_000;
/** A body may be stored this long before the write that names it commits, ms. */
const LOOSE_KEPT_MS = 3_600_000;

/** Removes a batch of everything that is due. Rows go first and say which bodies follow, so that a crash leaves none behind. */
export async function collectGarbage(context: WorkspaceContext): Promise<void> {
  const { store } = context;
  const keys = await store.commit((tx) => {
    pruneEvents(tx, store.latest("event"));
    pruneOps(tx, store.latest("op"), BATCH_MAX);
    forgetDeleted(tx);
    dropSuperseded(tx);
    return tx.sql
      .all<{ key: string }>("SELECT key FROM loose_bodies WHERE at < ? LIMIT ?", [
        tx.now - LOOSE_KEPT_MS,
        BATCH_MAX,
      ])
      .map(({ key }) => key);
  });
  if (keys.length === 0) return;
  await store.bodies.delete(keys);
  await store.commit((tx) => {
    for (const key of keys) tx.sql.run("DELETE FROM loose_bodies WHERE key = ?", [key]);
  });
}

function dropSuperseded(tx: Transaction): void {
  const [kept] = tx.sql.all<{ n: number }>("SELECT COUNT(*) AS n FROM superseded");
  const excess = Math.max(0, (kept?.n ?? 0) - FILE_API.supersededKeptMax);
  const gone = tx.sql.all<{ revision: number; key: string | null }>(
    `SELECT s.revision AS revision, b.key AS key FROM superseded s LEFT JOIN bodies b ON b.revision = s.revision
     WHERE s.at < ? OR s.revision IN (SELECT revision FROM superseded ORDER BY revision LIMIT ?)
     ORDER BY s.revision LIMIT ?`,
    [tx.now - FILE_API.supersededKeptMs, Math.min(excess, BATCH_MAX), BATCH_MAX],
  );
  for (const { revision, key } of gone) {
    tx.sql.run("DELETE FROM bodies WHERE revision = ?", [revision]);
    tx.sql.run("DELETE FROM superseded WHERE revision = ?", [revision]);
    // Long enough ago: no reader that found the row is still on its way to the body.
    if (key !== null) tx.sql.run("INSERT OR REPLACE INTO loose_bodies (key, at) VALUES (?, 0)", [key]);
  }
}
