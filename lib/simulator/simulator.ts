/** Shapes shared by the simulated providers. */
import type { Clock, Random } from "../ports.ts";

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
}

/** A record with its id. */
export type Identified = SimulatedRecord & { id: string };

/** Records by their ids. */
export function byId<Record extends Identified>(records: readonly Record[]): Map<string, Record> {
  return new Map(records.map((record) => [record.id, record] as const));
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
      for (const record of records) {
        const id = String(record.id ?? "");
        if (id !== "") table?.set(id, { ...table.get(id), ...record, id });
      }
    },
  };
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
