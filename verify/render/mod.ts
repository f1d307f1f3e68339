/** Every format of a report by name; each is a pure function of the document, loaded when it is asked for. */
import type { Report } from "../report.ts";
import { PLAIN } from "./style.ts";

/** Names of the formats, as in `--report FORMAT=PATH` and `report render --to FORMAT`. */
export const FORMATS = [
  "json",
  "text",
  "short",
  "markdown",
  "md",
  "html",
  "junit",
  "github",
  "ndjson",
  "curl",
] as const;
/** Name of a format; `md` is short for `markdown`. */
export type Format = (typeof FORMATS)[number];

/** The report in a format, as it is written to a file. */
export async function renderReport(report: Report, format: Format): Promise<string> {
  switch (format) {
    case "json":
      return (await import("./json.ts")).renderJson(report);
    case "text":
      return `${(await import("./text.ts")).renderText(report, PLAIN)}\n`;
    case "short":
      return `${(await import("./short.ts")).renderShort(report, PLAIN)}\n`;
    case "markdown":
    case "md":
      return (await import("./markdown.ts")).renderMarkdown(report);
    case "html":
      return (await import("./html.ts")).renderHtml(report);
    case "junit":
      return (await import("./junit.ts")).renderJunit(report);
    case "github":
      return (await import("./github.ts")).renderGithub(report);
    case "ndjson":
      return (await import("./ndjson.ts")).renderNdjson(report);
    case "curl":
      return (await import("./curl.ts")).renderCurl(report);
  }
}
