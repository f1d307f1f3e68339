import { describe, expect, test } from "bun:test";
import { againstBaseline, withBaseline } from "../../verify/baseline.ts";
import type { Finding } from "../../verify/report.ts";
import { aCheck, aFinding, aReport } from "../support/report-parts.ts";

const report = (...findings: Finding[]) =>
  aReport({
    findings,
    checks: [aCheck("discovery.schema-has-properties", { status: findings.length > 0 ? "fail" : "pass" })],
    nextActions: findings.map(({ id }) => ({
      title: id,
      why: id,
      argv: ["relayfile", "explain", id],
      effect: "read",
      safe: true,
      findingIds: [id],
    })),
  });

describe("againstBaseline()", () => {
  test("forgives what the baseline already had", () => {
    const judged = againstBaseline(report(aFinding("a")), report(aFinding("a")), "last.json");
    expect([judged.outcome, judged.exit, judged.exitCode]).toEqual(["pass", "PASS", 0]);
    expect(judged.verdict).toBe("nothing new since the baseline, which knows 1 finding");
    expect(judged.policy.baseline).toBe("last.json");
  });

  test("counts what is new and what changed, and puts their actions first", () => {
    const old = report(aFinding("a"), aFinding("b", { severity: "warn" }));
    const judged = againstBaseline(report(aFinding("a"), aFinding("b"), aFinding("c")), old, "last.json");
    expect(judged.findings.map((finding) => finding.baselineState)).toEqual(["unchanged", "updated", "new"]);
    expect([judged.exit, judged.verdict]).toEqual(["FINDINGS", "problem b (and 1 other cause)"]);
    expect(judged.nextActions.map((action) => action.title)).toEqual(["b", "c", "a"]);
  });

  test("never forgives a missing sign-in, behind which nothing was looked at", () => {
    const signedOut = report(aFinding("a", { class: "auth" }));
    expect(againstBaseline(signedOut, signedOut, "last.json").exit).toBe("AUTH");
  });

  test("keeps an interruption", () => {
    const interrupted = aReport({ findings: [aFinding("a")] }, "interrupted");
    expect(againstBaseline(interrupted, report(aFinding("a")), "x").exit).toBe("INTERRUPTED");
  });

  test("calls a finding new when the baseline had not looked", () => {
    const judged = withBaseline(report(aFinding("a")), aReport());
    expect(judged.findings[0]?.baselineState).toBe("new");
  });
});
