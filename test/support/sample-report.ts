/** A report as a sick workspace gives it: three causes, what follows from them, requests of every outcome. For goldens and screenshots. */
import type { Finding, Report } from "../../verify/report.ts";
import { aCheck, aFinding, anExchange, aReport, at } from "./report-parts.ts";

/** The workspace of `relayfile demo` seen by `relayfile doctor`, with times that do not change. */
export function sampleReport(over: Partial<Report> = {}): Report {
  return aReport({
    identity: [
      {
        kind: "workspace",
        source: "file ~/.relayfile/credentials.json",
        tokenKind: "workspace-jwt",
        subject: "agent:demo",
        workspaceClaim: "rw_demo0001",
        scopes: ["fs:read", "fs:write", "ops:read", "sync:read"],
        issuedAt: at(-600_000),
        expiresAt: at(3_000_000),
        fingerprint: "3f1a9c0b7d22",
      },
    ],
    config: [
      { key: "fileApiUrl", value: "http://127.0.0.1:4173", origin: "env RELAYFILE_BASE_URL" },
      { key: "workspace", value: "rw_demo0001", origin: "flag --workspace" },
    ],
    checks: CHECKS,
    findings: FINDINGS,
    exchanges: EXCHANGES,
    matrix: [
      {
        provider: "github",
        phases: { auth: "pass", sync: "pass", discovery: "pass", writeback: "skip", digest: "pass" },
      },
      {
        provider: "jira",
        phases: { auth: "pass", sync: "fail", discovery: "fail", writeback: "fail", digest: "pass" },
      },
      {
        provider: "linear",
        phases: { auth: "pass", sync: "unknown", discovery: "warn", writeback: "pass", digest: "fail" },
      },
    ],
    nextActions: [
      {
        title: "Add /linear/issues/by-project to the digest's internal-path filter",
        why: "99 % of the digest's budget goes to internal paths",
        argv: ["relayfile", "explain", "digest.budget-eaten"],
        effect: "read",
        safe: true,
        findingIds: ["f1"],
      },
      {
        title: "Fix the file as the provider's answer says, then retry",
        why: "jira rejected 1 write",
        argv: ["relayfile", "writeback", "retry", "op_1"],
        effect: "write",
        safe: false,
        findingIds: ["f3"],
      },
    ],
    redactions: { rules: ["bearer", "jwt"], count: 7 },
    ...over,
  });
}

const FINDINGS: Finding[] = [
  aFinding("f1", {
    code: "digest.budget-eaten",
    fingerprint: "budget-by-project",
    checkId: "digest.no-internal-paths",
    phase: "digest",
    title: "99 % of the digest's budget goes to internal paths under /linear/issues/by-project",
    detail: "windows: today, this-week; for example /linear/issues/by-project/6f/7a.json",
    subject: { kind: "path", ref: "/linear/issues/by-project" },
    evidence: [
      { type: "http", exchangeId: "x04", quote: "/digests/today.md -> 200" },
      {
        type: "file",
        path: "/digests/today.md",
        revision: "rev_3290",
        lastEditedAt: at(-1_220),
        excerpt: "events: 2000, truncated: true",
      },
      { type: "metric", name: "bullets under /linear/issues/by-project", value: 99, unit: "% (1980)" },
    ],
    facts: {
      prefix: "/linear/issues/by-project",
      provider: "linear",
      truncated: true,
      internalPercent: 99,
      events: 2000,
      windows: ["today", "this-week"],
      shares: ["/linear/issues/by-project 1980", "/github/repos 12", "/jira/issues 6", "/ 2"],
    },
    ruledOut: ["real volume: most of the budget holds no records"],
    refs: ["VG-05", "symptom:55"],
    knownIssue: {
      id: "cloud#771",
      title: "the digest's internal-path filter misses a family of alias directories",
      confidence: "confirmed",
      matched: ["the digest is truncated", "more than half of its bullets are internal paths"],
      missing: [],
      workaround: "Read the event feed instead",
    },
    remediation: {
      text: "Add /linear/issues/by-project to the digest's internal-path filter",
      commands: [{ argv: ["relayfile", "explain", "digest.budget-eaten"], effect: "read", safe: true }],
    },
  }),
  aFinding("f2", {
    code: "digest.truncated",
    fingerprint: "truncated-today",
    checkId: "digest.not-truncated",
    phase: "digest",
    title: "/digests/today.md is truncated: it holds 2000 of more events",
    subject: { kind: "digest", ref: "/digests/today.md" },
    role: "consequence",
    causedBy: ["f1"],
    facts: { path: "/digests/today.md", events: 2000 },
  }),
  aFinding("f3", {
    code: "writeback.provider-rejected",
    fingerprint: "rejected-jira",
    checkId: "writeback.ops-succeed",
    phase: "writeback",
    title: "jira rejected 1 write: the provider answered 400: project: valid project is required",
    subject: { kind: "op", ref: "op_1" },
    evidence: [
      { type: "http", exchangeId: "x06", quote: "op_1 dead_lettered, 1 attempt" },
      { type: "log", line: "the provider answered 400: project: valid project is required" },
    ],
    facts: { provider: "jira", opIds: ["op_1"], attempts: 1 },
    ruledOut: ["an outage: the provider answered with a definite refusal"],
    remediation: {
      text: "Fix the file as the provider's answer says, then retry",
      commands: [
        { argv: ["relayfile", "ops", "show", "op_1"], effect: "read", safe: true },
        { argv: ["relayfile", "writeback", "retry", "op_1"], effect: "write", safe: false },
      ],
    },
  }),
  aFinding("f4", {
    code: "discovery.row-alias-mismatch",
    fingerprint: "alias-jira",
    confidence: "likely",
    title: "/jira/issues: the schema is empty: index row ids are not the alias keys",
    evidence: [
      { type: "http", exchangeId: "x08", quote: "/jira/issues/by-uuid/10000.json -> 404" },
      {
        type: "compare",
        a: "row id 10000",
        b: "alias files KAN-1.json, KAN-10.json",
        relation: "is not among",
      },
      {
        type: "file",
        path: "/discovery/jira/issues/.schema.json",
        revision: "rev_533",
        lastEditedAt: at(-90_000),
        excerpt: "0 properties",
      },
    ],
    facts: {
      provider: "jira",
      resource: "/jira/issues",
      properties: 0,
      propertyHistory: [
        `rev_101 ${at(-86_400_000)} 66`,
        `rev_240 ${at(-43_200_000)} 68`,
        `rev_533 ${at(-90_000)} 0`,
      ],
    },
    ruledOut: ["a placeholder resource: the path has none", "no records: the index has 34 rows"],
    knownIssue: {
      id: "cloud#778",
      title: "refresh says backfilled, yet the schema stays empty",
      confidence: "likely",
      matched: ["the schema has no properties", "the index has rows"],
      missing: ["refresh reported the provider as backfilled"],
      workaround: "Read a record to learn its fields",
    },
  }),
  aFinding("f5", {
    code: "discovery.placeholder-by-design",
    fingerprint: "placeholder-github",
    severity: "info",
    title: "github: 11 placeholder resources with an empty schema, by design",
    subject: { kind: "provider", ref: "github" },
    facts: { provider: "github" },
  }),
];

