/**
 * The report: one versioned document that every renderer, the exit code and `report diff` read. Minor versions only add
 * fields and readers ignore unknown ones, so an older tool can read a newer report of the same major version.
 */
import { z } from "zod";
import { fail } from "../lib/errors.ts";
import { printable } from "./printable.ts";

/** Statuses of a check (design decision 22). */
export const CheckStatus = z.enum(["pass", "warn", "fail", "unknown", "skip"]);
/** Status of a check. */
export type CheckStatus = z.infer<typeof CheckStatus>;

const severity = z.enum(["error", "warn", "info"]);
const effect = z.enum(["none", "read", "refresh", "write"]);
const phase = z.enum([
  "auth",
  "connect",
  "sync",
  "tree",
  "discovery",
  "digest",
  "writeback",
  "inbound",
  "local",
]);
const factValue = z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(z.string())]);

const evidenceItem = z.discriminatedUnion("type", [
  z.object({ type: z.literal("http"), exchangeId: z.string(), quote: z.string() }),
  z.object({
    type: z.literal("file"),
    path: z.string(),
    revision: z.string().nullish(),
    lastEditedAt: z.string().nullish(),
    excerpt: z.string().optional(),
  }),
  z.object({
    type: z.literal("metric"),
    name: z.string(),
    value: z.number(),
    unit: z.string(),
    threshold: z.number().optional(),
  }),
  z.object({ type: z.literal("compare"), a: z.string(), b: z.string(), relation: z.string() }),
  z.object({ type: z.literal("log"), line: z.string() }),
]);

const suggestedCommand = z.object({
  argv: z.array(z.string()).min(1),
  effect: z.enum(["read", "refresh", "write"]),
  safe: z.boolean(),
});

/** A known issue that a finding matches, with the signs that decided it. */
export const KnownIssueMatch = z.object({
  id: z.string(),
  title: z.string(),
  confidence: z.enum(["confirmed", "likely", "possible"]),
  /** Signs that were seen. */
  matched: z.array(z.string()),
  /** Signs that could not be looked at; empty when all were. */
  missing: z.array(z.string()),
  workaround: z.string(),
  /** Present when the server's version should contain the fix: the issue may have come back. */
  regression: z.object({ fixedIn: z.string() }).optional(),
});
/** A known issue that a finding matches. */
export type KnownIssueMatch = z.infer<typeof KnownIssueMatch>;

/** One thing found wrong with one subject. */
export const Finding = z.object({
  /** Unique in this report. */
  id: z.string(),
  code: z.string(),
  /** Stable across runs and workspaces: code and subject. */
  fingerprint: z.string(),
  checkId: z.string(),
  phase,
  severity,
  confidence: z.enum(["confirmed", "likely", "possible"]),
  title: z.string(),
  detail: z.string().optional(),
  subject: z.object({ kind: z.string(), ref: z.string() }),
  role: z.enum(["root", "consequence"]),
  causedBy: z.array(z.string()),
  evidence: z.array(evidenceItem),
  facts: z.record(z.string(), factValue),
  ruledOut: z.array(z.string()),
  refs: z.array(z.string()),
  /** `auth`: only signing in or another authorisation solves it. `transient`: an outage; repeat later. */
  class: z.enum(["auth", "transient", "other"]),
  knownIssue: KnownIssueMatch.optional(),
  remediation: z.object({ text: z.string(), commands: z.array(suggestedCommand) }).optional(),
  baselineState: z.enum(["new", "unchanged", "updated"]).optional(),
});
/** One thing found wrong with one subject. */
export type Finding = z.infer<typeof Finding>;

/** One question and its answer. */
export const CheckResult = z.object({
  id: z.string(),
  title: z.string(),
  suite: z.string(),
  phase,
  status: CheckStatus,
  /** One line: what was seen, or why there is no answer. */
  reason: z.string(),
  /** What collecting its evidence does to the world. */
  effect,
  after: z.array(z.string()),
  skippedBecause: z.array(z.string()),
  /** The flag that would let a skipped check run. */
  flag: z.string().optional(),
  refs: z.array(z.string()),
  hint: z.string(),
  /** Subjects judged. */
  exercised: z.number().int(),
  startedAt: z.string(),
  durationMs: z.number(),
  evidence: z.array(z.string()),
  findingIds: z.array(z.string()),
  /** True for a check that only runs because another needs it. */
  prerequisite: z.boolean(),
  /** Under `--wait`: what each attempt said, the last one included. */
  attempts: z
    .array(z.object({ n: z.int(), status: CheckStatus, durationMs: z.number(), reason: z.string() }))
    .optional(),
  /** True when it passed after an attempt in which it did not. */
  flaky: z.boolean().optional(),
});
/** One question and its answer. */
export type CheckResult = z.infer<typeof CheckResult>;

