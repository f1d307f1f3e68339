/** From the answers of checks to the report: ids, known issues, root causes, next actions, counts and the verdict. */
import { sha256Hex } from "../lib/model/sha256.ts";
import { BUILD, VERSION } from "../lib/version.ts";
import type { Severity, SuggestedCommand } from "./check.ts";
import type { Facts, TargetFact, TokenFact } from "./facts.ts";
import type { Exchange } from "./http/exchange.ts";
import { matchKnownIssue } from "./match-known-issue.ts";
import { type CheckResult, type Finding, REPORT_SCHEMA_URL, type Report } from "./report.ts";
import { foldCauses } from "./root-cause.ts";
import { type RawResult, severityOf } from "./schedule.ts";
import { symptomsOf } from "./symptoms/codes.ts";
import { bareStart, decide, type Interruption, UNCONFIGURED } from "./verdict.ts";

const NEXT_ACTIONS_MAX = 5;
const FINDINGS_PER_CODE_MAX = 50;

/** What the report says about the run itself. */
export interface RunFacts {
  readonly command: string;
  /** The suite asked for; `doctor` for all of them. */
  readonly suite: "doctor" | "discovery" | "digest" | "writeback";
  readonly runId: string;
  readonly reportId: string;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly durationMs: number;
  readonly os: string;
  readonly arch: string;
  readonly ci: boolean;
  readonly proxy: boolean;
  readonly policy: Report["policy"];
  readonly interrupted: Interruption;
}

/** What was collected, as far as the report's header needs it. */
export interface HeaderFacts {
  readonly target: TargetFact | null;
  readonly clock: Facts["clock"] | null;
  readonly fileApi: Facts["fileApi"] | null;
}

/** Builds the report. Pure: the same input gives the same document. */
export function assembleReport(
  raw: readonly RawResult[],
  run: RunFacts,
  header: HeaderFacts,
  exchanges: readonly Exchange[],
  redactions: Report["redactions"],
): Report {
  const truncated: Report["truncated"][number][] = [];
  const numbered = numberFindings(raw, truncated);
  const checks: CheckResult[] = raw.map((item, index) => ({
    ...item.result,
    findingIds: numbered.filter((entry) => entry.index === index).map((entry) => entry.finding.id),
  }));
  const withIssues = numbered.map(({ finding }) => {
    const knownIssue = matchKnownIssue(finding, { serverVersion: header.fileApi?.version ?? null });
    return knownIssue === null
      ? finding
      : { ...finding, knownIssue, refs: unique([...finding.refs, knownIssue.id]) };
  });
  const folded = foldCauses(withIssues);
  const verified = nothingVerified(checks, folded.findings, run);
  const allChecks = [...checks, ...verified.checks];
  const findings = [...folded.findings, ...verified.findings];
  const { rootCauses } = folded;
  const verdict = decide({
    checks: allChecks,
    findings,
    rootCauses,
    failOn: run.policy.failOn,
    interrupted: run.interrupted,
  });
  const times = exchanges.map((exchange) => exchange.timing.totalMs).sort((a, b) => a - b);
  return {
    $schema: REPORT_SCHEMA_URL,
    schemaVersion: "1.0",
    kind: "relayfile.report",
    command: run.command,
    reportId: run.reportId,
    runId: run.runId,
    startedAt: new Date(run.startedAtMs).toISOString(),
    finishedAt: new Date(run.finishedAtMs).toISOString(),
    durationMs: run.durationMs,
    ...verdict,
    tool: {
      name: "relayfile",
      version: VERSION,
      commit: BUILD.commit,
      builtAt: BUILD.builtAt,
      os: run.os,
      arch: run.arch,
      runtime: "bun",
    },
    target: targetOf(header),
    identity: identityOf(header.target),
    environment: {
      clockSkewMs: header.clock?.skewMs ?? null,
      proxy: run.proxy ? "present" : "none",
      ci: run.ci,
    },
    config: Object.entries(header.target?.sources ?? {}).map(([key, origin]) => ({
      key,
      value: configValue(header.target, key),
      origin,
    })),
    policy: run.policy,
    summary: {
      checks: {
        total: allChecks.length,
        pass: count(allChecks, "pass"),
        warn: count(allChecks, "warn"),
        fail: count(allChecks, "fail"),
        unknown: count(allChecks, "unknown"),
        skip: count(allChecks, "skip"),
      },
      findings: {
        error: findings.filter((f) => f.severity === "error").length,
        warn: findings.filter((f) => f.severity === "warn").length,
        info: findings.filter((f) => f.severity === "info").length,
      },
      requests: {
        count: exchanges.length,
        p50Ms: percentile(times, 0.5),
        p95Ms: percentile(times, 0.95),
        slowestMs: times.at(-1) ?? 0,
      },
      exercised: {
        checks: allChecks.filter((check) => check.exercised > 0).length,
        resources: exercised(allChecks, "discovery.contract-complete"),
        schemas: exercised(allChecks, "discovery.schema-has-properties"),
        digests: exercised(allChecks, "digest.not-truncated"),
        ops: exercised(allChecks, "writeback.ops-are-routed"),
      },
    },
    rootCauses,
    checks: allChecks,
    findings: orderFindings(findings, rootCauses),
    exchanges: exchanges as Report["exchanges"],
    matrix: matrixOf(allChecks, findings, raw),
    nextActions: nextActionsOf(
      findings,
      [
        // Where a report begins with that nothing is configured, no repair of anything else helps before that.
        ...[bareStart(findings)].flatMap((bare) => bare?.id ?? []),
        ...(rootCauses.length > 0 ? rootCauses : verified.findings.map((f) => f.id)),
      ],
      run.command,
      header.target,
    ),
    redactions,
    truncated,
  };
}

