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
  /** Takes over what a webhook says exists at the provider, so that later calls find it. */
  learn(event: string, payload: SimulatedRecord): void;
}

/** What a simulated provider is made with. */
export interface SimulatorWorld {
  readonly clock: Clock;
  readonly random: Random;
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
