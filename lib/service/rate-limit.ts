/** A fixed window per workspace and agent (spec file-api 2.7). */
import { fail } from "../errors.ts";

/** Requests allowed per window; 0 switches the limiter off. */
export interface RateLimit {
  readonly max: number;
  readonly windowMs: number;
}

const KEYS_MAX = 10_000;

/** Counts requests; forgets a key when its window ends. */
export class RateLimiter {
  private readonly windows = new Map<string, { endsAt: number; used: number }>();

  constructor(
    private readonly limit: RateLimit,
    private readonly now: () => number,
  ) {}

  /** Counts one request. Fails with `rate_limited` and the seconds to wait when the window is used up. */
  take(key: string): void {
    if (this.limit.max <= 0) return;
    const now = this.now();
    const open = this.windows.get(key);
    if (open === undefined || open.endsAt <= now) {
      if (this.windows.size >= KEYS_MAX) this.forgetEnded(now);
      this.windows.set(key, { endsAt: now + this.limit.windowMs, used: 1 });
      return;
    }
    if (++open.used > this.limit.max) {
      fail("rate_limited", `more than ${this.limit.max} requests in ${this.limit.windowMs} ms`, {
        retryAfterSeconds: Math.max(1, (open.endsAt - now) / 1_000),
      });
    }
  }

  private forgetEnded(now: number): void {
    for (const [key, window] of this.windows) if (window.endsAt <= now) this.windows.delete(key);
  }
}
