/**
 * The report as Markdown, ready to paste into an issue: summary, evidence, how to repeat it, suspected cause, why it
 * matters, asks, context.
 */
import { formatDuration } from "../../lib/model/duration.ts";
import type { Finding, Report } from "../report.ts";
import { matrixOf, whyItMatters } from "./impact.ts";
import { cellCode, fenced, inlineCode, prose, row } from "./markdown-text.ts";
import {
  commandLine,
  countsLine,
  curlOf,
  evidenceLine,
  exchangesOf,
  factsLine,
  issueWords,
  outcomeWord,
  regressionWords,
  rootsOf,
} from "./words.ts";

const MARKS = { pass: "✅", warn: "⚠️", fail: "❌", unknown: "❔", skip: "–" } as const;
const ROOTS_MAX = 20;
const EVIDENCE_MAX = 12;

/** Parts of a document that may be left out when room is short. */
export interface MarkdownOptions {
  /** The collapsed table of all checks; default true. */
  readonly checks?: boolean;
  /** Root causes told in full; default 20. */
  readonly rootsMax?: number;
}

/** A Markdown document with a final newline. */
export function renderMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const roots = rootsOf(report);
  const shown = roots.slice(0, options.rootsMax ?? ROOTS_MAX);
  const hidden = roots.length - shown.length;
  const lines = [
    `## ${prose(report.verdict)}`,
    ...section("Summary", summaryLines(report)),
    ...section("Empirical evidence", [
      ...shown.flatMap((finding) => evidenceLines(report, finding)),
      ...(hidden > 0 ? [`${hidden} more causes are in the JSON report.`, ""] : []),
    ]),
    ...section("Repro", reproLines(report, shown)),
    ...section(
      "Suspected root cause (hypothesis)",
      shown.flatMap((finding) => causeLines(report, finding)),
    ),
    ...section(
      "Why it matters",
      whyItMatters(report, roots).map((sentence) => `- ${sentence}`),
    ),
    ...section("Asks", askLines(report)),
    ...section("Context", contextLines(report, options.checks ?? true)),
  ];
  return `${lines.join("\n").trimEnd()}\n`;
}

/** A section, or nothing when it would be empty. */
function section(title: string, lines: readonly string[]): string[] {
  return lines.length === 0 ? [] : ["", `### ${title}`, "", ...lines];
}

function summaryLines(report: Report): string[] {
  const { tool, target } = report;
  const where = [target.workspaceId, target.workspaceName, target.provider].filter((part) => part !== null);
  return [
    `**${outcomeWord(report)}** (exit ${report.exitCode}, ${prose(report.exit)}): ${prose(countsLine(report))}.`,
    "",
    `- command: ${inlineCode(`relayfile ${report.command}`)}, version ${prose(tool.version)} on ${prose(tool.os)} ${prose(tool.arch)}`,
    `- workspace: ${where.length === 0 ? "none" : [...new Set(where)].map(inlineCode).join(" ")}`,
    `- when: ${prose(report.startedAt)}, took ${formatDuration(report.durationMs)}`,
    `- services: ${prose(factsLine(report))}`,
    ...(report.policy.baseline === null ? [] : [`- baseline: ${inlineCode(report.policy.baseline)}`]),
  ];
}

function evidenceLines(report: Report, finding: Finding): string[] {
  const issue = issueWords(finding);
  const more = finding.evidence.length - EVIDENCE_MAX;
  const requests = exchangesOf(report, finding).map((exchange) => {
    const answer = exchange.response?.status ?? exchange.error?.class ?? "no answer";
    return row([
      cellCode(`${exchange.request.method} ${exchange.request.url}`),
      prose(String(answer)),
      formatDuration(exchange.timing.totalMs),
      cellCode(exchange.correlationId),
    ]);
  });
  return [
    `#### ${prose(finding.title)}`,
    "",
    `${inlineCode(finding.code)}, ${finding.severity}, ${finding.confidence}${issue === null ? "" : `, ${inlineCode(issue)}`}`,
    "",
    ...(finding.detail === undefined ? [] : [prose(finding.detail), ""]),
    ...finding.evidence.slice(0, EVIDENCE_MAX).map((item) => `- ${inlineCode(evidenceLine(item))}`),
    ...(more > 0 ? [`- and ${more} more in the JSON report`] : []),
    ...(finding.evidence.length === 0 ? [] : [""]),
    ...(requests.length === 0
      ? []
      : [
          row(["request", "answer", "time", "correlation id"]),
          "|---|---|--:|---|",
          ...requests.slice(0, EVIDENCE_MAX),
          "",
        ]),
  ];
}

function reproLines(report: Report, roots: readonly Finding[]): string[] {
  const repros = roots.flatMap((finding) => curlOf(report, finding)?.repro ?? []);
  if (repros.length === 0) return [];
  const variables = [...new Set(repros.flatMap((repro) => repro.needsEnv))].sort();
  const lines = repros.map((repro) =>
    repro.effect === "read" ? repro.curl : commented(`changes something: ${repro.curl}`),
  );
  return fenced("sh", [...variables.map((name) => `export ${name}=…`), ...new Set(lines)]);
}

function causeLines(report: Report, finding: Finding): string[] {
  const explained = report.findings.filter((other) => other.causedBy.includes(finding.id));
  const codes = [...new Set(explained.map((other) => inlineCode(other.code)))];
  const issue = finding.knownIssue;
  const back = regressionWords(finding);
  return [
    `- ${prose(finding.title)} (${finding.confidence})`,
    ...(issue === undefined
      ? []
      : [
          `  - known issue ${inlineCode(issue.id)}, ${issue.confidence}: ${prose(issue.title)}${back === null ? "" : ` (${back})`}`,
          ...issue.matched.map((sign) => `  - seen: ${prose(sign)}`),
          ...issue.missing.map((sign) => `  - not looked at: ${prose(sign)}`),
        ]),
    ...finding.ruledOut.map((reason) => `  - ruled out: ${prose(reason)}`),
    ...(codes.length === 0 ? [] : [`  - explains ${codes.join(", ")}`]),
  ];
}

function askLines(report: Report): string[] {
  return report.nextActions.map(
    (action) => `- [ ] ${prose(action.title)}: ${inlineCode(commandLine(action.argv))}`,
  );
}

function contextLines(report: Report, withChecks: boolean): string[] {
  const { phases, rows } = matrixOf(report);
  const matrix =
    rows.length === 0
      ? []
      : [
          row(["provider", ...phases.map(prose)]),
          `|---|${phases.map(() => ":-:|").join("")}`,
          ...rows.map(({ provider, cells }) =>
            row([prose(provider), ...cells.map((status) => MARKS[status ?? "skip"])]),
          ),
          "",
        ];
  const checks = [
    `<details><summary>Checks (${report.checks.length})</summary>`,
    "",
    row(["", "check", "what was seen"]),
    "|:-:|---|---|",
    ...report.checks.map((check) => row([MARKS[check.status], cellCode(check.id), prose(check.reason)])),
    "",
    "</details>",
    "",
  ];
  return [
    ...matrix,
    ...(withChecks ? checks : []),
    `Report ${inlineCode(report.reportId)}, run ${inlineCode(report.runId)}; ${report.summary.requests.count} requests; ${report.redactions.count} values redacted.`,
  ];
}

/** A shell comment: no line break may end it. */
function commented(text: string): string {
  return `# ${text.replace(/\s*\n\s*/g, " ")}`;
}
