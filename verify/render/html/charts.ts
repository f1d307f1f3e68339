/** Charts made of boxes: readable without colour, without script and on paper. Every number also stands as text. */
import { formatDuration } from "../../../lib/model/duration.ts";
import type { DigestBudget, SchemaHistory } from "../series.ts";
import { html, type Markup } from "./markup.ts";

/** Bars for the share of a digest's event budget per path prefix. */
export function budgetChart(budget: DigestBudget): Markup {
  const state = budget.truncated
    ? `${budget.events} events, the limit: more happened than it shows`
    : `${budget.events} events`;
  return html`<figure class="chart">
<figcaption><strong>Event budget of <code>${budget.subject}</code></strong><span class="quiet">${state}</span></figcaption>
<ul class="bars">
${budget.shares.map(
  (share) => html`<li class="${share.blamed ? "blamed" : "ordinary"}">
<span class="name"><code>${share.prefix}</code></span>
<span class="track" aria-hidden="true"><span class="bar" style="width:${widthOf(share.percent)}%"></span></span>
<span class="value">${share.percent} %<span class="quiet"> ${share.count}</span></span>
</li>
`,
)}</ul>
</figure>
`;
}

/** Columns for the number of properties of a schema, one per revision, oldest first. */
export function historyChart(history: SchemaHistory): Markup {
  const most = Math.max(1, ...history.points.map((point) => point.properties));
  const last = history.points.at(-1);
  const before = history.points.at(-2);
  const change =
    last === undefined || before === undefined || last.properties === before.properties
      ? "unchanged in the last revision"
      : `${before.properties} → ${last.properties} in the last revision`;
  return html`<figure class="chart">
<figcaption><strong>Properties of <code>${history.path}</code></strong><span class="quiet">${history.points.length} revisions, ${change}</span></figcaption>
<ol class="columns">
${history.points.map(
  (point, index) => html`<li class="${point.properties === 0 ? "empty" : "filled"}">
<span class="value">${point.properties}</span>
<span class="shaft" aria-hidden="true"><span class="bar" style="height:${widthOf((point.properties / most) * 100)}%"></span></span>
<span class="name"><code>${point.revision}</code><span class="quiet">${sincePrevious(history, index)}</span></span>
</li>
`,
)}</ol>
</figure>
`;
}

function sincePrevious(history: SchemaHistory, index: number): string {
  const at = Date.parse(history.points[index]?.at ?? "");
  const before = Date.parse(history.points[index - 1]?.at ?? "");
  if (Number.isNaN(at)) return "";
  if (Number.isNaN(before)) return new Date(at).toISOString().slice(0, 10);
  return `+${formatDuration(at - before)}`;
}

/** A percentage for a style: one decimal, between 0 and 100. */
function widthOf(percent: number): number {
  return Math.round(Math.min(100, Math.max(0, percent)) * 10) / 10;
}
