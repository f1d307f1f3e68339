/** `relayfile status`: one word about a mirror and why, from local files and the mount's lock alone. */
import type { MountState } from "../lib/model/mount-state.ts";
import { listDeadLetters } from "../lib/mount/dead-letter.ts";
import { readText } from "../lib/mount/json-file.ts";
import { type LockHolder, runningDaemon } from "../lib/mount/lock.ts";
import type { LocalOnly } from "../lib/mount/stays-here.ts";
import type { LocalFs } from "../lib/ports.ts";
import type { Verdict } from "../lib/sync/verdict.ts";
import { type CommandContext, type CommandResult, command } from "./_command.ts";
import { findMirror, isRegistered, type LocalMirror, MIRROR_ARGS, mountWorld, stateOf } from "./_mount.ts";

/** How much later than in time the daemon's report may be: a busy machine, a large directory. */
const REPORT_SLACK_MS = 5_000;

/** `relayfile.status`. Times are RFC 3339 or null. */
export interface StatusDocument {
  readonly schemaVersion: "1.0";
  readonly kind: "relayfile.status";
  readonly workspaceId: string | null;
  readonly name: string | null;
  readonly localDir: string | null;
  readonly remoteRoot: string | null;
  readonly verdict: Verdict;
  readonly reason: string;
  readonly daemon: { readonly pid: number | null; readonly startedAt: string | null } | null;
  readonly trackedFiles: number | null;
  readonly pending: number;
  readonly needsAttention: number;
  readonly heldDeletes: number;
  readonly deadLetters: number;
  readonly conflicts: number;
  /** Files that never go up: too large, with a name the server cannot have, or links. Null when there are none. */
  readonly localOnly: LocalOnly | null;
  readonly lastSuccessAt: string | null;
  readonly lastEventAt: string | null;
  readonly listener: string | null;
  readonly circuitOpen: boolean;
  readonly bootstrap: unknown;
  readonly lastError: string | null;
  /** Commands that a person would run next; empty when nothing is wrong. */
  readonly next: readonly { readonly argv: readonly string[]; readonly safe: boolean }[];
}

export default command({
  name: "status",
  description: "Say in one word how a mirror is doing, and why",
  args: {
    ws: {
      type: "positional",
      valueHint: "WS",
      description: "Workspace; may be left out when one is current",
    },
    ...MIRROR_ARGS,
  },
  examples: [
    ["relayfile status", "is my mirror up to date?"],
    ["relayfile status demo --json", "the same for a script"],
  ],
  run: (args, context) => status(args, context),
});

/** The status of one mirror. Needs neither credentials nor the network. */
export async function status(
  args: { readonly ws?: string; readonly workspace?: string; readonly mount?: string },
  context: CommandContext,
): Promise<CommandResult<StatusDocument>> {
  const mirror = await findMirror(args, context);
  const world = await mountWorld(context);
  const holder = mirror.dir === null ? null : runningDaemon(world, mirror.dir);
  const state = stateOf(mirror);
  const dead = mirror.layout === null ? null : listDeadLetters(context.ports.fs, mirror.layout.deadLetters);
  const deadLetters = (dead?.records.length ?? 0) + (dead?.malformed.length ?? 0);
  const rootIsGone = mirror.dir !== null && context.ports.fs.lstat(mirror.dir)?.kind !== "directory";
  const nowMs = context.ports.clock.now();
  const silence = holder === null || rootIsGone ? null : silenceOf(mirror, state, context.ports.fs, nowMs);
  const { verdict, reason } = silence ?? judge(mirror, holder, state, rootIsGone, nowMs);
  const held = heldOf(state);
  const document: StatusDocument = {
    schemaVersion: "1.0",
    kind: "relayfile.status",
    workspaceId: mirror.workspaceId,
    name: mirror.name,
    localDir: mirror.dir,
    remoteRoot: state?.remoteRoot ?? null,
    verdict,
    reason,
    daemon: holder === null ? null : { pid: holder.pid, startedAt: holder.startedAt },
    trackedFiles: typeof state?.trackedFiles === "number" ? state.trackedFiles : null,
    pending: state?.pendingWriteback ?? 0,
    needsAttention: state?.outbox?.needsAttention ?? 0,
    heldDeletes: held,
    deadLetters,
    conflicts: state?.pendingConflicts ?? 0,
    localOnly: localOnlyOf(state),
    lastSuccessAt: state?.lastSuccessfulReconcileAt ?? null,
    lastEventAt: state?.lastEventAt ?? null,
    listener: listenerOf(state),
    circuitOpen: state?.circuit?.open ?? false,
    bootstrap: state?.bootstrap ?? null,
    lastError: state?.lastError?.message ?? null,
    next: nextCommands({
      verdict,
      held,
      deadLetters,
      conflicts: state?.pendingConflicts ?? 0,
      silent: silence !== null,
      diskFails: verdict === "degraded" && state?.lastError?.code === "io_error",
      credentialRefused: verdict === "degraded" && typeof state?.authProblem === "string",
      name: mirror.name ?? mirror.workspaceId,
      dir: mirror.dir,
      isRegistered: isRegistered(mirror),
      rootIsGone,
    }),
  };
  return { document, exit: verdict === "stopped" ? "LOCAL_STATE" : "PASS" };
}

