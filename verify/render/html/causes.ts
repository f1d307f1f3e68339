/** Root causes as cards: what it is, the proof, what was ruled out, what follows from it, what to do. */
import { formatDuration } from "../../../lib/model/duration.ts";
import type { Finding, Report } from "../../report.ts";
import { type DigestBudget, digestBudgets, type SchemaHistory, schemaHistories } from "../series.ts";
import { evidenceLine, regressionWords, rootsOf } from "../words.ts";
import { budgetChart, historyChart } from "./charts.ts";
import { html, type Markup } from "./markup.ts";
import { answerOf, chip, commandBlock, exchangeDetail, mark, toneOf } from "./parts.ts";

const CARDS_MAX = 50;
const FOLLOWING_MAX = 100;
const EVIDENCE_MAX = 40;

/** Charts by the finding on whose card they stand; the rest stand by themselves. */
interface Charts {
  readonly budgets: readonly DigestBudget[];
  readonly histories: readonly SchemaHistory[];
}

/** A card per root cause that is more than a note; null when there is none. */
export function causeCards(report: Report): Markup | null {
  const roots = rootsOf(report).filter((finding) => finding.severity !== "info");
  if (roots.length === 0) return null;
  const charts = { budgets: digestBudgets(report), histories: schemaHistories(report) };
  const hidden = roots.length - CARDS_MAX;
  return html`<ol class="causes">
${roots.slice(0, CARDS_MAX).map((finding, index) => card(report, finding, index + 1, charts))}</ol>
${hidden > 0 ? html`<p class="quiet">${hidden} more causes are in the JSON report.</p>` : null}`;
}

/** Charts whose finding has no card; null when there is none. */
export function otherCharts(report: Report): Markup | null {
  const cards = new Set(
    rootsOf(report)
      .filter((finding) => finding.severity !== "info")
      .slice(0, CARDS_MAX)
      .map((finding) => finding.id),
  );
  const owner = (id: string) => report.findings.find((finding) => finding.id === id);
  // What a card already shows in a consequence's words needs no second chart.
  const shown = (id: string) =>
    cards.has(id) || (owner(id)?.causedBy.some((cause) => cards.has(cause)) ?? false);
  const budgets = digestBudgets(report).filter(({ findingId }) => !shown(findingId));
  const histories = schemaHistories(report).filter(({ findingId }) => !shown(findingId));
  if (budgets.length + histories.length === 0) return null;
  return html`${budgets.map(budgetChart)}${histories.map(historyChart)}`;
}

/** Notes: findings that are neither errors nor warnings; null when there is none. */
export function noteList(report: Report): Markup | null {
  const notes = report.findings.filter((finding) => finding.severity === "info");
  if (notes.length === 0) return null;
  return html`<div class="stack">${notes.slice(0, FOLLOWING_MAX).map((finding) => folded(report, finding))}</div>`;
}

function card(report: Report, finding: Finding, number: number, charts: Charts): Markup {
  const issue = finding.knownIssue;
  const back = regressionWords(finding);
  const following = report.findings.filter((other) => other.causedBy.includes(finding.id));
  const own = new Set([finding.id, ...following.map((other) => other.id)]);
  const budgets = charts.budgets.filter(({ findingId }) => own.has(findingId)).slice(0, 3);
  const histories = charts.histories.filter(({ findingId }) => own.has(findingId)).slice(0, 6);
  const seen = issue === undefined ? 0 : issue.matched.length;
  const signs = issue === undefined ? 0 : seen + issue.missing.length;
  return html`<li><article class="card ${toneOf(finding.severity)}" id="cause-${number}">
<header>
<p class="chips">${chip(finding.severity, toneOf(finding.severity))}${chip(finding.confidence)}${finding.baselineState === undefined ? null : chip(finding.baselineState)}<code>${finding.code}</code></p>
<h3><span class="number" aria-hidden="true">${number}</span>${finding.title}</h3>
${finding.detail === undefined ? null : html`<p class="detail">${finding.detail}</p>`}
</header>
${budgets.map(budgetChart)}${histories.map(historyChart)}
${finding.remediation === undefined ? null : remedy(finding.remediation)}
${finding.evidence.length === 0 ? null : html`<h4>Evidence</h4>${evidenceList(report, finding)}`}
${
  issue === undefined
    ? null
    : html`<h4>Known issue</h4><p><strong>${issue.id}</strong> ${issue.title} <span class="quiet">${seen} of ${signs} signs, ${issue.confidence}</span>${back === null ? null : chip(back, "warn")}</p>
<ul class="signs">${issue.matched.map((sign) => html`<li>${mark("pass", "seen:")}<span>${sign}</span></li>`)}${issue.missing.map((sign) => html`<li>${mark("unknown", "not looked at:")}<span>${sign}</span></li>`)}</ul>
<p class="quiet">Until it is fixed: ${issue.workaround}</p>`
}
${
  finding.ruledOut.length === 0
    ? null
    : html`<h4>Ruled out</h4><ul class="signs">${finding.ruledOut.map((reason) => html`<li>${mark("skip", "ruled out:")}<span>${reason}</span></li>`)}</ul>`
}
${
  following.length === 0
    ? null
    : html`<h4>Explains ${following.length}</h4><div class="stack">${following.slice(0, FOLLOWING_MAX).map((other) => folded(report, other))}</div>`
}
<footer class="quiet">${finding.refs.length === 0 ? null : html`<span>${finding.refs.join(" · ")}</span>`}<code>relayfile explain ${finding.code}</code></footer>
</article></li>
`;
}

function remedy(remediation: NonNullable<Finding["remediation"]>): Markup {
  return html`<div class="remedy"><h4>What to do</h4><p>${remediation.text}</p>${remediation.commands.map((command) => commandBlock(command.argv, command.effect, command.safe))}</div>`;
}

/** A finding on one line that opens. */
function folded(report: Report, finding: Finding): Markup {
  return html`<details class="row"><summary>${mark(toneOf(finding.severity), finding.severity)}<span class="grow">${finding.title}</span><code>${finding.code}</code></summary>
<div class="body">${finding.detail === undefined ? null : html`<p>${finding.detail}</p>`}${evidenceList(report, finding)}${finding.remediation === undefined ? null : remedy(finding.remediation)}</div></details>
`;
}

function evidenceList(report: Report, finding: Finding): Markup {
  const hidden = finding.evidence.length - EVIDENCE_MAX;
  return html`<ul class="evidence">
${finding.evidence.slice(0, EVIDENCE_MAX).map(
  (item) => html`<li>${evidence(report, item)}</li>
`,
)}${hidden > 0 ? html`<li class="quiet">${hidden} more in the JSON report</li>` : null}</ul>`;
}

function evidence(report: Report, item: Finding["evidence"][number]): Markup {
  if (item.type !== "http")
    return html`<p class="fact"><span class="kind">${item.type}</span><span class="grow">${evidenceLine(item)}</span></p>`;
  const exchange = report.exchanges.find((one) => one.id === item.exchangeId);
  if (exchange === undefined)
    return html`<p class="fact"><span class="kind">http</span><span class="grow">${item.quote}</span><span class="quiet">request not kept</span></p>`;
  const answer = answerOf(exchange);
  return html`<details class="row"><summary><span class="kind">http</span><span class="grow">${item.quote}</span>${chip(answer.word, answer.tone)}<span class="quiet">${formatDuration(exchange.timing.totalMs)}</span></summary><div class="body">${exchangeDetail(exchange)}</div></details>`;
}
