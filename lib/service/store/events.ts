/** The event feed: pages in both directions, the rules for old cursors, retention. */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { EventOrigin, EventType, FeedEvent } from "../../model/event.ts";
import { eventIdOf, eventNumber } from "../../model/event-id.ts";
import type { SqlDriver, SqlRow, SqlValue } from "../../ports.ts";
import type { EventRow, Transaction } from "./store.ts";

/** One page request. */
export interface EventQuery {
  /** Exclusive; null for the start (`asc`) or the tip (`desc`). */
  readonly cursor: string | null;
  readonly limit: number;
  readonly direction: "asc" | "desc";
  /** Null for all. Only for values that events carry themselves; anything else belongs into `sees`. */
  readonly provider: string | null;
  /** Which events the caller may know of. */
  readonly sees: (event: EventRow) => boolean;
}

/** One page; `nextCursor` only when more events exist. */
export interface EventPageRows {
  readonly events: EventRow[];
  readonly nextCursor: string | null;
}

/** Rows looked at for one page: bounds the work when nearly nothing is visible. */
const SCAN_MAX = 20_000;
const SCAN_BATCH = 1_000;
const COLUMNS = "seq, type, path, revision, content_hash, origin, provider, correlation_id, at, detail";

/** The oldest kept number, or null for an empty feed. */
export function oldestEvent(sql: SqlDriver): number | null {
  const [row] = sql.all<{ seq: number }>("SELECT seq FROM events ORDER BY seq LIMIT 1");
  return row?.seq ?? null;
}

/**
 * Where a cursor stands: the number after which to continue. Above the tip or of another form means "replay from the
 * oldest kept" (0). Fails with `cursor_expired` when events after it are no longer kept (spec file-api 5.2).
 */
export function resolveCursor(sql: SqlDriver, cursor: string | null, newest: number): number {
  if (cursor === null) return 0;
  const seq = eventNumber(cursor);
  if (seq === null || seq > newest) return 0;
  const oldest = oldestEvent(sql);
  if (oldest !== null && seq < oldest - 1) {
    fail("cursor_expired", `cursor ${cursor} is older than the oldest kept event ${eventIdOf(oldest)}`, {
      oldest: eventIdOf(oldest),
    });
  }
  return seq;
}

/** One page of the feed. */
export function eventPage(sql: SqlDriver, query: EventQuery, newest: number): EventPageRows {
  const descending = query.direction === "desc";
  const start = descending ? descendingStart(query.cursor, newest) : resolveCursor(sql, query.cursor, newest);
  if (start === null) return { events: [], nextCursor: null };
  const events: EventRow[] = [];
  let position = start;
  for (let scanned = 0; scanned < SCAN_MAX; ) {
    const want = Math.min(SCAN_BATCH, Math.max(query.limit - events.length + 1, 50));
    const rows = fetchEvents(sql, { position, descending, provider: query.provider, limit: want });
    for (const row of rows) {
      if (query.sees(row)) {
        if (events.length === query.limit)
          return { events, nextCursor: eventIdOf(events.at(-1)?.seq ?? position) };
        events.push(row);
      }
      position = row.seq;
    }
    if (rows.length < want) return { events, nextCursor: null };
    scanned += rows.length;
  }
  // The scan budget ended first: the cursor says how far we looked, so the caller makes progress.
  return { events, nextCursor: eventIdOf(position) };
}

/** Newest first, a cursor above the tip shows nothing, as an unknown one does (spec file-api 5.2). */
function descendingStart(cursor: string | null, newest: number): number | null {
  if (cursor === null) return newest + 1;
  const seq = eventNumber(cursor);
  return seq === null || seq > newest ? null : seq;
}

function fetchEvents(
  sql: SqlDriver,
  query: { position: number; descending: boolean; provider: string | null; limit: number },
): EventRow[] {
  const where = query.provider === null ? "" : "provider = ? AND";
  const params = query.provider === null ? [] : [query.provider];
  const order = query.descending ? "seq < ? ORDER BY seq DESC" : "seq > ? ORDER BY seq ASC";
  return sql
    .all(`SELECT ${COLUMNS} FROM events WHERE ${where} ${order} LIMIT ?`, [
      ...params,
      query.position,
      query.limit,
    ])
    .map(eventRowOf);
}

/**
 * The newest events of a time window that satisfy a clause, newest first. Used by digests: results of writebacks repeat
 * what the write said, and deliveries that touched no file have nothing to name, except when they failed.
 */
export function eventsInWindow(
  sql: SqlDriver,
  window: {
    fromMs: number;
    toMs: number;
    clause: string;
    params: readonly SqlValue[];
    limit: number;
    /** Continues behind this event; null begins with the newest. */
    before?: Pick<EventRow, "at" | "seq"> | null;
  },
): EventRow[] {
  const { at, seq } = window.before ?? { at: window.toMs, seq: 0 };
  return sql
    .all(
      `SELECT ${COLUMNS} FROM events WHERE at >= ? AND at <= ? AND (at < ? OR seq < ?) AND type NOT LIKE 'writeback.%'
         AND (path <> '/' OR type = 'sync.error') AND ${window.clause}
         ORDER BY at DESC, seq DESC LIMIT ?`,
      [window.fromMs, at, at, seq, ...window.params, window.limit],
    )
    .map(eventRowOf);
}

/** The newest events, newest first. */
export function newestEvents(sql: SqlDriver, limit: number): EventRow[] {
  return fetchEvents(sql, { position: Number.MAX_SAFE_INTEGER, descending: true, provider: null, limit });
}

/**
 * Removes events that are both older than the kept time and beyond the kept count; at most `limit` per call. True when
 * some went, so that more may be due.
 */
export function pruneEvents(tx: Transaction, newest: number, limit = 10_000): boolean {
  const [last, before] = [newest - FILE_API.eventsKeptMin, tx.now - FILE_API.eventsKeptMs];
  const [oldest] = tx.sql.all<{ seq: number; at: number }>("SELECT seq, at FROM events ORDER BY seq LIMIT 1");
  if (oldest === undefined || oldest.seq > last || oldest.at >= before) return false;
  tx.sql.run(
    "DELETE FROM events WHERE seq <= ? AND at < ? AND seq IN (SELECT seq FROM events ORDER BY seq LIMIT ?)",
    [last, before, limit],
  );
  return true;
}

/** An event as the wire shows it. */
export function wireEvent(row: EventRow): FeedEvent {
  return {
    eventId: eventIdOf(row.seq),
    type: row.type,
    path: row.path,
    revision: row.revision,
    ...(row.contentHash === null ? {} : { contentHash: row.contentHash }),
    origin: row.origin,
    ...(row.provider === "" ? {} : { provider: row.provider }),
    correlationId: row.correlationId,
    timestamp: new Date(row.at).toISOString(),
    ...(row.detail === null ? {} : { detail: row.detail }),
  };
}

function eventRowOf(row: SqlRow): EventRow {
  return {
    seq: row.seq as number,
    type: row.type as EventType,
    path: row.path as string,
    revision: row.revision as string,
    contentHash: row.content_hash as string | null,
    origin: row.origin as EventOrigin,
    provider: (row.provider as string | null) ?? "",
    correlationId: row.correlation_id as string,
    at: row.at as number,
    detail: row.detail as string | null,
  };
}
