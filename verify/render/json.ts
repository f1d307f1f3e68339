/** The report as one JSON document. */
import type { Report } from "../report.ts";

/** Indented, with a final newline; bodies are cut to `maxBodyChars` so that an agent's context survives. */
export function renderJson(report: Report, maxBodyChars = 4_096): string {
  return `${JSON.stringify(trimBodies(report, maxBodyChars), null, 2)}\n`;
}

/** The report with shorter body previews; what was cut is marked as truncated. */
export function trimBodies(report: Report, maxBodyChars: number): Report {
  return {
    ...report,
    exchanges: report.exchanges.map((exchange) => {
      const preview = exchange.response?.bodyPreview;
      if (exchange.response === undefined || preview === undefined || preview.length <= maxBodyChars)
        return exchange;
      return {
        ...exchange,
        response: { ...exchange.response, bodyPreview: preview.slice(0, maxBodyChars), truncated: true },
      };
    }),
  };
}
