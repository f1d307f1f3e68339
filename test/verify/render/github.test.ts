import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { renderGithub, renderStepSummary, STEP_SUMMARY_BYTES_MAX } from "../../../verify/render/github.ts";
import { expectGolden } from "../../support/golden.ts";
import { reportOf } from "../../support/report-arbitrary.ts";
import { aCheck, aFinding, aReport } from "../../support/report-parts.ts";
import { sampleReport } from "../../support/sample-report.ts";

const bytes = (text: string) => new TextEncoder().encode(text).byteLength;

describe("renderGithub()", () => {
  test("tells causes, then the verdict, as in the golden", () => {
    expectGolden("report/github.txt", renderGithub(sampleReport()));
  });

  test("is at most ten well-formed commands, whatever the report holds", () => {
    fc.assert(
      fc.property(reportOf(), (report) => {
        const lines = renderGithub(report).trimEnd().split("\n");
        expect(lines.length).toBeLessThanOrEqual(10);
        for (const line of lines)
          expect(line).toMatch(/^::(?:error|warning|notice) title=[^:,\r\n]*::[^\r\n]*$/u);
        expect(lines.at(-1)).toContain(`${report.outcome.toUpperCase()} (${report.exitCode})`);
        expect(lines.at(-1)?.startsWith("::error ")).toBe(report.exitCode !== 0);
      }),
      { numRuns: 60 },
    );
    const many = aReport({ findings: Array.from({ length: 40 }, (_, n) => aFinding(`f${n}`)) });
    const lines = renderGithub(many).trimEnd().split("\n");
    expect(lines).toHaveLength(10);
    expect(lines.at(-1)).toEndWith("; 31 further findings in the report");
  });
});

describe("renderStepSummary()", () => {
  test("is the issue text when that fits", () => {
    expect(renderStepSummary(sampleReport())).toStartWith("## 99 % of the digest's budget");
    expect(renderStepSummary(sampleReport())).toContain("<details><summary>Checks");
  });

  test("stays within 1 MiB and within what is left, and says that it was shortened", () => {
    const long = "käse ".repeat(5_000);
    const huge = aReport({
      checks: Array.from({ length: 90 }, (_, n) => aCheck(`doctor.c${n}`, { reason: long })),
      findings: Array.from({ length: 90 }, (_, n) => aFinding(`f${n}`, { title: `${n} ${long}` })),
    });
    const text = renderStepSummary(huge);
    expect(bytes(text)).toBeLessThanOrEqual(STEP_SUMMARY_BYTES_MAX);
    expect(text).toEndWith("Shortened to fit; the JSON report holds everything.\n");
    for (const room of [0, 10, 200, 5_000, 100_000]) {
      expect(bytes(renderStepSummary(huge, room))).toBeLessThanOrEqual(room);
    }
  });
});
