/** Small pieces that several sections of the page share: marks, chips, commands, requests. */
import { formatDuration } from "../../../lib/model/duration.ts";
import type { CheckStatus, Finding, Report } from "../../report.ts";
import { commandLine } from "../words.ts";
import { html, type Markup } from "./markup.ts";

/** One recorded request. */
export type Exchange = Report["exchanges"][number];
/** What colour and mark a thing has. */
export type Tone = CheckStatus | "info";

const GLYPHS: Readonly<Record<Tone, string>> = {
  pass: "✓",
  warn: "!",
  fail: "✕",
  unknown: "?",
  skip: "–",
  info: "i",
};

/** A mark whose meaning is also a word, for readers who see neither shape nor colour. */
export function mark(tone: Tone, word: string = tone): Markup {
  return html`<span class="mark ${tone}"><span aria-hidden="true">${GLYPHS[tone]}</span><span class="sr">${word}</span></span>`;
}

/** A word on a tinted ground. */
export function chip(text: string, tone: Tone | "plain" = "plain"): Markup {
  return html`<span class="chip ${tone}">${text}</span>`;
}

/** The tone of a finding. */
export function toneOf(severity: Finding["severity"]): Tone {
  return severity === "error" ? "fail" : severity;
}

/** A command to copy, with what it does to the world when that is more than reading. */
export function commandBlock(
  argv: readonly string[],
  effect: "read" | "refresh" | "write",
  safe: boolean,
): Markup {
  const note =
    effect === "write"
      ? chip(safe ? "writes" : "writes, look first", "warn")
      : effect === "refresh"
        ? chip("refreshes", "info")
        : null;
  return html`<div class="command"><code class="shell">${commandLine(argv)}</code>${note}</div>`;
}

/** Identifiers of requests on the page, by their place, so that no text of the report becomes an attribute of a link. */
export function anchorsOf(report: Report): ReadonlyMap<string, string> {
  return new Map(report.exchanges.map((exchange, index) => [exchange.id, `request-${index + 1}`]));
}

/** The answer of a request in a word, with its tone. */
export function answerOf(exchange: Exchange): { readonly word: string; readonly tone: Tone } {
  const status = exchange.response?.status;
  if (status === undefined) return { word: exchange.error?.class ?? "no answer", tone: "unknown" };
  if (status >= 500) return { word: String(status), tone: "fail" };
  if (status >= 400) return { word: String(status), tone: "warn" };
  return { word: String(status), tone: status >= 300 ? "info" : "pass" };
}

/** A URL without its service and workspace, its query readable: `/fs/file?path=/digests/today.md`. */
export function shortUrl(report: Report, exchange: Exchange): string {
  const { fileApi, controlPlane } = report.target;
  const base = exchange.service === "control-plane" ? controlPlane?.baseUrl : fileApi.baseUrl;
  let url = exchange.request.url;
  if (base !== undefined && base !== "" && url.startsWith(base)) url = url.slice(base.length);
  url = url.replace(/^(?:\/api)?\/v1\/workspaces\/[^/?]+(?=\/)/, "");
  try {
    return decodeURIComponent(url);
  } catch {
    // Not every text of a server is a well-formed URL; it is shown as it came.
    return url;
  }
}

/** Everything about one request: what was sent, what came back, and the line that repeats it. */
export function exchangeDetail(exchange: Exchange): Markup {
  const { request, response, error, timing, repro } = exchange;
  const budget = timing.budgetMs > 0 ? ` of ${formatDuration(timing.budgetMs)}` : "";
  return html`<div class="exchange">
<dl class="facts">
${fact("Request", html`<code>${request.method} ${request.url}</code>`)}
${request.bodyPreview === undefined ? null : fact("Sent", html`<pre>${pretty(request.bodyPreview)}</pre>`)}
${
  response === undefined
    ? fact(
        "No answer",
        html`${error === undefined ? "not known why" : `${error.class}: ${error.message} (${error.code})`}`,
      )
    : fact("Answer", html`<code>${response.status}</code>, ${response.bodyBytes} bytes`)
}
${fact("Time", html`${formatDuration(timing.totalMs)}${budget}${timing.ttfbMs === null ? "" : `, first byte after ${formatDuration(timing.ttfbMs)}`}`)}
${fact("Started", html`<time>${exchange.startedAt}</time>`)}
${fact("Correlation id", html`<code>${exchange.correlationId}</code>`)}
${
  response === undefined || Object.keys(response.headers).length === 0
    ? null
    : fact(
        "Headers",
        html`<ul class="plain">${Object.entries(response.headers).map(([name, value]) => html`<li><code>${name}: ${value}</code></li>`)}</ul>`,
      )
}
${
  response?.bodyPreview === undefined
    ? null
    : fact(response.truncated ? "Body (cut)" : "Body", html`<pre>${pretty(response.bodyPreview)}</pre>`)
}
</dl>
<p class="label">${repro.effect === "read" ? "Repeat it" : "Repeating it changes something"}</p>
<pre class="shell">${repro.curl}</pre>${repro.note === undefined ? null : html`<p class="quiet">${repro.note}</p>`}
</div>`;
}

/** A row of a list of facts. */
export function fact(name: string, value: Markup): Markup {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** A section with a heading that links can reach; nothing when it has no content. */
export function section(id: string, title: string, content: Markup | null, lead = ""): Markup | null {
  if (content === null) return null;
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>${lead === "" ? null : html`<p class="lead">${lead}</p>`}
${content}
</section>
`;
}

/** JSON with indentation; anything else as it is. */
function pretty(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    // A cut preview is no JSON any more.
    return text;
  }
}
