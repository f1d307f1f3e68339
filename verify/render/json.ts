/** The report as one JSON document. */
import type { Report } from "../report.ts";

/** Indented, with a final newline; bodies are cut to `maxBodyChars` so that an agent's context survives. */
export function renderJson(report: Report, maxBodyChars = 4_096): string {
  return `${JSON.stringify(trimBodies(report, maxBodyChars), null, 2)}\n`;
}

/**
 * The report with shorter body previews; what was cut is marked as truncated. Answers that no finding cites and that
 * were no refusal lose their preview: their hash and size stay.
 */
export function trimBodies(report: Report, maxBodyChars: number): Report {
  const cited = new Set(
    report.findings.flatMap((finding) =>
      finding.evidence.flatMap((item) => (item.type === "http" ? [item.exchangeId] : [])),
    ),
  );
  return {
    ...report,
    exchanges: report.exchanges.map((exchange) => {
      const { response } = exchange;
      if (response?.bodyPreview === undefined) return exchange;
      const wanted = cited.has(exchange.id) || response.status >= 400;
      const bodyPreview = wanted ? response.bodyPreview.slice(0, maxBodyChars) : "";
      if (bodyPreview.length === response.bodyPreview.length) return exchange;
      const { bodyPreview: _cut, ...rest } = response;
      return {
        ...exchange,
        response: { ...rest, ...(bodyPreview === "" ? {} : { bodyPreview }), truncated: true },
      };
    }),
  };
}
