/** The report as Markdown, ready to paste into an issue: summary, evidence, how to repeat it, suspected cause, asks. */
import { formatDuration } from "../../lib/model/duration.ts";
import type { Finding, Report } from "../report.ts";
import {
  commandLine,
  countsLine,
  curlOf,
  evidenceLine,
  factsLine,
  issueWords,
  outcomeWord,
  rootsOf,
} from "./words.ts";

const MARKS = { pass: "✅", warn: "⚠️", fail: "❌", unknown: "❔", skip: "–" } as const;

/** A Markdown document with a final newline. */
export function renderMarkdown(report: Report): string {
  const roots = rootsOf(report);
  const lines = [
    `## ${plain(report.verdict)}`,
    "",
    "### Summary",
    "",
    `**${outcomeWord(report)}** (exit ${report.exitCode}, ${report.exit}): ${plain(countsLine(report))}.`,
    `\`relayfile ${report.command}\` ${report.tool.version} on ${report.tool.os} ${report.tool.arch}, workspace ${code(report.target.workspaceId ?? "none")}, ${report.startedAt}, ${formatDuration(report.durationMs)}.`,
    "",
    `> ${plain(factsLine(report))}`,
    ...(roots.length === 0
      ? []
      : ["", "### Empirical evidence", ...roots.flatMap((finding) => findingLines(finding))]),
    ...reproLines(report, roots),
    ...causeLines(report, roots),
    ...asksLines(report),
    "",
    "### Context",
    "",
    ...matrixLines(report),
    ...checkTable(report),
    "",
    `Report ${code(report.reportId)}, run ${code(report.runId)}; ${report.summary.requests.count} requests; ${report.redactions.count} values redacted.`,
  ];
  return `${lines.join("\n")}\n`;
}

function findingLines(finding: Finding): string[] {
  const issue = issueWords(finding);
  return [
    "",
    `#### ${plain(finding.title)}`,
    "",
    `${code(finding.code)}, ${finding.severity}, ${finding.confidence}${issue === null ? "" : `, ${issue}`}`,
    ...(finding.detail === undefined ? [] : ["", plain(finding.detail)]),
    "",
    ...finding.evidence.map((item) => `- ${code(evidenceLine(item))}`),
  ];
}

function reproLines(report: Report, roots: readonly Finding[]): string[] {
  const curls = roots.flatMap((finding) => curlOf(report, finding)?.repro ?? []);
  if (curls.length === 0) return [];
  const variables = [...new Set(curls.flatMap((repro) => repro.needsEnv))];
  return [
    "",
    "### Repro",
    "",
    "```sh",
    ...variables.map((name) => `export ${name}=…`),
    ...[
      ...new Set(
        curls.map((repro) => (repro.effect === "read" ? repro.curl : `# changes something: ${repro.curl}`)),
      ),
    ],
    "```",
  ];
}

function causeLines(report: Report, roots: readonly Finding[]): string[] {
  if (roots.length === 0) return [];
  return [
    "",
    "### Suspected root cause (hypothesis)",
    "",
    ...roots.flatMap((finding) => {
      const explained = report.findings.filter((other) => other.causedBy.includes(finding.id));
      const codes = [...new Set(explained.map((other) => code(other.code)))];
      return [
        `- **${plain(finding.title)}** (${finding.knownIssue?.id ?? "no known issue"})`,
        ...finding.ruledOut.map((reason) => `  - ruled out: ${plain(reason)}`),
        ...(codes.length === 0 ? [] : [`  - explains ${codes.join(", ")}`]),
      ];
    }),
  ];
}

function asksLines(report: Report): string[] {
  if (report.nextActions.length === 0) return [];
  return [
    "",
    "### Asks",
    "",
    ...report.nextActions.map((action) => `- [ ] ${plain(action.title)}: ${code(commandLine(action.argv))}`),
  ];
}

function matrixLines(report: Report): string[] {
  if (report.matrix.length === 0) return [];
  const phases = [...new Set(report.matrix.flatMap((row) => Object.keys(row.phases)))];
  return [
    `| provider | ${phases.join(" | ")} |`,
    `|---|${phases.map(() => ":-:|").join("")}`,
    ...report.matrix.map(
      (row) =>
        `| ${row.provider} | ${phases.map((phase) => MARKS[row.phases[phase] ?? "skip"]).join(" | ")} |`,
    ),
    "",
  ];
}

function checkTable(report: Report): string[] {
  return [
    "<details><summary>Checks</summary>",
    "",
    "| | check | what was seen |",
    "|:-:|---|---|",
    ...report.checks.map(
      (check) =>
        `| ${MARKS[check.status]} | ${code(check.id)} | ${plain(check.reason).replaceAll("|", "\\|")} |`,
    ),
    "",
    "</details>",
  ];
}

/** Text that must not become markup or a mention. */
function plain(text: string): string {
  return text.replace(/[<>*_`[\]]/g, "\\$&").replace(/@(?=\w)/g, "@\u200b");
}

/** Inline code; backticks inside get a longer fence. */
function code(text: string): string {
  const single = text.replace(/\s+/g, " ");
  return single.includes("`") ? `\`\` ${single} \`\`` : `\`${single}\``;
}
