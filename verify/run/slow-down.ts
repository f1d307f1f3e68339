/** What a probe does when a server asks it to slow down. Pure: the recorder only waits as long as it is told here. */

/** Statuses with which a server says "later". */
const LATER = new Set([429, 503]);
const ATTEMPTS_MAX = 3;
const DELAY_MS_MAX = 5 * 60_000;

/** What was asked and answered so far. */
export interface SlowDown {
  /** Attempts made, this one included. */
  readonly attempt: number;
  readonly status: number | null;
  /** Value of Retry-After; null when there was none. */
  readonly retryAfter: string | null;
  readonly nowMs: number;
  /** How much waiting the run can still afford, ms. */
  readonly leftMs: number;
  readonly effect: "read" | "refresh" | "write";
}

/**
 * How long to wait before the same request is sent again, or null when it is not. Only a server that names a time gets
 * a second request, only within the budget, and a write is repeated only after 429: with a 503 it may have been done.
 */
export function repeatAfterMs(input: SlowDown): number | null {
  if (input.status === null || !LATER.has(input.status) || input.attempt >= ATTEMPTS_MAX) return null;
  if (input.status !== 429 && input.effect !== "read") return null;
  const delayMs = retryAfterMs(input.retryAfter, input.nowMs);
  return delayMs === null || delayMs > input.leftMs ? null : delayMs;
}

/** Milliseconds until the time that Retry-After names (seconds or an HTTP date); null for anything else. */
export function retryAfterMs(value: string | null, nowMs: number): number | null {
  if (value === null) return null;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text) * 1_000, DELAY_MS_MAX);
  const at = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) ? null : Math.min(Math.max(0, at - nowMs), DELAY_MS_MAX);
}

/** The longest time that any answer of a run asked to wait, ms; 0 when none did. */
export function askedToWaitMs(
  exchanges: readonly {
    readonly startedAt: string;
    readonly response?: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
  }[],
  nowMs: number,
): number {
  return exchanges.reduce((longest, { response }) => {
    if (response === undefined || !LATER.has(response.status)) return longest;
    return Math.max(longest, retryAfterMs(response.headers["retry-after"] ?? null, nowMs) ?? 0);
  }, 0);
}
