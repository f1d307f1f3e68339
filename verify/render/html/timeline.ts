/** Every request of the run on one time axis: when it started, how long it took, what came back; each opens. */
import { formatDuration } from "../../../lib/model/duration.ts";
import type { Report } from "../../report.ts";
import { html, type Markup } from "./markup.ts";
import { anchorsOf, answerOf, chip, type Exchange, exchangeDetail, mark, shortUrl } from "./parts.ts";

const ROWS_MAX = 1_000;
const ALL_SHOWN_UP_TO = 25;

/** The timeline, or null when nothing was asked. */
export function timeline(report: Report): Markup | null {
  const rows = report.exchanges.slice(0, ROWS_MAX);
  if (rows.length === 0) return null;
  const axis = axisOf(rows);
  const cited = new Set(
    report.findings.flatMap((finding) =>
      finding.evidence.flatMap((item) => (item.type === "http" ? [item.exchangeId] : [])),
    ),
  );
  const anchors = anchorsOf(report);
  const matters = (exchange: Exchange) => cited.has(exchange.id) || !/^2/.test(answerOf(exchange).word);
  const some = rows.filter(matters).length;
  const allFirst = rows.length <= ALL_SHOWN_UP_TO || some === 0;
  const hidden = report.exchanges.length - rows.length;
  return html`<div class="timeline">
<fieldset class="filter"><legend class="sr">Requests to show</legend>
<label><input type="radio" name="requests" value="all"${allFirst ? ATTRIBUTE_CHECKED : null}> All ${rows.length}</label>
<label><input type="radio" name="requests" value="some"${allFirst ? null : ATTRIBUTE_CHECKED}> Cited or not 2xx (${some})</label>
</fieldset>
<div class="axis" aria-hidden="true"><span></span><div>${axis.ticks.map((tick) => html`<span style="left:${percent(tick / axis.spanMs)}%">${formatDuration(tick)}</span>`)}</div></div>
<ol class="requests">
${rows.map((exchange) => {
  const answer = answerOf(exchange);
  const start = startOf(exchange) - axis.startMs;
  const left = percent(start / axis.spanMs);
  const width = Math.max(0.4, Math.min(100 - left, percent(exchange.timing.totalMs / axis.spanMs)));
  return html`<li id="${anchors.get(exchange.id) ?? ""}" class="${matters(exchange) ? "matters" : "ordinary"}"><details class="row"><summary>
<span class="what">${cited.has(exchange.id) ? mark("info", "cited") : html`<span class="mark none"></span>`}<span class="verb">${exchange.request.method}</span><code>${shortUrl(report, exchange)}</code></span>
<span class="track" aria-hidden="true"><span class="bar ${exchange.service} ${answer.tone}" style="left:${left}%;width:${width}%"></span></span>
<span class="answer">${chip(answer.word, answer.tone)}</span><span class="took">${formatDuration(exchange.timing.totalMs)}</span>
</summary><div class="body">${exchangeDetail(exchange)}</div></details></li>
`;
})}</ol>
<p class="quiet legend"><span><i class="swatch file-api"></i>file API</span><span><i class="swatch control-plane"></i>control plane</span><span><i class="swatch fail"></i>failed</span><span>${mark("info", "mark:")} cited as evidence</span></p>
${hidden > 0 ? html`<p class="quiet">${hidden} more requests are in the JSON report.</p>` : null}
</div>`;
}

const ATTRIBUTE_CHECKED = html` checked`;

interface Axis {
  readonly startMs: number;
  /** At least 1. */
  readonly spanMs: number;
  readonly ticks: readonly number[];
}

/** From the first start to the last end, with about four round ticks. */
function axisOf(rows: readonly Exchange[]): Axis {
  const startMs = Math.min(...rows.map(startOf));
  const endMs = Math.max(...rows.map((row) => startOf(row) + Math.max(0, row.timing.totalMs)));
  const spanMs = Math.max(1, endMs - startMs);
  const raw = spanMs / 4;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= raw) ?? raw;
  const ticks = Array.from({ length: Math.floor(spanMs / step) + 1 }, (_, n) => n * step).filter(
    (tick) => tick <= spanMs * 0.94,
  );
  return { startMs, spanMs, ticks };
}

/** Start in ms since the epoch; 0 for a text that is no time. */
function startOf(exchange: Exchange): number {
  return Date.parse(exchange.startedAt) || 0;
}

/** A share as a percentage between 0 and 100 with two decimals. */
function percent(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 10_000) / 100;
}
