/** One run from a target to a report: collect or replay evidence, ask the checks, assemble. */
import { isRelayfileError } from "../lib/errors.ts";
import { createRedactor, type Redactor } from "../lib/model/redact.ts";
import type { Ports } from "../lib/ports.ts";
import { assembleReport } from "./assemble.ts";
import type { Severity, Suite } from "./check.ts";
import { COLLECTORS } from "./evidence/mod.ts";
import {
  collectingStore,
  type EvidenceOptions,
  type EvidenceRecord,
  type EvidenceStore,
  type ProbeTarget,
  replayingStore,
} from "./evidence.ts";
import type { EvidenceName, Facts } from "./facts.ts";
import type { Exchange } from "./http/exchange.ts";
import { createRecorder } from "./http/recorder.ts";
import { printable } from "./printable.ts";
import type { Report } from "./report.ts";
import { type RawResult, runChecks } from "./schedule.ts";
import { selectChecks } from "./select.ts";
import type { Interruption } from "./verdict.ts";

/** What one run is asked to do. */
export interface RunOptions {
  /** For the report: `verify discovery`. */
  readonly command: string;
  readonly suite: Suite;
  readonly target: ProbeTarget;
  readonly ports: Pick<Ports, "fetch" | "clock" | "random" | "fs" | "host">;
  readonly evidence: EvidenceOptions;
  readonly failOn: Severity;
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly timeoutMs: number | null;
  readonly includeBodies: boolean;
  /** Aborted by a signal or the budget; the report is then partial. */
  readonly signal: AbortSignal;
  /** Judge saved evidence instead of asking anything. */
  readonly replay?: SavedRun;
  readonly onResult?: (result: RawResult) => void;
}

/** A run as saved by `--save-evidence`. */
export interface SavedRun {
  readonly evidence: readonly EvidenceRecord[];
  readonly exchanges: readonly Exchange[];
}

/** A report and what it was judged from. */
export interface RunOutcome {
  readonly report: Report;
  readonly saved: SavedRun;
}

/** Variables whose values are secrets by their name. */
const SECRET_VARIABLE = /TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|CREDENTIAL|PRIVATE_KEY/i;

/** Runs a suite. Fails only with `usage`, for patterns that name no check; everything else is in the report. */
export async function runSuites(options: RunOptions): Promise<RunOutcome> {
  const { ports, target } = options;
  const checks = selectChecks({
    suite: options.suite,
    only: options.only,
    skip: options.skip,
    refresh: options.evidence.refresh,
  });
  const startedAtMs = ports.clock.now();
  const started = ports.clock.monotonicMs();
  const runId = ports.random.uuid().replaceAll("-", "").slice(0, 10);
  const redactor = learnSecrets(options);
  const recorder = createRecorder({
    fetch: ports.fetch,
    clock: ports.clock,
    redactor,
    runId,
    tokens: { workspace: target.workspaceToken?.value ?? null, cloud: target.cloudToken?.value ?? null },
    signal: options.signal,
    includeBodies: options.includeBodies,
  });
  const store: EvidenceStore =
    options.replay === undefined
      ? collectingStore(COLLECTORS, {
          target,
          http: recorder,
          fs: ports.fs,
          host: ports.host,
          clock: ports.clock,
          redactor,
          options: options.evidence,
          signal: options.signal,
        })
      : replayingStore(options.replay.evidence);
  const effects = new Map(COLLECTORS.map((spec) => [spec.name, spec.effect]));
  const raw = await runChecks({
    checks,
    evidence: store,
    clock: ports.clock,
    signal: options.signal,
    effectOf: (name) => effects.get(name) ?? "read",
    onResult: options.onResult,
  });
  const exchanges = options.replay?.exchanges ?? recorder.exchanges;
  const finishedAtMs = ports.clock.now();
  const report = assembleReport(
    raw,
    {
      command: options.command,
      suite: options.suite,
      runId,
      reportId: timeOrderedId(ports, startedAtMs),
      startedAtMs,
      finishedAtMs,
      durationMs: Math.round(ports.clock.monotonicMs() - started),
      os: ports.host.platform,
      arch: ports.host.arch,
      ci: (ports.host.env.CI ?? "") !== "",
      proxy: ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"].some(
        (name) => ports.host.env[name],
      ),
      policy: {
        failOn: options.failOn,
        timeoutMs: options.timeoutMs,
        only: [...options.only],
        skip: [...options.skip],
        baseline: null,
      },
      interrupted: interruptionOf(options.signal),
    },
    {
      target: await peek(store, "target"),
      clock: await known(store, "clock"),
      fileApi: await known(store, "fileApi"),
    },
    exchanges,
    { rules: [...redactor.summary.rules], count: redactor.summary.count },
  );
  return { report: printable(redactor.json(report)), saved: { evidence: store.records, exchanges } };
}

/** The redactor of a run, knowing every secret this process holds. */
function learnSecrets({ ports, target }: RunOptions): Redactor {
  const redactor = createRedactor();
  redactor.learn(target.workspaceToken?.value, "workspace-token");
  redactor.learn(target.cloudToken?.value, "cloud-token");
  for (const [name, value] of Object.entries(ports.host.env)) {
    // A variable that names a file holds no secret itself.
    if (SECRET_VARIABLE.test(name) && !name.endsWith("_FILE")) redactor.learn(value, "env");
  }
  return redactor;
}

function interruptionOf(signal: AbortSignal): Interruption {
  if (!signal.aborted) return null;
  if (isRelayfileError(signal.reason, "timeout_exceeded", "request_timeout")) return null;
  return isRelayfileError(signal.reason, "terminated") ? "terminated" : "interrupted";
}

/** Evidence for the report's header, collected if it was not; null when there is none. */
async function peek<N extends EvidenceName>(store: EvidenceStore, name: N): Promise<Facts[N] | null> {
  const piece = await store.get(name);
  return piece.gap === undefined ? piece.value : null;
}

/** Evidence that some check has already collected; never a new request. */
async function known<N extends EvidenceName>(store: EvidenceStore, name: N): Promise<Facts[N] | null> {
  return store.records.some((record) => record.name === name) ? peek(store, name) : null;
}

/** A UUIDv7: sorted by time, so a folder of reports sorts by itself. */
function timeOrderedId(ports: Pick<Ports, "random">, nowMs: number): string {
  const time = Math.max(0, Math.floor(nowMs)).toString(16).padStart(12, "0").slice(-12);
  const random = ports.random.uuid().replaceAll("-", "");
  const variant = "89ab"[Number.parseInt(random[16] ?? "0", 16) % 4];
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(13, 16)}-${variant}${random.slice(17, 20)}-${random.slice(20)}`;
}
