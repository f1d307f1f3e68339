/** The report as an agent reads it: what no finding cites is told by its number. Pure; files and bundles keep everything. */
import type { Report } from "../report.ts";

/** How `truncated` names the skipped checks that are not listed. */
export const SKIPPED_LEFT_OUT = "checks that were skipped (-v keeps them)";

/**
 * The report with the requests that a finding cites or that went wrong, and the first of each service; without the checks
 * that were skipped, unless a flag would let them run. Checks that passed keep their answer and lose what `doctor --list`
 * says of them. `truncated` tells what is gone.
 */
export function slimReport(report: Report): Report {
  const exchanges = toldExchanges(report);
  const dropped = report.exchanges.length - exchanges.length;
  const asked = report.checks.filter(({ status, flag }) => status !== "skip" || flag !== undefined);
  const skipped = report.checks.length - asked.length;
  const quiet = asked.filter(isQuiet).length;
  return {
    ...report,
    exchanges,
    checks: asked.map((check) =>
      isQuiet(check) ? { ...check, refs: [], after: [], evidence: [], hint: "" } : check,
    ),
    truncated: [
      ...report.truncated,
      ...(dropped === 0
        ? []
        : [{ what: "requests that no finding cites (-v keeps them)", kept: exchanges.length, dropped }]),
      ...(skipped === 0 ? [] : [{ what: SKIPPED_LEFT_OUT, kept: asked.length, dropped: skipped }]),
      ...(quiet === 0
        ? []
        : [
            {
              what: "refs, hints and evidence names of checks without findings (-v keeps them)",
              kept: asked.length - quiet,
              dropped: quiet,
            },
          ]),
    ],
  };
}

function toldExchanges(report: Report): Report["exchanges"] {
  const cited = new Set(
    report.findings.flatMap(({ evidence }) =>
      evidence.flatMap((item) => (item.type === "http" ? [item.exchangeId] : [])),
    ),
  );
  const services = new Set<string>();
  return report.exchanges.filter(({ id, service, response, error, attempt }) => {
    const first = !services.has(service);
    services.add(service);
    const refused = response !== undefined && response.status >= 400;
    return first || cited.has(id) || error !== undefined || attempt > 1 || refused;
  });
}

function isQuiet({ status, findingIds }: Report["checks"][number]): boolean {
  return (status === "pass" || status === "skip") && findingIds.length === 0;
}
