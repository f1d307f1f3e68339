/** The report as an agent reads it: what no finding cites is told in short. Pure; files and bundles keep everything. */
import type { Report } from "../report.ts";

/**
 * The report with less about requests that went well and that no finding cites: no answer headers and no argv, which
 * the curl line says again. `truncated` tells how many.
 */
export function slimReport(report: Report): Report {
  const cited = new Set(
    report.findings.flatMap(({ evidence }) =>
      evidence.flatMap((item) => (item.type === "http" ? [item.exchangeId] : [])),
    ),
  );
  const told = ({ id, response, error, attempt }: Report["exchanges"][number]) =>
    cited.has(id) || error !== undefined || attempt > 1 || (response !== undefined && response.status >= 400);
  const kept = report.exchanges.filter(told).length;
  const dropped = report.exchanges.length - kept;
  if (dropped === 0) return report;
  return {
    ...report,
    exchanges: report.exchanges.map((exchange) =>
      told(exchange)
        ? exchange
        : {
            ...exchange,
            ...(exchange.response === undefined ? {} : { response: { ...exchange.response, headers: {} } }),
            repro: { ...exchange.repro, argv: [] },
          },
    ),
    truncated: [
      ...report.truncated,
      { what: "headers and argv of requests that no finding cites (-v keeps them)", kept, dropped },
    ],
  };
}
