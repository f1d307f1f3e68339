/** Everything that can be set about a mount, resolved once: flag beats variable beats default (spec mount-daemon 6). */
import { fail } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import { parseDuration } from "../model/duration.ts";
import type { Env, Log } from "../ports.ts";
import type { CircuitLimits } from "../sync/backoff.ts";
import type { SettleDelays } from "../sync/settle.ts";

/** Which directions are synced. */
export type SyncMode = "mirror" | "pull-only" | "write-only";

/** A resolved mount. Times in ms, sizes in bytes. */
export interface MountConfig {
  readonly workspaceId: string;
  /** Absolute, cleaned, links not resolved. */
  readonly localRoot: string;
  readonly remoteRoot: string;
  readonly server: string;
  /** Event filter, or null. */
  readonly provider: string | null;
  readonly syncMode: SyncMode;
  /** Directory that holds the private states of all mounts, outside the mount. */
  readonly stateDir: string;
  /** The index itself, absolute, when it was named; it then takes the place of the one below `stateDir`. */
  readonly stateFile?: string;
  /** `daemon` unless this run keeps an index of its own: `flush` or `initial-sync`. */
  readonly mountKind?: string;
  readonly intervalMs: number;
  readonly intervalJitter: number;
  readonly cycleTimeoutMs: number;
  /** 0: as long as it makes progress. */
  readonly bootstrapTimeoutMs: number;
  readonly bootstrapIdleTimeoutMs: number;
  /** Silence after which an export is given up for the listing; shorter than the watchdog's patience. */
  readonly exportTimeoutMs: number;
  readonly bootstrapStallCyclesMax: number;
  readonly bootstrapDirectoriesMax: number;
  readonly readConcurrency: number;
  /** The same after the first copy. */
  readonly incrementalReadConcurrency: number;
  readonly notReadyTtlMs: number | null;
  readonly outboxTimeoutMs: number;
  readonly cursorTimeoutMs: number;
  /** Between audits; null switches the wall clock guard off. */
  readonly auditIntervalMs: number | null;
  /** Quiet polls between audits, when a number of polls was asked for instead of a time. */
  readonly auditEveryPolls: number | null;
  /** More directories than this are polled instead of watched; null: as many as the system lets us watch. */
  readonly watchDirectoriesMax: number | null;
  /** Silence of a provider's events after which it is shown as silent. */
  readonly eventSilenceMs: number;
  /** Log how long single steps of a change took. */
  readonly latencyTrace: boolean;
  readonly fullReconcile: boolean;
  readonly websocket: boolean;
  readonly settle: SettleDelays;
  readonly lowMemory: boolean;
  /** Null: no cap. */
  readonly writebackBytesMax: number | null;
  readonly writebackBatchBytesMax: number;
  readonly snapshotDeleteMinRatio: number;
  readonly circuit: CircuitLimits;
  readonly logHttpStatus: boolean;
  readonly resetAfterClobber: boolean;
  /** Scopes of the token when they are known, else null. */
  readonly scopes: readonly string[] | null;
}

/** Values given on the command line; undefined means "not given". */
export interface MountFlags {
  readonly provider?: string;
  readonly syncMode?: SyncMode;
  readonly intervalMs?: number;
  readonly intervalJitter?: string;
  readonly timeoutMs?: number;
  readonly bootstrapTimeoutMs?: number;
  readonly cursorTimeoutMs?: number;
  readonly fullPullMinIntervalMs?: number;
  readonly fullReconcile?: boolean;
  readonly websocket?: boolean;
  readonly fileSettleMs?: number;
  readonly atomicSettleMs?: number;
  readonly batchWindowMs?: number;
  readonly lowMemory?: boolean;
  readonly logHttpStatus?: boolean;
  readonly resetAfterClobber?: boolean;
}

/** What names the mount. */
export type MountIdentity = Pick<
  MountConfig,
  "workspaceId" | "localRoot" | "remoteRoot" | "server" | "stateDir" | "stateFile" | "mountKind" | "scopes"
>;

