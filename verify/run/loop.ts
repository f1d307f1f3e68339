/** Thin drivers of `--wait` and `--watch`: run, ask the pure part what comes next, wait, run again. */
import type { Clock, Random } from "../../lib/ports.ts";
import type { Report } from "../report.ts";
import type { RunOutcome } from "../runner.ts";
import { decideWait, withAttempts } from "./repeat.ts";
import { askedToWaitMs } from "./slow-down.ts";
import { pauseMs, remembered, type Transition, transitions } from "./transitions.ts";

/** What a loop needs of the world. */
export interface LoopWorld {
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** One run; `attempt` counts from 1. */
export type RunOnce = (attempt: number) => Promise<RunOutcome>;

/** Repeats until a run passes, the time is up or the signal aborts. The last attempt decides. */
export async function runUntilPass(
  run: RunOnce,
  waitMs: number,
  world: LoopWorld,
  onAttempt: (n: number, report: Report, nextInMs: number | null) => void,
): Promise<RunOutcome> {
  const { clock, random, signal } = world;
  const started = clock.monotonicMs();
  const reports: Report[] = [];
  for (let attempts = 1; ; attempts++) {
    const outcome = await run(attempts);
    const { report } = outcome;
    reports.push(report);
    const decision = decideWait({
      attempts,
      passed: report.exit === "PASS",
      stopped: signal.aborted,
      elapsedMs: clock.monotonicMs() - started,
      waitMs,
      askedMs: askedToWaitMs(report.exchanges, clock.now()),
      jitter: random.float(),
    });
    onAttempt(attempts, report, decision.kind === "again" ? decision.afterMs : null);
    const whole = { ...outcome, report: withAttempts(reports as [Report, ...Report[]]) };
    if (decision.kind === "done") return whole;
    await pause(clock, decision.afterMs, signal);
    if (signal.aborted) return whole;
  }
}

/** What a watch tells. */
export interface WatchListener {
  changed(transition: Transition, report: Report): void;
  /** After every round, transitions or not. */
  round(n: number, report: Report): void;
}

/** Repeats until the signal aborts; resolves with the last run that was not cut short, or the one that was. */
export async function watchRuns(
  run: RunOnce,
  intervalMs: number,
  world: LoopWorld,
  listener: WatchListener,
): Promise<RunOutcome> {
  const { clock, random, signal } = world;
  let before: Report | null = null;
  let last: RunOutcome | null = null;
  let undetermined = 0;
  for (let n = 1; ; n++) {
    const outcome = await run(n);
    if (signal.aborted) return last ?? outcome;
    last = outcome;
    const { report } = outcome;
    for (const transition of transitions(before, report)) listener.changed(transition, report);
    listener.round(n, report);
    before = remembered(before, report);
    undetermined = report.summary.checks.unknown > 0 ? undetermined + 1 : 0;
    const askedMs = askedToWaitMs(report.exchanges, clock.now());
    await pause(clock, pauseMs({ intervalMs, undetermined, askedMs, jitter: random.float() }), signal);
    if (signal.aborted) return last;
  }
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return clock.sleep(ms, signal).catch(() => {
    // The signal ends the pause; the loop looks at it next.
  });
}
