/** The flags of `relayfile mount`, names and defaults as in the original, and those we recognise only to say no. */
import { fail } from "../lib/errors.ts";
import type { ArgSpecs, ArgValues, CommandContext } from "./_command.ts";
import { TARGET_ARGS } from "./_target.ts";

/** Flags of `mount`. Defaults are in `lib/mount/config.ts`, because variables come between. */
export const MOUNT_ARGS = {
  ws: { type: "positional", valueHint: "WS", description: "Workspace by name, rw_ id or UUID" },
  dir: {
    type: "positional",
    valueHint: "DIR",
    description: "Mirror directory; the recorded one when left out",
  },
  ...TARGET_ARGS,
  "local-dir": { type: "string", valueHint: "DIR", description: "Mirror directory" },
  "remote-path": { type: "strings", valueHint: "PATH", description: "Remote path to mirror (/)" },
  "paths-file": {
    type: "string",
    valueHint: "FILE",
    description: "File with the remote path: a JSON array, or lines with # comments",
  },
  once: { type: "boolean", description: "Sync once; exit 0 only when everything agrees" },
  "flush-outbox-once": { type: "boolean", description: "Send recorded saves, due or not, and stop" },
  "push-local-once": {
    type: "boolean",
    description: "Record what was saved since the last daemon, send it, and stop",
  },
  "notify-flush": { type: "boolean", description: "Ask the running daemon for one round and wait for it" },
  events: { type: "boolean", description: "Print what happens as one JSON object per line" },
  background: { type: "boolean", description: "Start a daemon and return when it has registered" },
  provider: { type: "string", valueHint: "P", description: "Follow events of one provider only" },
  "sync-mode": {
    type: "enum",
    options: ["mirror", "pull-only", "write-only"],
    description: "Directions to sync (mirror)",
  },
  mode: { type: "enum", options: ["poll", "fuse"], description: "Only poll exists" },
  "local-layout": { type: "enum", options: ["exact", "scoped"], description: "Only exact exists" },
  "state-dir": { type: "string", valueHint: "DIR", description: "Private state (~/.relayfile-mount-state)" },
  "state-file": { type: "string", valueHint: "FILE", description: "The index itself; beats --state-dir" },
  "mount-kind": {
    type: "string",
    valueHint: "KIND",
    description: "Keep an index of its own for this run: flush or initial-sync (daemon)",
  },
  interval: { type: "duration", description: "Between polls, at least 5s (30s)" },
  "interval-jitter": { type: "string", valueHint: "0..1", description: "Random part of the interval (0.2)" },
  timeout: { type: "duration", description: "Budget of one request (15s)" },
  "bootstrap-timeout": {
    type: "duration",
    description: "Hard limit of the first copy (none while it progresses)",
  },
  "cursor-timeout": { type: "duration", description: "Budget for finding the newest event (1m)" },
  "full-pull-min-interval": {
    type: "string",
    valueHint: "DURATION",
    description: "Between audits (24h); -1 for none",
  },
  "full-reconcile": { type: "boolean", description: "Compare everything at the start" },
  websocket: { type: "enum", options: ["true", "false"], description: "Follow live events (true)" },
  "no-websocket": { type: "boolean", description: "Poll only" },
  "file-settle-delay": { type: "duration", description: "Quiet time after an in-place write (100ms)" },
  "atomic-save-settle-delay": { type: "duration", description: "Quiet time after a rename into place (1ms)" },
  "change-batch-window": { type: "duration", description: "Changes this close go out together (5ms)" },
  "low-memory": { type: "boolean", description: "Leave the file map out of the public state" },
  "log-http-status": { type: "boolean", description: "Log the status of every request" },
  "reset-after-clobber": {
    type: "boolean",
    description: "Move what replaced the mount root aside and mirror again",
  },
  rehome: { type: "boolean", description: "Move the workspace's mirror to another directory" },
  experimental: { type: "boolean", description: "Run the daemon on a system it is not tested on" },
  "confirm-deletes": { type: "boolean", description: "With resume: send the held deletes" },
  restore: { type: "boolean", description: "With resume: bring the deleted files back" },
  "pid-file": { type: "string", valueHint: "FILE", description: "Pid record (.relay/mount.pid)" },
  "log-file": { type: "string", valueHint: "FILE", description: "Log (.relay/mount.log)" },
  daemonized: { type: "boolean", description: "Set by --background for its own child", hidden: true },
  token: {
    type: "string",
    valueHint: "TOKEN",
    description: "Refused: a token on a command line is visible to others",
    hidden: true,
  },
  fuse: { type: "boolean", description: "Not supported", hidden: true },
  "fuse-content-ttl": { type: "string", description: "Not supported", hidden: true },
  "lazy-repos": { type: "boolean", description: "Not supported", hidden: true },
  "lazy-skip-untracked-push": { type: "string", description: "Not supported", hidden: true },
  "checkpoint-and-seal": { type: "boolean", description: "Not supported", hidden: true },
  "checkpoint-session": { type: "string", description: "Not supported", hidden: true },
  "checkpoint-generation": { type: "string", description: "Not supported", hidden: true },
  "checkpoint-seal-ttl": { type: "string", description: "Not supported", hidden: true },
  "pprof-addr": { type: "string", description: "Not supported", hidden: true },
  "memlog-interval": { type: "string", description: "Not supported", hidden: true },
  "bootstrap-max-files-per-cycle": {
    type: "string",
    valueHint: "N",
    description: "Accepted and ignored: a bootstrap never stops while work remains",
  },
} as const satisfies ArgSpecs;

