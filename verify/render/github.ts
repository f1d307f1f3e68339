/**
 * What GitHub Actions understands: workflow commands, of which a step may show ten, and the Markdown of the step
 * summary, which may hold 1 MiB.
 */
import type { Finding, Report } from "../report.ts";
import { renderMarkdown } from "./markdown.ts";
import { count, outcomeWord, rootsOf } from "./words.ts";

const ANNOTATIONS_MAX = 9;
const MESSAGE_CHARS_MAX = 2_000;

/** Size of all summaries of one step, in bytes. */
export const STEP_SUMMARY_BYTES_MAX = 1024 * 1024;

/** Workflow commands, one a line: at most nine causes, then the verdict. Consequences only as a number. */
export function renderGithub(report: Report): string {
  // GitHub counts its limit per level; nine in all stays below each.
  const shown = rootsOf(report)
    .filter((finding) => finding.severity !== "info")
    .slice(0, ANNOTATIONS_MAX);
  const hidden = report.findings.length - shown.length;
  const level = report.exitCode !== 0 ? "error" : report.outcome === "pass" ? "notice" : "warning";
  const rest = hidden > 0 ? `; ${count(hidden, "further finding")} in the report` : "";
  const verdict = `${outcomeWord(report)} (${report.exitCode}): ${report.verdict}${rest}`;
  const last = `::${level} title=${property(`relayfile ${report.command}`)}::${message(verdict)}`;
  return `${[...shown.map(annotation), last].join("\n")}\n`;
}

/**
 * Markdown for the step summary, at most `bytesMax` bytes of UTF-8. What does not fit is left out from the least
 * important on: the table of checks, then causes, and the document says so.
 */
export function renderStepSummary(report: Report, bytesMax = STEP_SUMMARY_BYTES_MAX): string {
  const attempts = [
    () => renderMarkdown(report),
    () => renderMarkdown(report, { checks: false }),
    () => renderMarkdown(report, { checks: false, rootsMax: 5 }),
    () => renderMarkdown(report, { checks: false, rootsMax: 1 }),
  ];
  for (const [index, make] of attempts.entries()) {
    const text = index === 0 ? make() : `${make()}\nShortened to fit; the JSON report holds everything.\n`;
    if (byteLength(text) <= bytesMax) return text;
  }
  const verdict = `**${outcomeWord(report)}** (exit ${report.exitCode}): the report does not fit into this summary.\n`;
  return byteLength(verdict) <= bytesMax ? verdict : "";
}

function annotation(finding: Finding): string {
  const level = finding.severity === "error" ? "error" : finding.severity === "warn" ? "warning" : "notice";
  const issue = finding.knownIssue === undefined ? "" : ` (${finding.knownIssue.id})`;
  const text = `${finding.title}${issue}. ${finding.remediation?.text ?? ""}`.trim();
  return `::${level} title=${property(finding.code)}::${message(text)}`;
}

/** Text of a command; line breaks and percent signs are encoded. */
function message(text: string): string {
  return text
    .slice(0, MESSAGE_CHARS_MAX)
    .replaceAll("%", "%25")
    .replaceAll("\r", "%0D")
    .replaceAll("\n", "%0A");
}

/** A property of a command, in which colons and commas separate. */
function property(text: string): string {
  return message(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).byteLength;
}
