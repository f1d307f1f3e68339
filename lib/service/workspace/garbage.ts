/** What nobody can ask for any more: old events, ended ops, contents of former revisions, and bodies no row names. */
import { FILE_API } from "../../limits.ts";
import type { SqlDriver } from "../../ports.ts";
import { forgetDeleted } from "../store/deleted-records.ts";
import { pruneEvents } from "../store/events.ts";
import { pruneOps } from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";
import type { WorkspaceContext } from "./context.ts";

/** How much one run removes of each kind; the next run goes on. */
const BATCH_MAX = 1_000;
/** A body may be stored this long before the write that names it commits, ms. */
const LOOSE_KEPT_MS = 3_600_000;

/**
 * Removes a batch of everything that is due. Rows go first and say which bodies follow, so that a crash leaves none
 * behind. Looking for what is due reads thousands of rows, so it happens once an hour, however often work is due. True
 * when more is due, so that the caller comes back.
 */
export async function collectGarbage(context: WorkspaceContext): Promise<boolean> {
  const { store } = context;
  const now = context.clock.now();
  if (now < lastLook(store.sql, now) + FILE_API.garbageEveryMs) return false;
  const { keys, more } = await store.commit((tx) => {
    const events = pruneEvents(tx, store.latest("event"));
    const ops = pruneOps(tx, store.latest("op"), BATCH_MAX);
    const contents = dropSuperseded(tx);
    forgetDeleted(tx);
    const loose = tx.sql
      .all<{ key: string }>("SELECT key FROM loose_bodies WHERE at < ? LIMIT ?", [
        tx.now - LOOSE_KEPT_MS,
        BATCH_MAX,
      ])
      .map(({ key }) => key);
    const some = events || Math.max(ops, contents, loose.length) >= BATCH_MAX;
    if (!some) {
      tx.sql.run("INSERT OR REPLACE INTO meta (key, value) VALUES ('garbage_at', ?)", [String(tx.now)]);
    }
    return { keys: loose, more: some };
  });
  if (keys.length > 0) {
    await store.bodies.delete(keys);
    await store.commit((tx) => {
      for (const key of keys) tx.sql.run("DELETE FROM loose_bodies WHERE key = ?", [key]);
    });
  }
  return more;
}

/** When everything was last looked through, ms; 0 for never. A time ahead of the clock counts as never. */
function lastLook(sql: SqlDriver, now: number): number {
  const [row] = sql.all<{ value: string }>("SELECT value FROM meta WHERE key = 'garbage_at'");
  const at = Number(row?.value ?? 0);
  return at > now ? 0 : at;
}

/** Former contents that are too old or too many, and how many that were. */
function dropSuperseded(tx: Transaction): number {
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
  return gone.length;
}
