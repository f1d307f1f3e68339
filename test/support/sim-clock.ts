/** Time that moves only when everything else stands still: what lets whole daemons run in milliseconds, repeatably. */
import type { Clock } from "../../lib/ports.ts";

interface Timer {
  readonly dueMs: number;
  readonly order: number;
  readonly run: () => void;
}

/** Turns of the event loop that must pass without news before time moves. */
const QUIET_TURNS = 3;

/** A clock under the driver's control. */
export class SimClock implements Clock {
  /** Requests and other work under way outside the clock; time stands still while there is any. */
  busy = 0;
  private wallMs: number;
  private monotonic = 0;
  private order = 0;
  private timers: Timer[] = [];

  constructor(startMs = Date.UTC(2026, 4, 20, 12)) {
    this.wallMs = startMs;
  }

  now(): number {
    return this.wallMs;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { dueMs: this.monotonic + Math.max(0, ms), order: this.order++, run };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((one) => one !== timer);
    };
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  /** Jumps wall time only, as when somebody sets the machine's clock. */
  jump(ms: number): void {
    this.wallMs += ms;
  }

  /** Runs the next timer if it is due by `limitMs` of monotonic time; false when there is none. */
  step(limitMs = Number.POSITIVE_INFINITY): boolean {
    const next = this.timers.reduce<Timer | null>(
      (first, timer) =>
        first === null ||
        timer.dueMs < first.dueMs ||
        (timer.dueMs === first.dueMs && timer.order < first.order)
          ? timer
          : first,
      null,
    );
    if (next === null || next.dueMs > limitMs) return false;
    this.timers = this.timers.filter((one) => one !== next);
    const delta = Math.max(0, next.dueMs - this.monotonic);
    this.monotonic += delta;
    this.wallMs += delta;
    next.run();
    return true;
  }

  /** Lets everything happen that needs no time. */
  async quiet(): Promise<void> {
    for (let turn = 0; turn < QUIET_TURNS; ) {
      await new Promise((resolve) => setImmediate(resolve));
      turn = this.busy > 0 ? 0 : turn + 1;
    }
  }

  /** Moves time forward by `ms`, running what becomes due. */
  async advance(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    await this.quiet();
    while (this.step(end)) await this.quiet();
    this.wallMs += end - this.monotonic;
    this.monotonic = end;
    await this.quiet();
  }

  /** Moves time until the promise settles. Fails when it does not within `maxMs` of simulated time. */
  async drive<T>(promise: Promise<T>, maxMs = 3_600_000): Promise<T> {
    let done = false;
    const settled = promise.finally(() => {
      done = true;
    });
    settled.catch(() => undefined);
    const end = this.monotonic + maxMs;
    await this.quiet();
    while (!done) {
      if (!this.step(end)) {
        await this.quiet();
        if (done) break;
        throw new Error(`nothing settled within ${maxMs} ms of simulated time`);
      }
      await this.quiet();
    }
    return settled;
  }
}