/** Resolves flags, variables and defaults. A malformed variable is ignored with a warning; a bad flag fails. */
export function mountConfig(identity: MountIdentity, flags: MountFlags, env: Env, log: Log): MountConfig {
  const from = reader(env, log);
  const syncMode =
    flags.syncMode ?? from.choice("RELAYFILE_MOUNT_SYNC_MODE", ["mirror", "pull-only", "write-only"]);
  const interval = flags.intervalMs ?? from.duration("RELAYFILE_MOUNT_INTERVAL") ?? MOUNT.intervalMs;
  const minInterval = flags.fullPullMinIntervalMs ?? from.duration("RELAYFILE_MOUNT_FULL_PULL_MIN_INTERVAL");
  const cap = from.integer("RELAYFILE_MAX_WRITEBACK_BYTES") ?? MOUNT.writebackBytesMax;
  const batch = from.integer("RELAYFILE_MAX_WRITEBACK_BATCH_BYTES") ?? MOUNT.writebackBatchBytesMax;
  const ratio = from.number("RELAYFILE_SNAPSHOT_DELETE_MIN_RATIO");
  const everyPolls = from.integer("RELAYFILE_MOUNT_FULL_PULL_EVERY");
  const idleMs = positive(from.duration("RELAYFILE_BOOTSTRAP_IDLE_TIMEOUT")) ?? MOUNT.bootstrapIdleTimeoutMs;
  return {
    ...identity,
    provider: providerBelow(
      identity.remoteRoot,
      flags.provider || env.RELAYFILE_MOUNT_PROVIDER?.trim() || null,
    ),
    syncMode: (syncMode as SyncMode | null) ?? "mirror",
    intervalMs: Math.max(interval, MOUNT.intervalFloorMs),
    intervalJitter:
      jitterOf(flags.intervalJitter) ??
      clamped(from.number("RELAYFILE_MOUNT_INTERVAL_JITTER")) ??
      MOUNT.intervalJitter,
    cycleTimeoutMs:
      aboveZero("--timeout", flags.timeoutMs) ??
      positive(from.duration("RELAYFILE_MOUNT_TIMEOUT")) ??
      MOUNT.cycleTimeoutMs,
    bootstrapTimeoutMs: flags.bootstrapTimeoutMs ?? from.duration("RELAYFILE_BOOTSTRAP_TIMEOUT") ?? 0,
    bootstrapIdleTimeoutMs: idleMs,
    exportTimeoutMs: Math.min(
      positive(from.duration("RELAYFILE_EXPORT_TIMEOUT")) ?? MOUNT.exportTimeoutMs,
      idleMs * 0.75,
    ),
    bootstrapStallCyclesMax:
      from.positive("RELAYFILE_BOOTSTRAP_STALL_CYCLES") ?? MOUNT.bootstrapStallCyclesMax,
    bootstrapDirectoriesMax:
      from.positive("RELAYFILE_BOOTSTRAP_MAX_DIRECTORIES") ?? MOUNT.bootstrapDirectoriesMax,
    readConcurrency: Math.min(
      from.positive("RELAYFILE_BOOTSTRAP_READ_CONCURRENCY") ?? MOUNT.readConcurrency,
      MOUNT.readConcurrencyMax,
    ),
    incrementalReadConcurrency: Math.min(
      from.positive("RELAYFILE_INCREMENTAL_READ_CONCURRENCY") ?? MOUNT.readConcurrency,
      MOUNT.readConcurrencyMax,
    ),
    notReadyTtlMs: from.duration("RELAYFILE_INCREMENTAL_READ_NOT_READY_TTL"),
    outboxTimeoutMs: positive(from.duration("RELAYFILE_OUTBOX_TIMEOUT")) ?? MOUNT.outboxTimeoutMs,
    cursorTimeoutMs:
      aboveZero("--cursor-timeout", flags.cursorTimeoutMs) ??
      positive(from.duration("RELAYFILE_CURSOR_TIMEOUT")) ??
      MOUNT.cursorTimeoutMs,
    auditIntervalMs: auditInterval(minInterval, everyPolls),
    auditEveryPolls: everyPolls !== null && everyPolls > 0 && !minInterval ? everyPolls : null,
    watchDirectoriesMax: from.positive("RELAYFILE_MOUNT_MAX_WATCH_DIRS"),
    eventSilenceMs: positive(from.duration("RELAYFILE_EVENT_SILENCE_THRESHOLD")) ?? MOUNT.eventSilenceMs,
    latencyTrace: from.boolean("RELAYFILE_MOUNT_LATENCY_TRACE") ?? false,
    fullReconcile: flags.fullReconcile || (from.boolean("RELAYFILE_FORCE_FULL_RECONCILE") ?? false),
    websocket: flags.websocket ?? from.boolean("RELAYFILE_MOUNT_WEBSOCKET") ?? true,
    settle: {
      fileMs: flags.fileSettleMs ?? from.duration("RELAYFILE_MOUNT_FILE_SETTLE_DELAY") ?? MOUNT.fileSettleMs,
      atomicMs:
        flags.atomicSettleMs ??
        from.duration("RELAYFILE_MOUNT_ATOMIC_SAVE_SETTLE_DELAY") ??
        MOUNT.atomicSettleMs,
      batchWindowMs:
        flags.batchWindowMs ??
        from.duration("RELAYFILE_MOUNT_CHANGE_BATCH_WINDOW") ??
        MOUNT.changeBatchWindowMs,
    },
    lowMemory: flags.lowMemory || (from.boolean("RELAYFILE_MOUNT_LOW_MEMORY") ?? false),
    writebackBytesMax: cap <= 0 ? null : cap,
    writebackBatchBytesMax: batch <= 0 ? MOUNT.writebackBatchBytesMax : batch,
    snapshotDeleteMinRatio: ratio !== null && ratio > 0 && ratio <= 1 ? ratio : MOUNT.snapshotDeleteMinRatio,
    circuit: {
      windowMs: positive(from.duration("RELAYFILE_CB_WINDOW")) ?? MOUNT.circuitWindowMs,
      threshold: from.positive("RELAYFILE_CB_THRESHOLD") ?? MOUNT.circuitThreshold,
      cooldownMs: positive(from.duration("RELAYFILE_CB_COOLDOWN")) ?? MOUNT.circuitCooldownMs,
    },
    logHttpStatus: flags.logHttpStatus || (from.boolean("RELAYFILE_MOUNT_LOG_HTTP_STATUS") ?? false),
    resetAfterClobber: flags.resetAfterClobber || (from.boolean("RELAYFILE_RESET_AFTER_CLOBBER") ?? false),
  };
}

