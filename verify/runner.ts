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
import type { Report, WrittenThing } from "./report.ts";
import type { RunNews } from "./run/events.ts";
import { type RawResult, runChecks, severityOf } from "./schedule.ts";
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
  /** Told what happens while it happens, redacted. */
  readonly observe?: (news: RunNews) => void;
  /** Shared by the attempts of one command; made up when absent. */
  readonly runId?: string;
  /** Counts the attempts of one command from 1. */
  readonly attempt?: number;
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

/** How long a run without `--timeout` waits in all for servers that ask it to slow down. */
const SLOW_DOWN_MS = 5_000;

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
  const runId = options.runId ?? newRunId(ports.random);
  const redactor = learnSecrets(options);
  const tell = (news: RunNews) => options.observe?.(printable(redactor.json(news)));
  tell({
    type: "run.started",
    command: options.command,
    attempt: options.attempt ?? 1,
    checks: checks.map(({ check }) => check.id),
  });
  const recorder = createRecorder({
    fetch: ports.fetch,
    clock: ports.clock,
    redactor,
    runId,
    tokens: {
      workspace: target.workspaceToken?.value ?? null,
      cloud: target.cloudToken?.value ?? null,
      provider: target.providerApi?.token?.value ?? null,
    },
    signal: options.signal,
    includeBodies: options.includeBodies,
    slowDownMs: options.timeoutMs ?? SLOW_DOWN_MS,
    onExchange: (exchange) => tell(exchangeNews(exchange)),
  });
  const ledger: WrittenThing[] = [];
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
          ledger,
          newId: () => ports.random.uuid(),
        })
      : replayingStore(options.replay.evidence);
  const effects = new Map(COLLECTORS.map((spec) => [spec.name, spec.effect]));
  let done = 0;
  const raw = await runChecks({
    checks,
    evidence: store,
    clock: ports.clock,
    signal: options.signal,
    effectOf: (name) => effects.get(name) ?? "read",
    onStart: (check) => tell({ type: "check.started", checkId: check.id }),
    onResult: (result) => {
      for (const news of resultNews(result)) tell(news);
      tell({ type: "progress", done: ++done, total: checks.length });
    },
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
  const whole = ledger.length === 0 ? report : { ...report, writes: structuredClone(ledger) };
  return { report: printable(redactor.json(whole)), saved: { evidence: store.records, exchanges } };
}

/** The id shared by all requests of a command, and by its attempts. */
export function newRunId(random: Ports["random"]): string {
  return random.uuid().replaceAll("-", "").slice(0, 10);
}

function exchangeNews({
  id,
  service,
  attempt,
  correlationId,
  request,
  response,
  error,
  timing,
}: Exchange): RunNews {
  return {
    type: "exchange",
    id,
    service,
    method: request.method,
    url: request.url,
    attempt,
    status: response?.status ?? null,
    failure: error?.class ?? null,
    totalMs: timing.totalMs,
    correlationId,
  };
}

function resultNews({ result, check, findings }: RawResult): RunNews[] {
  return [
    ...findings.map(
      (draft): RunNews => ({
        type: "finding",
        code: draft.code,
        checkId: check.id,
        severity: severityOf(check, draft),
        confidence: draft.confidence ?? "confirmed",
        title: draft.title,
        subject: draft.subject,
      }),
    ),
    {
      type: "check.finished",
      checkId: check.id,
      status: result.status,
      reason: result.reason,
      durationMs: result.durationMs,
      findings: findings.length,
    },
  ];
}

/** The redactor of a run, knowing every secret this process holds. */
export function learnSecrets({
  ports,
  target,
}: {
  readonly ports: Pick<Ports, "host">;
  readonly target: Pick<ProbeTarget, "workspaceToken" | "cloudToken">;
}): Redactor {
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
