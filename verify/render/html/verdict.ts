/** The top of the page: what the run decided, in one sentence, and the one thing to do next. */
import { formatDuration } from "../../../lib/model/duration.ts";
import type { Report } from "../../report.ts";
import { count, outcomeWord, rootsOf } from "../words.ts";
import { html, type Markup } from "./markup.ts";
import { commandBlock, type Tone } from "./parts.ts";

/** The tone of the whole page. */
export function pageTone(report: Report): Tone {
  return report.outcome === "interrupted" ? "unknown" : report.outcome;
}

/** Verdict, counts, first action. */
export function verdictBand(report: Report): Markup {
  const { target } = report;
  const [next] = report.nextActions;
  const where = [...new Set([target.workspaceName, target.workspaceId, target.provider])].filter(
    (part) => part !== null && part !== "",
  );
  return html`<header class="verdict ${pageTone(report)}" data-outcome="${report.outcome}" data-exit-code="${report.exitCode}">
<div class="inner">
<p class="eyebrow"><strong>relayfile ${report.command}</strong>${where.map((part) => html`<span>${part}</span>`)}<time>${timeWords(report.startedAt)}</time></p>
<p class="outcome"><span class="word">${outcomeWord(report)}</span><span class="exit">exit ${report.exitCode} · ${report.exit}</span></p>
<h1>${sentenceCase(report.verdict)}</h1>
${report.policy.baseline === null ? null : html`<p class="quiet">Only what is new or changed since the baseline <code>${report.policy.baseline}</code> counts.</p>`}
<dl class="numbers">
${numbersOf(report).map(([value, name]) => html`<div><dd>${value}</dd><dt>${name}</dt></div>`)}
</dl>
${
  next === undefined
    ? null
    : html`<div class="next"><p class="label">Next</p><p>${next.title}</p>${commandBlock(next.argv, next.effect, next.safe)}</div>`
}
</div>
</header>
`;
}

function numbersOf(report: Report): [value: string, name: string][] {
  const { checks, findings, requests } = report.summary;
  const decided = checks.pass + checks.warn + checks.fail;
  const roots = rootsOf(report).filter((finding) => finding.severity !== "info").length;
  const plural = (n: number, one: string): [string, string] => [
    String(n),
    count(n, one).slice(String(n).length + 1),
  ];
  return [
    plural(roots, "root cause"),
    plural(findings.error, "error"),
    plural(findings.warn, "warning"),
    [`${decided}/${checks.total - checks.skip}`, "checks decided"],
    plural(requests.count, "request"),
    [formatDuration(report.durationMs), "in all"],
  ];
}

/** `20 May 2026, 12:00 UTC`; a text that is no time stays as it is. */
export function timeWords(iso: string): string {
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return iso;
  const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
  const date = new Date(ms);
  const clock = date.toISOString().slice(11, 16);
  return `${date.getUTCDate()} ${months[date.getUTCMonth()]} ${date.getUTCFullYear()}, ${clock} UTC`;
}

function sentenceCase(text: string): string {
  const [first = "", ...rest] = text;
  // A path or an identifier keeps its spelling.
  return /^[a-z]+[ :,]/.test(text) ? first.toUpperCase() + rest.join("") : text;
}