function numberFindings(raw: readonly RawResult[], truncated: Report["truncated"][number][]) {
  let number = 0;
  const entries: { index: number; finding: Finding }[] = [];
  for (const [index, item] of raw.entries()) {
    const kept = item.findings.slice(0, FINDINGS_PER_CODE_MAX);
    if (kept.length < item.findings.length) {
      truncated.push({
        what: `findings of ${item.check.id}`,
        kept: kept.length,
        dropped: item.findings.length - kept.length,
      });
    }
    for (const draft of kept) {
      const spec = item.check.findings[draft.code];
      const commands: readonly SuggestedCommand[] = draft.remedy?.commands ?? [];
      entries.push({
        index,
        finding: {
          id: `f${String(++number).padStart(2, "0")}`,
          code: draft.code,
          fingerprint: sha256Hex(`${draft.code}\n${draft.subject.kind}\n${draft.subject.ref}`).slice(0, 16),
          checkId: item.check.id,
          phase: item.check.phase,
          severity: severityOf(item.check, draft),
          confidence: draft.confidence ?? "confirmed",
          title: draft.title,
          ...(draft.detail === undefined ? {} : { detail: draft.detail }),
          subject: draft.subject,
          role: "root",
          causedBy: [],
          evidence: [...draft.evidence] as Finding["evidence"],
          facts: { ...draft.facts } as Finding["facts"],
          ruledOut: [...(draft.ruledOut ?? [])],
          refs: unique([...refsOf(item.check.refs, draft.code), ...(draft.refs ?? [])]),
          class: spec?.class ?? "other",
          remediation: {
            // What helps is told of each finding; the check's hint speaks of all of them.
            text: draft.remedy?.text ?? spec?.fix ?? item.check.hint,
            commands: commands.map((command) => ({ ...command, argv: [...command.argv] })),
          },
        },
      });
    }
  }
  return entries;
}

/** The references of a check that speak of one of its findings: its symptoms are those that show as this code. */
function refsOf(refs: readonly string[], code: string): string[] {
  return refs.filter((ref) => !ref.startsWith("symptom:") || symptomsOf(code).includes(ref));
}