/**
 * A daemon writes its state at least once an interval. One that lives and has not is hindered, by a full disk most of all,
 * and what it wrote before is no news.
 */
function silenceOf(
  { layout }: LocalMirror,
  state: MountState | null,
  fs: LocalFs,
  nowMs: number,
): { verdict: Verdict; reason: string } | null {
  const writtenMs = layout === null ? undefined : fs.lstat(layout.state)?.mtimeMs;
  if (layout === null || writtenMs === undefined) return null;
  if (nowMs - writtenMs <= 2 * (state?.intervalMs ?? 30_000) + REPORT_SLACK_MS) return null;
  const since = new Date(writtenMs).toISOString();
  const last = lastTrouble(readText(fs, layout.log));
  const evidence = last === null ? "" : `; its log ends with: ${last}`;
  return { verdict: "degraded", reason: `the daemon has not reported since ${since}${evidence}` };
}

/** The last line of a log that tells of trouble, shortened. */
function lastTrouble(log: string | null): string | null {
  const lines = (log ?? "").trimEnd().split("\n");
  return lines.findLast((line) => / (error|warn) /.test(line))?.slice(0, 200) ?? null;
}

/** The daemon's own verdict, unless it is not running or has not heard of the server for too long. */
function judge(
  mirror: LocalMirror,
  holder: LockHolder | null,
  state: MountState | null,
  rootIsGone: boolean,
  nowMs: number,
): { verdict: Verdict; reason: string } {
  if (mirror.dir === null) return { verdict: "stopped", reason: "no local mirror is configured" };
  const gone = "the mirror directory is gone; nothing was deleted on the server";
  if (holder === null)
    return { verdict: "stopped", reason: rootIsGone ? gone : "no daemon runs for this mirror" };
  if (rootIsGone) return { verdict: "halted", reason: gone };
  if (mirror.state.kind === "damaged")
    return { verdict: "degraded", reason: `state.json is damaged: ${mirror.state.reason}` };
  if (state === null) return { verdict: "catching-up", reason: "the daemon has just started" };
  const said = state.verdict as Verdict | undefined;
  const reason = typeof state.verdictReason === "string" ? state.verdictReason : "";
  const success = Date.parse(state.lastSuccessfulReconcileAt ?? "");
  const silentMs = Number.isNaN(success) ? 0 : nowMs - success;
  if ((said === "ok" || said === undefined) && silentMs > 3 * (state.intervalMs ?? 30_000)) {
    return {
      verdict: "degraded",
      reason: `nothing was heard from the server for ${Math.round(silentMs / 1_000)} s`,
    };
  }
  return { verdict: said ?? "catching-up", reason };
}

function heldOf(state: MountState | null): number {
  const held = state?.heldDeletes as { paths?: unknown } | undefined;
  return typeof held?.paths === "number" ? held.paths : 0;
}

function localOnlyOf(state: MountState | null): LocalOnly | null {
  const told = state?.localOnly as Partial<LocalOnly> | undefined;
  if (typeof told?.files !== "number") return null;
  const { files, tooLarge = 0, unnamable = 0, links = 0, examples = [] } = told;
  return { files, tooLarge, unnamable, links, examples };
}

function listenerOf(state: MountState | null): string | null {
  const listener = state?.eventListener as { mode?: unknown; status?: unknown } | undefined;
  if (typeof listener?.mode !== "string") return null;
  return listener.status === "listening"
    ? listener.mode
    : `${listener.mode} (${String(listener.status ?? "unknown")})`;
}

function nextCommands(facts: {
  verdict: Verdict;
  held: number;
  deadLetters: number;
  conflicts: number;
  silent: boolean;
  diskFails: boolean;
  credentialRefused: boolean;
  name: string | null;
  dir: string | null;
  isRegistered: boolean;
  rootIsGone: boolean;
}): StatusDocument["next"] {
  const name = facts.name ?? "WORKSPACE";
  const next: { argv: string[]; safe: boolean }[] = [];
  const add = (safe: boolean, ...words: string[]) => next.push({ argv: ["relayfile", ...words], safe });
  if (facts.held > 0) {
    // The workspace alone would name the registered mirror, and a decision about deletes must not go to another one.
    const at = facts.isRegistered || facts.dir === null ? [] : ["--local-dir", facts.dir];
    add(true, "mount", "resume", name, ...at, "--restore");
    add(false, "mount", "resume", name, ...at, "--confirm-deletes");
  }
  if (facts.silent || facts.diskFails) add(true, "logs", name);
  if (facts.credentialRefused) {
    add(true, "doctor", "--only", "doctor.*token*");
    add(false, "workspace", "join", name);
  }
  if (facts.deadLetters > 0) add(true, "writeback", "status", name);
  if (facts.conflicts > 0) add(true, "conflicts", name);
  if (facts.rootIsGone && facts.verdict === "halted") add(true, "unmount", name);
  if (facts.rootIsGone) add(true, "mount", name, facts.dir ?? "DIR", "--reset-after-clobber", "--background");
  else if (facts.verdict === "stopped") {
    const rehome = facts.isRegistered || facts.dir === null ? [] : ["--rehome"];
    add(true, "mount", name, facts.dir ?? "DIR", "--background", ...rehome);
  }
  return next;
}
