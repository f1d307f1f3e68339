import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { renderJunit } from "../../../verify/render/junit.ts";
import { expectGolden } from "../../support/golden.ts";
import { reportOf } from "../../support/report-arbitrary.ts";
import { aCheck, aFinding, aReport } from "../../support/report-parts.ts";
import { sampleReport } from "../../support/sample-report.ts";
import { parseXml, type XmlElement } from "../../support/strict-xml.ts";

const all = (root: XmlElement, name: string): XmlElement[] => [
  ...(root.name === name ? [root] : []),
  ...root.children.flatMap((child) => all(child, name)),
];

describe("renderJunit()", () => {
  test("names every check and the verdict, as in the golden", () => {
    const text = renderJunit(sampleReport());
    expectGolden("report/junit.xml", text);
    expect(all(parseXml(text), "testcase")).toHaveLength(sampleReport().checks.length + 1);
  });

  test("is XML, counts right and says the verdict, whatever the report holds", () => {
    fc.assert(
      fc.property(reportOf(), (report) => {
        const root = parseXml(renderJunit(report));
        const count = (name: string) => all(root, name).length;
        expect(Number(root.attributes.failures)).toBe(count("failure"));
        expect(Number(root.attributes.errors)).toBe(count("error"));
        expect(Number(root.attributes.skipped)).toBe(count("skipped"));
        expect(Number(root.attributes.tests)).toBe(count("testcase"));
        expect(count("testcase")).toBe(report.checks.length + 1);
        expect(count("failure") + count("error") > 0).toBe(report.exitCode !== 0);
        const value = (name: string) =>
          all(root, "property").find((one) => one.attributes.name === `relayfile.${name}`)?.attributes.value;
        expect(value("exitCode")).toBe(String(report.exitCode));
        // A lone surrogate is no character of XML.
        expect(value("verdict")).toBe(report.verdict.toWellFormed().replace(/[\ufffe\uffff]/g, "\ufffd"));
      }),
      { numRuns: 100 },
    );
  });

  test("does not fail a check for findings that do not count", () => {
    const failures = (over: Parameters<typeof aFinding>[1], failOn: "error" | "warn" = "error") => {
      const checks = [aCheck("doctor.a", { status: "warn", findingIds: ["f"] })];
      const policy = { failOn, timeoutMs: null, only: [], skip: [], baseline: null };
      return all(
        parseXml(renderJunit(aReport({ checks, policy, findings: [aFinding("f", over)] }))),
        "failure",
      ).length;
    };
    expect(failures({ severity: "warn" })).toBe(0);
    expect(failures({ severity: "warn" }, "warn")).toBe(2);
    expect(failures({ severity: "error", baselineState: "unchanged" })).toBe(0);
    expect(failures({ severity: "error" })).toBe(2);
  });
});
