/**
 * The directory of one demo. It is removed at the end; what a demo left that was killed is removed by the next one. A
 * marker that the demo holds locked tells whose a directory is: the lock ends with its process, also in a container that
 * shares the directory for temporary files and counts its processes for itself.
 */
import { messageOf } from "../errors.ts";
import type { MountWorld } from "../mount/world.ts";
import type { LocalFs } from "../ports.ts";

const PREFIX = "relayfile-demo-";
const MARKER = "demo.json";
const KIND = "relayfile.demo-directory";

/** What making and sweeping needs of the world. */
export type DemoWorld = Pick<MountWorld, "fs" | "host" | "random" | "log" | "acquireLease">;

/** A directory with nothing but its marker. */
export interface DemoDirectory {
  /** Absolute, private to its user. */
  readonly path: string;
  /** Removes it with everything in it. */
  remove(): void;
}

/** Makes a directory for this process, and removes those of demos that were killed, without a word. */
export function openDemoDirectory(world: DemoWorld): DemoDirectory {
  const { fs, host, random } = world;
  const path = `${host.tempDir}/${PREFIX}${random.uuid().slice(0, 8)}`;
  fs.makeDir(path, 0o700);
  const lease = markAsOurs(world, path);
  sweepDeadDemos(world, path);
  return {
    path,
    remove() {
      try {
        removeDemo(fs, path);
      } finally {
        lease?.release();
      }
    },
  };
}

function markAsOurs({ fs, host, acquireLease }: DemoWorld, path: string) {
  try {
    return acquireLease(`${path}/${MARKER}`, `${JSON.stringify({ kind: KIND, pid: host.pid })}\n`);
  } catch (error) {
    removeDemo(fs, path);
    throw error;
  }
}

function sweepDeadDemos(world: DemoWorld, own: string): void {
  const { fs, host } = world;
  const ownerId = fs.lstat(own)?.ownerId;
  quietly(world, host.tempDir, () => {
    for (const { name } of fs.readDir(host.tempDir)) {
      const path = `${host.tempDir}/${name}`;
      if (name.startsWith(PREFIX) && path !== own)
        quietly(world, path, () => removeIfDead(world, path, ownerId));
    }
  });
}

/** Another demo may be sweeping too, and what cannot be read or removed harms nobody. */
function quietly({ log }: DemoWorld, path: string, sweep: () => void): void {
  try {
    sweep();
  } catch (error) {
    log.debug("directories of killed demos may be left", { path, problem: messageOf(error) });
  }
}

function removeIfDead(
  { fs, host, acquireLease }: DemoWorld,
  path: string,
  ownerId: number | undefined,
): void {
  const stat = fs.lstat(path);
  if (stat?.kind !== "directory" || stat.ownerId !== ownerId) return;
  const marker = `${path}/${MARKER}`;
  if (fs.lstat(marker)?.kind !== "file") return;
  const text = new TextDecoder().decode(fs.readFile(marker));
  const { kind, pid } = JSON.parse(text) as { kind?: unknown; pid?: unknown };
  if (kind !== KIND || typeof pid !== "number" || runs(host, pid)) return;
  const lease = acquireLease(marker, text);
  if (lease === null) return;
  try {
    removeDemo(fs, path);
  } finally {
    lease.release();
  }
}

/** A process that has ended and that its parent has not asked about still has its number, but no executable. */
function runs(host: DemoWorld["host"], pid: number): boolean {
  return host.isAlive(pid) && host.executableOf(pid) !== null;
}

/** Removes a demo's directory, its marker last: what is cut short is swept by the next demo. */
function removeDemo(fs: LocalFs, path: string): void {
  if (fs.lstat(path) === null) return;
  for (const { name, kind } of fs.readDir(path))
    if (name !== MARKER) removeEntry(fs, `${path}/${name}`, kind);
  fs.unlink(`${path}/${MARKER}`);
  fs.removeDir(path);
}

/** Removes an entry with everything in it; links are removed, not followed. */
function removeEntry(fs: LocalFs, path: string, kind: string): void {
  if (kind !== "directory") {
    fs.unlink(path);
    return;
  }
  for (const child of fs.readDir(path)) removeEntry(fs, `${path}/${child.name}`, child.kind);
  fs.removeDir(path);
}
