import { describe, expect, test } from "bun:test";
import { createRedactor } from "../../../lib/model/redact.ts";
import { bunClock } from "../../../lib/runtime/bun/clock.ts";
import { createRecorder } from "../../../verify/http/recorder.ts";
import { askedToWaitMs, repeatAfterMs, retryAfterMs, type SlowDown } from "../../../verify/run/slow-down.ts";
import { fastClock } from "../../support/fast-clock.ts";

const NOW = Date.UTC(2026, 4, 20, 12);
const ASKED: SlowDown = {
  attempt: 1,
  status: 429,
  retryAfter: "2",
  nowMs: NOW,
  leftMs: 5_000,
  effect: "read",
};

describe("repeatAfterMs()", () => {
  test("waits as long as the server says, within the budget", () => {
    expect(repeatAfterMs(ASKED)).toBe(2_000);
    expect(repeatAfterMs({ ...ASKED, status: 503 })).toBe(2_000);
    expect(repeatAfterMs({ ...ASKED, leftMs: 1_999 })).toBeNull();
    expect(repeatAfterMs({ ...ASKED, attempt: 3 })).toBeNull();
  });

  test("repeats nothing that names no time, and no write that may have been done", () => {
    expect(repeatAfterMs({ ...ASKED, retryAfter: null })).toBeNull();
    expect(repeatAfterMs({ ...ASKED, retryAfter: "soon" })).toBeNull();
    expect(repeatAfterMs({ ...ASKED, status: 500 })).toBeNull();
    expect(repeatAfterMs({ ...ASKED, status: null })).toBeNull();
    expect(repeatAfterMs({ ...ASKED, effect: "write" })).toBe(2_000);
    expect(repeatAfterMs({ ...ASKED, effect: "write", status: 503 })).toBeNull();
  });

  test("reads seconds and dates, never a negative time", () => {
    expect(retryAfterMs(new Date(NOW + 4_000).toUTCString(), NOW)).toBe(4_000);
    expect(retryAfterMs(new Date(NOW - 4_000).toUTCString(), NOW)).toBe(0);
    expect(retryAfterMs("-3", NOW)).toBeNull();
    expect(retryAfterMs("999999999", NOW)).toBe(300_000);
  });

  test("finds the longest wait that a run was asked for", () => {
    const answer = (status: number, seconds: string) => ({
      startedAt: "",
      response: { status, headers: { "retry-after": seconds } },
    });
    expect(askedToWaitMs([answer(429, "3"), answer(503, "9"), answer(200, "60")], NOW)).toBe(9_000);
    expect(askedToWaitMs([{ startedAt: "" }], NOW)).toBe(0);
  });
});

describe("createRecorder() asked to slow down", () => {
  function rig(answers: readonly Response[], slowDownMs: number) {
    const clock = fastClock(bunClock());
    const left = [...answers];
    const recorder = createRecorder({
      fetch: async () => left.shift() ?? Response.json({ ok: true }),
      clock,
      redactor: createRedactor(),
      runId: "run1",
      tokens: { workspace: null, cloud: null },
      signal: new AbortController().signal,
      includeBodies: false,
      slowDownMs,
    });
    return { clock, recorder };
  }
  const later = () =>
    Response.json({ code: "rate_limited" }, { status: 429, headers: { "retry-after": "2" } });
  const probe = { service: "file-api", baseUrl: "http://127.0.0.1:1", path: "/x" } as const;

  test("sends again after the time and records both attempts", async () => {
    const { clock, recorder } = rig([later()], 5_000);
    expect((await recorder.send(probe)).probe.status).toBe(200);
    expect(clock.slept).toEqual([2_000]);
    expect(recorder.exchanges.map(({ attempt, response }) => [attempt, response?.status])).toEqual([
      [1, 429],
      [2, 200],
    ]);
  });

  test("shares one budget among all probes", async () => {
    const { clock, recorder } = rig([later(), later(), later()], 3_000);
    expect((await recorder.send(probe)).probe.status).toBe(429);
    expect((await recorder.send(probe)).probe.status).toBe(429);
    expect(clock.slept).toEqual([2_000]);
    expect(recorder.exchanges).toHaveLength(3);
  });
});
