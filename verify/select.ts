/** Which checks of a run are asked for, and which come along because others stand on them. */
import { fail } from "../lib/errors.ts";
import { didYouMean } from "../lib/model/suggest.ts";
import type { Check, EvidenceName, Suite } from "./check.ts";
import type { SelectedCheck } from "./schedule.ts";
import { ALL_CHECKS, SUITES } from "./suites.ts";

/** What to run. */
export interface Selection {
  readonly suite: Suite;
  /** Globs over check ids; empty means all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Evidence that must not be collected; checks that need it are left out of `doctor`. */
  readonly refresh: boolean;
}

/**
 * The checks of a run in reading order, parents before their children.
 * Fails with `usage` when a pattern names no check.
 */
export function selectChecks(selection: Selection): SelectedCheck[] {
  for (const pattern of [...selection.only, ...selection.skip]) {
    if (!ALL_CHECKS.some((check) => matchesGlob(pattern, check.id))) {
      const ids = ALL_CHECKS.map((check) => check.id);
      fail("usage", `no check matches ${pattern}${didYouMean(pattern, ids)}`, {
        hint: "relayfile doctor --list",
      });
    }
  }
  const skipped = (check: Check) => selection.skip.some((pattern) => matchesGlob(pattern, check.id));
  const pool = poolOf(selection).filter((check) => !skipped(check));
  const asked =
    selection.only.length === 0
      ? pool
      : ALL_CHECKS.filter(
          (check) => !skipped(check) && selection.only.some((pattern) => matchesGlob(pattern, check.id)),
        );
  const wanted = new Set(asked.map((check) => check.id));
  const needed = new Set<string>();
  const visit = (id: string): void => {
    if (needed.has(id)) return;
    const check = ALL_CHECKS.find((candidate) => candidate.id === id);
    if (check === undefined || skipped(check)) return;
    needed.add(id);
    for (const parent of check.after) visit(parent);
  };
  for (const check of asked) visit(check.id);
  return ALL_CHECKS.filter((check) => needed.has(check.id)).map((check) => ({
    check,
    prerequisite: !wanted.has(check.id),
  }));
}

function poolOf({ suite, refresh }: Selection): readonly Check[] {
  if (suite !== "doctor") return SUITES[suite];
  // doctor reads: what needs a refresh belongs to `verify discovery`, what writes to `verify writeback`.
  const refreshing: EvidenceName = "refresh";
  const writing: EvidenceName = "writeProbe";
  return ALL_CHECKS.filter(
    ({ needs }) => !needs.includes(writing) && (refresh || !needs.includes(refreshing)),
  );
}

/** Shell-like match over a whole id: `*` any run of characters, `?` one. */
export function matchesGlob(pattern: string, id: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${source}$`).test(id);
}
