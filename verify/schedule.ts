/**
 * Runs checks over evidence: each check starts when the ones it stands on are done, all others side by side, and every
 * way of not finishing (a parent that failed, missing evidence, a throw, the end of the budget) becomes a status.
 */
import { fail, messageOf } from "../lib/errors.ts";
import type { Check, FindingDraft, Outcome } from "./check.ts";
import type { Collected, EvidenceStore } from "./evidence.ts";
import type { EvidenceName } from "./facts.ts";
import type { CheckResult, CheckStatus } from "./report.ts";

/** A check and why it is in the run. */
export interface SelectedCheck {
  readonly check: Check;
  /** True when it only runs because another check stands on it. */
  readonly prerequisite: boolean;
}

/** One check's answer with its findings, before ids and causes. */
export interface RawResult {
  readonly result: Omit<CheckResult, "findingIds">;
  readonly check: Check;
  readonly findings: readonly FindingDraft[];
}

/** What a run needs. */
export interface RunInput {
  readonly checks: readonly SelectedCheck[];
  readonly evidence: EvidenceStore;
  readonly clock: { now(): number; monotonicMs(): number };
  /** Ends the run early; checks that are not done become `unknown`. */
  readonly signal: AbortSignal;
  readonly effectOf: (name: EvidenceName) => CheckResult["effect"];
  /** Called when a check begins to be answered: all it stands on is done. */
  readonly onStart?: (check: Check) => void;
  /** Called when a check is done, for progress and event streams. */
  readonly onResult?: (result: RawResult) => void;
}

/** Runs the checks and returns their answers in the order given. Never rejects. */
export async function runChecks(input: RunInput): Promise<RawResult[]> {
  const running = new Map<string, Promise<RawResult>>();
  const byId = new Map(input.checks.map((selected) => [selected.check.id as string, selected]));
  const start = (id: string): Promise<RawResult> | null => {
    const selected = byId.get(id);
    if (selected === undefined) return null;
    const known = running.get(id);
    if (known !== undefined) return known;
    const parents = selected.check.after.flatMap((parent) => start(parent) ?? []);
    const promise = runOne(input, selected, parents).then((raw) => {
      input.onResult?.(raw);
      return raw;
    });
    running.set(id, promise);
    return promise;
  };
  requireNoCycle(input.checks);
  return Promise.all(input.checks.map(({ check }) => start(check.id) as Promise<RawResult>));
}

async function runOne(
  input: RunInput,
  selected: SelectedCheck,
  parents: readonly Promise<RawResult>[],
): Promise<RawResult> {
  const { check } = selected;
  const stopped = stopOf(input.signal);
  const blocking: string[] = [];
  for (const parent of await Promise.all(parents)) {
    const { status, id, skippedBecause } = parent.result;
    // A warning leaves the ground firm enough to stand on.
    if (status === "pass" || status === "warn") continue;
    blocking.push(...(status === "skip" && skippedBecause.length > 0 ? skippedBecause : [id]));
  }
  input.onStart?.(check);
  const startedAt = new Date(input.clock.now()).toISOString();
  const started = input.clock.monotonicMs();
  const done = (
    status: CheckStatus,
    reason: string,
    extra: Partial<RawResult["result"]> = {},
    findings: readonly FindingDraft[] = [],
  ): RawResult => ({
    check,
    findings,
    result: {
      id: check.id,
      title: check.title,
      suite: check.id.split(".")[0] ?? "",
      phase: check.phase,
      status,
      reason,
      effect: effectOfAll(input, check),
      after: [...check.after],
      skippedBecause: [],
      refs: [...check.refs],
      hint: check.hint,
      exercised: 0,
      startedAt,
      durationMs: Math.round(input.clock.monotonicMs() - started),
      evidence: [...check.needs, ...(check.wants ?? [])],
      prerequisite: selected.prerequisite,
      ...extra,
    },
  });
  if (blocking.length > 0) {
    const unique = [...new Set(blocking)];
    return done("skip", `not asked because of ${unique.join(", ")}`, { skippedBecause: unique });
  }
  try {
    const outcome = await Promise.race([conclude(input, check), stopped]);
    return settle(outcome, done);
  } catch (thrown) {
    // A throw inside a check must not end the suite; what it could not tell is said once.
    return done("unknown", `the check failed: ${messageOf(thrown)}`);
  }
}

