/** Two reports compared by fingerprint. What was not asked, or not decided, in one of them is never called fixed. */
import { z } from "zod";
import { EXIT } from "../lib/errors.ts";
import { plural } from "./check.ts";
import { atLeast, byFingerprint, changesOf, whyNotComparable } from "./comparable.ts";
import { CheckStatus, Finding, Report } from "./report.ts";

const comparedFinding = Finding.pick({
  fingerprint: true,
  code: true,
  checkId: true,
  severity: true,
  title: true,
  subject: true,
}).extend({
  /** What differs, for a changed finding. */
  changes: z.array(z.string()).optional(),
  /** Why it cannot be compared. */
  because: z.string().optional(),
});
/** A finding in a comparison, as the later report has it, or the earlier when it is only there. */
export type ComparedFinding = z.infer<typeof comparedFinding>;

const side = Report.pick({
  reportId: true,
  command: true,
  startedAt: true,
  outcome: true,
  exitCode: true,
  verdict: true,
}).extend({ workspaceId: z.string().nullable() });

/** The comparison as a document. */
export const ReportDiffSchema = z.looseObject({
  schemaVersion: z.literal("1.0"),
  kind: z.literal("relayfile.report-diff"),
  earlier: side,
  later: side,
  /** False: two workspaces were compared; their findings match by kind of subject, not by identity. */
  sameWorkspace: z.boolean(),
  exit: z.enum(["PASS", "FINDINGS", "UNDETERMINED"]),
  exitCode: z.int(),
  /** One sentence. */
  verdict: z.string(),
  /** Only in the later one, and the earlier one had looked. */
  new: z.array(comparedFinding),
  /** Only in the earlier one, and the later one has looked. */
  fixed: z.array(comparedFinding),
  /** In both, with another severity, confidence or known issue. */
  changed: z.array(comparedFinding),
  unchanged: z.array(comparedFinding),
  /** Only in one, and the other cannot tell. */
  notComparable: z.array(comparedFinding),
  checks: z.object({
    /** Decided in both. */
    compared: z.int(),
    changed: z.array(z.object({ id: z.string(), earlier: CheckStatus, later: CheckStatus })),
    onlyEarlier: z.array(z.string()),
    onlyLater: z.array(z.string()),
  }),
  /** Request times in ms. `moved`: the difference is outside the noise of two runs. */
  latency: z.array(
    z.object({ name: z.string(), earlierMs: z.number(), laterMs: z.number(), moved: z.boolean() }),
  ),
});
/** The comparison as a document. */
export type ReportDiff = z.infer<typeof ReportDiffSchema>;

/** Times of two runs differ by less than this by chance: a share of the earlier one, and a floor in ms. */
const NOISE = { share: 0.5, floorMs: 20 } as const;

/**
 * Compares two reports. The exit is `FINDINGS` for a new finding, or one that got worse, at or above `failOn` (default:
 * any); `UNDETERMINED` when no check was decided in both.
 */
export function diffReports(before: Report, after: Report, failOn: Finding["severity"] = "info"): ReportDiff {
  const classes = classify(before, after);
  const checks = compareChecks(before, after);
  const worse = classes.changed.filter((finding) =>
    finding.changes?.some((change) => /^severity (?:info|warn -> error)/.test(change)),
  );
  const counted = [...classes.new, ...worse].filter((finding) => atLeast(finding.severity, failOn));
  const exit = counted.length > 0 ? "FINDINGS" : checks.compared === 0 ? "UNDETERMINED" : "PASS";
  return {
    schemaVersion: "1.0",
    kind: "relayfile.report-diff",
    earlier: sideOf(before),
    later: sideOf(after),
    sameWorkspace: before.target.workspaceId === after.target.workspaceId,
    exit,
    exitCode: EXIT[exit],
    verdict: sentence(classes, worse.length, checks.compared),
    ...classes,
    checks,
    latency: compareLatency(before, after),
  };
}

type Classes = Pick<ReportDiff, "new" | "fixed" | "changed" | "unchanged" | "notComparable">;

function classify(before: Report, after: Report): Classes {
  const result: Classes = { new: [], fixed: [], changed: [], unchanged: [], notComparable: [] };
  const earlier = byFingerprint(before);
  const later = byFingerprint(after);
  for (const finding of later.values()) {
    const was = earlier.get(finding.fingerprint);
    if (was !== undefined) {
      const changes = changesOf(was, finding);
      if (changes.length === 0) result.unchanged.push(compared(finding));
      else result.changed.push(compared(finding, { changes }));
      continue;
    }
    const because = whyNotComparable(before, "earlier", finding);
    if (because === null) result.new.push(compared(finding));
    else result.notComparable.push(compared(finding, { because }));
  }
  for (const finding of earlier.values()) {
    if (later.has(finding.fingerprint)) continue;
    const because = whyNotComparable(after, "later", finding);
    if (because === null) result.fixed.push(compared(finding));
    else result.notComparable.push(compared(finding, { because }));
  }
  return result;
}

function compareChecks(before: Report, after: Report): ReportDiff["checks"] {
  const earlier = new Map(before.checks.map((check) => [check.id, check.status]));
  const later = new Map(after.checks.map((check) => [check.id, check.status]));
  const decided = (status: CheckStatus | undefined) =>
    status !== undefined && status !== "skip" && status !== "unknown";
  return {
    compared: [...later].filter(([id, status]) => decided(status) && decided(earlier.get(id))).length,
    changed: [...later].flatMap(([id, status]) => {
      const was = earlier.get(id);
      return was === undefined || was === status ? [] : [{ id, earlier: was, later: status }];
    }),
    onlyEarlier: [...earlier.keys()].filter((id) => !later.has(id)),
    onlyLater: [...later.keys()].filter((id) => !earlier.has(id)),
  };
}

function compareLatency(before: Report, after: Report): ReportDiff["latency"] {
  const a = before.summary.requests;
  const b = after.summary.requests;
  if (a.count === 0 || b.count === 0) return [];
  return (["p50Ms", "p95Ms", "slowestMs"] as const).map((name) => ({
    name: name.replace("Ms", ""),
    earlierMs: a[name],
    laterMs: b[name],
    moved: Math.abs(b[name] - a[name]) > Math.max(NOISE.floorMs, a[name] * NOISE.share),
  }));
}

function sentence(classes: Classes, worse: number, comparedChecks: number): string {
  const open = classes.notComparable.length;
  const tail = open === 0 ? "" : `; ${plural(open, "finding")} cannot be compared`;
  const fixed = classes.fixed.length === 0 ? "" : `, ${classes.fixed.length} fixed`;
  const got = worse === 0 ? "" : `, ${worse} worse`;
  if (classes.new.length > 0) return `${plural(classes.new.length, "new finding")}${got}${fixed}${tail}`;
  if (comparedChecks === 0) return "nothing can be compared: no check was decided in both reports";
  return `nothing new${got}${fixed}, ${classes.unchanged.length} unchanged${tail}`;
}

function sideOf(report: Report): ReportDiff["earlier"] {
  const { reportId, command, startedAt, outcome, exitCode, verdict, target } = report;
  return { reportId, command, startedAt, outcome, exitCode, verdict, workspaceId: target.workspaceId };
}

function compared(
  finding: Finding,
  extra: Pick<ComparedFinding, "changes" | "because"> = {},
): ComparedFinding {
  const { fingerprint, code, checkId, title, severity, subject } = finding;
  return { fingerprint, code, checkId, title, severity, subject, ...extra };
}
