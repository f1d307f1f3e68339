/**
 * `.relay/state.json`: what people and tools may know. One writer, the union of the two historical shapes, keys of
 * others preserved (spec mount-daemon 1.3, G16).
 */
import { MountState } from "../model/mount-state.ts";
import type { FileStat, LocalFs } from "../ports.ts";
import { verdictOf } from "../sync/verdict.ts";
import { listConflicts } from "./conflicts.ts";
import { listDeadLetters } from "./dead-letter.ts";
import { trackedFiles } from "./deletes.ts";
import type { Engine } from "./engine.ts";
import { readJson, writeJson } from "./json-file.ts";
import { timestamp } from "./layout.ts";
import { localFault } from "./local-fault.ts";
import { PULL_META } from "./pull-meta.ts";
import { sameFile } from "./stage.ts";
import { localOnly } from "./stays-here.ts";

/** Above this many files the per-file map is left out and only counted. */
const FILES_LISTED_MAX = 5_000;

/** The public state found on disk: absent, readable, or damaged. */
export type StateReading =
  | { readonly kind: "missing" }
  | { readonly kind: "ok"; readonly state: MountState }
  | { readonly kind: "damaged"; readonly reason: string };

/** Reads the public state. Unknown keys stay in it. */
export function readPublicState(fs: LocalFs, file: string): StateReading {
  let read: ReturnType<typeof readJson>;
  try {
    read = readJson(fs, file);
  } catch (error) {
    return { kind: "damaged", reason: error instanceof Error ? error.message : "cannot be read" };
  }
  if (read === null) return { kind: "missing" };
  if ("problem" in read) return { kind: "damaged", reason: read.problem };
  const parsed = MountState.safeParse(read.value);
  if (parsed.success) return { kind: "ok", state: parsed.data };
  const issue = parsed.error.issues[0];
  return {
    kind: "damaged",
    reason: `${issue?.path.join(".") || "document"}: ${issue?.message ?? "invalid"}`,
  };
}

/** Writes the public state as it is now. Skipped while the root is broken: there is no place for it. */
export function writePublicState(
  engine: Engine,
  daemon: { pid: number; logFile?: string; running: boolean },
): void {
  const own = document(engine, daemon);
  engine.news.verdict(own.verdict, own.verdictReason);
  if (engine.health.rootProblem !== null) return;
  const { fs } = engine.world;
  const foreign = foreignKeys(engine, own);
  if (fs.lstat(engine.layout.area) === null) return;
  const next = prune({ ...foreign, ...own });
  try {
    writeJson(engine.world, engine.layout.state, next, { mode: 0o644 });
  } catch (error) {
    const fault = localFault(error, engine.layout.area);
    if (fault !== null) writeInPlace(engine, next, fault.message);
    throw error;
  } finally {
    written.set(engine, { stat: fs.lstat(engine.layout.state), foreign });
  }
}

/**
 * The last resort on a full disk, so that nobody reads an old "ok": the file's own room is used again, for a shorter
 * document that says what is wrong. Whoever reads at that moment sees half of it, and who finds none looks at the time.
 */
function writeInPlace(engine: Engine, state: Record<string, unknown>, fault: string): void {
  const { files, ...rest } = state;
  const count = files === undefined ? state.filesOmitted : engine.db.entries.size;
  const isRunning = state.verdict !== "stopped";
  const told = isRunning && state.verdict !== "halted" ? { verdict: "degraded", verdictReason: fault } : {};
  try {
    const text = JSON.stringify({ ...rest, filesOmitted: count, ...told });
    engine.world.fs.writeFile(engine.layout.state, new TextEncoder().encode(text), { mode: 0o644 });
  } catch {
    // Not even that: the age of the file tells that nothing was reported.
  }
}

/** What was in the file beside our keys when we wrote it, and how the file looked then. */
const written = new WeakMap<
  Engine,
  { readonly stat: FileStat | null; readonly foreign: Readonly<Record<string, unknown>> }
>();

