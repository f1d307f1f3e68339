/** Small complete parts of a report, for tests that only care about some of its fields. */
import type { CheckResult, Finding, Report } from "../../verify/report.ts";
import { decide, type Interruption } from "../../verify/verdict.ts";

type Exchange = Report["exchanges"][number];

/** A time on the day of the fixtures. */
export function at(ms: number): string {
  return new Date(Date.UTC(2026, 4, 20, 12) + ms).toISOString();
}

/** A finding; an error of the discovery suite unless told otherwise. */
export function aFinding(id: string, over: Partial<Finding> = {}): Finding {
  return {
    id,
    code: "discovery.empty-schema",
    fingerprint: `print-${id}`,
    checkId: "discovery.schema-has-properties",
    phase: "discovery",
    severity: "error",
    confidence: "confirmed",
    title: `problem ${id}`,
    subject: { kind: "resource", ref: "/jira/issues" },
    role: "root",
    causedBy: [],
    evidence: [],
    facts: { provider: "jira" },
    ruledOut: [],
    refs: [],
    class: "other",
    ...over,
  };
}

/** A check that passed unless told otherwise; its suite is the first part of its id. */
export function aCheck(id: string, over: Partial<CheckResult> = {}): CheckResult {
  return {
    id,
    title: `${id} holds`,
    suite: id.split(".")[0] ?? id,
    phase: "discovery",
    status: "pass",
    reason: "1 subject looked at",
    effect: "read",
    after: [],
    skippedBecause: [],
    refs: [],
    hint: "look again",
    exercised: 1,
    startedAt: at(0),
    durationMs: 3,
    evidence: [],
    findingIds: [],
    prerequisite: false,
    ...over,
  };
}

/** A GET of the file API that was answered with `status`; `at` ms after the start. */
export function anExchange(
  id: string,
  startMs: number,
  totalMs: number,
  over: Partial<Exchange> = {},
): Exchange {
  const base = over.service === "control-plane" ? "http://127.0.0.1:4173/cloud/api" : "http://127.0.0.1:4173";
  const url = `${base}/v1/workspaces/rw_demo0001/${id}`;
  return {
    id,
    seq: Number(id.replace(/\D/g, "")) || 1,
    attempt: 1,
    service: "file-api",
    correlationId: `rfv_0000000000_${id}`,
    startedAt: at(startMs),
    request: { method: "GET", url, headers: { "X-Correlation-Id": `rfv_0000000000_${id}` }, bodyBytes: 0 },
    response: {
      status: 200,
      headers: { "content-type": "application/json" },
      bodyBytes: 120,
      bodySha256: "0".repeat(64),
      truncated: false,
    },
    timing: { ttfbMs: Math.max(0, totalMs - 1), totalMs, budgetMs: 10_000, budgetRatio: totalMs / 10_000 },
    repro: {
      curl: `curl -sS ${url}`,
      argv: ["curl", "-sS", url],
      needsEnv: ["RELAYFILE_TOKEN"],
      effect: "read",
    },
    ...over,
  };
}

/** A report around these parts: counts and the verdict follow from them, root causes are findings in that role. */
export function aReport(over: Partial<Report> = {}, interrupted: Interruption = null): Report {
  const checks = over.checks ?? [];
  const findings = over.findings ?? [];
  const exchanges = over.exchanges ?? [];
  const rootCauses =
    over.rootCauses ??
    findings.filter((one) => one.role === "root" && one.severity !== "info").map((one) => one.id);
  const failOn = over.policy?.failOn ?? "error";
  const times = exchanges.map((exchange) => exchange.timing.totalMs).sort((a, b) => a - b);
  const number = (status: string) => checks.filter((check) => check.status === status).length;
  const severity = (name: string) => findings.filter((finding) => finding.severity === name).length;
  return {
    $schema: "relayfile-report.schema.json",
    schemaVersion: "1.0",
    kind: "relayfile.report",
    command: "doctor",
    reportId: "0190f3c2-0000-7000-8000-000000000001",
    runId: "0190f3c200",
    startedAt: at(0),
    finishedAt: at(412),
    durationMs: 412,
    ...decide({ checks, findings, rootCauses, failOn, interrupted }),
    tool: {
      name: "relayfile",
      version: "1.0.0",
      commit: null,
      builtAt: null,
      os: "linux",
      arch: "x64",
      runtime: "bun",
    },
    target: {
      workspaceId: "rw_demo0001",
      workspaceName: "demo",
      provider: null,
      fileApi: { baseUrl: "http://127.0.0.1:4173", version: "1.0.0" },
      controlPlane: { baseUrl: "http://127.0.0.1:4173/cloud" },
      mountDir: null,
    },
    identity: [],
    environment: { clockSkewMs: 12, proxy: "none", ci: false },
    config: [],
    policy: { failOn, timeoutMs: null, only: [], skip: [], baseline: null },
    summary: {
      checks: {
        total: checks.length,
        pass: number("pass"),
        warn: number("warn"),
        fail: number("fail"),
        unknown: number("unknown"),
        skip: number("skip"),
      },
      findings: { error: severity("error"), warn: severity("warn"), info: severity("info") },
      requests: {
        count: times.length,
        p50Ms: times[Math.floor(times.length / 2)] ?? 0,
        p95Ms: times[Math.floor(times.length * 0.95)] ?? 0,
        slowestMs: times.at(-1) ?? 0,
      },
      exercised: { checks: checks.length, resources: 1, schemas: 1, digests: 1, ops: 1 },
    },
    rootCauses,
    checks,
    findings,
    exchanges,
    matrix: [],
    nextActions: [],
    redactions: { rules: [], count: 0 },
    truncated: [],
    ...over,
  };
}
