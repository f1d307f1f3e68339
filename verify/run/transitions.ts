/** `--watch`: what changed between two rounds, and when the next one starts. Pure. */
import type { CheckStatus, Report } from "../report.ts";

const BACKOFF_MAX = 8;
const PAUSE_MS_MAX = 30 * 60_000;

/** A check whose status is another than in the round before. */
export interface Transition {
  readonly checkId: string;
  /** Null in the first round and for a check that is new. */
  readonly from: CheckStatus | null;
  /** Null for a check that is no longer asked. */
  readonly to: CheckStatus | null;
  readonly reason: string;
}

/**
 * What is different now. The first round tells only what is not well: the rest is the ground that later rounds are
 * compared with. A check that was skipped because of another is that other's matter and stays silent.
 */
export function transitions(before: Report | null, now: Report): Transition[] {
  const old = new Map((before?.checks ?? []).map((check) => [check.id, check.status]));
  const changed = now.checks.flatMap((check): Transition[] => {
    const from = old.get(check.id) ?? null;
    if (from === check.status) return [];
    if (before === null && (check.status === "pass" || check.status === "skip")) return [];
    if (check.status === "skip" && check.skippedBecause.length > 0) return [];
    return [{ checkId: check.id, from, to: check.status, reason: check.reason }];
  });
  const asked = new Set(now.checks.map((check) => check.id));
  const gone = (before?.checks ?? [])
    .filter((check) => !asked.has(check.id))
    .map((check) => ({ checkId: check.id, from: check.status, to: null, reason: "no longer asked" }));
  return [...changed, ...gone];
}

/** Statuses as they are remembered for the next round: a check hidden behind another keeps what it last really was. */
export function remembered(before: Report | null, now: Report): Report {
  const old = new Map((before?.checks ?? []).map((check) => [check.id, check]));
  const checks = now.checks.map((check) =>
    check.status === "skip" && check.skippedBecause.length > 0 ? (old.get(check.id) ?? check) : check,
  );
  return { ...now, checks };
}

/** What decides the pause before the next round. */
export interface Pace {
  readonly intervalMs: number;
  /** Rounds in a row in which something could not be determined. */
  readonly undetermined: number;
  /** The longest time a server asked to wait, ms. */
  readonly askedMs: number;
  /** In [0, 1). */
  readonly jitter: number;
}

/** The interval, varied by a tenth, doubled up to eightfold while services do not answer, and never less than asked. */
export function pauseMs({ intervalMs, undetermined, askedMs, jitter }: Pace): number {
  const grown = intervalMs * Math.min(BACKOFF_MAX, 2 ** undetermined);
  const paced = Math.min(Math.max(intervalMs, PAUSE_MS_MAX), grown) * (0.9 + 0.2 * jitter);
  return Math.round(Math.max(paced, askedMs));
}
