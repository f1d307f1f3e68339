/** `--wait`: whether and when a run is repeated, and what the earlier attempts leave in the last report. Pure. */
import type { Report } from "../report.ts";

const PAUSE_MS_MIN = 1_000;
const PAUSE_MS_MAX = 15_000;

/** What is known after an attempt. */
export interface WaitState {
  /** Attempts made so far. */
  readonly attempts: number;
  readonly passed: boolean;
  /** The run was stopped by a signal or its budget. */
  readonly stopped: boolean;
  /** Monotonic ms since the first attempt started. */
  readonly elapsedMs: number;
  readonly waitMs: number;
  /** The longest time a server asked to wait, ms. */
  readonly askedMs: number;
  /** In [0, 1). */
  readonly jitter: number;
}

/** What to do next. */
export type WaitDecision =
  | { readonly kind: "done"; readonly why: "passed" | "stopped" | "time is up" }
  | { readonly kind: "again"; readonly afterMs: number };

/**
 * Pauses grow from 1 s to 15 s, vary by a fifth so that many waiting clients do not march in step, and are never shorter
 * than a server asked for. No attempt starts after `waitMs`.
 */
export function decideWait(state: WaitState): WaitDecision {
  if (state.passed) return { kind: "done", why: "passed" };
  if (state.stopped) return { kind: "done", why: "stopped" };
  const leftMs = state.waitMs - state.elapsedMs;
  const grown = Math.min(PAUSE_MS_MAX, PAUSE_MS_MIN * 1.5 ** (state.attempts - 1));
  const paced = Math.round(grown * (0.9 + 0.2 * state.jitter));
  const afterMs = Math.max(state.askedMs, Math.min(paced, Math.max(0, leftMs)));
  if (leftMs <= 0 || afterMs > leftMs) return { kind: "done", why: "time is up" };
  return { kind: "again", afterMs };
}

/**
 * The last report with what happened before it: attempts of the run, and attempts of each check. A check that ended well
 * after it had not is `flaky`.
 */
export function withAttempts(reports: readonly [Report, ...Report[]]): Report {
  const last = reports.at(-1) as Report;
  const checks = last.checks.map((check) => {
    const attempts = reports.flatMap((report, index) => {
      const found = report.checks.find((one) => one.id === check.id);
      if (found === undefined) return [];
      return [{ n: index + 1, status: found.status, durationMs: found.durationMs, reason: found.reason }];
    });
    const flaky =
      check.status === "pass" && attempts.some(({ status }) => status === "fail" || status === "unknown");
    return { ...check, attempts, ...(flaky ? { flaky } : {}) };
  });
  const attempts = reports.map((report, index) => ({
    n: index + 1,
    startedAt: report.startedAt,
    durationMs: report.durationMs,
    outcome: report.outcome,
    exit: report.exit,
    verdict: report.verdict,
  }));
  return { ...last, checks, attempts };
}
