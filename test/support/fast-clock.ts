/**
 * Real time in which nobody has to wait: a sleep ends at once and monotonic time is then that much later. Wall time stays,
 * or every server would seem to have a wrong clock.
 */
import type { Clock } from "../../lib/ports.ts";

/** The clock and how long it was asked to sleep, in order, ms. */
export interface FastClock extends Clock {
  readonly slept: number[];
}

/** Wraps a real clock; timers of `after` keep real time. */
export function fastClock(real: Clock): FastClock {
  let aheadMs = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => real.now(),
    monotonicMs: () => real.monotonicMs() + aheadMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      slept.push(ms);
      aheadMs += ms;
      // One real turn, so that servers in this process get on with their work.
      await real.sleep(1, signal);
    },
    after: (ms, run) => real.after(ms, run),
  };
}
