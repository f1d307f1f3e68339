/**
 * `--plan`: the requests a run would send, found by letting its collectors run against a network that takes nothing. What
 * depends on answers cannot be known before and is described by its pattern.
 */
import type { Effect, EvidenceName, Suite } from "../check.ts";
import { COLLECTORS } from "../evidence/mod.ts";
import { collectingStore, type EvidenceOptions, type ProbeTarget } from "../evidence.ts";
import { createRecorder } from "../http/recorder.ts";
import { learnSecrets, newRunId, type RunOptions } from "../runner.ts";
import { selectChecks } from "../select.ts";

/** One request that would be sent whatever the services answer. */
export interface PlannedRequest {
  readonly evidence: EvidenceName;
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly effect: "read" | "refresh" | "write";
  readonly curl: string;
}

/** One kind of evidence that would be collected. */
export interface PlannedEvidence {
  readonly name: EvidenceName;
  readonly effect: Effect;
  /** Requests or files in words, with what is known filled in. */
  readonly reads: string;
  /** Ids of the checks that look at it. */
  readonly for: readonly string[];
}

/** What a run would do. */
export interface PlanDocument {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.plan";
  readonly command: string;
  readonly suite: Suite;
  readonly workspaceId: string | null;
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string | null;
  readonly checks: number;
  /** The strongest effect of anything planned. */
  readonly effect: Effect;
  readonly evidence: readonly PlannedEvidence[];
  /** Certain ones. Further requests follow from answers, as `evidence[].reads` says. */
  readonly requests: readonly PlannedRequest[];
}

/** What a plan is made for. */
export interface PlanInput {
  readonly command: string;
  readonly suite: Suite;
  readonly target: ProbeTarget;
  readonly ports: RunOptions["ports"];
  readonly evidence: EvidenceOptions;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly signal: AbortSignal;
}

/** Makes the plan. Sends nothing: `ports.fetch` is never called. Fails with `usage` for patterns that name no check. */
export async function planRun(input: PlanInput): Promise<PlanDocument> {
  const { ports, target } = input;
  const checks = selectChecks({ ...input, refresh: input.evidence.refresh }).map(({ check }) => check);
  const redactor = learnSecrets(input);
  const recorder = createRecorder({
    fetch: () => Promise.reject(new Error("planned, not sent")),
    clock: ports.clock,
    redactor,
    runId: newRunId(ports.random),
    tokens: { workspace: target.workspaceToken?.value ?? null, cloud: target.cloudToken?.value ?? null },
    signal: input.signal,
    includeBodies: false,
  });
  const store = collectingStore(COLLECTORS, {
    target,
    http: recorder,
    fs: ports.fs,
    host: ports.host,
    clock: ports.clock,
    redactor,
    options: input.evidence,
    signal: input.signal,
    ledger: [],
    newId: () => ports.random.uuid(),
  });
  const wanted = COLLECTORS.filter((spec) =>
    checks.some((check) => [...check.needs, ...(check.wants ?? [])].includes(spec.name)),
  );
  const requests: PlannedRequest[] = [];
  const unasked = new Set<EvidenceName>();
  for (const { name } of wanted) {
    const known = recorder.exchanges.length;
    const { gap } = await store.get(name);
    // Withheld by a flag, or nothing refers to it: a real run would not ask for it either.
    if (gap === "withheld" || gap === "absent") unasked.add(name);
    for (const { service, request, repro } of recorder.exchanges.slice(known)) {
      const { effect, curl } = repro;
      requests.push({ evidence: name, service, method: request.method, url: request.url, effect, curl });
    }
  }
  const workspaceId = target.workspace?.id ?? null;
  const fill = (text: string) =>
    text
      .replaceAll("{fileApi}", target.fileApiUrl)
      .replaceAll("{controlPlane}", target.controlPlaneUrl ?? "{controlPlane}")
      .replaceAll("/workspaces/{id}", `/workspaces/${workspaceId ?? "{id}"}`);
  const planned = wanted.filter(({ name }) => !unasked.has(name));
  const evidence = planned.map(({ name, effect, reads }) => ({
    name,
    effect,
    reads: fill(reads),
    for: checks
      .filter((check) => [...check.needs, ...(check.wants ?? [])].includes(name))
      .map((check) => check.id),
  }));
  return redactor.json({
    schemaVersion: "1.0",
    kind: "relayfile.plan",
    command: input.command,
    suite: input.suite,
    workspaceId,
    fileApiUrl: target.fileApiUrl,
    controlPlaneUrl: target.controlPlaneUrl,
    checks: checks.length,
    effect: strongest(evidence.map((one) => one.effect)),
    evidence,
    requests,
  });
}

function strongest(effects: readonly Effect[]): Effect {
  if (effects.includes("write")) return "write";
  return effects.includes("refresh") ? "refresh" : "read";
}
