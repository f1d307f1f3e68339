import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { diffReports, ReportDiffSchema } from "../../verify/diff.ts";
import { renderDiff } from "../../verify/render/diff.ts";
import type { Finding, Report } from "../../verify/report.ts";
import { expectGolden } from "../support/golden.ts";
import { reportOf } from "../support/report-arbitrary.ts";
import { aCheck, aFinding, aReport } from "../support/report-parts.ts";
import { sampleReport } from "../support/sample-report.ts";

const CHECK = "discovery.schema-has-properties";
const on = (status: Report["checks"][number]["status"]) => [aCheck(CHECK, { status })];
const report = (ids: readonly string[], over: Partial<Report> = {}) =>
  aReport({ checks: on(ids.length > 0 ? "fail" : "pass"), findings: ids.map((id) => aFinding(id)), ...over });
const prints = (list: readonly { fingerprint: string }[]) => list.map((one) => one.fingerprint);

describe("diffReports()", () => {
  test("tells new, fixed and unchanged apart", () => {
    const diff = diffReports(report(["a", "b"]), report(["b", "c"]));
    expect([prints(diff.new), prints(diff.fixed), prints(diff.unchanged)]).toEqual([
      ["print-c"],
      ["print-a"],
      ["print-b"],
    ]);
    expect([diff.exit, diff.exitCode, diff.verdict]).toEqual(["FINDINGS", 1, "1 new finding, 1 fixed"]);
  });

  test("the same report twice has nothing new", () => {
    const diff = diffReports(sampleReport(), sampleReport());
    expect([diff.exit, diff.new, diff.fixed, diff.changed, diff.notComparable]).toEqual([
      "PASS",
      [],
      [],
      [],
      [],
    ]);
  });

  const blind: [name: string, later: Partial<Report>, because: string][] = [
    ["was not run", { checks: [aCheck("doctor.other")] }, `the later report did not run ${CHECK}`],
    ["was skipped", { checks: on("skip") }, `the later report skipped ${CHECK}`],
    ["could not decide", { checks: on("unknown") }, `the later report could not decide ${CHECK}`],
    [
      "looked at another provider",
      { target: { ...aReport().target, provider: "linear" } },
      "the later report looked only at linear",
    ],
    [
      "left findings out",
      { truncated: [{ what: `findings of ${CHECK}`, kept: 50, dropped: 3 }] },
      `the later report left out findings of ${CHECK}`,
    ],
  ];
  for (const [name, later, because] of blind) {
    test(`never calls a finding fixed when the later report ${name}`, () => {
      const diff = diffReports(report(["a"]), report([], later));
      expect([diff.fixed, diff.notComparable.map((one) => one.because)]).toEqual([[], [because]]);
    });
  }

  test("does not call new what the earlier report had not looked at", () => {
    const diff = diffReports(report([], { checks: [...on("skip"), aCheck("doctor.a")] }), {
      ...report(["a"], { checks: [...on("fail"), aCheck("doctor.a")] }),
    });
    expect([prints(diff.new), prints(diff.notComparable), diff.exit]).toEqual([[], ["print-a"], "PASS"]);
  });

  test("cannot tell when no check was decided in both", () => {
    const diff = diffReports(report(["a"]), report([], { checks: on("skip") }));
    expect([diff.exit, diff.exitCode]).toEqual(["UNDETERMINED", 3]);
  });

  const changed = (was: Partial<Finding>, now: Partial<Finding>) =>
    diffReports(
      report([], { checks: on("fail"), findings: [aFinding("a", was)] }),
      report([], { checks: on("fail"), findings: [aFinding("a", now)] }),
    );

  test("says what changed, and fails only for the worse", () => {
    const worse = changed({ severity: "warn" }, { severity: "error" });
    expect([worse.changed[0]?.changes, worse.exit]).toEqual([["severity warn -> error"], "FINDINGS"]);
    const better = changed({ severity: "error" }, { severity: "warn", confidence: "likely" });
    expect([better.changed[0]?.changes, better.exit]).toEqual([
      ["severity error -> warn", "confidence confirmed -> likely"],
      "PASS",
    ]);
    // Counts in a title move from run to run.
    expect(changed({ title: "3 ops" }, { title: "4 ops" }).unchanged).toHaveLength(1);
  });

  test("--fail-on leaves lesser news out of the exit code", () => {
    const later = report([], { checks: on("warn"), findings: [aFinding("a", { severity: "warn" })] });
    expect(diffReports(report([]), later, "error").exit).toBe("PASS");
    expect(diffReports(report([]), later, "warn").exit).toBe("FINDINGS");
  });

  test("latency moves only beyond the noise of two runs", () => {
    const timed = (p95Ms: number) =>
      aReport({
        summary: { ...aReport().summary, requests: { count: 9, p50Ms: 5, p95Ms, slowestMs: p95Ms } },
      });
    const moved = (a: number, b: number) =>
      diffReports(timed(a), timed(b)).latency.find((entry) => entry.name === "p95")?.moved;
    expect([moved(5, 20), moved(100, 140), moved(100, 160), moved(18_000, 60)]).toEqual([
      false,
      false,
      true,
      true,
    ]);
  });

  test("puts every finding into exactly one class, whatever the reports hold", () => {
    fc.assert(
      fc.property(reportOf(), reportOf(), (before, after) => {
        const diff = diffReports(before, after);
        expect(ReportDiffSchema.parse(diff)).toEqual(diff);
        const later = new Set(after.findings.map((finding) => finding.fingerprint));
        const earlier = new Set(before.findings.map((finding) => finding.fingerprint));
        const placed = [diff.new, diff.fixed, diff.changed, diff.unchanged, diff.notComparable].flatMap(
          prints,
        );
        expect(new Set(placed)).toEqual(new Set([...earlier, ...later]));
        expect(placed.length).toBe(new Set(placed).size);
        for (const print of prints(diff.fixed)) expect(later.has(print)).toBe(false);
        for (const print of prints(diff.new)) expect(earlier.has(print)).toBe(false);
      }),
      { numRuns: 60 },
    );
  });
});

describe("renderDiff()", () => {
  const diff = diffReports(
    sampleReport({
      startedAt: "2026-05-19T12:00:00.000Z",
      checks: [...sampleReport().checks.filter((check) => check.id !== "writeback.ops-succeed")],
      findings: [
        ...sampleReport().findings.filter(({ id }) => id === "f4" || id === "f5"),
        aFinding("gone", {
          code: "digest.alias-bullets",
          checkId: "digest.no-internal-paths",
          severity: "warn",
        }),
      ],
    }),
    sampleReport(),
  );

  test("is text for a terminal and Markdown for a pull request, as in the goldens", () => {
    expectGolden("report/diff.md", renderDiff(diff, "markdown"));
    expectGolden("report/diff.txt", renderDiff(diff, "text"));
    expect(JSON.parse(renderDiff(diff, "json"))).toEqual(diff);
  });

  test("lets no text become markup, whatever the reports hold", () => {
    fc.assert(
      fc.property(reportOf(), reportOf(), (before, after) => {
        const page = Bun.markdown.html(renderDiff(diffReports(before, after), "markdown"), { tables: true });
        const names = [...page.matchAll(/<([a-z0-9]+)/g)].map((match) => match[1] ?? "");
        const known = "h2 h3 p strong code ul li table thead tbody tr th td".split(" ");
        expect(names.filter((name) => !known.includes(name))).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});
