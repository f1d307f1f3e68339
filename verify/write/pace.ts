/** When a write probe looks again, sends again, and gives up. Pure. */
import { OP_FINAL } from "../../lib/model/writeback-op.ts";

const LOOK_MS_FIRST = 100;
const LOOK_MS_MAX = 2_000;
const SENDS_MAX = 3;
/** How long an op may take (VW-08). */
export const OP_WAIT_MS = 120_000;

/** What is known of an op while it is followed. */
export interface OpWatch {
  /** Null when it could not be read. */
  readonly status: string | null;
  readonly looks: number;
  readonly waitedMs: number;
}

/** How long to wait before the next look, or null when there is nothing to wait for. */
export function nextLookMs({ status, looks, waitedMs }: OpWatch): number | null {
  if (status !== null && OP_FINAL.includes(status)) return null;
  const leftMs = OP_WAIT_MS - waitedMs;
  if (leftMs <= 0) return null;
  return Math.min(leftMs, LOOK_MS_MAX, Math.round(LOOK_MS_FIRST * 1.6 ** Math.max(0, looks - 1)));
}

/** True when a write whose reply was lost is sent again, with the same identity, so that it counts once. */
export function sendsAgain(sent: {
  readonly status: number | null;
  readonly failure: string | null;
  readonly sends: number;
}): boolean {
  if (sent.sends >= SENDS_MAX || sent.failure === "aborted") return false;
  return sent.status === null || sent.status === 502 || sent.status === 503 || sent.status === 504;
}
