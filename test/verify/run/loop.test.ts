import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { CheckStatus, Report } from "../../../verify/report.ts";
import { runUntilPass, watchRuns } from "../../../verify/run/loop.ts";
import { decideWait, type WaitState, withAttempts } from "../../../verify/run/repeat.ts";
import { pauseMs, remembered, transitions } from "../../../verify/run/transitions.ts";
import type { RunOutcome } from "../../../verify/runner.ts";
import { FakeClock } from "../../support/clock.ts";

/** A report as far as the loops look at it: statuses by check id. */
function report(statuses: Record<string, CheckStatus>, over: Partial<Report> = {}): Report {
  const checks = Object.entries(statuses).map(([id, status]) => ({
    id,
    status,
    reason: `${id} ${status}`,
    durationMs: 1,
    skippedBecause: [] as string[],
  }));
  const well = checks.every(({ status }) => status === "pass" || status === "skip");
  const unknown = checks.filter(({ status }) => status === "unknown").length;
  return {
    checks,
    exchanges: [],
    exit: well ? "PASS" : "FINDINGS",
    outcome: well ? "pass" : "fail",
    summary: { checks: { unknown } },
    ...over,
  } as unknown as Report;
}
const outcome = (made: Report): RunOutcome => ({ report: made, saved: { evidence: [], exchanges: [] } });

const STATE: WaitState = {
  attempts: 1,
  passed: false,
  stopped: false,
  elapsedMs: 0,
  waitMs: 60_000,
  askedMs: 0,
  jitter: 0.5,
};

describe("decideWait()", () => {
  test("ends when it passed, was stopped, or the time is up", () => {
    expect(decideWait({ ...STATE, passed: true })).toEqual({ kind: "done", why: "passed" });
    expect(decideWait({ ...STATE, stopped: true })).toEqual({ kind: "done", why: "stopped" });
    expect(decideWait({ ...STATE, elapsedMs: 60_000 })).toEqual({ kind: "done", why: "time is up" });
    expect(decideWait({ ...STATE, askedMs: 60_001 })).toEqual({ kind: "done", why: "time is up" });
  });

  test("never starts an attempt after the deadline nor before the time a server asked for", () => {
    const state = fc.record({
      attempts: fc.integer({ min: 1, max: 60 }),
      passed: fc.constant(false),
      stopped: fc.constant(false),
      elapsedMs: fc.integer({ min: 0, max: 400_000 }),
      waitMs: fc.integer({ min: 0, max: 300_000 }),
      askedMs: fc.integer({ min: 0, max: 100_000 }),
      jitter: fc.double({ min: 0, max: 0.999, noNaN: true }),
    });
    fc.assert(
      fc.property(state, (one) => {
        const decision = decideWait(one);
        if (decision.kind === "done") return;
        expect(decision.afterMs).toBeGreaterThanOrEqual(one.askedMs);
        expect(one.elapsedMs + decision.afterMs).toBeLessThanOrEqual(one.waitMs);
      }),
    );
  });
});

describe("runUntilPass()", () => {
  async function wait(rounds: readonly Report[], waitMs: number) {
    const clock = new FakeClock();
    const told: (number | null)[] = [];
    const world = {
      clock,
      random: { float: () => 0.5, uuid: () => "", bytes: () => new Uint8Array() },
      signal: new AbortController().signal,
    };
    const run = async (n: number) => outcome(rounds[Math.min(n, rounds.length) - 1] as Report);
    const ended = runUntilPass(run, waitMs, world, (_n, _report, nextInMs) => told.push(nextInMs));
    await clock.advance(10 * 60_000);
    return { report: (await ended).report, told };
  }

  test("repeats until it passes; attempts are recorded and what failed before is flaky", async () => {
    const bad = report({ "doctor.a": "fail", "doctor.b": "pass" });
    const { report: last, told } = await wait(
      [bad, bad, report({ "doctor.a": "pass", "doctor.b": "pass" })],
      60_000,
    );
    expect(told).toEqual([1_000, 1_500, null]);
    expect(last.attempts?.map(({ outcome }) => outcome)).toEqual(["fail", "fail", "pass"]);
    expect(last.checks[0]).toMatchObject({ status: "pass", flaky: true });
    expect(last.checks[0]?.attempts?.map(({ status }) => status)).toEqual(["fail", "fail", "pass"]);
    expect(last.checks[1]?.flaky).toBeUndefined();
  });

  test("ends with the last attempt when the time is up", async () => {
    const { report: last, told } = await wait([report({ "doctor.a": "fail" })], 5_000);
    expect(last.exit).toBe("FINDINGS");
    expect(told.at(-1)).toBeNull();
    expect(last.attempts?.length).toBe(told.length);
    expect(told.reduce<number>((sum, ms) => sum + (ms ?? 0), 0)).toBeLessThanOrEqual(5_000);
  });

  test("keeps the report of a run that a signal ends during the pause", async () => {
    const clock = new FakeClock();
    const ending = new AbortController();
    const world = {
      clock,
      random: { float: () => 0.5, uuid: () => "", bytes: () => new Uint8Array() },
      signal: ending.signal,
    };
    const ended = runUntilPass(
      async () => outcome(report({ "doctor.a": "fail" })),
      60_000,
      world,
      () => {},
    );
    await clock.advance(10);
    ending.abort(new Error("stop"));
    expect((await ended).report.attempts).toHaveLength(1);
  });
});

