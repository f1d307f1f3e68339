/** Every flag and variable of the original's mount (spec mount-daemon 6): name, default, effect, or why it has none. */
import { describe, expect, test } from "bun:test";
import { MOUNT_ARGS } from "../../commands/_mount-args.ts";
import { type MountArgs, mountFlags } from "../../commands/_mount-input.ts";
import { type MountConfig, mountConfig } from "../../lib/mount/config.ts";
import { flagSpellings, parseArgv } from "../../lib/ui/argv.ts";

const IDENTITY = {
  workspaceId: "rw_abcd1234",
  localRoot: "/m",
  remoteRoot: "/",
  server: "http://x",
  stateDir: "/s",
  scopes: null,
};
const warnings: string[] = [];
const LOG = {
  debug() {},
  info() {},
  warn: (_: string, fields: Record<string, unknown> = {}) => void warnings.push(String(fields.name)),
  error() {},
};

/** The configuration of a command line and an environment. */
function configOf(words: readonly string[], env: Record<string, string> = {}): MountConfig {
  const args = parseArgv(words, MOUNT_ARGS, "relayfile mount") as unknown as MountArgs;
  return mountConfig(IDENTITY, mountFlags(args), env, LOG);
}

type Pick = (config: MountConfig) => unknown;
interface Row {
  readonly flag?: readonly string[];
  readonly variable?: readonly [name: string, value: string];
  readonly of: Pick;
  readonly standard: unknown;
  /** What the flag, and what the variable makes of it. */
  readonly flagged?: unknown;
  readonly varied?: unknown;
}

