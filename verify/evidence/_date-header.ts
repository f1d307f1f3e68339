/**
 * What a Date header says about two clocks. It has whole seconds, and servers write it from a value that they renew once
 * a second, Bun's among them: the moment it names lies up to two seconds back.
 */

const SECOND_MS = 1_000;
const AGE_MAX_MS = 2 * SECOND_MS;

/** One answer by both clocks, in ms. */
export interface DatedAnswer {
  /** The Date header. */
  readonly dateMs: number;
  /** The request and its answer, by our clock. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number;
}

/**
 * How far the server's clock is ahead of ours, in ms; negative when it is behind. The answer bounds the true difference:
 * 0 when that may be none, else the middle of the bounds.
 */
export function skewOfDate({ dateMs, sentAtMs, answeredAtMs }: DatedAnswer): number {
  const least = dateMs - answeredAtMs;
  const most = dateMs + AGE_MAX_MS - sentAtMs;
  return least <= 0 && most >= 0 ? 0 : Math.round((least + most) / 2);
}