describe("transitions()", () => {
  test("tells in the first round only what is not well, later only what changed", () => {
    const first = report({ "doctor.a": "pass", "doctor.b": "fail", "doctor.c": "skip" });
    expect(transitions(null, first).map(({ checkId }) => checkId)).toEqual(["doctor.b"]);
    const second = report({ "doctor.a": "unknown", "doctor.b": "fail", "doctor.c": "skip" });
    expect(transitions(first, second)).toEqual([
      { checkId: "doctor.a", from: "pass", to: "unknown", reason: "doctor.a unknown" },
    ]);
    expect(transitions(second, second)).toEqual([]);
    expect(transitions(second, report({ "doctor.a": "unknown" })).map(({ to }) => to)).toEqual([null, null]);
  });

  test("is silent about checks that only hide behind another, and remembers what they were", () => {
    const first = report({ "doctor.a": "pass", "doctor.b": "pass" });
    const hidden = report({ "doctor.a": "fail", "doctor.b": "skip" });
    (hidden.checks[1] as { skippedBecause: string[] }).skippedBecause = ["doctor.a"];
    expect(transitions(first, hidden).map(({ checkId }) => checkId)).toEqual(["doctor.a"]);
    expect(transitions(remembered(first, hidden), first).map(({ checkId }) => checkId)).toEqual(["doctor.a"]);
  });
});

describe("watchRuns()", () => {
  test("prints transitions only, backs off while undetermined, and ends with the last whole run", async () => {
    const clock = new FakeClock();
    const ending = new AbortController();
    const rounds = [
      report({ "doctor.a": "pass" }),
      report({ "doctor.a": "pass" }),
      report({ "doctor.a": "unknown" }),
      report({ "doctor.a": "unknown" }),
      report({ "doctor.a": "pass" }),
    ];
    const startedAt: number[] = [];
    const told: string[] = [];
    const watching = watchRuns(
      async (n) => {
        startedAt.push(clock.monotonicMs());
        return outcome(rounds[Math.min(n, rounds.length) - 1] as Report);
      },
      30_000,
      {
        clock,
        random: { float: () => 0.5, uuid: () => "", bytes: () => new Uint8Array() },
        signal: ending.signal,
      },
      { changed: ({ from, to }) => told.push(`${from}->${to}`), round: () => {} },
    );
    await clock.advance(250_000);
    ending.abort(new Error("stop"));
    expect((await watching).report.checks[0]?.status).toBe("pass");
    expect(told).toEqual(["pass->unknown", "unknown->pass"]);
    expect(startedAt.slice(0, 6)).toEqual([0, 30_000, 60_000, 120_000, 240_000]);
  });

  test("never asks earlier than a server said", () => {
    expect(pauseMs({ intervalMs: 1_000, undetermined: 0, askedMs: 9_000, jitter: 0.5 })).toBe(9_000);
    expect(pauseMs({ intervalMs: 30_000, undetermined: 99, askedMs: 0, jitter: 0.5 })).toBe(240_000);
  });
});

describe("withAttempts()", () => {
  test("of one attempt has nothing flaky", () => {
    const made = withAttempts([report({ "doctor.a": "fail" })]);
    expect(made.checks[0]?.flaky).toBeUndefined();
    expect(made.attempts).toHaveLength(1);
  });
});
