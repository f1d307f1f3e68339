/**
 * The report as JUnit XML, so that any CI shows what failed: one test case per check and one for the verdict, which
 * fails whenever the exit code is not 0.
 */
import type { CheckResult, Finding, Report } from "../report.ts";
import { evidenceLine, outcomeWord } from "./words.ts";

type Result = "passed" | "failure" | "error" | "skipped";

interface Case {
  readonly result: Result;
  readonly durationMs: number;
  readonly xml: string;
}

const RANK = { error: 2, warn: 1, info: 0 } as const;

/** A JUnit document. `unknown` is an error; a finding below `--fail-on` or known to the baseline is output of a passed case. */
export function renderJunit(report: Report): string {
  const names = [...new Set(report.checks.map((check) => check.suite))];
  const suites = names.map((name) => ({
    name,
    cases: report.checks.filter((check) => check.suite === name).map((check) => checkCase(report, check)),
  }));
  const all = [...suites, { name: "verdict", cases: [verdictCase(report)] }];
  const body = all.flatMap(({ name, cases }) => [
    `  <testsuite name="relayfile.${attribute(name)}" ${totals(cases)} timestamp="${attribute(report.startedAt)}">`,
    ...(name === "verdict" ? properties(report) : []),
    ...cases.map((entry) => entry.xml),
    "  </testsuite>",
  ]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="relayfile ${attribute(report.command)}" ${totals(all.flatMap(({ cases }) => cases))}>`,
    ...body,
    "</testsuites>",
    "",
  ].join("\n");
}

function checkCase(report: Report, check: CheckResult): Case {
  const findings = report.findings.filter((finding) => check.findingIds.includes(finding.id));
  const blocking = findings.filter((finding) => counts(report, finding));
  const text = findings
    .map((finding) => [`${finding.code}: ${finding.title}`, ...finding.evidence.map(evidenceLine)].join("\n"))
    .join("\n\n");
  const output = text === "" ? "" : `<system-out>${content(text)}</system-out>`;
  const about = { suite: check.suite, name: check.id, durationMs: check.durationMs };
  if (check.status === "skip")
    return testCase(about, "skipped", `<skipped message="${attribute(check.reason)}"/>`);
  if (check.status === "unknown")
    return testCase(
      about,
      "error",
      `<error message="${attribute(check.reason)}" type="unknown">${content(text)}</error>`,
    );
  const [first] = blocking;
  if (first === undefined) return testCase(about, "passed", output);
  const failure = `<failure message="${attribute(first.title)}" type="${attribute(first.code)}">${content(text)}</failure>`;
  return testCase(about, "failure", failure);
}

/** Fails exactly when the command's exit code is not 0, so that a CI that reads only this file comes to the same verdict. */
function verdictCase(report: Report): Case {
  const about = { suite: "verdict", name: `relayfile ${report.command}`, durationMs: report.durationMs };
  const words = `${outcomeWord(report)} (${report.exitCode}): ${report.verdict}`;
  if (report.exitCode === 0) return testCase(about, "passed", `<system-out>${content(words)}</system-out>`);
  const undecided = report.outcome === "unknown" || report.outcome === "interrupted";
  const tag = undecided ? "error" : "failure";
  return testCase(
    about,
    tag,
    `<${tag} message="${attribute(words)}" type="${attribute(report.exit)}"></${tag}>`,
  );
}

function properties(report: Report): string[] {
  const values = {
    outcome: report.outcome,
    exitCode: String(report.exitCode),
    exit: report.exit,
    verdict: report.verdict,
    reportId: report.reportId,
  };
  return [
    "    <properties>",
    ...Object.entries(values).map(
      ([name, value]) => `      <property name="relayfile.${name}" value="${attribute(value)}"/>`,
    ),
    "    </properties>",
  ];
}

/** True when the exit code counts this finding, by the rule of verdict.ts. */
function counts(report: Report, finding: Finding): boolean {
  return (
    finding.class !== "transient" &&
    (finding.baselineState !== "unchanged" || finding.class === "auth") &&
    RANK[finding.severity] >= RANK[report.policy.failOn]
  );
}

function testCase(
  about: { readonly suite: string; readonly name: string; readonly durationMs: number },
  result: Result,
  inner: string,
): Case {
  const open = `    <testcase classname="relayfile.${attribute(about.suite)}" name="${attribute(about.name)}" time="${seconds(about.durationMs)}"`;
  const xml = inner === "" ? `${open}/>` : `${open}>\n      ${inner}\n    </testcase>`;
  return { result, durationMs: about.durationMs, xml };
}

function totals(cases: readonly Case[]): string {
  const number = (result: Result) => cases.filter((entry) => entry.result === result).length;
  const time = cases.reduce((sum, entry) => sum + entry.durationMs, 0);
  return `tests="${cases.length}" failures="${number("failure")}" errors="${number("error")}" skipped="${number("skipped")}" time="${seconds(time)}"`;
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** Text of an attribute: line breaks and tabs survive the parser's normalisation as references. */
function attribute(text: string): string {
  return content(text)
    .replaceAll('"', "&quot;")
    .replace(/[\t\n\r]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** Text of an element; characters that XML cannot hold are replaced. */
function content(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll("\r", "&#13;");
}
