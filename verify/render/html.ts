/**
 * The report as one page for people: verdict first, causes with their proof, the matrix, the requests on a time axis.
 * Everything is in the file; no script, no request, so it opens from a mail or a ticket without a network.
 */
import type { Report } from "../report.ts";
import { causeCards, noteList, otherCharts } from "./html/causes.ts";
import { html, Markup } from "./html/markup.ts";
import { actionList, checkList, keyFacts, matrixTable, runFacts, writeList } from "./html/overview.ts";
import { section } from "./html/parts.ts";
import { STYLE } from "./html/style.ts";
import { timeline } from "./html/timeline.ts";
import { verdictBand } from "./html/verdict.ts";
import { outcomeWord } from "./words.ts";

/** Nothing may be loaded and nothing may run, whatever a text of the report contains. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

/** A whole HTML document with a final newline. */
export function renderHtml(report: Report): string {
  const sections: readonly (readonly [id: string, title: string, content: Markup | null, lead?: string])[] = [
    ["causes", "Root causes", causeCards(report)],
    [
      "actions",
      "What to do",
      actionList(report),
      "In this order: the cheapest step that tells most comes first.",
    ],
    ["matrix", "Providers and phases", matrixTable(report)],
    ["charts", "Measured", otherCharts(report)],
    ["requests", "Requests", timeline(report)],
    ["checks", "Checks", checkList(report)],
    ["writes", "Written by probes", writeList(report)],
    ["notes", "Notes", noteList(report)],
    ["run", "This run", runFacts(report)],
  ];
  const present = sections.filter(([, , content]) => content !== null);
  const where = report.target.workspaceName ?? report.target.workspaceId ?? "";
  const title = `${outcomeWord(report)} · relayfile ${report.command}${where === "" ? "" : ` · ${where}`}`;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${new Markup(POLICY)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="generator" content="relayfile ${report.tool.version}">
<title>${title}</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
<a class="jump" href="#main">To the content</a>
${verdictBand(report)}<div class="inner layout">
<main id="main">
${present.map(([id, name, content, lead]) => section(id, name, content, lead))}</main>
<aside>
<nav aria-label="On this page"><p class="label">On this page</p><ul>
${present.map(
  ([id, name]) => html`<li><a href="#${id}">${name}</a></li>
`,
)}</ul></nav>
<div class="key"><p class="label">Where</p>${keyFacts(report)}</div>
</aside>
</div>
<footer class="inner page-end"><p>relayfile ${report.tool.version} · report ${report.schemaVersion} · this page holds no script and loads nothing</p></footer>
</body>
</html>
`;
  return page.text;
}