/** The keys of others. The file is read only when somebody else wrote it since. */
function foreignKeys(engine: Engine, own: object): Readonly<Record<string, unknown>> {
  const { fs } = engine.world;
  const last = written.get(engine);
  const now = fs.lstat(engine.layout.state);
  // Whoever writes the file without its content in mind gives it another time; whoever replaces it, another inode.
  if (last !== undefined && now !== null && sameFile(last.stat, now)) return last.foreign;
  const found = readPublicState(fs, engine.layout.state);
  if (found.kind !== "ok") return {};
  return Object.fromEntries(Object.entries(found.state).filter(([key]) => !(key in own)));
}

/** The daemon's own part of the document; undefined values are dropped before writing. */
function document(engine: Engine, daemon: { pid: number; logFile?: string; running: boolean }) {
  const { config, health, db, outbox } = engine;
  const now = engine.now();
  const at = (ms: number | null) => (ms === null ? undefined : timestamp(ms));
  const counts = outbox.counts();
  const conflicts = listConflicts(engine).length;
  const dead = listDeadLetters(engine.world.fs, engine.layout.deadLetters);
  const flagged = db.flagged();
  const deletes = flagged.filter((entry) => entry.deletePending).length;
  const denied = flagged.filter((entry) => entry.readDenied || entry.writeDenied).length;
  const offline = health.lastError?.kind === "offline" ? health.lastError.message : null;
  const silentMs = health.lastSuccessAtMs === null ? null : now - health.lastSuccessAtMs;
  const staleAfterMs = 2 * config.intervalMs;
  const circuitOpen = health.circuit.openedAtMs !== null;
  const authProblem = health.authProblem ?? health.readAuthProblem;
  const pending = counts.pending + deletes;
  const { verdict, reason } = verdictOf({
    running: daemon.running,
    rootProblem: health.rootProblem,
    heldDeletes: health.heldDeletes?.paths ?? 0,
    fault: health.faults.values().next().value ?? null,
    authProblem,
    offline,
    circuitOpen,
    deadLetters: dead.records.length,
    malformed: dead.malformed.length + outbox.malformed.length,
    conflicts,
    problems: db.problems.size,
    localOnly: health.staysHere.size,
    bootstrapping: health.bootstrap !== null,
    pending,
    draining: health.draining,
    silentMs,
    staleAfterMs,
  });
  const stale = silentMs === null || silentMs > staleAfterMs;
  return {
    workspaceId: config.workspaceId,
    remoteRoot: config.remoteRoot,
    localRoot: config.localRoot,
    mode: "poll",
    syncMode: config.syncMode,
    intervalMs: config.intervalMs,
    verdict,
    verdictReason: reason,
    status: statusOf({
      offline: offline !== null,
      attention: counts.needsAttention + (health.heldDeletes?.paths ?? 0),
      conflicts,
      pending,
      draining: health.draining,
      stale,
      bootstrapping: health.bootstrap !== null,
      stalled: health.bootstrap?.phase === "stalled",
    }),
    states: {
      stale,
      offline: offline !== null,
      syncing: health.draining || undefined,
      hasConflicts: conflicts > 0,
      hasPendingWriteback: pending > 0,
      outboxNeedsAttention: counts.needsAttention > 0 || undefined,
    },
    lastReconcileAt: at(health.lastReconcileAtMs),
    lastSuccessfulReconcileAt: at(health.lastSuccessAtMs),
    lastHeartbeatAt: at(health.lastHeartbeatAtMs),
    lastEventAt: at(health.lastEventAtMs),
    staleAfter:
      health.lastSuccessAtMs === null ? undefined : timestamp(health.lastSuccessAtMs + staleAfterMs),
    pendingWriteback: pending,
    pendingConflicts: conflicts,
    deniedPaths: denied,
    failedWritebacks: health.failedWritebacks,
    lastError:
      health.lastError === null
        ? null
        : { ...health.lastError, atMs: undefined, at: at(health.lastError.atMs) },
    authProblem: authProblem ?? undefined,
    trackedFiles: trackedFiles(engine),
    ...filesOf(engine),
    lowMemory: config.lowMemory || undefined,
    counters: Object.fromEntries(Object.entries(health.counters).filter(([, value]) => value > 0)),
    circuit: {
      open: circuitOpen,
      openedAt: at(health.circuit.openedAtMs),
      openEvents: health.circuit.openEvents,
      failures: health.circuit.failures.length,
      windowMs: config.circuit.windowMs,
      cooldownMs: config.circuit.cooldownMs,
      threshold: config.circuit.threshold,
      nextRetry: circuitOpen
        ? timestamp(health.circuit.lastFailureMs + config.circuit.cooldownMs)
        : undefined,
    },
    outbox: counts,
    heldDeletes: health.heldDeletes ?? undefined,
    problems: db.problems.size === 0 ? undefined : [...db.problems.values()].slice(0, 50),
    localOnly: localOnly(engine) ?? undefined,
    lastAppliedRevision: db.meta(PULL_META.lastRevision) ?? undefined,
    bootstrap:
      health.bootstrap === null
        ? undefined
        : {
            phase: health.bootstrap.phase,
            filesSynced: health.bootstrap.filesSynced,
            filesTotal: health.bootstrap.filesTotal ?? undefined,
            bytesSynced: health.bootstrap.bytes,
            startedAt: at(health.bootstrap.startedAtMs),
            stallCycles: health.bootstrap.stallCycles || undefined,
            stallLimit: health.bootstrap.stallCycles === 0 ? undefined : config.bootstrapStallCyclesMax,
            reason: health.bootstrap.reason ?? undefined,
          },
    bootstrapComplete: db.meta(PULL_META.complete) === "1",
    reconcileAgeSecs: silentMs === null ? undefined : Math.max(0, Math.round(silentMs / 1_000)),
    eventListener: {
      mode: health.listener.mode,
      status: health.listener.status,
      heartbeatAt: at(health.lastHeartbeatAtMs),
      lastConnectedAt: at(health.listener.connectedAtMs),
    },
    watcher: health.watcher,
    providers: health.providers.length === 0 ? undefined : health.providers,
    daemon: daemon.running
      ? { pid: daemon.pid, logFile: daemon.logFile, pidFile: engine.layout.pid }
      : undefined,
    stallReason:
      health.rootProblem ??
      health.heldDeletes?.reason ??
      authProblem ??
      (health.bootstrap?.phase === "stalled" ? (health.bootstrap.reason ?? undefined) : undefined),
  };
}

