/** The one alarm of a Durable Object, shared by due work and by timers too long to stay awake for. */
import type { Clock } from "../../ports.ts";
import type { ObjectStorage } from "./types.ts";

/** Timers up to here belong to work under way and run in memory; longer ones must not keep the object awake. */
const AWAKE_MS_MAX = 60_000;

/** Keeps the alarm at the earliest time anybody asked for. */
export class ObjectAlarm {
  private setForMs: number | null = null;
  private readonly timers = new Set<{ readonly atMs: number; readonly run: () => void }>();

  constructor(
    private readonly storage: Pick<ObjectStorage, "getAlarm" | "setAlarm" | "deleteAlarm">,
    private readonly clock: Clock,
  ) {}

  /** Learns what an earlier life of the object set. */
  async restore(): Promise<void> {
    this.setForMs = await this.storage.getAlarm();
  }

  /** Asks for the alarm at about this time, ms; earlier wishes win, and past ones mean now. */
  wake(atMs: number): void {
    const at = Math.max(atMs, this.clock.now());
    if (this.setForMs !== null && this.setForMs <= at) return;
    this.setForMs = at;
    // A failed write resets the object, so nobody has to hear of it here.
    void this.storage.setAlarm(at);
  }

  /** Forgets every wish. */
  async clear(): Promise<void> {
    this.timers.clear();
    this.setForMs = null;
    await this.storage.deleteAlarm();
  }

  /** To be called when the alarm rang, before anything else: runs the timers that are due. */
  rang(): void {
    this.setForMs = null;
    const now = this.clock.now();
    for (const timer of [...this.timers]) {
      if (timer.atMs > now) continue;
      this.timers.delete(timer);
      timer.run();
    }
    for (const { atMs } of this.timers) this.wake(atMs);
  }

  /** The clock for what lives in the object. A long `after` is lost with the object; whoever asked asks again when it is back. */
  asClock(): Clock {
    return {
      ...this.clock,
      after: (ms, run) => {
        if (ms <= AWAKE_MS_MAX) return this.clock.after(ms, run);
        const timer = { atMs: this.clock.now() + ms, run };
        this.timers.add(timer);
        this.wake(timer.atMs);
        return () => this.timers.delete(timer);
      },
    };
  }
}