/** Time between audits: -1 switches it off, a number of polls replaces it, and a negative number switches both off. */
function auditInterval(minIntervalMs: number | null, everyPolls: number | null): number | null {
  if ((minIntervalMs !== null && minIntervalMs < 0) || (everyPolls !== null && everyPolls < 0)) return null;
  if (everyPolls !== null && everyPolls > 0 && !minIntervalMs) return null;
  return minIntervalMs || MOUNT.auditMinIntervalMs;
}

/** Events of another provider than the mirrored one would leave the mirror without any. */
function providerBelow(remoteRoot: string, provider: string | null): string | null {
  const [mirrored = ""] = remoteRoot.slice(1).split("/");
  if (provider !== null && mirrored !== "" && mirrored !== provider) {
    fail("usage", `--provider ${provider} does not fit --remote-path ${remoteRoot}`, {
      hint: `Leave it out, or give --provider ${mirrored}`,
    });
  }
  return provider;
}

function aboveZero(flag: string, ms: number | undefined): number | undefined {
  if (ms !== undefined && ms <= 0) fail("usage", `${flag} must be more than zero`);
  return ms;
}

function positive(value: number | null): number | null {
  return value !== null && value > 0 ? value : null;
}

function jitterOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const value = Number(text);
  if (!Number.isFinite(value))
    fail("usage", `--interval-jitter is "${text}", a number from 0 to 1 is needed`);
  return clamped(value);
}

function clamped(value: number | null): number | null {
  return value === null ? null : Math.min(Math.max(value, 0), 1);
}

/** Reads typed values from the environment; a value of the wrong form warns and counts as unset. */
function reader(env: Env, log: Log) {
  const read = <T>(name: string, parse: (text: string) => T | null): T | null => {
    const text = env[name]?.trim();
    if (text === undefined || text === "") return null;
    const value = parse(text);
    if (value === null) log.warn("ignoring a variable of the wrong form", { name, value: text });
    return value;
  };
  const number = (text: string) => (Number.isFinite(Number(text)) ? Number(text) : null);
  return {
    // A bare -1 is the documented way to switch a limit off.
    duration: (name: string) => read(name, (text) => (text === "-1" ? -1 : parseDuration(text))),
    number: (name: string) => read(name, number),
    integer: (name: string) => read(name, (text) => (Number.isInteger(Number(text)) ? Number(text) : null)),
    positive: (name: string) =>
      read(name, (text) => (Number.isInteger(Number(text)) && Number(text) > 0 ? Number(text) : null)),
    boolean: (name: string) =>
      read(name, (text) => {
        if (/^(1|t|true)$/i.test(text)) return true;
        return /^(0|f|false)$/i.test(text) ? false : null;
      }),
    choice: (name: string, options: readonly string[]) =>
      read(name, (text) => (options.includes(text) ? text : null)),
  };
}
