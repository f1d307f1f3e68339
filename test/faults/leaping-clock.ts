/**
 * A clock that leaps over waiting: time passes as it does, and when every request under way is held up on purpose, it
 * moves to the next timer at once. What a busy machine takes longer for never looks slow, and silence costs nothing.
 */
import type { Clock } from "../../lib/ports.ts";

/** Turns of the event loop without any news before time leaps. */
const QUIET_TURNS = 6;
const TURN_MS = 3;

/** A clock, and what it has to know to tell waiting from work. */
export interface LeapingClock extends Clock {
  /** Does requests and knows which are under way. */
  readonly watched: (fetch: Fetch) => Fetch;
  /** Holds a request up, ms of this clock. */
  hold(ms: number): Promise<void>;
  stop(): void;
}

type Fetch = (request: Request) => Promise<Response>;

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Leaps only when asked to; else it is the real clock with an offset of its wall time. */
export function leapingClock(real: Clock, options: { skewMs: number; leaps: boolean }): LeapingClock {
  let aheadMs = 0;
  let underWay = 0;
  let held = 0;
  let quietTurns = 0;
  const timers = new Set<Timer>();
  const monotonicMs = () => real.monotonicMs() + aheadMs;
  const turn = () => {
    const next = Math.min(...[...timers].map(({ dueMs }) => dueMs));
    quietTurns = underWay <= held ? quietTurns + 1 : 0;
    if (options.leaps && quietTurns > QUIET_TURNS && Number.isFinite(next)) {
      aheadMs += Math.max(0, next - monotonicMs());
      quietTurns = 0;
    }
    for (const timer of [...timers].sort((a, b) => a.dueMs - b.dueMs)) {
      if (timer.dueMs > monotonicMs() || !timers.delete(timer)) continue;
      timer.run();
    }
  };
  const ticking = setInterval(turn, TURN_MS);
  ticking.unref();
  const after: Clock["after"] = (ms, run) => {
    const timer = { dueMs: monotonicMs() + ms, run };
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  const sleep: Clock["sleep"] = (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = after(ms, () => {
        signal?.removeEventListener("abort", stopped);
        resolve();
      });
      const stopped = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", stopped, { once: true });
    });
  return {
    now: () => real.now() + options.skewMs,
    monotonicMs,
    sleep,
    after,
    watched: (fetch) => async (request) => {
      underWay++;
      quietTurns = 0;
      try {
        return await fetch(request);
      } finally {
        underWay--;
        quietTurns = 0;
      }
    },
    async hold(ms) {
      held++;
      await sleep(ms);
      held--;
      quietTurns = 0;
    },
    stop: () => clearInterval(ticking),
  };
}
