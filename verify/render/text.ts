/** The report for a terminal: facts, root causes with their proof, what was asked, the next command, the verdict last. */
import { formatDuration } from "../../lib/model/duration.ts";
import type { Finding, Report } from "../report.ts";
import { clip, plainText, type TextStyle, wrap } from "./style.ts";
import {
  commandLine,
  count,
  countsLine,
  curlOf,
  evidenceLine,
  factsLine,
  issueWords,
  outcomeWord,
  rootsOf,
  skippedGroups,
  UNCONFIGURED,
} from "./words.ts";

const EVIDENCE_MAX = 6;
const NOTES_MAX = 12;

/** The whole report as text, without a final newline. */
export function renderText(report: Report, style: TextStyle): string {
  const lines = [
    ...header(report, style),
    ...unconfiguredLines(report, style),
    ...rootsOf(report).flatMap((finding) => ["", ...rootBlock(report, finding, style)]),
    "",
    ...checkLines(report, style),
    ...noteLines(report, style),
    "",
    ...nextLines(report, style),
    verdictLine(report, style),
  ];
  return plainText(lines.join("\n"), style);
}

/** `FAIL (1)  1 error, … : the verdict in words`, cut to `width` when one is given. */
export function verdictLine(report: Report, style: TextStyle, width = Number.POSITIVE_INFINITY): string {
  const word = `${outcomeWord(report)} (${report.exitCode})`;
  const paint = {
    pass: style.green,
    warn: style.yellow,
    fail: style.red,
    unknown: style.yellow,
    interrupted: style.yellow,
  };
  const rest = clip(`${countsLine(report)}: ${report.verdict}`, width - word.length - 2, style);
  return `${style.bold(paint[report.outcome](word))}  ${rest}`;
}

function header(report: Report, style: TextStyle): string[] {
  const { workspaceId, workspaceName, provider } = report.target;
  const names = [workspaceId, workspaceName === workspaceId ? null : workspaceName, provider].filter(
    (part) => part !== null,
  );
  const title = `${report.command}  ${names.join(" · ") || "no workspace"}`;
  return [
    `${style.bold(title)}  ${style.dim(formatDuration(report.durationMs))}`,
    ...wrap(factsLine(report), style.width - 2).map((line) => `  ${style.dim(line)}`),
  ];
}

/** On a machine where nothing is configured, that comes first: everything else follows from it. */
function unconfiguredLines(report: Report, style: TextStyle): string[] {
  const finding = report.findings.find(({ code }) => code === UNCONFIGURED);
  return finding === undefined
    ? []
    : ["", `${style.mark("info")} ${style.bold(finding.title)} ${style.dim(`(${finding.code})`)}`];
}

function rootBlock(report: Report, finding: Finding, style: TextStyle): string[] {
  const mark = style.mark(finding.severity === "error" ? "fail" : "warn");
  const issue = issueWords(finding);
  const width = style.width - 4;
  const indent = (text: string, label = "") => wrap(`${label}${text}`, width).map((line) => `    ${line}`);
  const explained = report.findings.filter((other) => other.causedBy.includes(finding.id));
  const exchange = curlOf(report, finding);
  const known = finding.confidence === "confirmed" ? [] : [finding.confidence];
  return [
    ...wrap(finding.title, style.width - 2).map((line, index) =>
      index === 0 ? `${mark} ${style.bold(line)}` : `  ${style.bold(line)}`,
    ),
    ...indent([finding.code, issue, ...known].filter((part) => part !== null).join(" · ")),
    ...(finding.detail === undefined ? [] : indent(finding.detail)),
    ...finding.evidence
      .slice(0, EVIDENCE_MAX)
      .flatMap((item) => indent(evidenceLine(item), style.unicode ? "· " : "* ")),
    ...(finding.ruledOut.length === 0 ? [] : indent(finding.ruledOut.join("; "), "ruled out: ")),
    ...(explained.length === 0
      ? []
      : indent([...new Set(explained.map((other) => other.code))].join(", "), "explains: ")),
    ...(finding.knownIssue === undefined || finding.knownIssue.missing.length === 0
      ? []
      : indent(finding.knownIssue.missing.join("; "), "not looked at: ")),
    ...(finding.refs.length === 0
      ? []
      : [style.dim(`    ${clip(`refs: ${finding.refs.join(" ")}`, width, style)}`)]),
    // A command that is meant to be pasted is never cut or broken.
    ...(exchange === null ? [] : [style.dim(`    $ ${exchange.repro.curl}`)]),
    `    relayfile explain ${finding.code}`,
  ];
}

function checkLines(report: Report, style: TextStyle): string[] {
  const shown = report.checks.filter((check) => check.status !== "skip");
  const idWidth = Math.min(34, Math.max(...shown.map((check) => check.id.length), 10));
  const lines = shown.map((check) => {
    const room = style.width - idWidth - 4;
    const id = check.id.padEnd(idWidth);
    return `${style.mark(check.status)} ${id}  ${room > 12 ? style.dim(clip(check.reason, room, style)) : ""}`.trimEnd();
  });
  const groups = skippedGroups(report).map(({ reason, ids }) => {
    const text = `${count(ids.length, "check")} skipped: ${reason}`;
    return `${style.mark("skip")} ${style.dim(clip(text, style.width - 4, style))}`;
  });
  return [...lines, ...groups];
}

/** Findings that are neither roots nor folded below one: things worth knowing. */
function noteLines(report: Report, style: TextStyle): string[] {
  const notes = report.findings.filter(({ severity, code }) => severity === "info" && code !== UNCONFIGURED);
  if (notes.length === 0) return [];
  const kept = notes
    .slice(0, NOTES_MAX)
    .map(
      (finding) =>
        `${style.mark("info")} ${style.dim(clip(`${finding.title} (${finding.code})`, style.width - 4, style))}`,
    );
  const more = notes.length - kept.length;
  return [...kept, ...(more > 0 ? [style.dim(`  and ${more} more notes in the JSON report`)] : [])];
}

function nextLines(report: Report, style: TextStyle): string[] {
  const [next] = report.nextActions;
  if (next === undefined) return [];
  return [
    `${style.bold("next:")} ${commandLine(next.argv)}`,
    ...wrap(next.title, style.width - 6).map((line) => `      ${style.dim(line)}`),
  ];
}
