/** Which known issue a finding is an instance of, by comparing the facts of the finding with the signs of the catalogue. */
import type { Confidence } from "./check.ts";
import { KNOWN_ISSUES, type KnownIssue, type Predicate } from "./known-issues.ts";
import type { Finding, KnownIssueMatch } from "./report.ts";

/** What matching knows beside the finding. */
export interface MatchContext {
  /** Version the file API tells; null when it tells none. */
  readonly serverVersion: string | null;
  readonly issues?: readonly KnownIssue[];
}

/**
 * The known issue a finding matches, or null. One unseen sign lowers the confidence; one contradicted sign excludes it,
 * and so does not having seen any. A match on a server whose version should contain the fix is marked as a possible regression.
 */
export function matchKnownIssue(
  finding: Finding,
  { serverVersion, issues = KNOWN_ISSUES }: MatchContext = { serverVersion: null },
): KnownIssueMatch | null {
  for (const issue of issues) {
    if (!(issue.codes as readonly string[]).includes(finding.code)) continue;
    const verdicts = issue.signs
      .filter((sign) => sign.of === undefined || sign.of === finding.code)
      .map((sign) => ({ words: sign.words, holds: holds(sign.when, finding.facts) }));
    if (verdicts.some((verdict) => verdict.holds === false)) continue;
    // A code alone is no sign of an issue.
    if (!verdicts.some((verdict) => verdict.holds === true)) continue;
    const missing = verdicts.filter((verdict) => verdict.holds === null).map((verdict) => verdict.words);
    const confidence: Confidence =
      missing.length === 0 ? "confirmed" : missing.length * 2 < verdicts.length ? "likely" : "possible";
    return {
      id: issue.id,
      title: issue.title,
      confidence,
      matched: verdicts.filter((verdict) => verdict.holds === true).map((verdict) => verdict.words),
      missing,
      workaround: issue.workaround,
      ...(cameBack(issue, serverVersion) ? { regression: { fixedIn: issue.fixedIn ?? "" } } : {}),
    };
  }
  return null;
}

/** True when the server's version should contain the fix. One that emulates an older deployment proves nothing. */
function cameBack({ status, fixedIn }: KnownIssue, serverVersion: string | null): boolean {
  if (status !== "fixed" || fixedIn === undefined || serverVersion === null) return false;
  const [has, needs] = [partsOf(serverVersion), partsOf(fixedIn)];
  if (has === null || needs === null || serverVersion.includes("emulates")) return false;
  for (const [at, part] of needs.entries()) {
    const own = has[at] ?? 0;
    if (own !== part) return own > part;
  }
  return true;
}

/** Major, minor and patch; null for anything that is no such version. */
function partsOf(version: string): number[] | null {
  const match = /^v?(\d+)\.(\d+)\.(\d+)(?:[-+].*)?$/.exec(version.trim());
  return match === null ? null : match.slice(1).map(Number);
}

/** True, false, or null when a fact is not known. */
function holds(when: Predicate, facts: Finding["facts"]): boolean | null {
  const value = facts[when.fact];
  if (value === undefined || value === null) return null;
  if ("is" in when) return value === when.is;
  if ("atLeast" in when) return typeof value === "number" ? value >= when.atLeast : null;
  if ("startsWith" in when) return typeof value === "string" ? value.startsWith(when.startsWith) : null;
  if ("contains" in when) return typeof value === "string" ? value.includes(when.contains) : null;
  const other = facts[when.earlierThan];
  if (typeof value !== "string" || typeof other !== "string") return null;
  const [a, b] = [Date.parse(value), Date.parse(other)];
  return Number.isNaN(a) || Number.isNaN(b) ? null : a < b;
}
