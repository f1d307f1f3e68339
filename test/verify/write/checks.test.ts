import { describe, expect, test } from "bun:test";
import type { Check } from "../../../verify/check.ts";
import { WRITE_CHECKS } from "../../../verify/write/checks/mod.ts";
import type { WriteProbeFact } from "../../../verify/write/facts.ts";
import { codesOf, runCheck } from "../../support/run-check.ts";
import { edit, fact, target } from "../../support/write-facts.ts";
import { STORIES } from "../occurrences/write-probe.ts";

const check = (id: string) => WRITE_CHECKS.find((one) => one.id === id) as Check;
const outcomes = (probed: WriteProbeFact) =>
  Object.fromEntries(WRITE_CHECKS.map((one) => [one.id, runCheck(one, { writeProbe: probed })]));

describe("write probe checks", () => {
  test("pass a write that went well from draft to removal", () => {
    for (const outcome of Object.values(outcomes(fact(target()))))
      expect(outcome).toMatchObject({ kind: "judged", exercised: 1, findings: [] });
  });

  for (const [code, over] of STORIES) {
    test(`find ${code} and nothing of the kind in a good write`, () => {
      const owner = WRITE_CHECKS.find((one) => code in one.findings) as Check;
      expect(codesOf(owner, { writeProbe: fact(target(over)) })).toContain(code);
      expect(codesOf(owner, { writeProbe: fact(target()) })).not.toContain(code);
    });
  }

  test("have a story for every code they declare", () => {
    const told = new Set<string>(STORIES.map(([code]) => code));
    for (const one of WRITE_CHECKS)
      for (const code of Object.keys(one.findings)) expect(told).toContain(code);
  });

  test("call it undetermined when consent was given and nothing could be written", () => {
    const nowhere = target({
      created: null,
      edit: null,
      skipped: { reason: "no place", flag: "--path PATH" },
    });
    const outcome = runCheck(check("writeback.probe-prepared"), { writeProbe: fact(nowhere) });
    expect(outcome).toMatchObject({ kind: "unknown", reason: expect.stringContaining("--path PATH") });
  });

  test("judge a named record by its edit and by being put back", () => {
    const named = target({
      mode: "named",
      created: null,
      createOp: null,
      draft: null,
      unconditional: null,
      repeated: null,
      stale: null,
      removal: null,
      restored: edit(),
    });
    const all = outcomes(fact(named));
    expect(all["writeback.edit-shows"]).toMatchObject({ kind: "judged", findings: [] });
    expect(all["writeback.probe-cleaned-up"]).toMatchObject({ kind: "judged", findings: [] });
    expect(all["writeback.record-appears"]?.kind).toBe("skip");
    expect(
      codesOf(check("writeback.probe-cleaned-up"), { writeProbe: fact({ ...named, restored: null }) }),
    ).toEqual(["writeback.left-behind"]);
  });
});
