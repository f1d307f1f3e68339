import { describe, expect, test } from "bun:test";
import { decide, type VerdictInput } from "../../verify/verdict.ts";

type F = VerdictInput["findings"][number];
const finding = (over: Partial<F> = {}): F => ({
  id: "f1",
  code: "doctor.some-problem",
  severity: "error",
  role: "root",
  class: "other",
  title: "t",
  facts: {},
  ...over,
});
const input = (over: Partial<VerdictInput> = {}): VerdictInput => ({
  checks: [],
  findings: [],
  rootCauses: [],
  failOn: "error",
  interrupted: null,
  ...over,
});
const open = [{ id: "a", status: "unknown" as const, prerequisite: false }];

describe("decide()", () => {
  const cases: [name: string, over: Partial<VerdictInput>, exit: string, outcome: string][] = [
    ["nothing wrong", {}, "PASS", "pass"],
    ["an error", { findings: [finding()], rootCauses: ["f1"] }, "FINDINGS", "fail"],
    ["a warning", { findings: [finding({ severity: "warn" })], rootCauses: ["f1"] }, "PASS", "warn"],
    [
      "a warning under --fail-on warn",
      { findings: [finding({ severity: "warn" })], rootCauses: ["f1"], failOn: "warn" },
      "FINDINGS",
      "warn",
    ],
    [
      "a note under --fail-on info",
      { findings: [finding({ severity: "info" })], failOn: "info" },
      "FINDINGS",
      "pass",
    ],
    ["something undecided", { checks: open }, "UNDETERMINED", "unknown"],
    [
      "an error beats undecided",
      { checks: open, findings: [finding()], rootCauses: ["f1"] },
      "FINDINGS",
      "fail",
    ],
    [
      "sign-in beats other errors",
      { findings: [finding({ class: "auth" }), finding({ id: "f2" })], rootCauses: ["f1", "f2"] },
      "AUTH",
      "fail",
    ],
    [
      "sign-in counts only as a root cause",
      { findings: [finding({ class: "auth" })], rootCauses: [] },
      "FINDINGS",
      "fail",
    ],
    [
      "an outage that left no check open is no pass either",
      { findings: [finding({ class: "transient" })], rootCauses: ["f1"] },
      "UNDETERMINED",
      "unknown",
    ],
    [
      "an outage is undecided",
      { checks: open, findings: [finding({ class: "transient" })], rootCauses: ["f1"] },
      "UNDETERMINED",
      "unknown",
    ],
    [
      "interrupted beats everything",
      { interrupted: "interrupted", findings: [finding({ class: "auth" })], rootCauses: ["f1"] },
      "INTERRUPTED",
      "interrupted",
    ],
    ["terminated has its own code", { interrupted: "terminated" }, "TERMINATED", "interrupted"],
    [
      "a baseline forgives what is unchanged",
      { findings: [finding({ baselineState: "unchanged" })], rootCauses: ["f1"] },
      "PASS",
      "pass",
    ],
    [
      "a baseline does not forgive a missing sign-in",
      { findings: [finding({ baselineState: "unchanged", class: "auth" })], rootCauses: ["f1"] },
      "AUTH",
      "fail",
    ],
  ];
  for (const [name, over, exit, outcome] of cases) {
    test(name, () => {
      const verdict = decide(input(over));
      expect<string>(verdict.exit).toBe(exit);
      expect<string>(verdict.outcome).toBe(outcome);
    });
  }

  test("the sentence names the first cause that counts", () => {
    const findings = [
      finding({ baselineState: "unchanged", title: "old" }),
      finding({ id: "f2", baselineState: "new", title: "news" }),
    ];
    expect(decide(input({ findings, rootCauses: ["f1", "f2"] })).verdict).toBe("news");
    expect(decide(input({ findings: findings.slice(0, 1), rootCauses: ["f1"] })).verdict).toBe(
      "nothing new since the baseline, which knows 1 finding",
    );
  });
});