const stringMap = z.record(z.string(), z.string());

const exchange = z.looseObject({
  id: z.string(),
  seq: z.number(),
  attempt: z.number(),
  service: z.enum(["file-api", "control-plane", "provider"]),
  correlationId: z.string(),
  startedAt: z.string(),
  request: z.looseObject({
    method: z.string(),
    url: z.string(),
    headers: stringMap,
    bodyBytes: z.number(),
    bodySha256: z.string().optional(),
    bodyPreview: z.string().optional(),
  }),
  response: z
    .looseObject({
      status: z.number(),
      headers: stringMap,
      bodyBytes: z.number(),
      bodySha256: z.string(),
      bodyPreview: z.string().optional(),
      truncated: z.boolean(),
    })
    .optional(),
  error: z.looseObject({ class: z.string(), code: z.string(), message: z.string() }).optional(),
  timing: z.looseObject({
    ttfbMs: z.number().nullable(),
    totalMs: z.number(),
    budgetMs: z.number(),
    budgetRatio: z.number(),
  }),
  repro: z.looseObject({
    curl: z.string(),
    argv: z.array(z.string()),
    needsEnv: z.array(z.string()),
    effect: z.enum(["read", "refresh", "write"]),
    note: z.string().optional(),
  }),
});

const identity = z.object({
  kind: z.enum(["workspace", "cloud"]),
  source: z.string(),
  tokenKind: z.string(),
  subject: z.string().nullable(),
  workspaceClaim: z.string().nullable(),
  scopes: z.array(z.string()),
  issuedAt: z.string().nullable(),
  expiresAt: z.string().nullable(),
  fingerprint: z.string(),
});

/** One attempt of a run under `--wait`. */
const attempt = z.object({
  n: z.int(),
  startedAt: z.string(),
  durationMs: z.number(),
  outcome: z.string(),
  exit: z.string(),
  verdict: z.string(),
});

/** Something a write probe wrote, and what has become of it. */
export const WrittenThing = z.object({
  at: z.string(),
  action: z.enum(["create", "edit"]),
  provider: z.string(),
  path: z.string(),
  marker: z.string(),
  opId: z.string().nullable(),
  /** Id at the provider. */
  externalId: z.string().nullable(),
  canonicalPath: z.string().nullable(),
  url: z.string().nullable(),
  /** `unknown`: the run ended before this could be told. */
  state: z.enum(["removed", "restored", "left", "never-arrived", "unknown"]),
  /** How to undo it; null when nothing is left to undo. */
  undo: z.object({ text: z.string(), argv: z.array(z.string()) }).nullable(),
});
/** Something a write probe wrote, and what has become of it. */
export type WrittenThing = z.infer<typeof WrittenThing>;

/** A support bundle that was written beside the report. */
export const BundleNote = z.object({
  path: z.string(),
  bytes: z.number(),
  files: z.array(z.object({ path: z.string(), what: z.string(), bytes: z.number() })),
  redactions: z.object({ rules: z.array(z.string()), count: z.number() }),
});
/** A support bundle that was written beside the report. */
export type BundleNote = z.infer<typeof BundleNote>;

const matrixRow = z.object({ provider: z.string(), phases: z.record(z.string(), CheckStatus) });

