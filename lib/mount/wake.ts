/** A lane's alarm clock: sleeps until a time, a call, or the end. */
import type { Clock } from "../ports.ts";

/** Wakes one waiting loop. A call while nobody waits is remembered once. */
export class Wake {
  #pending = false;
  #interrupt: (() => void) | null = null;

  /** Told when a wait begins: the loop has done its work. */
  onWait: () => void = () => undefined;

  constructor(private readonly clock: Clock) {}

  /** Ends the current wait, or the next one at once. */
  call(): void {
    this.#pending = true;
    this.#interrupt?.();
  }

  /** Resolves after `ms` (null: only when called), on `call`, or when the signal aborts. Never rejects. */
  async wait(ms: number | null, signal: AbortSignal): Promise<void> {
    this.onWait();
    if (!this.#pending && !signal.aborted) {
      const stop = new AbortController();
      const end = () => stop.abort();
      this.#interrupt = end;
      signal.addEventListener("abort", end, { once: true });
      // A sleep also keeps the process alive, which a bare promise does not.
      await this.clock.sleep(Math.min(ms ?? LONGEST_MS, LONGEST_MS), stop.signal).catch(() => undefined);
      signal.removeEventListener("abort", end);
      this.#interrupt = null;
    }
    this.#pending = false;
  }
}

const LONGEST_MS = 60_000;
