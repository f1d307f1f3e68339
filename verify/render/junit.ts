/** The report as JUnit XML: one test case per check, so that any CI shows what failed. */
import type { CheckResult, Report } from "../report.ts";
import { evidenceLine } from "./words.ts";

/** A JUnit document. `unknown` is an error, `warn` a pass with output. */
export function renderJunit(report: Report): string {
  const suites = [...new Set(report.checks.map((check) => check.suite))];
  const count = (checks: readonly CheckResult[], status: CheckResult["status"]) =>
    checks.filter((check) => check.status === status).length;
  const totals = (checks: readonly CheckResult[]) =>
    `tests="${checks.length}" failures="${count(checks, "fail")}" errors="${count(checks, "unknown")}" skipped="${count(checks, "skip")}" time="${seconds(checks.reduce((sum, check) => sum + check.durationMs, 0))}"`;
  const body = suites.map((suite) => {
    const checks = report.checks.filter((check) => check.suite === suite);
    return [
      `  <testsuite name="relayfile.${xml(suite)}" ${totals(checks)} timestamp="${xml(report.startedAt)}">`,
      ...checks.map((check) => testCase(report, check)),
      "  </testsuite>",
    ].join("\n");
  });
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="relayfile ${xml(report.command)}" ${totals(report.checks)}>`,
    ...body,
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(report: Report, check: CheckResult): string {
  const open = `    <testcase classname="relayfile.${xml(check.suite)}" name="${xml(check.id)}" time="${seconds(check.durationMs)}"`;
  const findings = report.findings.filter((finding) => check.findingIds.includes(finding.id));
  const text = findings
    .map((finding) => [`${finding.code}: ${finding.title}`, ...finding.evidence.map(evidenceLine)].join("\n"))
    .join("\n\n");
  if (check.status === "pass") return `${open}/>`;
  const inner =
    check.status === "skip"
      ? `<skipped message="${xml(check.reason)}"/>`
      : check.status === "warn"
        ? `<system-out>${xml(text)}</system-out>`
        : check.status === "unknown"
          ? `<error message="${xml(check.reason)}">${xml(text)}</error>`
          : `<failure message="${xml(findings[0]?.title ?? check.reason)}" type="${xml(findings[0]?.code ?? check.id)}">${xml(text)}</failure>`;
  return `${open}>\n      ${inner}\n    </testcase>`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Text for an attribute or an element; characters XML cannot hold are replaced. */
function xml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
