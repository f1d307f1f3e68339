/**
 * One workspace's tables behind one door for writing. A piece of work gets numbers, changes rows and emits events;
 * all of it becomes durable together, and subscribers hear of it only afterwards.
 */
import type { EventOrigin, EventType } from "../../model/event.ts";
import type { BodyStore, Clock, Database, SqlDriver } from "../../ports.ts";
import { DirectoryCounts } from "./directories.ts";

/** A row of the event feed. */
export interface EventRow {
  readonly seq: number;
  readonly type: EventType;
  readonly path: string;
  /** `rev_<n>`, or empty for sync events. */
  readonly revision: string;
  readonly contentHash: string | null;
  readonly origin: EventOrigin;
  /** Empty when the path belongs to no provider. */
  readonly provider: string;
  readonly correlationId: string;
  /** Milliseconds. */
  readonly at: number;
  /** Why, for sync and writeback events; null otherwise. */
  readonly detail: string | null;
}

/** An event before it has a number and a time. */
export type NewEvent = Omit<EventRow, "seq" | "at" | "contentHash" | "detail"> & {
  readonly contentHash?: string | null;
  readonly detail?: string | null;
};

/** What work may use while it runs. Everything is synchronous; throwing undoes this work's changes. */
export interface Transaction {
  readonly sql: SqlDriver;
  /** Time of this work, ms. */
  readonly now: number;
  readonly directories: DirectoryCounts;
  /** The next number of a counter. Never handed out twice; a gap appears when work is undone. */
  next(counter: CounterName): number;
  emit(event: NewEvent): EventRow;
}

/** Counters of a workspace. */
export type CounterName = "revision" | "event" | "op" | "envelope";

/** Hears events in order, after they are durable. */
export type EventListener = (events: readonly EventRow[]) => void;

/** The tables of one workspace. */
export class WorkspaceStore {
  private readonly counters: Record<CounterName, number>;
  private readonly listeners = new Set<EventListener>();

  /** `db` must be migrated. */
  constructor(
    readonly workspaceId: string,
    private readonly db: Database,
    readonly bodies: BodyStore,
    private readonly clock: Clock,
  ) {
    const [row] = db.sql.all<Record<CounterName, number>>(
      "SELECT revision, event, op, envelope FROM counters WHERE id = 1",
    );
    this.counters = row ?? { revision: 0, event: 0, op: 0, envelope: 0 };
  }

  /** For reading. What is read is durable: nothing interleaves with a running transaction. */
  get sql(): SqlDriver {
    return this.db.sql;
  }

  /** The newest number of a counter. */
  latest(counter: CounterName): number {
    return this.counters[counter];
  }

  /** Runs work inside a durable transaction, then tells subscribers about its events. */
  async commit<T>(work: (tx: Transaction) => T): Promise<T> {
    const events: EventRow[] = [];
    const result = await this.db.commit(() => {
      const directories = new DirectoryCounts(this.db.sql);
      const before = { ...this.counters };
      const tx: Transaction = {
        sql: this.db.sql,
        now: this.clock.now(),
        directories,
        next: (counter) => ++this.counters[counter],
        emit: (event) => {
          const row = insertEvent(this.db.sql, ++this.counters.event, tx.now, event);
          events.push(row);
          return row;
        },
      };
      const value = work(tx);
      directories.flush();
      this.saveCounters(before);
      return value;
    });
    if (events.length > 0) for (const listener of [...this.listeners]) listener(events);
    return result;
  }

  /** Calls `listener` with every batch of durable events until the returned function is called. */
  subscribe(listener: EventListener): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private saveCounters(before: Record<CounterName, number>): void {
    const { revision, event, op, envelope } = this.counters;
    const same =
      before.revision === revision &&
      before.event === event &&
      before.op === op &&
      before.envelope === envelope;
    if (same) return;
    this.db.sql.run("UPDATE counters SET revision = ?, event = ?, op = ?, envelope = ? WHERE id = 1", [
      revision,
      event,
      op,
      envelope,
    ]);
  }
}

function insertEvent(sql: SqlDriver, seq: number, at: number, event: NewEvent): EventRow {
  const row: EventRow = { contentHash: null, detail: null, ...event, seq, at };
  sql.run(
    `INSERT INTO events (seq, type, path, revision, content_hash, origin, provider, correlation_id, at, detail)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      seq,
      row.type,
      row.path,
      row.revision,
      row.contentHash,
      row.origin,
      row.provider === "" ? null : row.provider,
      row.correlationId,
      at,
      row.detail,
    ],
  );
  return row;
}
