/** The one-shots of `mount` around a daemon: send what waits, or ask the running daemon for one round. */
import { EXIT, type ExitName, fail } from "../lib/errors.ts";
import type { MountConfig } from "../lib/mount/config.ts";
import { flushOnce } from "../lib/mount/flush.ts";
import { type FlushAck, notifyFlush } from "../lib/mount/flush-signal.ts";
import { privatePaths } from "../lib/mount/layout.ts";
import type { OpenMount } from "../lib/mount/open.ts";
import type { MountWorld } from "../lib/mount/world.ts";
import type { CommandContext, CommandResult } from "./_command.ts";

/** How long the running daemon may take for the round, unless `--timeout` says otherwise. */
const NOTIFY_WAIT_MS = 60_000;

/** `--flush-outbox-once` and `--push-local-once`: exit 0 only when nothing waits any more. */
export async function flush(
  { engine }: OpenMount,
  config: MountConfig,
  pushLocal: boolean,
  context: CommandContext,
): Promise<CommandResult> {
  const report = await flushOnce(engine, { pushLocal, signal: context.signal });
  const document = {
    schemaVersion: "1.0",
    kind: "relayfile.mount-flush",
    workspaceId: config.workspaceId,
    localDir: config.localRoot,
    remoteRoot: config.remoteRoot,
    mode: pushLocal ? "push-local" : "flush-outbox",
    ...report,
  } as const;
  return { document, exit: report.drained ? "PASS" : "FINDINGS" };
}

/** `--notify-flush`: exit 1 when no daemon holds the lease; when something waits after its round, as `--once` would end. */
export async function notify(
  timeoutMs: number | undefined,
  world: MountWorld,
  config: MountConfig,
  context: CommandContext,
): Promise<CommandResult> {
  const wait = { timeoutMs: timeoutMs ?? NOTIFY_WAIT_MS, signal: context.signal };
  const ack = await notifyFlush(world, config, wait);
  const document = {
    schemaVersion: "1.0",
    kind: "relayfile.mount-notify",
    workspaceId: config.workspaceId,
    localDir: config.localRoot,
    pid: ack?.pid ?? null,
    sequence: ack?.seq ?? null,
    ok: ack?.ok ?? false,
    reason: ack?.reason ?? null,
    next: ack?.next === undefined ? [] : [{ argv: ack.next, safe: READS.has(ack.next[1] ?? "") }],
  } as const;
  return { document, exit: ack?.ok === true ? "PASS" : exitOf(ack) };
}

/** First words of the next commands that change nothing. */
const READS: ReadonlySet<string> = new Set(["status", "conflicts", "writeback"]);

/** How the daemon says that a pass ends; a daemon of another make does not say. */
function exitOf(ack: FlushAck | null): ExitName {
  const name = ack?.exit ?? "";
  return name in EXIT && name !== "PASS" ? (name as ExitName) : "FINDINGS";
}

/**
 * Refuses to push from an empty index while another kind of mount knows this mirror: every file would look new
 * (spec mount-daemon 1.4.1).
 */
export function refuseFreshIndex(world: MountWorld, config: MountConfig): void {
  const own = privatePaths(config, world.sha256).database;
  if (world.fs.lstat(own) !== null) return;
  for (const mountKind of ["daemon", "flush", "initial-sync"]) {
    const { database } = privatePaths({ ...config, stateFile: undefined, mountKind }, world.sha256);
    if (database === own || world.fs.lstat(database) === null) continue;
    fail("usage", `the index of this run is empty, but one of kind ${mountKind} knows the mirror`, {
      index: own,
      other: database,
      hint: `Repeat with --mount-kind ${mountKind}`,
    });
  }
}
