/** A clock that only moves when a test says so. */
import type { Clock } from "../../lib/ports.ts";

interface Timer {
  readonly dueMs: number;
  readonly run: () => void;
}

/** Time under a test's control: `advance` runs what becomes due, in order, and lets promises settle in between. */
export class FakeClock implements Clock {
  private nowMs: number;
  private monotonic = 0;
  private readonly timers = new Set<Timer>();

  /** @param startMs wall time at the start; 2026-05-20T12:00:00Z unless given. */
  constructor(startMs: number = Date.UTC(2026, 4, 20, 12)) {
    this.nowMs = startMs;
  }

  now(): number {
    return this.nowMs;
  }

  monotonicMs(): number {
    return this.monotonic;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const cancel = this.after(ms, () => {
        signal?.removeEventListener("abort", onAbort);
        resolve();
      });
      const onAbort = () => {
        cancel();
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", onAbort, { once: true });
    });
  }

  after(ms: number, run: () => void): () => void {
    const timer: Timer = { dueMs: this.monotonic + Math.max(0, ms), run };
    this.timers.add(timer);
    return () => void this.timers.delete(timer);
  }

  /** Timers not yet due. */
  get pending(): number {
    return this.timers.size;
  }

  /** Moves wall and monotonic time forward, running what becomes due on the way. */
  async advance(ms: number): Promise<void> {
    const end = this.monotonic + ms;
    await settle();
    for (let next = this.nextDue(end); next !== null; next = this.nextDue(end)) {
      this.timers.delete(next);
      this.move(next.dueMs);
      next.run();
      await settle();
    }
    this.move(end);
    await settle();
  }

  /** Jumps wall time only, as when somebody sets the machine's clock. */
  jump(ms: number): void {
    this.nowMs += ms;
  }

  private move(toMonotonicMs: number): void {
    this.nowMs += toMonotonicMs - this.monotonic;
    this.monotonic = toMonotonicMs;
  }

  private nextDue(end: number): Timer | null {
    let first: Timer | null = null;
    for (const timer of this.timers) {
      if (timer.dueMs <= end && (first === null || timer.dueMs < first.dueMs)) first = timer;
    }
    return first;
  }
}

/** Lets promise chains run until they wait for time or input. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}
