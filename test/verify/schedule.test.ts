import { describe, expect, test } from "bun:test";
import { type Check, defineCheck, judged, skip, unknown } from "../../verify/check.ts";
import type { EvidenceStore } from "../../verify/evidence.ts";
import { runChecks } from "../../verify/schedule.ts";

const spec = { means: "m", decided: "d", not: "n", fix: "f" } as const;

function check(
  id: `doctor.${string}`,
  run: () => ReturnType<Check["run"]>,
  after: `doctor.${string}`[] = [],
  over: object = {},
): Check {
  return {
    ...defineCheck({
      id,
      title: id,
      severity: "error",
      phase: "local",
      needs: ["target"],
      after,
      refs: [],
      hint: "h",
      findings: { "doctor.bad": { severity: "error", ...spec }, "doctor.meh": { severity: "warn", ...spec } },
      run: () => skip("replaced below"),
    }),
    run: run as Check["run"],
    ...over,
  };
}

const store = (get: EvidenceStore["get"]): EvidenceStore => ({ get, records: [] });
const THERE = store(async () => ({ value: {} as never }));
const finding = (code: string) => ({
  code,
  title: code,
  subject: { kind: "path" as const, ref: "/" },
  evidence: [],
});

async function statuses(checks: Check[], evidence = THERE, signal = new AbortController().signal) {
  const results = await runChecks({
    checks: checks.map((entry) => ({ check: entry, prerequisite: false })),
    evidence,
    clock: { now: () => 0, monotonicMs: () => 0 },
    signal,
    effectOf: () => "read",
  });
  return results.map(({ result }) => result);
}

describe("runChecks()", () => {
  test("gives each conclusion its status", async () => {
    const results = await statuses([
      check("doctor.a", () => judged(1, [], "fine")),
      check("doctor.b", () => judged(1, [finding("doctor.bad")], "bad")),
      check("doctor.c", () => judged(1, [finding("doctor.meh")], "meh")),
      check("doctor.d", () => judged(0, [], "none")),
      check("doctor.e", () => skip("no mount")),
      check("doctor.f", () => unknown("cannot tell")),
      check("doctor.g", () => {
        throw new Error("boom");
      }),
    ]);
    expect(results.map((result) => result.status)).toEqual([
      "pass",
      "fail",
      "warn",
      "skip",
      "skip",
      "unknown",
      "unknown",
    ]);
    expect(results[6]?.reason).toContain("boom");
  });

  test("skips what stands on a parent that did not pass, naming the first cause", async () => {
    const results = await statuses([
      check("doctor.a", () => unknown("down")),
      check("doctor.b", () => judged(1, [], "fine"), ["doctor.a"]),
      check("doctor.c", () => judged(1, [], "fine"), ["doctor.b"]),
      check("doctor.d", () => judged(1, [finding("doctor.meh")], "meh")),
      check("doctor.e", () => judged(1, [], "fine"), ["doctor.d"]),
    ]);
    expect(results.map((result) => result.status)).toEqual(["unknown", "skip", "skip", "warn", "pass"]);
    expect(results[2]?.skippedBecause).toEqual(["doctor.a"]);
  });

  test("turns missing evidence into unknown, absence into skip", async () => {
    const gaps = { failed: "unknown", absent: "skip", withheld: "skip" } as const;
    for (const [gap, status] of Object.entries(gaps)) {
      const evidence = store(async () => ({ gap: gap as "failed", reason: "r", flag: "--deep" }));
      expect((await statuses([check("doctor.a", () => judged(1, [], ""))], evidence))[0]?.status).toBe(
        status,
      );
    }
  });

  test("ends with the run: what is not done is unknown", async () => {
    const ending = new AbortController();
    const never = store(() => new Promise(() => {}));
    const running = statuses(
      [check("doctor.a", () => judged(1, [], "")), check("doctor.b", () => judged(1, [], ""), ["doctor.a"])],
      never,
      ending.signal,
    );
    ending.abort(new Error("the budget ended"));
    const results = await running;
    expect(results.map((result) => result.status)).toEqual(["unknown", "skip"]);
    expect(results[0]?.reason).toContain("the budget ended");
  });

  test("refuses checks that wait for each other", async () => {
    const pair = [
      check("doctor.a", () => judged(1, [], ""), ["doctor.b"]),
      check("doctor.b", () => judged(1, [], ""), ["doctor.a"]),
    ];
    expect(statuses(pair)).rejects.toThrow("wait for each other");
  });
});