const ABSENT: readonly (readonly [keyof typeof MOUNT_ARGS, string])[] = [
  ["fuse", "FUSE mounts"],
  ["fuse-content-ttl", "FUSE mounts"],
  ["lazy-repos", "lazily hydrated repositories"],
  ["lazy-skip-untracked-push", "lazily hydrated repositories"],
  ["checkpoint-and-seal", "checkpoint seals"],
  ["checkpoint-session", "checkpoint seals"],
  ["checkpoint-generation", "checkpoint seals"],
  ["checkpoint-seal-ttl", "checkpoint seals"],
  ["pprof-addr", "the profiling endpoint"],
  ["memlog-interval", "the memory log"],
];

/** Variables of the original that are accepted and change nothing here (decision 0321). */
const IGNORED_VARIABLES = [
  "RELAYFILE_BOOTSTRAP_MAX_FILES_PER_CYCLE",
  "RELAYFILE_LAZY_SKIP_UNTRACKED_PUSH",
  "RELAYFILE_MOUNT_FORCE_RECURSIVE_WATCHER",
  "RELAYFILE_MOUNT_FUSE_CONTENT_TTL",
  "RELAYFILE_MOUNT_MEMLOG_INTERVAL",
  "RELAYFILE_MOUNT_PPROF_ADDR",
  "RELAYFILE_TZ",
] as const;

/** Refuses what this daemon deliberately does not do (design decision 19), by flag or by variable. */
export function refuseUnsupported(args: ArgValues<typeof MOUNT_ARGS>, context: CommandContext): void {
  const { env, platform } = context.ports.host;
  for (const [flag, what] of ABSENT) {
    if (args[flag] !== undefined && args[flag] !== false) absent(`--${flag}`, what);
  }
  if (args.mode === "fuse" || env.RELAYFILE_MOUNT_MODE === "fuse") absent("mode fuse", "FUSE mounts");
  if (isOn(env.RELAYFILE_MOUNT_FUSE)) absent("RELAYFILE_MOUNT_FUSE", "FUSE mounts");
  if (args["local-layout"] === "scoped" || env.RELAYFILE_MOUNT_LOCAL_LAYOUT === "scoped")
    absent("layout scoped", "scoped layouts");
  for (const name of ["RELAYFILE_LAZY_REPOS", "RELAYFILE_MOUNT_LAZY_GITHUB_REPOS"]) {
    if (isOn(env[name])) absent(name, "lazily hydrated repositories");
  }
  const idle = IGNORED_VARIABLES.filter((name) => (env[name] ?? "") !== "");
  if (idle.length > 0)
    context.ports.log.warn("variables without effect in this daemon", { names: idle.join(" ") });
  if (args.token !== undefined) {
    fail("usage", "a token on a command line is visible to every process", {
      hint: "Use --token-file FILE or RELAYFILE_TOKEN",
    });
  }
  if (platform !== "linux" && !args.experimental) {
    fail("not_supported", `the mount daemon is not tested on ${platform} yet`, {
      hint: "Repeat with --experimental",
    });
  }
}

function absent(flag: string, what: string): never {
  return fail("not_supported", `${flag}: ${what} are not part of this daemon`, {
    flag,
    hint: "relayfile mount --help",
  });
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && /^(1|t|true|yes|on)$/i.test(value);
}
