/** Checks that could not decide, without those whose reason is told as a cause already. */
import type { Report } from "../report.ts";

/** Undecided checks that say something of their own, and the number of those that only repeat a cause. */
export function undecidedChecks(report: Report): { own: Report["checks"]; repeated: number } {
  const told = new Set([
    ...report.rootCauses,
    ...report.findings.filter(({ causedBy }) => causedBy.length > 0).map(({ id }) => id),
  ]);
  const undecided = report.checks.filter(({ status }) => status === "unknown");
  const own = undecided.filter(
    ({ findingIds }) => findingIds.length === 0 || !findingIds.every((id) => told.has(id)),
  );
  return { own, repeated: undecided.length - own.length };
}

/** What stands in the place of the checks that repeat a cause; null when there are none. */
export function repeatedWords(repeated: number): string | null {
  if (repeated === 0) return null;
  return `${repeated} check${repeated === 1 ? "" : "s"} could not decide, for the causes above`;
}
