/** Real time. */
import type { Clock } from "../../ports.ts";

/** Longest delay a timer accepts; a longer one would fire at once. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** The clock of this machine. */
export function bunClock(): Clock {
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
        const timer = setTimeout(
          () => {
            signal?.removeEventListener("abort", onAbort);
            resolve();
          },
          Math.min(Math.max(ms, 0), TIMER_MS_MAX),
        );
        signal?.addEventListener("abort", onAbort, { once: true });
      }),
    after(ms, run) {
      const timer = setTimeout(run, Math.min(Math.max(ms, 0), TIMER_MS_MAX));
      timer.unref();
      return () => clearTimeout(timer);
    },
  };
}
