/** When to try again, and when to stop trying for a while: functions of history and now (spec mount-daemon 3.3, 4.6). */
import { MOUNT } from "../limits.ts";

export { parseRetryAfter } from "../model/retry-after.ts";

/** Waits between attempts of one outbox record. */
const OUTBOX_BACKOFF = { baseMs: MOUNT.outboxBackoffBaseMs, capMs: MOUNT.outboxBackoffCapMs };

/**
 * The wait after `attempts` failures: base, doubling, capped. A server's Retry-After replaces it when longer, up to one
 * minute.
 */
export function retryDelayMs(
  attempts: number,
  retryAfterMs: number | null = null,
  limits: { readonly baseMs: number; readonly capMs: number } = OUTBOX_BACKOFF,
): number {
  const doubled = limits.baseMs * 2 ** Math.min(Math.max(attempts, 1) - 1, 30);
  const own = Math.min(doubled, limits.capMs);
  return retryAfterMs === null ? own : Math.max(own, Math.min(retryAfterMs, 60_000));
}

/** The longest anything but a refused credential waits. */
const LONGEST_WAIT_MS = 60_000;

/**
 * True when a planned time has come. A time further ahead than anything is ever planned (`longestMs`) means that the
 * clock was set back since, and then waiting for it would be waiting for hours.
 */
export function isDue(dueMs: number, nowMs: number, longestMs: number = LONGEST_WAIT_MS): boolean {
  return dueMs <= nowMs || dueMs - nowMs > longestMs;
}

/** Milliseconds until a planned time; 0 when it is due. */
export function untilDueMs(dueMs: number, nowMs: number, longestMs: number = LONGEST_WAIT_MS): number {
  return isDue(dueMs, nowMs, longestMs) ? 0 : dueMs - nowMs;
}

/** `base` moved by at most `ratio` in either direction; `random` in [0, 1). */
export function jittered(baseMs: number, ratio: number, random: number): number {
  const bounded = Math.min(Math.max(ratio, 0), 1);
  return Math.round(baseMs * (1 + bounded * (2 * random - 1)));
}

/** Limits of the circuit breaker. */
export interface CircuitLimits {
  readonly windowMs: number;
  readonly threshold: number;
  readonly cooldownMs: number;
}

/** Default limits. */
export const CIRCUIT_LIMITS: CircuitLimits = {
  windowMs: MOUNT.circuitWindowMs,
  threshold: MOUNT.circuitThreshold,
  cooldownMs: MOUNT.circuitCooldownMs,
};

/** The breaker's memory. Values are immutable. */
export interface Circuit {
  /** Times of counted failures inside the window, oldest first. */
  readonly failures: readonly number[];
  /** When it opened, or null while closed. */
  readonly openedAtMs: number | null;
  /** Latest counted failure while open; the cooldown runs from here. */
  readonly lastFailureMs: number;
  /** True while the one probe of a half-open circuit is under way. */
  readonly probing: boolean;
  /** How often it opened. */
  readonly openEvents: number;
}

/** A closed circuit without history. */
export const CLOSED_CIRCUIT: Circuit = {
  failures: [],
  openedAtMs: null,
  lastFailureMs: 0,
  probing: false,
  openEvents: 0,
};

/** True for statuses that count: 5xx, 408, 425, 429. Null is a transport error and counts too. */
export function countsForCircuit(status: number | null): boolean {
  return status === null || status >= 500 || status === 408 || status === 425 || status === 429;
}

/** The circuit after a counted failure. A failure while open or probing restarts the cooldown. */
export function circuitFailed(circuit: Circuit, nowMs: number, limits = CIRCUIT_LIMITS): Circuit {
  const failures = [...circuit.failures.filter((at) => nowMs - at < limits.windowMs && at <= nowMs), nowMs];
  if (circuit.openedAtMs !== null) return { ...circuit, failures, lastFailureMs: nowMs, probing: false };
  if (failures.length < limits.threshold) return { ...circuit, failures, lastFailureMs: nowMs };
  return {
    failures,
    openedAtMs: nowMs,
    lastFailureMs: nowMs,
    probing: false,
    openEvents: circuit.openEvents + 1,
  };
}

/** The circuit after a success. Inside the cooldown it is ignored; the probe's success closes it. */
export function circuitSucceeded(circuit: Circuit, nowMs: number, limits = CIRCUIT_LIMITS): Circuit {
  if (circuit.openedAtMs === null) return circuit;
  if (!circuit.probing && nowMs - circuit.lastFailureMs < limits.cooldownMs) return circuit;
  return { ...CLOSED_CIRCUIT, openEvents: circuit.openEvents };
}

/** What the circuit allows now: everything, one probe, or nothing until a time. */
export type CircuitVerdict =
  | { readonly kind: "closed" }
  | { readonly kind: "probe" }
  | { readonly kind: "open"; readonly untilMs: number };

/** Judges the circuit. A clock that jumped backwards past the last failure ends the cooldown. */
export function circuitVerdict(circuit: Circuit, nowMs: number, limits = CIRCUIT_LIMITS): CircuitVerdict {
  if (circuit.openedAtMs === null) return { kind: "closed" };
  const untilMs = circuit.lastFailureMs + limits.cooldownMs;
  if (circuit.probing) return { kind: "open", untilMs: nowMs + limits.cooldownMs };
  return nowMs >= untilMs || nowMs < circuit.lastFailureMs ? { kind: "probe" } : { kind: "open", untilMs };
}
