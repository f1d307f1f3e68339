import { describe, expect, test } from "bun:test";
import {
  type Circuit,
  CLOSED_CIRCUIT,
  circuitFailed,
  circuitSucceeded,
  circuitVerdict,
  countsForCircuit,
  jittered,
  parseRetryAfter,
  retryDelayMs,
} from "../../../lib/sync/backoff.ts";

const failed = (times: readonly number[], from: Circuit = CLOSED_CIRCUIT) =>
  times.reduce((circuit, at) => circuitFailed(circuit, at), from);

describe("retryDelayMs()", () => {
  test("doubles from 500 ms and is capped at 30 s", () => {
    expect([1, 2, 3, 7, 40].map((n) => retryDelayMs(n))).toEqual([500, 1_000, 2_000, 30_000, 30_000]);
  });
  test("a longer Retry-After wins, up to a minute", () => {
    expect(retryDelayMs(1, 7_000)).toBe(7_000);
    expect(retryDelayMs(7, 1_000)).toBe(30_000);
    expect(retryDelayMs(1, 3_600_000)).toBe(60_000);
  });
  test("parseRetryAfter() reads seconds and dates, and nothing else", () => {
    const now = Date.UTC(2026, 0, 1);
    expect(parseRetryAfter("3", now)).toBe(3_000);
    expect(parseRetryAfter(new Date(now + 5_000).toUTCString(), now)).toBe(5_000);
    for (const bad of [null, "soon", "-3", new Date(now - 1).toUTCString()])
      expect(parseRetryAfter(bad, now)).toBeNull();
  });
  test("jittered() stays within its ratio", () => {
    expect([jittered(100, 0.2, 0), jittered(100, 0.2, 0.5), jittered(100, 9, 1)]).toEqual([80, 100, 200]);
  });
});

describe("circuit", () => {
  test("S09: opens at the fifth counted failure inside the window", () => {
    expect(circuitVerdict(failed([0, 1, 2, 3]), 4).kind).toBe("closed");
    expect(circuitVerdict(failed([0, 1, 2, 3, 4]), 5).kind).toBe("open");
    expect(circuitVerdict(failed([0, 1, 2, 3, 61_000]), 61_001).kind).toBe("closed");
  });
  test("allows one probe after the cooldown, and a failed probe opens it again", () => {
    const open = failed([0, 1, 2, 3, 4]);
    expect(circuitVerdict(open, 30_003).kind).toBe("open");
    expect(circuitVerdict(open, 30_004).kind).toBe("probe");
    const probing = { ...open, probing: true };
    expect(circuitVerdict(probing, 30_005).kind).toBe("open");
    expect(circuitVerdict(circuitFailed(probing, 30_010), 30_011).kind).toBe("open");
    expect(circuitVerdict(circuitSucceeded(probing, 30_010), 30_011).kind).toBe("closed");
  });
  test("ignores a success inside the cooldown that was no probe", () => {
    expect(circuitVerdict(circuitSucceeded(failed([0, 1, 2, 3, 4]), 10), 11).kind).toBe("open");
  });
  test("counts 5xx, 408, 425, 429 and lost answers, and no other refusal", () => {
    expect([500, 503, 408, 425, 429, null].every((one) => countsForCircuit(one))).toBe(true);
    expect([200, 400, 401, 403, 404, 409, 422].some((one) => countsForCircuit(one))).toBe(false);
  });
  test("a clock set back does not hold it open for ever", () => {
    expect(circuitVerdict(failed([100_000, 100_001, 100_002, 100_003, 100_004]), 5).kind).toBe("probe");
  });
});