/** Under an explicit `verify X`, a suite that judged nothing must not look healthy (design decision 22). */
function nothingVerified(
  checks: readonly CheckResult[],
  findings: readonly Finding[],
  run: RunFacts,
): { checks: CheckResult[]; findings: Finding[] } {
  const own = checks.filter((check) => check.suite === run.suite && !check.prerequisite);
  const judgedAny = own.some((check) => check.exercised > 0);
  const explained = checks.some((check) => check.status === "fail" || check.status === "unknown");
  if (judgedAny || explained || findings.some((finding) => finding.severity !== "info"))
    return { checks: [], findings: [] };
  const reason = own.find((check) => check.status === "skip")?.reason ?? "no check was selected";
  const id = `${run.suite}.something-verified`;
  const code = `${run.suite}.nothing-verified`;
  const hint = "Name a workspace that holds data, or feed one: relayfile ingest github DIR";
  const finding: Finding = {
    id: "f00",
    code,
    fingerprint: sha256Hex(code).slice(0, 16),
    checkId: id,
    phase: "local",
    severity: "info",
    confidence: "confirmed",
    title: `nothing was verified: ${reason}`,
    subject: { kind: "endpoint", ref: run.command },
    role: "root",
    causedBy: [],
    evidence: [],
    facts: {},
    ruledOut: [],
    refs: [],
    class: "other",
    remediation: {
      text: hint,
      commands: [{ argv: ["relayfile", "workspace", "list"], effect: "read", safe: true }],
    },
  };
  const check: CheckResult = {
    id,
    title: "the suite judged at least one subject",
    suite: run.suite,
    phase: "local",
    status: "unknown",
    reason: finding.title,
    effect: "none",
    after: [],
    skippedBecause: [],
    refs: [],
    hint,
    exercised: 0,
    startedAt: new Date(run.startedAtMs).toISOString(),
    durationMs: 0,
    evidence: [],
    findingIds: [finding.id],
    prerequisite: false,
  };
  return { checks: [check], findings: [finding] };
}

function targetOf({ target, fileApi }: HeaderFacts): Report["target"] {
  return {
    workspaceId:
      target?.workspace?.id ??
      // One that was asked for and not found is not replaced by the token's.
      (target?.problems.some(({ part }) => part === "workspace")
        ? null
        : (target?.workspaceToken?.claims?.workspaceId ?? null)),
    workspaceName: target?.workspace?.name ?? null,
    provider: target?.provider ?? null,
    fileApi: { baseUrl: target?.fileApiUrl ?? "unknown", version: fileApi?.version ?? null },
    controlPlane: target?.controlPlaneUrl == null ? null : { baseUrl: target.controlPlaneUrl },
    mountDir: target?.mountDir ?? null,
  };
}

function identityOf(target: TargetFact | null): Report["identity"] {
  const one = (kind: "workspace" | "cloud", token: TokenFact | null | undefined) =>
    token == null
      ? []
      : [
          {
            kind,
            source: token.source,
            tokenKind: token.kind,
            subject: token.claims?.subject ?? null,
            workspaceClaim: token.claims?.workspaceId ?? null,
            scopes: [...(token.claims?.scopes ?? [])],
            issuedAt: isoOf(token.claims?.issuedAtSeconds),
            expiresAt: isoOf(token.claims?.expiresAtSeconds),
            fingerprint: token.fingerprint,
          },
        ];
  return [...one("workspace", target?.workspaceToken), ...one("cloud", target?.cloudToken)];
}

function isoOf(seconds: number | null | undefined): string | null {
  if (seconds == null || !Number.isFinite(seconds) || Math.abs(seconds) > 8.64e12) return null;
  return new Date(seconds * 1000).toISOString();
}

function configValue(target: TargetFact | null, key: string): string {
  const values: Record<string, string | null | undefined> = {
    fileApiUrl: target?.fileApiUrl,
    controlPlaneUrl: target?.controlPlaneUrl,
    workspace: target?.workspace?.id,
    mountDir: target?.mountDir,
    workspaceToken: target?.workspaceToken && `fingerprint ${target.workspaceToken.fingerprint}`,
    cloudToken: target?.cloudToken && `fingerprint ${target.cloudToken.fingerprint}`,
  };
  return values[key] ?? "none";
}

