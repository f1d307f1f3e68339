/** The comparison of two reports for files, pull requests and terminals. */
import { formatDuration } from "../../lib/model/duration.ts";
import type { ComparedFinding, ReportDiff } from "../diff.ts";
import { cellCode, inlineCode, prose, row } from "./markdown-text.ts";
import { clip, PLAIN, plainText, type TextStyle } from "./style.ts";

const LISTED_MAX = 200;
const OTHER_WORKSPACE =
  "Two different workspaces are compared: findings match by what they are about, not by identity.";

/** Classes in the order of interest, with their headings. */
const CLASSES = [
  ["new", "New"],
  ["changed", "Changed"],
  ["fixed", "Fixed"],
  ["notComparable", "Not comparable"],
] as const;

/** The comparison in a format, with a final newline. `md` is short for `markdown`. */
export function renderDiff(diff: ReportDiff, format: "text" | "json" | "markdown" | "md"): string {
  if (format === "json") return `${JSON.stringify(diff, null, 2)}\n`;
  return format === "text" ? `${renderDiffText(diff, PLAIN)}\n` : renderDiffMarkdown(diff);
}

/** Text without a final newline; the verdict last. */
export function renderDiffText(diff: ReportDiff, style: TextStyle): string {
  const paint = { new: style.red, changed: style.yellow, fixed: style.green, notComparable: style.dim };
  const side = (name: string, one: ReportDiff["earlier"]) =>
    `${name.padEnd(8)}${one.outcome.toUpperCase()} (${one.exitCode})  ${one.command}  ${one.startedAt}`;
  const lines = [
    side("earlier", diff.earlier),
    side("later", diff.later),
    ...(diff.sameWorkspace ? [] : [style.yellow(OTHER_WORKSPACE)]),
    ...CLASSES.flatMap(([key, title]) => {
      const list = diff[key];
      if (list.length === 0) return [];
      return [
        "",
        style.bold(`${title} (${list.length})`),
        ...list.slice(0, LISTED_MAX).flatMap((finding) => {
          const why = whyWords(finding);
          return [
            `  ${paint[key](clip(finding.title, style.width - 2, style))}`,
            `    ${style.dim(clip(`${finding.severity} ${finding.code}${why === "" ? "" : `, ${why}`}`, style.width - 4, style))}`,
          ];
        }),
        ...moreLines(list.length).map((line) => style.dim(`  ${line}`)),
      ];
    }),
    ...(diff.checks.changed.length === 0
      ? []
      : [
          "",
          style.bold(`Checks that answer differently (${diff.checks.changed.length})`),
          ...diff.checks.changed
            .slice(0, LISTED_MAX)
            .map(({ id, earlier, later }) => `  ${id}: ${earlier} -> ${later}`),
        ]),
    ...diff.latency
      .filter((entry) => entry.moved)
      .map(
        (entry) =>
          `${entry.name} of requests: ${formatDuration(entry.earlierMs)} -> ${formatDuration(entry.laterMs)}`,
      ),
    "",
    `${style.bold(`${diff.exit} (${diff.exitCode})`)}  ${diff.verdict}`,
  ];
  return plainText(lines.join("\n"), style);
}

/** Markdown for a pull request or an issue, with a final newline. */
export function renderDiffMarkdown(diff: ReportDiff): string {
  const side = (name: string, one: ReportDiff["earlier"]) =>
    row([
      name,
      `${one.outcome.toUpperCase()} (${one.exitCode})`,
      cellCode(one.command),
      cellCode(one.workspaceId ?? "none"),
      prose(one.startedAt),
      prose(one.verdict),
    ]);
  const lines = [
    `## ${prose(diff.verdict)}`,
    "",
    `**${diff.exit}** (exit ${diff.exitCode}), ${diff.checks.compared} checks decided in both.`,
    "",
    row(["", "verdict", "command", "workspace", "when", "in words"]),
    "|---|---|---|---|---|---|",
    side("earlier", diff.earlier),
    side("later", diff.later),
    ...(diff.sameWorkspace ? [] : ["", OTHER_WORKSPACE]),
    ...CLASSES.flatMap(([key, title]) => {
      const list = diff[key];
      if (list.length === 0) return [];
      return [
        "",
        `### ${title} (${list.length})`,
        "",
        ...list.slice(0, LISTED_MAX).map((finding) => {
          const why = whyWords(finding);
          return `- ${prose(finding.title)} (${finding.severity}, ${inlineCode(finding.code)})${why === "" ? "" : `: ${prose(why)}`}`;
        }),
        ...moreLines(list.length),
      ];
    }),
    ...(diff.unchanged.length === 0 ? [] : ["", `${diff.unchanged.length} findings are unchanged.`]),
    ...(diff.checks.changed.length === 0
      ? []
      : [
          "",
          "### Checks that answer differently",
          "",
          row(["check", "earlier", "later"]),
          "|---|---|---|",
          ...diff.checks.changed
            .slice(0, LISTED_MAX)
            .map(({ id, earlier, later }) => row([cellCode(id), earlier, later])),
        ]),
    ...(diff.latency.length === 0
      ? []
      : [
          "",
          "### Request times",
          "",
          row(["", "earlier", "later", ""]),
          "|---|--:|--:|---|",
          ...diff.latency.map(({ name, earlierMs, laterMs, moved }) =>
            row([name, formatDuration(earlierMs), formatDuration(laterMs), moved ? "beyond noise" : ""]),
          ),
        ]),
  ];
  return `${lines.join("\n")}\n`;
}

function whyWords(finding: ComparedFinding): string {
  return finding.because ?? finding.changes?.join(", ") ?? "";
}

function moreLines(length: number): string[] {
  return length > LISTED_MAX ? [`and ${length - LISTED_MAX} more in the JSON form`] : [];
}
