/** The one place that turns findings and statuses into an outcome and an exit code (design decisions 15 and 22). */
import { EXIT, type ExitName } from "../lib/errors.ts";
import { plural, type Severity } from "./check.ts";
import type { CheckResult, Finding, Report } from "./report.ts";

/** The finding that says that nothing is configured. */
export const UNCONFIGURED = "doctor.nothing-configured";

/** Findings that say that a base URL leads to no service; their fact `source` tells who gave it. */
const NO_SERVICE: readonly string[] = [
  "doctor.file-api-unreachable",
  "doctor.file-api-wrong-service",
  "doctor.control-plane-unreachable",
  "doctor.cloud-wrong-service",
];

/**
 * The finding that nothing is configured, where a report begins with it; undefined when something is, and when somebody
 * named a base URL that leads nowhere: then that is what was asked about.
 */
export function bareStart<F extends Pick<Finding, "code" | "facts">>(findings: readonly F[]): F | undefined {
  const named = findings.some(
    ({ code, facts: { source } }) =>
      NO_SERVICE.includes(code) && typeof source === "string" && source !== "default",
  );
  return named ? undefined : findings.find(({ code }) => code === UNCONFIGURED);
}

/** How a run can end early. */
export type Interruption = "interrupted" | "terminated" | null;

/** What the verdict is made from. */
export interface VerdictInput {
  readonly checks: readonly Pick<CheckResult, "id" | "status" | "prerequisite">[];
  readonly findings: readonly Pick<
    Finding,
    "id" | "severity" | "role" | "class" | "title" | "baselineState" | "code" | "facts"
  >[];
  readonly rootCauses: readonly string[];
  readonly failOn: Severity;
  readonly interrupted: Interruption;
}

/** Outcome, exit and one sentence in plain words. */
export interface Verdict {
  readonly outcome: Report["outcome"];
  readonly exit: ExitName;
  readonly exitCode: number;
  readonly verdict: string;
}

const RANK: Readonly<Record<Severity, number>> = { error: 2, warn: 1, info: 0 };

/**
 * Decides, in this order: interrupted; a root cause that needs sign-in; a finding at or above `failOn`; anything that
 * could not be told; else pass. A baseline leaves only what is new or changed to count; it does not forgive a missing
 * sign-in, behind which nothing was looked at.
 */
export function decide(input: VerdictInput): Verdict {
  const counted = input.findings.filter(countsForExit);
  const roots = new Set(input.rootCauses);
  const auth = counted.some((f) => f.class === "auth" && f.severity === "error" && roots.has(f.id));
  // An outage is an error worth naming, but what it hides is undecided: repeating may succeed.
  const blocking = counted.some((f) => f.class !== "transient" && RANK[f.severity] >= RANK[input.failOn]);
  const outage = counted.some((f) => f.class === "transient" && RANK[f.severity] >= RANK[input.failOn]);
  const undecided = input.checks.filter((check) => check.status === "unknown").length;
  const errors = counted.filter((f) => f.severity === "error" && f.class !== "transient").length;
  const warnings = counted.filter((f) => f.severity === "warn").length;
  const exit: ExitName =
    input.interrupted === "terminated"
      ? "TERMINATED"
      : input.interrupted === "interrupted"
        ? "INTERRUPTED"
        : auth
          ? "AUTH"
          : blocking
            ? "FINDINGS"
            : undecided > 0 || outage
              ? "UNDETERMINED"
              : "PASS";
  const outcome =
    input.interrupted !== null
      ? "interrupted"
      : errors > 0
        ? "fail"
        : undecided > 0 || outage
          ? "unknown"
          : warnings > 0
            ? "warn"
            : "pass";
  return { outcome, exit, exitCode: EXIT[exit], verdict: sentence(input, { errors, warnings, undecided }) };
}

/** True unless the baseline already had the finding. */
function countsForExit(finding: Pick<Finding, "class" | "baselineState">): boolean {
  return finding.baselineState !== "unchanged" || finding.class === "auth";
}

function sentence(
  input: VerdictInput,
  counts: { errors: number; warnings: number; undecided: number },
): string {
  const roots = input.rootCauses.flatMap(
    (id) => input.findings.find((finding) => finding.id === id && countsForExit(finding)) ?? [],
  );
  const [first] = roots;
  const known = input.findings.filter((finding) => !countsForExit(finding)).length;
  const decided = input.checks.filter(
    (check) => check.status !== "unknown" && check.status !== "skip",
  ).length;
  const open = counts.undecided === 0 ? "" : `; ${plural(counts.undecided, "check")} could not decide`;
  if (input.interrupted !== null) return `stopped after ${plural(decided, "check")}${open}`;
  // On a machine where nothing is configured that comes before everything else.
  const bare = bareStart(input.findings);
  const lead = bare === undefined ? "" : `${bare.title}; `;
  if (first !== undefined) {
    const others = roots.length - 1;
    return `${lead}${first.title}${others === 0 ? "" : ` (and ${plural(others, "other cause")})`}${open}`;
  }
  if (known > 0) return `nothing new since the baseline, which knows ${plural(known, "finding")}${open}`;
  if (counts.undecided > 0)
    return `${lead}nothing wrong was found, but ${plural(counts.undecided, "check")} could not decide`;
  return `${lead}healthy: ${plural(decided, "check")} decided, ${plural(counts.errors + counts.warnings, "problem")}`;
}