const CHECKS: Report["checks"] = [
  aCheck("doctor.file-api-answers", { phase: "connect", reason: "answers in 3 ms, version 1.0.0" }),
  aCheck("doctor.workspace-token-valid", { phase: "auth", reason: "4 scopes, expires in 50 min" }),
  aCheck("doctor.sync-fresh", {
    phase: "sync",
    status: "unknown",
    reason: "GET /v1/workspaces/rw_demo0001/sync/status got no answer (timeout)",
    exercised: 0,
  }),
  aCheck("discovery.schema-has-properties", {
    status: "fail",
    reason: "11 of 12 schemas have properties",
    findingIds: ["f4", "f5"],
    exercised: 12,
  }),
  aCheck("discovery.example-matches-schema", {
    status: "skip",
    reason: "blocked",
    skippedBecause: ["discovery.schema-has-properties"],
    exercised: 0,
  }),
  aCheck("digest.no-internal-paths", {
    phase: "digest",
    status: "fail",
    reason: "internal paths under /linear/issues/by-project",
    findingIds: ["f1"],
  }),
  aCheck("digest.not-truncated", {
    phase: "digest",
    status: "fail",
    reason: "1 of 2 truncated",
    findingIds: ["f2"],
  }),
  aCheck("writeback.ops-succeed", {
    phase: "writeback",
    status: "fail",
    reason: "1 op dead-lettered",
    findingIds: ["f3"],
  }),
  aCheck("writeback.round-trip", {
    phase: "writeback",
    status: "skip",
    reason: "writes, so it needs consent",
    flag: "--allow-write",
    exercised: 0,
  }),
];

const json = { "content-type": "application/json" };

/** An exchange whose URL and curl line end in `path`. */
function asked(
  id: string,
  startMs: number,
  totalMs: number,
  path: string,
  over: Partial<Exchange> = {},
): Exchange {
  const made = anExchange(id, startMs, totalMs, over);
  const url = made.request.url.replace(/[^/]+$/, path);
  const argv = ["curl", "-sS", "-H", "Authorization: Bearer $RELAYFILE_TOKEN", url];
  const curl = `curl -sS -H 'Authorization: Bearer '"$RELAYFILE_TOKEN" '${url}'`;
  return { ...made, request: { ...made.request, url }, repro: { ...made.repro, argv, curl } };
}

type Exchange = Report["exchanges"][number];

const EXCHANGES: Exchange[] = [
  asked("x01", 2, 3, "fs/tree?path=%2F&depth=1"),
  asked("x02", 2, 41, "integrations", { service: "control-plane" }),
  asked("x03", 8, 12, "fs/tree?path=%2Fdigests&depth=1"),
  asked("x04", 22, 14, "fs/file?path=%2Fdigests%2Ftoday.md"),
  asked("x05", 24, 120, "sync/status", {
    response: undefined,
    error: { class: "timeout", code: "TimeoutError", message: "no answer within 100 ms" },
  }),
  asked("x06", 40, 9, "ops?status=dead_lettered&limit=200", {
    response: {
      status: 200,
      headers: json,
      bodyBytes: 412,
      bodySha256: "1".repeat(64),
      bodyPreview: '{"items":[{"opId":"op_1","status":"dead_lettered","attemptCount":1}]}',
      truncated: true,
    },
  }),
  asked("x07", 60, 210, "integrations/linear/status", { service: "control-plane" }),
  asked("x08", 150, 4, "fs/file?path=%2Fjira%2Fissues%2Fby-uuid%2F10000.json", {
    response: {
      status: 404,
      headers: json,
      bodyBytes: 61,
      bodySha256: "2".repeat(64),
      bodyPreview: '{"code":"not_found","message":"file not found"}',
      truncated: false,
    },
  }),
  asked("x09", 300, 95, "integrations/jira/status", {
    service: "control-plane",
    response: {
      status: 503,
      headers: { "retry-after": "2" },
      bodyBytes: 0,
      bodySha256: "3".repeat(64),
      truncated: false,
    },
  }),
];
