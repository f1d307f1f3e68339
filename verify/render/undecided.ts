/** Checks that could not decide: those that only repeat a cause are counted, those with one reason are told together. */
import type { Report } from "../report.ts";

/** Checks of one reason, from this many on, are told in one line. */
const TOGETHER_MIN = 3;

/** What could not be decided, in the order of the checks. */
export interface Undecided {
  /** Checks that say something of their own. */
  readonly own: Report["checks"];
  /** What stands in the place of all others, one line each. */
  readonly lines: readonly string[];
}

/** Undecided checks, without what is told as a cause already. */
export function undecidedChecks(report: Report): Undecided {
  const told = new Set([
    ...report.rootCauses,
    ...report.findings.filter(({ causedBy }) => causedBy.length > 0).map(({ id }) => id),
  ]);
  const undecided = report.checks.filter(({ status }) => status === "unknown");
  const repeats = ({ findingIds }: Report["checks"][number]) =>
    findingIds.length > 0 && findingIds.every((id) => told.has(id));
  const repeated = undecided.filter(repeats).length;
  const groups = Map.groupBy(
    undecided.filter((check) => !repeats(check)),
    ({ reason }) => reason,
  );
  const single = [...groups.values()].filter((checks) => checks.length < TOGETHER_MIN).flat();
  return {
    own: undecided.filter((check) => single.includes(check)),
    lines: [
      ...[...groups]
        .filter(([, checks]) => checks.length >= TOGETHER_MIN)
        .map(([reason, checks]) => `${checks.length} checks could not decide: ${reason}`),
      ...(repeated === 0
        ? []
        : [`${repeated} check${repeated === 1 ? "" : "s"} could not decide, for the causes above`]),
    ],
  };
}
