/** Real time by what every runtime offers: one clock for this machine and for Workers. */
import type { Clock } from "../ports.ts";

/** Longest delay a timer accepts; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** Wall time, monotonic time and timers. `release` is told every timer of `after`, to let a process end before it fires. */
export function realClock(release: (timer: ReturnType<typeof setTimeout>) => void = () => {}): Clock {
  return {
    now: () => Date.now(),
    monotonicMs: () => performance.now(),
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const onAbort = () => {
          clearTimeout(timer);
          reject(signal?.reason);
        };
        const timer = setTimeout(() => {
          signal?.removeEventListener("abort", onAbort);
          resolve();
        }, delay(ms));
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
    after(ms, run) {
      const timer = setTimeout(run, delay(ms));
      release(timer);
      return () => clearTimeout(timer);
    },
  };
}

function delay(ms: number): number {
  return Math.min(Math.max(ms, 0), TIMER_MS_MAX);
}