/** The historical status word, by its precedence (spec mount-daemon 1.3.1). */
export function statusOf(facts: {
  offline: boolean;
  attention: number;
  conflicts: number;
  pending: number;
  draining: boolean;
  stale: boolean;
  bootstrapping: boolean;
  /** The first copy was given up. */
  stalled?: boolean;
}): string {
  if (facts.stalled) return "stalled";
  const word = facts.offline
    ? "offline"
    : facts.attention > 0
      ? "writeback-needs-attention"
      : facts.conflicts > 0
        ? "conflict"
        : facts.pending > 0
          ? "writeback-pending"
          : facts.draining
            ? "syncing"
            : facts.stale
              ? "stale"
              : "ready";
  const replaced = word === "ready" || word === "stale" || word === "offline";
  return facts.bootstrapping && replaced ? "bootstrapping" : word;
}

function filesOf(engine: Engine): Record<string, unknown> {
  const { db, outbox, config } = engine;
  if (config.lowMemory) return { files: undefined };
  if (db.entries.size > FILES_LISTED_MAX) return { files: undefined, filesOmitted: db.entries.size };
  const files: Record<string, unknown> = {};
  for (const entry of db.entries.values()) {
    const dirty = outbox.unsentFor(entry.remotePath) !== undefined || entry.deletePending;
    files[entry.remotePath] = {
      revision: entry.revision ?? undefined,
      contentType: entry.contentType || undefined,
      dirty: dirty || undefined,
      denied: entry.readDenied || undefined,
      writeDenied: entry.writeDenied || undefined,
      status: entry.readDenied
        ? "read-denied"
        : entry.writeDenied
          ? "write-denied"
          : dirty
            ? "writeback-pending"
            : entry.refusedHash !== ""
              ? "writeback-skipped"
              : "ready",
    };
  }
  return { files, filesOmitted: undefined };
}

/** Without undefined values at the top level, so that keys we stopped using disappear. */
function prune(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined));
}
