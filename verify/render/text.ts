/** The report for a terminal: facts, root causes with their proof, what was asked, the next command, the verdict last. */
import { formatDuration } from "../../lib/model/duration.ts";
import type { Finding, Report } from "../report.ts";
import { clip, hang, markWidth, plainText, type TextStyle, wrap } from "./style.ts";
import { undecidedChecks } from "./undecided.ts";
import {
  bareStart,
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
} from "./words.ts";

const EVIDENCE_MAX = 6;
const NOTES_MAX = 12;
/** Below this many columns a cut line says too little: it is broken instead. */
const NARROW = 60;

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
    ...verdictLines(report, style),
  ];
  return plainText(lines.join("\n"), style);
}

/** The verdict as the last line; on a narrow terminal as the last lines. */
function verdictLines(report: Report, style: TextStyle): string[] {
  if (style.width >= NARROW) return [verdictLine(report, style)];
  return [
    verdictLine(report, style, 0).trimEnd(),
    ...indented(`${countsLine(report)}: ${report.verdict}`, style, 2),
  ];
}

/** `FAIL (1)  1 error, … : the verdict in words`, cut to `width` when one is given; 0 leaves the words out. */
export function verdictLine(report: Report, style: TextStyle, width = Number.POSITIVE_INFINITY): string {
  const word = `${outcomeWord(report)} (${report.exitCode})`;
  const paint = {
    pass: style.green,
    warn: style.yellow,
    fail: style.red,
    unknown: style.yellow,
    interrupted: style.yellow,
  };
  const words = `${countsLine(report)}: ${report.verdict}`;
  const rest = width === 0 ? "" : clip(words, width - word.length - 2, style);
  return `${style.bold(paint[report.outcome](word))}  ${rest}`;
}

function header(report: Report, style: TextStyle): string[] {
  const { workspaceId, workspaceName, provider } = report.target;
  const names = [workspaceId, workspaceName === workspaceId ? null : workspaceName, provider].filter(
    (part) => part !== null,
  );
  const title = `${report.command}  ${names.join(" · ") || "no workspace"}`;
  const took = formatDuration(report.durationMs);
  const heading =
    title.length + took.length + 2 <= style.width
      ? [`${style.bold(title)}  ${style.dim(took)}`]
      : [...wrap(title, style.width).map(style.bold), style.dim(`  ${took}`)];
  return [...heading, ...indented(factsLine(report), style, 2).map(style.dim)];
}

/** On a machine where nothing is configured, that mostly comes first: everything else follows from it. */
function unconfiguredLines(report: Report, style: TextStyle): string[] {
  const finding = bareStart(report.findings);
  if (finding === undefined) return [];
  return ["", ...hang(style.mark("info"), `${finding.title} (${finding.code})`, style.width, style.bold)];
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
    ...hang(mark, finding.title, style.width, style.bold),
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
    ...(finding.refs.length === 0 ? [] : indent(finding.refs.join(" "), "refs: ").map(style.dim)),
    // A command that is meant to be pasted is never cut or broken.
    ...(exchange === null ? [] : [style.dim(`    $ ${exchange.repro.curl}`)]),
    `    relayfile explain ${finding.code}`,
  ];
}

function checkLines(report: Report, style: TextStyle): string[] {
  const { own, lines: undecided } = undecidedChecks(report);
  const shown = report.checks.filter(
    (check) => check.status !== "skip" && (check.status !== "unknown" || own.includes(check)),
  );
  const idWidth = Math.min(34, Math.max(...shown.map((check) => check.id.length), 10));
  const room = Math.max(...shown.map((check) => markWidth(style.mark(check.status))), 1);
  const lines = shown.flatMap((check) => {
    const mark = style.mark(check.status);
    // Side by side, each in a line of its own; below each other where there is no room, and then only what is not well.
    if (style.width >= NARROW) {
      const pad = " ".repeat(room - markWidth(mark));
      const reason = clip(check.reason, style.width - idWidth - room - 3, style);
      return [`${mark}${pad} ${check.id.padEnd(idWidth)}  ${style.dim(reason)}`.trimEnd()];
    }
    const reason = check.status === "pass" ? [] : indented(check.reason, style, 4).map(style.dim);
    return [`${mark} ${check.id}`, ...reason];
  });
  const unlisted =
    report.summary.checks.skip - report.checks.filter(({ status }) => status === "skip").length;
  return [
    ...lines,
    ...undecided.flatMap((text) => marked("unknown", text, style)),
    ...skippedGroups(report).flatMap(({ reason, ids }) =>
      marked("skip", `${count(ids.length, "check")} skipped: ${reason}`, style),
    ),
    ...(unlisted > 0
      ? marked("skip", `${count(unlisted, "check")} skipped, not listed in this report`, style)
      : []),
  ];
}

/** A remark with its mark: one line, cut, or on a narrow terminal as many as it needs. */
function marked(mark: "unknown" | "skip" | "info", text: string, style: TextStyle): string[] {
  if (style.width < NARROW) return hang(style.mark(mark), text, style.width, style.dim);
  const room = style.width - markWidth(style.mark(mark)) - 1;
  return [`${style.mark(mark)} ${style.dim(clip(text, room, style))}`];
}

function indented(text: string, style: TextStyle, by: number): string[] {
  return wrap(text, style.width - by).map((line) => `${" ".repeat(by)}${line}`);
}

/** Findings that are neither roots nor folded below one: things worth knowing. */
function noteLines(report: Report, style: TextStyle): string[] {
  const told = bareStart(report.findings);
  const notes = report.findings.filter((finding) => finding.severity === "info" && finding !== told);
  if (notes.length === 0) return [];
  const kept = notes.slice(0, NOTES_MAX);
  const lines = kept.flatMap(({ title, code }) => marked("info", `${title} (${code})`, style));
  const more = notes.length - kept.length;
  return [...lines, ...(more > 0 ? [style.dim(`  and ${more} more notes in the JSON report`)] : [])];
}

function nextLines(report: Report, style: TextStyle): string[] {
  const [next] = report.nextActions;
  if (next === undefined) return [];
  return [
    `${style.bold("next:")} ${commandLine(next.argv)}`,
    ...wrap(next.title, style.width - 6).map((line) => `      ${style.dim(line)}`),
  ];
}