const ROWS: Readonly<Record<string, Row>> = {
  provider: {
    flag: ["--provider", "github"],
    variable: ["RELAYFILE_MOUNT_PROVIDER", "jira"],
    of: (c) => c.provider,
    standard: null,
    flagged: "github",
    varied: "jira",
  },
  "sync mode": {
    flag: ["--sync-mode", "pull-only"],
    variable: ["RELAYFILE_MOUNT_SYNC_MODE", "write-only"],
    of: (c) => c.syncMode,
    standard: "mirror",
    flagged: "pull-only",
    varied: "write-only",
  },
  interval: {
    flag: ["--interval", "1m"],
    variable: ["RELAYFILE_MOUNT_INTERVAL", "1s"],
    of: (c) => c.intervalMs,
    standard: 30_000,
    flagged: 60_000,
    varied: 5_000,
  },
  "interval jitter": {
    flag: ["--interval-jitter", "0.5"],
    variable: ["RELAYFILE_MOUNT_INTERVAL_JITTER", "7"],
    of: (c) => c.intervalJitter,
    standard: 0.2,
    flagged: 0.5,
    varied: 1,
  },
  timeout: {
    flag: ["--timeout", "3s"],
    variable: ["RELAYFILE_MOUNT_TIMEOUT", "4s"],
    of: (c) => c.cycleTimeoutMs,
    standard: 15_000,
    flagged: 3_000,
    varied: 4_000,
  },
  "bootstrap timeout": {
    flag: ["--bootstrap-timeout", "1h"],
    variable: ["RELAYFILE_BOOTSTRAP_TIMEOUT", "2h"],
    of: (c) => c.bootstrapTimeoutMs,
    standard: 0,
    flagged: 3_600_000,
    varied: 7_200_000,
  },
  "bootstrap idle timeout": {
    variable: ["RELAYFILE_BOOTSTRAP_IDLE_TIMEOUT", "5s"],
    of: (c) => c.bootstrapIdleTimeoutMs,
    standard: 90_000,
    varied: 5_000,
  },
  "bootstrap stall cycles": {
    variable: ["RELAYFILE_BOOTSTRAP_STALL_CYCLES", "3"],
    of: (c) => c.bootstrapStallCyclesMax,
    standard: 20,
    varied: 3,
  },
  "bootstrap directories": {
    variable: ["RELAYFILE_BOOTSTRAP_MAX_DIRECTORIES", "7"],
    of: (c) => c.bootstrapDirectoriesMax,
    standard: 50_000,
    varied: 7,
  },
  "bootstrap reads": {
    variable: ["RELAYFILE_BOOTSTRAP_READ_CONCURRENCY", "500"],
    of: (c) => c.readConcurrency,
    standard: 16,
    varied: 64,
  },
  "incremental reads": {
    variable: ["RELAYFILE_INCREMENTAL_READ_CONCURRENCY", "4"],
    of: (c) => c.incrementalReadConcurrency,
    standard: 16,
    varied: 4,
  },
  "not-ready patience (2 s here, decision 0321)": {
    variable: ["RELAYFILE_INCREMENTAL_READ_NOT_READY_TTL", "5m"],
    of: (c) => c.notReadyTtlMs,
    standard: null,
    varied: 300_000,
  },
  "export timeout, inside the idle window": {
    variable: ["RELAYFILE_EXPORT_TIMEOUT", "10m"],
    of: (c) => c.exportTimeoutMs,
    standard: 45_000,
    varied: 67_500,
  },
  "outbox timeout": {
    variable: ["RELAYFILE_OUTBOX_TIMEOUT", "2m"],
    of: (c) => c.outboxTimeoutMs,
    standard: 60_000,
    varied: 120_000,
  },
  "cursor timeout": {
    flag: ["--cursor-timeout", "5s"],
    variable: ["RELAYFILE_CURSOR_TIMEOUT", "6s"],
    of: (c) => c.cursorTimeoutMs,
    standard: 60_000,
    flagged: 5_000,
    varied: 6_000,
  },
  "time between audits": {
    flag: ["--full-pull-min-interval", "1h30m"],
    variable: ["RELAYFILE_MOUNT_FULL_PULL_MIN_INTERVAL", "-1"],
    of: (c) => c.auditIntervalMs,
    standard: 86_400_000,
    flagged: 5_400_000,
    varied: null,
  },
  "polls between audits": {
    variable: ["RELAYFILE_MOUNT_FULL_PULL_EVERY", "20"],
    of: (c) => [c.auditEveryPolls, c.auditIntervalMs],
    standard: [null, 86_400_000],
    varied: [20, null],
  },
  "full reconcile": {
    flag: ["--full-reconcile"],
    variable: ["RELAYFILE_FORCE_FULL_RECONCILE", "T"],
    of: (c) => c.fullReconcile,
    standard: false,
    flagged: true,
    varied: true,
  },
  websocket: {
    flag: ["--websocket=false"],
    variable: ["RELAYFILE_MOUNT_WEBSOCKET", "0"],
    of: (c) => c.websocket,
    standard: true,
    flagged: false,
    varied: false,
  },
  "no websocket": { flag: ["--no-websocket"], of: (c) => c.websocket, standard: true, flagged: false },
  "file settle delay": {
    flag: ["--file-settle-delay", "1s"],
    variable: ["RELAYFILE_MOUNT_FILE_SETTLE_DELAY", "2s"],
    of: (c) => c.settle.fileMs,
    standard: 100,
    flagged: 1_000,
    varied: 2_000,
  },
  "atomic save settle delay": {
    flag: ["--atomic-save-settle-delay", "5ms"],
    variable: ["RELAYFILE_MOUNT_ATOMIC_SAVE_SETTLE_DELAY", "6ms"],
    of: (c) => c.settle.atomicMs,
    standard: 1,
    flagged: 5,
    varied: 6,
  },
  "change batch window": {
    flag: ["--change-batch-window", "7ms"],
    variable: ["RELAYFILE_MOUNT_CHANGE_BATCH_WINDOW", "8ms"],
    of: (c) => c.settle.batchWindowMs,
    standard: 5,
    flagged: 7,
    varied: 8,
  },
  "low memory": {
    flag: ["--low-memory"],
    variable: ["RELAYFILE_MOUNT_LOW_MEMORY", "true"],
    of: (c) => c.lowMemory,
    standard: false,
    flagged: true,
    varied: true,
  },
  "size of one upload": {
    variable: ["RELAYFILE_MAX_WRITEBACK_BYTES", "0"],
    of: (c) => c.writebackBytesMax,
    standard: 8_388_608,
    varied: null,
  },
  "size of a batch": {
    variable: ["RELAYFILE_MAX_WRITEBACK_BATCH_BYTES", "1000"],
    of: (c) => c.writebackBatchBytesMax,
    standard: 8_388_608,
    varied: 1_000,
  },
  "shrink ratio": {
    variable: ["RELAYFILE_SNAPSHOT_DELETE_MIN_RATIO", "0.9"],
    of: (c) => c.snapshotDeleteMinRatio,
    standard: 0.5,
    varied: 0.9,
  },
  "breaker window": {
    variable: ["RELAYFILE_CB_WINDOW", "10s"],
    of: (c) => c.circuit.windowMs,
    standard: 60_000,
    varied: 10_000,
  },
  "breaker threshold": {
    variable: ["RELAYFILE_CB_THRESHOLD", "2"],
    of: (c) => c.circuit.threshold,
    standard: 5,
    varied: 2,
  },
  "breaker cooldown": {
    variable: ["RELAYFILE_CB_COOLDOWN", "1s"],
    of: (c) => c.circuit.cooldownMs,
    standard: 30_000,
    varied: 1_000,
  },
  "watched directories (no limit of our own, decision 0321)": {
    variable: ["RELAYFILE_MOUNT_MAX_WATCH_DIRS", "100"],
    of: (c) => c.watchDirectoriesMax,
    standard: null,
    varied: 100,
  },
  "latency trace": {
    variable: ["RELAYFILE_MOUNT_LATENCY_TRACE", "1"],
    of: (c) => c.latencyTrace,
    standard: false,
    varied: true,
  },
  "event silence": {
    variable: ["RELAYFILE_EVENT_SILENCE_THRESHOLD", "1h"],
    of: (c) => c.eventSilenceMs,
    standard: 86_400_000,
    varied: 3_600_000,
  },
  "log http status": {
    flag: ["--log-http-status"],
    variable: ["RELAYFILE_MOUNT_LOG_HTTP_STATUS", "true"],
    of: (c) => c.logHttpStatus,
    standard: false,
    flagged: true,
    varied: true,
  },
  "reset after clobber": {
    flag: ["--reset-after-clobber"],
    variable: ["RELAYFILE_RESET_AFTER_CLOBBER", "t"],
    of: (c) => c.resetAfterClobber,
    standard: false,
    flagged: true,
    varied: true,
  },
};

