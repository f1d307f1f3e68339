/** Receipts stay a day, for every mount to see, and are then removed (design decision 5). */
import { PIPELINE } from "../../limits.ts";
import type { TreeStore } from "../../ports.ts";
import type { WorkspaceContext } from "./context.ts";

const SWEPT_MAX = 500;
/** When to look again at a file that has the type of a receipt and is none. */
const ODD_RETRY_MS = 3_600_000;
/** Spelled out, so that the partial index over it is used. */
const IS_RECEIPT = "content_type = 'application/vnd.relayfile.receipt+json'";

/** Removes receipts whose day is over. Resolves with the time the next one is due, ms, or null without receipts. */
export async function sweepExpiredReceipts(
  context: WorkspaceContext,
  tree: TreeStore,
  now: number,
): Promise<number | null> {
  const { sql } = context.store;
  const expired = sql.all<{ path: string }>(
    `SELECT path FROM files WHERE ${IS_RECEIPT} AND updated_at <= ? ORDER BY updated_at LIMIT ${SWEPT_MAX}`,
    [now - PIPELINE.receiptKeptMs],
  );
  const paths = expired.map(({ path }) => path);
  const removed = paths.length === 0 ? [] : await context.pipeline.sweepReceipts(tree, paths, now);
  const [oldest] = sql.all<{ at: number | null }>(
    `SELECT MIN(updated_at) AS at FROM files WHERE ${IS_RECEIPT}`,
  );
  if (oldest?.at === null || oldest === undefined) return null;
  const due = oldest.at + PIPELINE.receiptKeptMs;
  if (due > now) return due;
  return removed.length > 0 ? now + 1 : now + ODD_RETRY_MS;
}
