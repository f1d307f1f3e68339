import { afterAll, describe, expect, test } from "bun:test";
import { FAULTS } from "./all.ts";
import { HEALTHY } from "./healthy.ts";
import { judgeFault, judgeHealthy, judgePair, pairsOf } from "./judge.ts";
import { openLab } from "./lab.ts";

/** A few of every family; `bun run test:deep` runs all of them. */
const CHOSEN = [
  "file-api-down",
  "file-api-one-byte-at-a-time",
  "urls-swapped",
  "jwks-down",
  "listing-half-json",
  "authorization-header-stripped",
  "authorization-header-replaced-by-basic",
  "control-plane-html",
  "token-expired",
  "token-is-cloud-access",
  "token-hs256",
  "token-without-scopes-for-sync",
  "token-of-a-workspace-nobody-has",
  "cloud-file-not-json",
  "workspace-variable-of-another-tool",
  "uuid-where-rw-id-is-needed",
  "clock-two-hours-ahead",
  "connection-never-ingested",
  "cloud-authorization-header-stripped",
  "join-slow",
  "refresh-refused",
  "schema-empty-and-index-gone",
  "digest-budget-eaten-by-aliases",
  "provider-answers-400",
  "write-to-an-alias",
  "graphql-success-false",
  "mount-root-is-a-file",
  "mount-daemon-died-an-hour-ago",
  "dead-letter-not-json",
];
const BUDGET_MS = 30_000;
const lab = openLab();
afterAll(async () => lab[Symbol.asyncDispose]());

describe("a fault is named as its own root cause", () => {
  for (const id of CHOSEN) {
    const fault = FAULTS.find((one) => one.id === id);
    test(
      `${id} is diagnosed as ${fault?.expect.root}`,
      async () => {
        if (fault === undefined) throw new Error(`no fault ${id}`);
        expect((await judgeFault(lab, fault)).problems).toEqual([]);
      },
      BUDGET_MS,
    );
  }

  test("and an expectation that does not hold is reported", async () => {
    const fault = FAULTS.find(({ id }) => id === "file-api-down");
    if (fault?.expect.root == null) throw new Error("no such fault");
    const mistaken = {
      ...fault,
      expect: { root: "doctor.clock-skewed", exit: 0 },
      never: [fault.expect.root],
    } as const;
    const { problems, right } = await judgeFault(lab, mistaken);
    expect(right).toBe(false);
    expect(problems.join("; ")).toMatch(/first root cause.*exit.*also names.*must not name/);
  });

  test(
    "and leaves nothing behind in the shared stacks",
    async () => {
      await using bench = await lab.bench({ shape: "data", ownStack: false, mirror: false });
      for (const verdict of await judgeHealthy(bench, "afterwards", [
        { what: "doctor" },
        { what: "discovery" },
      ]))
        expect(verdict.problems).toEqual([]);
    },
    BUDGET_MS,
  );
});

describe("judgePair()", () => {
  const pairs = pairsOf(
    FAULTS.filter(({ ownStack, shape }) => !ownStack && shape === "data"),
    3,
  );
  for (const pair of pairs) {
    test(`finds both causes of ${pair.id}`, async () => {
      expect((await judgePair(lab, pair)).problems).toEqual([]);
    });
  }
});

describe("judgeHealthy()", () => {
  for (const id of ["fresh-and-empty", "failed-often-but-long-ago", "without-cloud-session"]) {
    test(`raises no alarm for ${id}`, async () => {
      const healthy = HEALTHY.find((one) => one.id === id);
      if (healthy === undefined) throw new Error(`no stack ${id}`);
      await using bench = await lab.bench(healthy);
      await healthy.prepare(bench);
      for (const verdict of await judgeHealthy(bench, id, healthy.asks)) expect(verdict.problems).toEqual([]);
    });
  }

  test("raises an alarm when something is broken", async () => {
    await using bench = await lab.bench({ shape: "data", ownStack: false, mirror: true });
    bench.mirror?.write(".relay/state.json", "{");
    const [verdict] = await judgeHealthy(bench, "broken", [{ what: "doctor" }]);
    expect(verdict?.problems.join()).toContain("doctor.mount-state-invalid");
  });
});
