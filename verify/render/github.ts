/** GitHub workflow commands: at most nine annotations and a summary of the rest, the limit of one step. */
import type { Finding, Report } from "../report.ts";
import { count, outcomeWord, rootsOf } from "./words.ts";

const ANNOTATIONS_MAX = 9;

/** Workflow commands, one a line. Root causes first; consequences only as a number. */
export function renderGithub(report: Report): string {
  const roots = rootsOf(report);
  const shown = roots.slice(0, ANNOTATIONS_MAX).map(annotation);
  const hidden = report.findings.length - shown.length;
  const last = `::${report.outcome === "pass" ? "notice" : "warning"} title=relayfile ${property(report.command)}::${data(`${outcomeWord(report)} (${report.exitCode}): ${report.verdict}${hidden > 0 ? `; ${count(hidden, "further finding")} in the report` : ""}`)}`;
  return `${[...shown, last].join("\n")}\n`;
}

function annotation(finding: Finding): string {
  const level = finding.severity === "error" ? "error" : finding.severity === "warn" ? "warning" : "notice";
  const issue = finding.knownIssue === undefined ? "" : ` (${finding.knownIssue.id})`;
  return `::${level} title=${property(finding.code)}::${data(`${finding.title}${issue}. ${finding.remediation?.text ?? ""}`.trim())}`;
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
