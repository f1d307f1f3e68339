import { afterAll, describe, expect, test } from "bun:test";
import { FAULTS, PAIRS } from "../faults/all.ts";
import { HEALTHY } from "../faults/healthy.ts";
import { judgeFault, judgeHealthy, judgePair } from "../faults/judge.ts";
import { openLab } from "../faults/lab.ts";
import { oneOfEach, sharedOf, someOf } from "../faults/sample.ts";

/** CI runs a part; `bun run test:faults` runs everything. */
const SAMPLE = process.env.RELAYFILE_FAULTS === "sample";
const faultsNow = SAMPLE ? oneOfEach(FAULTS) : FAULTS;
const pairsNow = SAMPLE ? someOf(PAIRS) : PAIRS;
const healthyNow = SAMPLE ? sharedOf(HEALTHY) : HEALTHY;
const BUDGET_MS = 60_000;
const lab = openLab();
afterAll(async () => lab[Symbol.asyncDispose]());

describe("the lab itself", () => {
  test("has at least 80 faults, 40 pairs and 10 healthy stacks, each with its own name", () => {
    for (const [list, least] of [
      [FAULTS, 80],
      [PAIRS, 40],
      [HEALTHY, 10],
    ] as const) {
      const ids = list.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.length).toBeGreaterThanOrEqual(least);
    }
  });
});

const families = Map.groupBy(faultsNow, (fault) => fault.family);

for (const [family, faults] of families) {
  describe(`one fault of ${family}`, () => {
    for (const fault of faults) {
      test(
        `${fault.id} is diagnosed as ${fault.expect.root}`,
        async () => expect((await judgeFault(lab, fault)).problems).toEqual([]),
        BUDGET_MS,
      );
    }
    test(
      "leaves the shared stacks healthy",
      async () => {
        for (const mirror of [false, true]) {
          await using bench = await lab.bench({ shape: "data", ownStack: false, mirror });
          for (const verdict of await judgeHealthy(bench, family, [
            { what: "doctor" },
            { what: "writeback" },
          ]))
            expect(verdict.problems).toEqual([]);
        }
      },
      BUDGET_MS,
    );
  });
}

describe("two faults at once are both named", () => {
  for (const pair of pairsNow) {
    test(pair.id, async () => expect((await judgePair(lab, pair)).problems).toEqual([]), BUDGET_MS);
  }
});

describe("healthy stacks raise nothing above info", () => {
  for (const healthy of healthyNow) {
    test(
      healthy.id,
      async () => {
        await using bench = await lab.bench(healthy);
        await healthy.prepare(bench);
        for (const verdict of await judgeHealthy(bench, healthy.id, healthy.asks))
          expect(verdict.problems).toEqual([]);
      },
      BUDGET_MS,
    );
  }
});
