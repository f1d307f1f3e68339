/** A running daemon, watched from outside: delays in both directions, a burst, idleness, memory, its end. */
import { mkdirSync, readFileSync, renameSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Running, Subject } from "./subjects.ts";
import { pathOf, type ServedWorkspace } from "./workspace.ts";

/** What was seen. Times in ms, CPU in percent of one core, memory in bytes. */
export interface Live {
  readonly remoteMs: readonly number[];
  readonly atomicMs: readonly number[];
  readonly inPlaceMs: readonly number[];
  readonly burstMs: number;
  readonly idlePercent: number;
  readonly rssBytes: number;
  readonly stopMs: number;
  readonly stopExit: number | null;
}

const BURST_FILES = 1_000;
const GIVE_UP_MS = 60_000;

/** Runs the daemon over its existing mirror and measures. */
export async function measureLive(
  subject: Subject,
  workspace: ServedWorkspace,
  { rounds, idleMs }: { rounds: number; idleMs: number },
): Promise<Live> {
  const daemon = subject.start();
  try {
    return await measure(subject, daemon, workspace, { rounds, idleMs });
  } finally {
    await daemon.stop();
  }
}

async function measure(
  subject: Subject,
  daemon: Running,
  workspace: ServedWorkspace,
  { rounds, idleMs }: { rounds: number; idleMs: number },
): Promise<Live> {
  await until(() => isListening(subject.mirror), 50);
  await Bun.sleep(3_000);
  const [remoteMs, atomicMs, inPlaceMs]: number[][] = [[], [], []];
  const path = (n: number) => join(subject.mirror, pathOf(n));
  // Rounds beyond the first warm both sides up in the same way.
  for (let n = -3; n < rounds; n++) {
    const keep = (list: number[] | undefined, ms: number) => n >= 0 && list?.push(ms);
    keep(remoteMs, await remoteChange(workspace, `/${pathOf(0)}`, path(0), `remote ${n}\n`));
    await Bun.sleep(120);
    const temporary = join(subject.mirror, "bench/d0", `.f1.tmp-${n}`);
    writeFileSync(temporary, `atomic ${n}\n`);
    const renamedMs = performance.now();
    renameSync(temporary, path(1));
    keep(atomicMs, await readable(workspace, `/${pathOf(1)}`, `atomic ${n}\n`, renamedMs));
    await Bun.sleep(120);
    const savedMs = performance.now();
    writeFileSync(path(2), `in place ${n}\n`);
    keep(inPlaceMs, await readable(workspace, `/${pathOf(2)}`, `in place ${n}\n`, savedMs));
    await Bun.sleep(120);
  }
  const burstMs = await burst(subject, workspace);
  await Bun.sleep(8_000);
  const before = cpuTicks(daemon.pid);
  await Bun.sleep(idleMs);
  const idlePercent = ((cpuTicks(daemon.pid) - before) * 10 * 100) / idleMs;
  const rssBytes = residentBytes(daemon.pid);
  const { ms: stopMs, exitCode: stopExit } = await daemon.stop();
  return {
    ...{ remoteMs: remoteMs ?? [], atomicMs: atomicMs ?? [], inPlaceMs: inPlaceMs ?? [], burstMs },
    ...{ idlePercent, rssBytes, stopMs, stopExit },
  };
}

/** From sending a write to the server until the bytes can be read here. The kernel tells; a slow poll is the safety net. */
async function remoteChange(
  workspace: ServedWorkspace,
  remote: string,
  local: string,
  text: string,
): Promise<number> {
  const { promise: arrivedMs, resolve } = Promise.withResolvers<number>();
  const look = () => {
    try {
      if (readFileSync(local, "utf8") === text) resolve(performance.now());
    } catch {
      // Between two names for a moment.
    }
  };
  const watcher = watch(join(local, ".."), look);
  const poll = setInterval(look, 50);
  const startedMs = performance.now();
  const giveUp = setTimeout(() => {
    throw new Error(`${local} did not change within ${GIVE_UP_MS} ms`);
  }, GIVE_UP_MS);
  await workspace.write(remote, text);
  const ms = (await arrivedMs) - startedMs;
  clearTimeout(giveUp);
  clearInterval(poll);
  watcher.close();
  return ms;
}

async function readable(workspace: ServedWorkspace, path: string, text: string, sinceMs: number) {
  await until(async () => (await workspace.read(path)) === text, 1);
  return performance.now() - sinceMs;
}

async function burst(subject: Subject, workspace: ServedWorkspace): Promise<number> {
  const directory = join(subject.mirror, "burst");
  mkdirSync(directory);
  const startedMs = performance.now();
  for (let n = 0; n < BURST_FILES; n++) writeFileSync(join(directory, `f${n}.txt`), `burst ${n}\n`);
  await until(async () => (await workspace.countBelow("/burst")) >= BURST_FILES, 10);
  return performance.now() - startedMs;
}

function isListening(mirror: string): boolean {
  try {
    const state = JSON.parse(readFileSync(join(mirror, ".relay/state.json"), "utf8"));
    return state.eventListener?.mode === "websocket" && state.eventListener.status === "listening";
  } catch {
    // Not written yet.
    return false;
  }
}

/** Hundredths of a second of CPU, user and system, of a process. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return Number(fields[11]) + Number(fields[12]);
}

function residentBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1_024;
}

async function until(done: () => boolean | Promise<boolean>, everyMs: number): Promise<void> {
  const limitMs = performance.now() + GIVE_UP_MS;
  while (!(await done())) {
    if (performance.now() > limitMs) throw new Error(`waited ${GIVE_UP_MS} ms`);
    await Bun.sleep(everyMs);
  }
}