async function conclude(input: RunInput, check: Check): Promise<Outcome> {
  const names = [...check.needs, ...(check.wants ?? [])];
  const collected = await Promise.all(names.map((name) => input.evidence.get(name)));
  const facts: Record<string, unknown> = {};
  for (const [index, name] of names.entries()) {
    const piece = collected[index] as Collected<unknown>;
    if (piece.gap === undefined) {
      facts[name] = piece.value;
      continue;
    }
    if ((check.needs as readonly string[]).includes(name)) return gapOutcome(name, piece);
    facts[name] = null;
  }
  return check.run(facts);
}

function gapOutcome(name: string, piece: Exclude<Collected<unknown>, { value: unknown }>): Outcome {
  if (piece.gap === "absent") return { kind: "skip", reason: piece.reason };
  if (piece.gap === "withheld") return { kind: "skip", reason: piece.reason, flag: piece.flag };
  return { kind: "unknown", reason: `${name}: ${piece.reason}` };
}

function settle(
  outcome: Outcome,
  done: (
    status: CheckStatus,
    reason: string,
    extra?: Partial<RawResult["result"]>,
    findings?: readonly FindingDraft[],
  ) => RawResult,
): RawResult {
  if (outcome.kind === "unknown") return done("unknown", outcome.reason, {}, outcome.findings);
  if (outcome.kind === "skip")
    return done("skip", outcome.reason, outcome.flag === undefined ? {} : { flag: outcome.flag });
  const raw = done("pass", outcome.reason, { exercised: outcome.exercised }, outcome.findings);
  const status = statusOf(raw);
  if (status === "pass" && outcome.exercised === 0)
    return done("skip", `nothing to check (${outcome.reason})`, {}, outcome.findings);
  return { ...raw, result: { ...raw.result, status } };
}

/** `fail` with an error finding, `warn` with a warning, else `pass`. */
function statusOf(raw: RawResult): CheckStatus {
  const severities = raw.findings.map((finding) => severityOf(raw.check, finding));
  if (severities.includes("error")) return "fail";
  return severities.includes("warn") ? "warn" : "pass";
}

/** The severity of a finding: its own, else that of its code, else that of its check. */
export function severityOf(check: Check, finding: FindingDraft): "error" | "warn" | "info" {
  return finding.severity ?? check.findings[finding.code]?.severity ?? check.severity;
}

function effectOfAll(input: RunInput, check: Check): CheckResult["effect"] {
  const effects = check.needs.map((name) => input.effectOf(name));
  if (effects.includes("write")) return "write";
  if (effects.includes("refresh")) return "refresh";
  return effects.length === 0 ? "none" : "read";
}

function stopOf(signal: AbortSignal): Promise<Outcome> {
  const reason = () => {
    const why = signal.reason instanceof Error ? signal.reason.message : "the run was stopped";
    return { kind: "unknown", reason: `not finished: ${why}` } as const;
  };
  if (signal.aborted) return Promise.resolve(reason());
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(reason()), { once: true }));
}

function requireNoCycle(checks: readonly SelectedCheck[]): void {
  const after = new Map(checks.map(({ check }) => [check.id as string, check.after as readonly string[]]));
  const visiting = new Set<string>();
  const finished = new Set<string>();
  const visit = (id: string): void => {
    if (finished.has(id)) return;
    if (visiting.has(id)) fail("bug", `checks wait for each other: ${[...visiting, id].join(" -> ")}`);
    visiting.add(id);
    for (const parent of after.get(id) ?? []) visit(parent);
    visiting.delete(id);
    finished.add(id);
  };
  for (const id of after.keys()) visit(id);
}