/** Root causes first, in their order, each followed by what it explains; then everything else. */
function orderFindings(findings: readonly Finding[], rootCauses: readonly string[]): Finding[] {
  const byId = new Map(findings.map((finding) => [finding.id, finding]));
  const ordered = new Set<string>();
  for (const root of rootCauses) {
    ordered.add(root);
    for (const finding of findings) if (finding.causedBy.includes(root)) ordered.add(finding.id);
  }
  for (const finding of findings) ordered.add(finding.id);
  return [...ordered].flatMap((id) => byId.get(id) ?? []);
}

function nextActionsOf(
  findings: readonly Finding[],
  first: readonly string[],
  command: string,
  target: TargetFact | null,
): Report["nextActions"] {
  const actions: Report["nextActions"] = [];
  for (const finding of first.flatMap((id) => findings.find((one) => one.id === id) ?? [])) {
    const proposed: readonly SuggestedCommand[] = [
      ...(finding.remediation?.commands ?? []),
      { argv: ["relayfile", "explain", finding.code], effect: "read", safe: true },
    ];
    // The command that was just run tells nothing new.
    const chosen = proposed.find(({ argv }) => !isSameCommand(argv, command, target));
    if (chosen === undefined) continue;
    // Whoever starts has two ways to go on; everyone else gets one.
    const offered = finding.code === UNCONFIGURED ? (finding.remediation?.commands ?? []) : [chosen];
    for (const { argv, effect, safe } of offered) {
      const line = argv.join(" ");
      const same = actions.find((action) => action.argv.join(" ") === line);
      if (same !== undefined) same.findingIds.push(finding.id);
      else {
        const title = finding.remediation?.text ?? finding.title;
        actions.push({ title, why: finding.title, argv: [...argv], effect, safe, findingIds: [finding.id] });
      }
    }
  }
  return actions.slice(0, NEXT_ACTIONS_MAX);
}

/** True for the command that made this report, with or without the provider or workspace it was asked about. */
function isSameCommand(argv: readonly string[], command: string, target: TargetFact | null): boolean {
  const own = ["relayfile", ...command.split(" ")];
  if (own.some((word, index) => argv[index] !== word)) return false;
  const rest = argv.slice(own.length);
  const { provider = null, workspace = null } = target ?? {};
  return rest.every((word) => [provider, workspace?.id, workspace?.name].includes(word));
}

/** Provider × phase, from the findings' subjects and the checks that judged each provider. */
function matrixOf(
  checks: readonly CheckResult[],
  findings: readonly Finding[],
  raw: readonly RawResult[],
): Report["matrix"] {
  const providers = unique(
    findings.flatMap((f) => (typeof f.facts.provider === "string" ? [f.facts.provider] : [])),
  );
  const phases = unique(raw.map((item) => item.check.phase));
  return providers.sort().map((provider) => ({
    provider,
    phases: Object.fromEntries(
      phases.map((phase) => {
        const own = findings.filter((f) => f.facts.provider === provider && f.phase === phase);
        if (own.some((f) => f.severity === "error")) return [phase, "fail" as const];
        if (own.some((f) => f.severity === "warn")) return [phase, "warn" as const];
        const judged = checks.filter((check) => check.phase === phase);
        if (judged.some((check) => check.status === "pass" || check.exercised > 0))
          return [phase, "pass" as const];
        return [
          phase,
          judged.some((check) => check.status === "unknown") ? ("unknown" as const) : ("skip" as const),
        ];
      }),
    ),
  }));
}

function exercised(checks: readonly CheckResult[], id: string): number {
  return checks.find((check) => check.id === id)?.exercised ?? 0;
}

function count(checks: readonly CheckResult[], status: CheckResult["status"]): number {
  return checks.filter((check) => check.status === status).length;
}

function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

/** Severities in order, for `--fail-on` and `--min-severity`. */
export const SEVERITIES: readonly Severity[] = ["error", "warn", "info"];
