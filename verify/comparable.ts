/** Whether the absence of a finding from a report says anything: only if that report asked, decided and kept the answer. */
import type { Finding, Report } from "./report.ts";

/** Why a report that lacks this finding does not say it is gone; null when it does say so. */
export function whyNotComparable(
  report: Report,
  which: "earlier" | "later",
  finding: Finding,
): string | null {
  const check = report.checks.find((entry) => entry.id === finding.checkId);
  if (check === undefined) return `the ${which} report did not run ${finding.checkId}`;
  if (check.status === "skip") return `the ${which} report skipped ${finding.checkId}`;
  if (check.status === "unknown") return `the ${which} report could not decide ${finding.checkId}`;
  const { provider } = report.target;
  const own = finding.facts.provider;
  if (provider !== null && typeof own === "string" && own !== provider)
    return `the ${which} report looked only at ${provider}`;
  if (report.truncated.some(({ what }) => what === `findings of ${finding.checkId}`))
    return `the ${which} report left out findings of ${finding.checkId}`;
  return null;
}

/** The worst finding per fingerprint: two with one fingerprint are one problem. */
export function byFingerprint(report: Report): ReadonlyMap<string, Finding> {
  const found = new Map<string, Finding>();
  for (const finding of report.findings) {
    const known = found.get(finding.fingerprint);
    if (known === undefined || RANK[finding.severity] > RANK[known.severity])
      found.set(finding.fingerprint, finding);
  }
  return found;
}

/** What differs between two findings with one fingerprint, in words; empty when they are the same. Titles hold counts that move, so they do not decide. */
export function changesOf(was: Finding, now: Finding): string[] {
  const pairs: readonly (readonly [name: string, was: string, now: string])[] = [
    ["severity", was.severity, now.severity],
    ["confidence", was.confidence, now.confidence],
    ["known issue", was.knownIssue?.id ?? "none", now.knownIssue?.id ?? "none"],
  ];
  return pairs.flatMap(([name, a, b]) => (a === b ? [] : [`${name} ${a} -> ${b}`]));
}

/** True when a severity is at or above another. */
export function atLeast(severity: Finding["severity"], least: Finding["severity"]): boolean {
  return RANK[severity] >= RANK[least];
}

const RANK: Readonly<Record<Finding["severity"], number>> = { error: 2, warn: 1, info: 0 };
