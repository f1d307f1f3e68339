/** A report judged against an earlier one: only what is new or changed since counts. */
import { byFingerprint, changesOf } from "./comparable.ts";
import type { Report } from "./report.ts";
import { decide, type Interruption } from "./verdict.ts";

/** The report with the state of each finding against the earlier one. What the earlier one did not ask is new. */
export function withBaseline(report: Report, baseline: Report): Report {
  const earlier = byFingerprint(baseline);
  const findings = report.findings.map((finding) => {
    const was = earlier.get(finding.fingerprint);
    const state = was === undefined ? "new" : changesOf(was, finding).length === 0 ? "unchanged" : "updated";
    return { ...finding, baselineState: state } as const;
  });
  return { ...report, findings };
}

/** The report with its verdict made again from what counts; actions for what is already known come last. */
export function againstBaseline(report: Report, baseline: Report, name: string): Report {
  const marked = withBaseline(report, baseline);
  const { checks, findings, rootCauses, policy } = marked;
  const verdict = decide({ checks, findings, rootCauses, failOn: policy.failOn, interrupted: endOf(report) });
  const known = new Set(
    findings.filter((finding) => finding.baselineState === "unchanged").map((finding) => finding.id),
  );
  const old = (action: Report["nextActions"][number]) =>
    action.findingIds.length > 0 && action.findingIds.every((id) => known.has(id));
  const nextActions = [
    ...report.nextActions.filter((action) => !old(action)),
    ...report.nextActions.filter(old),
  ];
  return { ...marked, ...verdict, nextActions, policy: { ...policy, baseline: name } };
}

function endOf(report: Report): Interruption {
  if (report.exit === "INTERRUPTED") return "interrupted";
  return report.exit === "TERMINATED" ? "terminated" : null;
}