/** The whole run. */
export const Report = z.looseObject({
  $schema: z.string(),
  schemaVersion: z.literal("1.0"),
  kind: z.literal("relayfile.report"),
  /** The command that made it, without flags: `verify discovery`. */
  command: z.string(),
  reportId: z.string(),
  runId: z.string(),
  startedAt: z.string(),
  finishedAt: z.string(),
  durationMs: z.number(),
  outcome: z.enum(["pass", "warn", "fail", "unknown", "interrupted"]),
  exitCode: z.number().int(),
  /** Symbolic name of the exit code. */
  exit: z.string(),
  /** One sentence. */
  verdict: z.string(),
  tool: z.object({
    name: z.string(),
    version: z.string(),
    commit: z.string().nullable(),
    builtAt: z.string().nullable(),
    os: z.string(),
    arch: z.string(),
    runtime: z.string(),
  }),
  target: z.object({
    workspaceId: z.string().nullable(),
    workspaceName: z.string().nullable(),
    provider: z.string().nullable(),
    fileApi: z.object({ baseUrl: z.string(), version: z.string().nullable() }),
    controlPlane: z.object({ baseUrl: z.string() }).nullable(),
    mountDir: z.string().nullable(),
  }),
  identity: z.array(identity),
  environment: z.object({
    clockSkewMs: z.number().nullable(),
    proxy: z.enum(["none", "present"]),
    ci: z.boolean(),
  }),
  /** Where each part of the target came from. */
  config: z.array(z.object({ key: z.string(), value: z.string(), origin: z.string() })),
  policy: z.object({
    failOn: severity,
    timeoutMs: z.number().nullable(),
    only: z.array(z.string()),
    skip: z.array(z.string()),
    baseline: z.string().nullable(),
  }),
  summary: z.object({
    checks: z.object({
      total: z.number(),
      pass: z.number(),
      warn: z.number(),
      fail: z.number(),
      unknown: z.number(),
      skip: z.number(),
    }),
    findings: z.object({ error: z.number(), warn: z.number(), info: z.number() }),
    requests: z.object({ count: z.number(), p50Ms: z.number(), p95Ms: z.number(), slowestMs: z.number() }),
    exercised: z.object({
      checks: z.number(),
      resources: z.number(),
      schemas: z.number(),
      digests: z.number(),
      ops: z.number(),
    }),
  }),
  /** Ids of findings that explain others or stand alone, most severe and most explaining first. */
  rootCauses: z.array(z.string()),
  checks: z.array(CheckResult),
  findings: z.array(Finding),
  exchanges: z.array(exchange),
  matrix: z.array(matrixRow),
  nextActions: z.array(
    z.object({
      title: z.string(),
      why: z.string(),
      argv: z.array(z.string()).min(1),
      effect: z.enum(["read", "refresh", "write"]),
      safe: z.boolean(),
      findingIds: z.array(z.string()),
    }),
  ),
  redactions: z.object({ rules: z.array(z.string()), count: z.number() }),
  truncated: z.array(z.object({ what: z.string(), kept: z.number(), dropped: z.number() })),
  /** Under `--wait`: every attempt, the last one included. */
  attempts: z.array(attempt).optional(),
  /** What write probes wrote; absent when none ran. */
  writes: z.array(WrittenThing).optional(),
  /** What `--bundle` wrote. */
  bundle: BundleNote.optional(),
});
/** The whole run. */
export type Report = z.infer<typeof Report>;

/** Where the schema of this version is published. */
export const REPORT_SCHEMA_URL =
  "https://github.com/AgentWorkforce/relayfile/releases/latest/download/relayfile-report.schema.json";

/**
 * A saved report. Fails with `invalid_input` naming the place: truncated, edited by hand, of another kind or of a newer
 * major version.
 */
export function parseReport(text: string, name: string): Report {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fail("invalid_input", `${name} is not JSON: it is truncated or not a report`, {}, { cause });
  }
  const head = value as { kind?: unknown; schemaVersion?: unknown } | null;
  if (head?.kind !== "relayfile.report") fail("invalid_input", `${name} is not a relayfile report`);
  const major = String(head.schemaVersion).split(".")[0];
  if (major !== "1") {
    fail(
      "invalid_input",
      `${name} has report version ${String(head.schemaVersion)}, this relayfile reads 1.x`,
      {
        hint: "Use a newer relayfile",
      },
    );
  }
  const parsed = Report.safeParse({ ...(value as object), schemaVersion: "1.0" });
  if (parsed.success) return printable(parsed.data);
  const issue = parsed.error.issues[0];
  return fail("invalid_input", `${name} is not a valid report: ${issue?.path.join(".")}: ${issue?.message}`);
}
