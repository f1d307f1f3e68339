/** Shapes shared by the simulated providers. */
import type { Clock, Random } from "../ports.ts";
import type { Tables } from "./tables.ts";

/** A request below one provider's prefix. */
export interface SimulatedRequest {
  readonly method: string;
  /** Without the prefix: `/repos/acme/web/issues`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed body; null when there is none. */
  readonly body: unknown;
  readonly headers: Headers;
}

/** An answer. A null body is an empty one. */
export interface SimulatedAnswer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A record as a provider gives it. */
export type SimulatedRecord = Record<string, unknown>;

/** One simulated provider with its own state. */
export interface SimulatedProvider {
  readonly id: string;
  handle(request: SimulatedRequest): SimulatedAnswer;
  /** Live records of a model, or null for an unknown one. */
  records(model: string): readonly SimulatedRecord[] | null;
  /** Takes over records of a model from another source; unknown models are ignored. */
  take(model: string, records: readonly SimulatedRecord[]): void;
  /** Takes over what a webhook says exists at the provider, so that later calls find it. */
  learn(event: string, payload: SimulatedRecord): void;
}

/** What a simulated provider is made with. */
export interface SimulatorWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly tables: Tables;
}

/** A record with its id. */
export type Identified = SimulatedRecord & { id: string };

/** A kept map of records by their ids, beginning with a seed. */
export function byId<Record extends Identified>(
  world: SimulatorWorld,
  name: string,
  seed: readonly Record[],
): Map<string, Record> {
  return world.tables.open(
    name,
    seed.map((record) => [record.id, record] as const),
  );
}

/**
 * `records` and `take` of a provider that keeps a table per model. `tables` is keyed by the model in lower case without
 * the provider's name, so that `JiraIssue` and `Issue` are one.
 */
export function overTables(
  provider: string,
  tables: Readonly<Record<string, Map<string, Identified>>>,
): Pick<SimulatedProvider, "records" | "take"> {
  const tableOf = (model: string) => tables[modelName(provider, model)];
  return {
    records(model) {
      const found = tableOf(model);
      return found === undefined ? null : [...found.values()];
    },
    take(model, records) {
      const table = tableOf(model);
      if (table !== undefined)
        for (const record of records)
          takeOver(table, String(record.id ?? ""), { ...record, id: String(record.id) });
    },
  };
}

/** Puts a record from elsewhere into a table, unless a newer one is there; a record that is gone elsewhere goes here too. */
export function takeOver<Record extends SimulatedRecord>(
  table: Map<string, Record>,
  key: string,
  record: Record,
): void {
  if (key === "" || key === "undefined") return;
  const known = table.get(key);
  if (known !== undefined && changedMs(known) > changedMs(record)) return;
  if (isGone(record)) table.delete(key);
  else table.set(key, { ...known, ...record });
}

/** The next of a series of numbers that no table uses as an id: records from elsewhere may have taken some. */
export function freshId(
  counter: { nextId: number },
  ...tables: readonly ReadonlyMap<string, unknown>[]
): string {
  let id = String(counter.nextId++);
  while (tables.some((table) => table.has(id))) id = String(counter.nextId++);
  return id;
}

/** When a record of any provider was last changed, ms; 0 when it does not say. */
function changedMs(record: SimulatedRecord): number {
  const given =
    objectOf(record.fields).updated ??
    record.updated_at ??
    record.updatedAt ??
    record.last_edited_time ??
    objectOf(record.version).createdAt ??
    record.updated;
  if (given !== undefined) return Date.parse(String(given).replace(/\+0000$/, "Z")) || 0;
  return Number(objectOf(record.edited).ts ?? record.ts ?? 0) * 1_000 || 0;
}

function isGone(record: SimulatedRecord): boolean {
  const action = objectOf(record._nango_metadata).last_action;
  const deletedAt = record.deleted_at;
  return (
    record._deleted === true ||
    String(action ?? "").toLowerCase() === "deleted" ||
    (typeof deletedAt === "string" && deletedAt !== "")
  );
}

/** A model's name in lower case, without the provider's. */
export function modelName(provider: string, model: string): string {
  const name = model.toLowerCase();
  return name.startsWith(provider) ? name.slice(provider.length) : name;
}

/** The simulated time, ISO 8601. */
export function nowOf(world: SimulatorWorld): string {
  return new Date(world.clock.now()).toISOString();
}

/** True for a plain JSON object. */
export function isObject(value: unknown): value is SimulatedRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value as an object; empty when it is none. */
export function objectOf(value: unknown): SimulatedRecord {
  return isObject(value) ? value : {};
}
