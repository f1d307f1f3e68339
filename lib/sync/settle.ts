/**
 * When a burst of file-system events is over. Pure, so that every race of a watcher can be written as a table
 * (spec mount-daemon 2.8).
 */
import { MOUNT } from "../limits.ts";
import { isDue } from "./backoff.ts";
import { isEditorStaging } from "./uploadable.ts";

/** Delays of the pipeline. */
export interface SettleDelays {
  readonly fileMs: number;
  readonly atomicMs: number;
  readonly batchWindowMs: number;
}

/** Default delays. */
export const SETTLE_DELAYS: SettleDelays = {
  fileMs: MOUNT.fileSettleMs,
  atomicMs: MOUNT.atomicSettleMs,
  batchWindowMs: MOUNT.changeBatchWindowMs,
};

/** How long after a staging name vanished a new name in its directory counts as an atomic save. */
const ATOMIC_SAVE_WINDOW_MS = 50;

/** The burst of one path. */
export interface Burst {
  readonly path: string;
  /** When it counts as settled. */
  readonly dueMs: number;
  /** A rename landed it complete: the fast delay applies to the rest of the burst. */
  readonly committed: boolean;
  /** It was seen absent: what is there now is not what was there before. */
  readonly vanished: boolean;
}

/** The pipeline's memory. */
export interface Settling {
  readonly bursts: ReadonlyMap<string, Burst>;
  /** Directory to the time a staging file in it was last renamed away or removed. */
  readonly stagedAt: ReadonlyMap<string, number>;
}

/** Nothing pending. */
export const SETTLED: Settling = { bursts: new Map(), stagedAt: new Map() };

/** One event. `kind` `rename` covers create, remove and move; `gone`: the path does not exist now. */
export interface ChangeSignal {
  readonly path: string;
  readonly kind: "rename" | "change";
  readonly gone: boolean;
  readonly atMs: number;
}

/** The pipeline after one event. Mutates nothing. */
export function onSignal(state: Settling, signal: ChangeSignal, delays = SETTLE_DELAYS): Settling {
  return onSignals(state, [signal], delays);
}

/** The pipeline after some events, oldest first: what each alone would have led to, at the cost of one. */
export function onSignals(
  state: Settling,
  signals: readonly ChangeSignal[],
  delays = SETTLE_DELAYS,
): Settling {
  const bursts = new Map(state.bursts);
  const stagedAt = new Map(state.stagedAt);
  for (const signal of signals) take(bursts, stagedAt, signal, delays);
  return { bursts, stagedAt };
}

function take(
  bursts: Map<string, Burst>,
  stagedAt: Map<string, number>,
  signal: ChangeSignal,
  delays: SettleDelays,
): void {
  const slash = signal.path.lastIndexOf("/");
  const [directory, name] = [signal.path.slice(0, Math.max(slash, 0)), signal.path.slice(slash + 1)];
  const before = bursts.get(signal.path);
  if (signal.kind === "rename" && signal.gone && (isEditorStaging(name) || before !== undefined)) {
    stagedAt.set(directory, signal.atMs);
  }
  const landed =
    signal.kind === "rename" &&
    !signal.gone &&
    signal.atMs - (stagedAt.get(directory) ?? Number.NEGATIVE_INFINITY) <= ATOMIC_SAVE_WINDOW_MS;
  const vanished = signal.gone && !(before !== undefined && !before.committed && signal.kind === "change");
  const committed = before?.committed === true || landed || vanished;
  const delay = committed ? delays.atomicMs : delays.fileMs;
  bursts.set(signal.path, {
    path: signal.path,
    dueMs: signal.atMs + delay,
    committed,
    vanished: before?.vanished === true || signal.gone,
  });
}

/** Settled paths, sorted, those among them that were seen absent, and what is left. With `flush` everything counts as settled. */
export function takeSettled(
  state: Settling,
  nowMs: number,
  flush = false,
): { readonly paths: string[]; readonly vanished: ReadonlySet<string>; readonly rest: Settling } {
  const paths: string[] = [];
  const vanished = new Set<string>();
  const bursts = new Map<string, Burst>();
  for (const [path, burst] of state.bursts) {
    if (!flush && !isDue(burst.dueMs, nowMs)) {
      bursts.set(path, burst);
      continue;
    }
    paths.push(path);
    if (burst.vanished) vanished.add(path);
  }
  const stagedAt = new Map(
    [...state.stagedAt].filter(([, at]) => nowMs - at <= ATOMIC_SAVE_WINDOW_MS && nowMs >= at),
  );
  return { paths: paths.sort(), vanished, rest: { bursts, stagedAt } };
}

/**
 * When to take what settled: not before the window after the last of a row of bursts that settle within a window of each
 * other, and at most ten windows after the first (spec mount-daemon 2.8, L4). Null when nothing is pending.
 */
export function batchDueMs(state: Settling, windowMs: number): number | null {
  const dues = [...state.bursts.values()].map(({ dueMs }) => dueMs).sort((a, b) => a - b);
  const [first] = dues;
  if (first === undefined) return null;
  let last = first;
  for (const due of dues) {
    if (due - last > windowMs || due - first > windowMs * MOUNT.changeBatchWindowsMax) break;
    last = due;
  }
  return last + windowMs;
}
