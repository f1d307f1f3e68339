/** The report in at most 25 lines of 100 columns, for a phone, a pager or a chat. */
import { formatDuration } from "../../lib/model/duration.ts";
import type { Report } from "../report.ts";
import { clip, markWidth, plainText, type TextStyle } from "./style.ts";
import { verdictLine } from "./text.ts";
import { undecidedChecks } from "./undecided.ts";
import {
  bareStart,
  commandLine,
  count,
  curlOf,
  factsLine,
  issueWords,
  rootsOf,
  skippedGroups,
} from "./words.ts";

const LINES_MAX = 25;
const ROOTS_MAX = 5;

/** The short form, without a final newline. Every cause keeps its code, so `explain` can tell the rest. */
export function renderShort(report: Report, style: TextStyle): string {
  const width = Math.min(style.width, 100);
  const line = (text: string) => clip(text, width, style);
  /** A text behind its mark, cut so that both fit. */
  const marked = (mark: string, text: string, paint = (cut: string) => cut) =>
    `${mark} ${paint(clip(text, width - markWidth(mark) - 1, style))}`;
  const workspace = report.target.workspaceId ?? "no workspace";
  const roots = rootsOf(report);
  const body = roots.slice(0, ROOTS_MAX).flatMap((finding) => {
    const mark = style.mark(finding.severity === "error" ? "fail" : "warn");
    const issue = issueWords(finding);
    const exchange = curlOf(report, finding);
    const where = exchange === null ? "" : ` · correlation ${exchange.correlationId}`;
    return [
      marked(mark, finding.title),
      `    ${clip(`${finding.code}${issue === null ? "" : ` · ${issue}`}${where}`, width - 4, style)}`,
    ];
  });
  const { own, lines } = undecidedChecks(report);
  const undecided = [
    ...own.slice(0, 4).map((check) => `${check.id}: ${check.reason}`),
    ...lines.slice(0, 4),
  ].map((text) => marked(style.mark("unknown"), text));
  const bare = bareStart(report.findings);
  const unconfigured = bare === undefined ? [] : [marked(style.mark("info"), bare.title)];
  const blocked = skippedGroups(report).filter((group) => group.reason.startsWith("because of"));
  const [next] = report.nextActions;
  const head = [
    style.bold(
      line(
        `relayfile ${report.tool.version} ${report.command} · ${workspace} · ${formatDuration(report.durationMs)}`,
      ),
    ),
    style.dim(line(factsLine(report))),
    ...unconfigured,
  ];
  const tail = [
    ...(roots.length > ROOTS_MAX
      ? [style.dim(`  and ${count(roots.length - ROOTS_MAX, "other cause")}`)]
      : []),
    ...blocked
      .slice(0, 3)
      .map(({ reason, ids }) =>
        marked(style.mark("skip"), `${count(ids.length, "check")} skipped ${reason}`, style.dim),
      ),
    ...(next === undefined ? [] : [`${style.bold("next:")} ${commandLine(next.argv)}`]),
    verdictLine(report, style, width),
  ];
  const room = LINES_MAX - head.length - tail.length;
  return plainText([...head, ...[...body, ...undecided].slice(0, room), ...tail].join("\n"), style);
}