describe("mountConfig()", () => {
  for (const [name, row] of Object.entries(ROWS)) {
    test(`${name}: flag beats variable beats default`, () => {
      const env = row.variable === undefined ? {} : { [row.variable[0]]: row.variable[1] };
      expect(row.of(configOf([]))).toEqual(row.standard);
      if (row.variable !== undefined) expect(row.of(configOf([], env))).toEqual(row.varied);
      if (row.flag !== undefined) expect(row.of(configOf(row.flag, env))).toEqual(row.flagged);
    });
    if (row.variable === undefined || name === "provider") continue;
    test(`${name}: a variable of the wrong form warns and counts as unset`, () => {
      warnings.length = 0;
      expect(row.of(configOf([], { [row.variable?.[0] ?? ""]: "\u001b[31mgarbage" }))).toEqual(row.standard);
      expect(warnings).toEqual([row.variable?.[0] ?? ""]);
    });
  }
  test("non-positive limits fall back where zero would stop everything", () => {
    const zero = { RELAYFILE_MOUNT_TIMEOUT: "0", RELAYFILE_OUTBOX_TIMEOUT: "-5s", RELAYFILE_CB_WINDOW: "0" };
    const config = configOf([], zero);
    expect([config.cycleTimeoutMs, config.outboxTimeoutMs, config.circuit.windowMs]).toEqual([
      15_000, 60_000, 60_000,
    ]);
    expect(() => configOf(["--timeout", "0"])).toThrow("--timeout must be more than zero");
  });
  test("a negative number of polls switches audits off", () =>
    expect(configOf([], { RELAYFILE_MOUNT_FULL_PULL_EVERY: "-1" })).toMatchObject({
      auditIntervalMs: null,
      auditEveryPolls: null,
    }));
  test("a provider that the mirrored path excludes is refused", () =>
    expect(() =>
      mountConfig({ ...IDENTITY, remoteRoot: "/jira/x" }, { provider: "github" }, {}, LOG),
    ).toThrow("does not fit"));
});

/** Names of section 6 that the rows above do not hold, with where they are tested or why they do nothing. */
const OTHER_FLAGS: Readonly<Record<string, string>> = {
  "--base-url": "an alias of --file-api: test/lib/client/target.test.ts",
  "--server": "an alias of --file-api",
  "--token": "refused: test/commands/mount.test.ts",
  "--creds-file": "an alias of --token-file",
  "--workspace": "test/lib/client/target.test.ts",
  "--remote-path": "test/commands/mount-runs.test.ts",
  "--paths-file": "test/commands/mount-runs.test.ts",
  "--local-dir": "test/commands/mount-runs.test.ts",
  "--local-layout": "scoped is refused",
  "--state-file": "test/commands/mount-runs.test.ts",
  "--state-dir": "test/commands/mount-runs.test.ts",
  "--mount-kind": "test/commands/mount-runs.test.ts",
  "--mode": "fuse is refused",
  "--fuse": "design 19",
  "--fuse-content-ttl": "design 19",
  "--lazy-repos": "design 19",
  "--lazy-skip-untracked-push": "design 19",
  "--bootstrap-max-files-per-cycle": "without effect: a first copy never stops while work remains",
  "--pprof-addr": "design 19",
  "--memlog-interval": "design 19",
  "--once": "test/commands/mount.test.ts",
  "--flush-outbox-once": "test/commands/mount-runs.test.ts",
  "--push-local-once": "test/commands/mount-runs.test.ts",
  "--notify-flush": "test/commands/mount-runs.test.ts",
  "--checkpoint-and-seal": "design 19",
  "--checkpoint-generation": "design 19",
  "--checkpoint-session": "design 19",
  "--checkpoint-seal-ttl": "design 19",
  "--background": "test/commands/mount-life.test.ts",
  "--pid-file": "test/commands/mount-life.test.ts",
  "--log-file": "test/commands/mount-life.test.ts",
  "--daemonized": "test/commands/mount-life.test.ts",
  "--rehome": "test/commands/mount-runs.test.ts",
};

test("every flag of the original is known, and none is missing from this file", () => {
  const known = new Set(
    Object.entries(MOUNT_ARGS).flatMap(([name, spec]) =>
      spec.type === "positional" ? [] : flagSpellings(name, spec).map((word) => `--${word}`),
    ),
  );
  const tested = Object.values(ROWS).flatMap(({ flag }) => (flag === undefined ? [] : [flag[0] ?? ""]));
  const wanted = [...Object.keys(OTHER_FLAGS), ...tested.map((flag) => flag.replace(/=.*/, ""))];
  expect(wanted.filter((flag) => !known.has(flag))).toEqual([]);
  expect(wanted.length).toBe(50);
});
