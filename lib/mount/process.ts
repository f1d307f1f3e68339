/** Background daemons: start, register, find, stop; a process is signalled only when it is proven to be ours (spec 5.3, 5.4). */
import { fail, osCodeOf } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import { type PidRecord, parsePidRecord } from "../model/mount-state.ts";
import { readText, writeJson } from "./json-file.ts";
import { runtimeLayout, secondsTimestamp } from "./layout.ts";
import { runningDaemon } from "./lock.ts";
import type { MountWorld } from "./world.ts";

const REGISTER_LOOK_MS = 25;
const STOP_LOOK_MS = 50;
const KILL_WAIT_MS = 2_000;

/** Writes the full pid record of this process; the returned function removes it if it is still ours. */
export function register(
  world: MountWorld,
  file: string,
  facts: { workspaceId: string; localDir: string; logFile: string },
): () => void {
  const { fs, host } = world;
  const record: PidRecord = {
    pid: host.pid,
    registered: true,
    ...facts,
    startedAt: secondsTimestamp(world.clock.now()),
    executable: host.executableOf(host.pid) ?? undefined,
  };
  writeJson(world, file, record, { indent: 2 });
  return () => {
    if (parsePidRecord(readText(fs, file) ?? "")?.pid === host.pid) fs.unlink(file);
  };
}

/**
 * Makes room for a new daemon's pid record. Fails with `lock_held` while another one is on its way: alive, started a
 * moment ago, not registered yet (G9).
 */
export function refuseWhileStarting(world: MountWorld, file: string, localDir: string): void {
  const record = parsePidRecord(readText(world.fs, file) ?? "");
  if (record === null) return;
  const ageMs = world.clock.now() - Date.parse(record.startedAt ?? "");
  if (!record.registered && world.host.isAlive(record.pid) && ageMs < MOUNT.registerTimeoutMs) {
    fail("lock_held", `${localDir} is being mounted by process ${record.pid}`, {
      pid: record.pid,
      hint: "Wait a moment, then look with relayfile status",
    });
  }
  world.fs.unlink(file);
}

/** Notes a child that has not registered yet, unless it was faster. */
export function announceChild(
  world: MountWorld,
  file: string,
  facts: { pid: number; workspaceId: string; localDir: string; logFile: string },
): void {
  const record: PidRecord = { ...facts, startedAt: secondsTimestamp(world.clock.now()) };
  try {
    const bytes = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
    world.fs.writeFile(file, bytes, { exclusive: true });
  } catch (error) {
    if (osCodeOf(error) !== "EEXIST") throw error;
  }
}

/** Waits until a started child has registered; fails when it died first, or after two minutes. */
export async function waitForRegistration(
  world: MountWorld,
  options: { pid: number; pidFile: string; logFile: string; signal: AbortSignal },
): Promise<void> {
  const { clock, host, log } = world;
  const started = clock.monotonicMs();
  let noticed = false;
  for (;;) {
    const record = parsePidRecord(readText(world.fs, options.pidFile) ?? "");
    if (record?.pid === options.pid && record.registered) return;
    if (!host.isAlive(options.pid)) {
      if (record?.pid === options.pid) world.fs.unlink(options.pidFile);
      fail("not_running", `the daemon ended before it was ready: ${lastLine(world, options.logFile)}`, {
        logFile: options.logFile,
        hint: `Look at ${options.logFile}`,
      });
    }
    const waited = clock.monotonicMs() - started;
    if (waited > MOUNT.registerTimeoutMs) {
      fail("request_timeout", `the daemon did not register within ${MOUNT.registerTimeoutMs} ms`, {
        pid: options.pid,
        hint: `Look at ${options.logFile}`,
      });
    }
    if (waited > 10_000 && !noticed) {
      noticed = true;
      log.warn("still waiting for the daemon to register", { pid: options.pid });
    }
    await clock.sleep(REGISTER_LOOK_MS, options.signal);
  }
}

/** How stopping ended. */
export interface Stopped {
  readonly pid: number | null;
  readonly outcome: "stopped" | "killed" | "stale-record" | "not-running";
}

/**
 * Stops the daemon of a mount root: asks, waits five seconds, then kills. Only the process that holds the mount's lock
 * is signalled, so a reused pid never is.
 */
export async function stopDaemon(
  world: MountWorld,
  localRoot: string,
  signal: AbortSignal,
): Promise<Stopped> {
  const { fs, host, clock } = world;
  const layout = runtimeLayout(localRoot);
  const holder = runningDaemon(world, localRoot);
  if (holder === null) {
    const stale = fs.unlink(layout.pid);
    return { pid: null, outcome: stale ? "stale-record" : "not-running" };
  }
  const pid = holder.pid;
  if (pid === null || !host.isAlive(pid)) {
    fail("lock_held", `${localRoot} is mounted by a process that cannot be identified`, { root: localRoot });
  }
  host.kill(pid, "SIGTERM");
  if (await ended(MOUNT.stopFlushMs + 1_000)) return done("stopped");
  host.kill(pid, "SIGKILL");
  if (await ended(KILL_WAIT_MS)) return done("killed");
  return fail("lock_held", `process ${pid} does not end`, { pid });

  async function ended(budgetMs: number): Promise<boolean> {
    const until = clock.monotonicMs() + budgetMs;
    while (clock.monotonicMs() < until) {
      if (runningDaemon(world, localRoot) === null) return true;
      await clock.sleep(STOP_LOOK_MS, signal);
    }
    return false;
  }

  function done(outcome: "stopped" | "killed"): Stopped {
    if (parsePidRecord(readText(fs, layout.pid) ?? "")?.pid === pid) fs.unlink(layout.pid);
    return { pid, outcome };
  }
}

function lastLine(world: MountWorld, file: string): string {
  const lines = (readText(world.fs, file) ?? "").trim().split("\n");
  // What a command says last is its hint, set in below the error.
  return lines.findLast((line) => !line.startsWith("  "))?.slice(0, 300) || "it said nothing";
}
