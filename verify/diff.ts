/** Two reports compared by fingerprint. What was not asked in one of them is never called fixed. */
import type { Finding, Report } from "./report.ts";

/** A finding in a comparison. */
export interface ComparedFinding {
  readonly fingerprint: string;
  readonly code: string;
  readonly title: string;
  readonly severity: Finding["severity"];
  readonly subject: Finding["subject"];
  /** Why it cannot be compared; absent otherwise. */
  readonly because?: string;
}

/** The comparison as a document. */
export interface ReportDiff {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.report-diff";
  readonly earlier: { readonly reportId: string; readonly startedAt: string; readonly outcome: string };
  readonly later: { readonly reportId: string; readonly startedAt: string; readonly outcome: string };
  /** Only in the later one. */
  readonly new: readonly ComparedFinding[];
  /** Only in the earlier one, and its check passed in the later one. */
  readonly fixed: readonly ComparedFinding[];
  /** In both, with another severity, confidence or title. */
  readonly changed: readonly ComparedFinding[];
  readonly unchanged: readonly ComparedFinding[];
  /** Only in one, and the other did not ask. */
  readonly notComparable: readonly ComparedFinding[];
}

/** Compares two reports. */
export function diffReports(before: Report, after: Report): ReportDiff {
  const earlier = new Map(before.findings.map((finding) => [finding.fingerprint, finding]));
  const later = new Map(after.findings.map((finding) => [finding.fingerprint, finding]));
  const result = {
    new: [] as ComparedFinding[],
    fixed: [] as ComparedFinding[],
    changed: [] as ComparedFinding[],
    unchanged: [] as ComparedFinding[],
    notComparable: [] as ComparedFinding[],
  };
  for (const finding of later.values()) {
    const was = earlier.get(finding.fingerprint);
    if (was !== undefined) (isSame(was, finding) ? result.unchanged : result.changed).push(compared(finding));
    else if (wasAsked(before, finding.checkId)) result.new.push(compared(finding));
    else result.notComparable.push(compared(finding, "the earlier report did not ask"));
  }
  for (const finding of earlier.values()) {
    if (later.has(finding.fingerprint)) continue;
    if (wasAsked(after, finding.checkId)) result.fixed.push(compared(finding));
    else result.notComparable.push(compared(finding, "the later report did not ask"));
  }
  const head = (report: Report) => ({
    reportId: report.reportId,
    startedAt: report.startedAt,
    outcome: report.outcome,
  });
  return {
    schemaVersion: "1.0",
    kind: "relayfile.report-diff",
    earlier: head(before),
    later: head(after),
    ...result,
  };
}

/** The report with the state of each finding against an earlier one. */
export function withBaseline(report: Report, baseline: Report): Report {
  const earlier = new Map(baseline.findings.map((finding) => [finding.fingerprint, finding]));
  const findings = report.findings.map((finding) => {
    const was = earlier.get(finding.fingerprint);
    const baselineState =
      was === undefined
        ? ("new" as const)
        : isSame(was, finding)
          ? ("unchanged" as const)
          : ("updated" as const);
    return { ...finding, baselineState };
  });
  return { ...report, findings };
}

/** True when the report holds a decided answer of this check. */
function wasAsked(report: Report, checkId: string): boolean {
  const check = report.checks.find((entry) => entry.id === checkId);
  return check !== undefined && check.status !== "skip" && check.status !== "unknown";
}

function isSame(a: Finding, b: Finding): boolean {
  return a.severity === b.severity && a.confidence === b.confidence && a.knownIssue?.id === b.knownIssue?.id;
}

function compared(finding: Finding, because?: string): ComparedFinding {
  const { fingerprint, code, title, severity, subject } = finding;
  return { fingerprint, code, title, severity, subject, ...(because === undefined ? {} : { because }) };
}
