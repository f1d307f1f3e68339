/**
 * A lock between processes made of one exclusively created file. It serialises registry writes and the rotation of
 * single-use refresh tokens. A holder that died or sat on it too long is replaced.
 */
import { fail, osCodeOf } from "../errors.ts";
import type { Clock, Host, LocalFs, Random } from "../ports.ts";

/** Timing of a lock, in ms. A holder keeps its work under `staleMs`. */
export const FILE_LOCK = { pollMs: 50, waitMs: 30_000, staleMs: 30_000 } as const;

/** What a lock needs of the world. */
export interface LockWorld {
  readonly fs: LocalFs;
  readonly clock: Clock;
  readonly random: Random;
  readonly host: Pick<Host, "pid" | "isAlive">;
}

/**
 * Runs `work` while holding `<path>.lock`. Fails with `lock_held` when another process keeps it for 30 s.
 * The lock is released whatever happens.
 */
export async function withFileLock<T>(
  world: LockWorld,
  path: string,
  work: () => T | Promise<T>,
): Promise<T> {
  const lock = `${path}.lock`;
  const owner = `${world.host.pid} ${world.random.uuid()}`;
  await acquire(world, lock, owner);
  try {
    return await work();
  } finally {
    if (ownerOf(world.fs, lock) === owner) world.fs.unlink(lock);
  }
}

async function acquire(world: LockWorld, lock: string, owner: string): Promise<void> {
  const deadline = world.clock.monotonicMs() + FILE_LOCK.waitMs;
  world.fs.makeDir(lock.slice(0, lock.lastIndexOf("/")), 0o700);
  while (!create(world.fs, lock, owner)) {
    if (isAbandoned(world, lock) && removeAbandoned(world, lock, owner)) continue;
    if (world.clock.monotonicMs() >= deadline) {
      const holder = ownerOf(world.fs, lock)?.split(" ")[0] ?? "unknown";
      fail("lock_held", `process ${holder} has held ${lock} for more than ${FILE_LOCK.waitMs / 1000} s`, {
        path: lock,
      });
    }
    await world.clock.sleep(FILE_LOCK.pollMs);
  }
}

function create(fs: LocalFs, lock: string, owner: string): boolean {
  try {
    fs.writeFile(lock, new TextEncoder().encode(owner), { mode: 0o600, exclusive: true });
    return true;
  } catch (thrown) {
    if (osCodeOf(thrown) === "EEXIST") return false;
    return fail(
      "io_error",
      `cannot create ${lock} (${osCodeOf(thrown) ?? "unknown"})`,
      { path: lock },
      { cause: thrown },
    );
  }
}

/** True when the holder's process is gone or the lock is older than any holder may be. */
function isAbandoned(world: LockWorld, lock: string): boolean {
  const stat = world.fs.lstat(lock);
  if (stat === null) return false;
  const ageMs = world.clock.now() - stat.mtimeMs;
  if (ageMs >= FILE_LOCK.staleMs) return true;
  const pid = Number(ownerOf(world.fs, lock)?.split(" ")[0]);
  // An empty file is a holder between creating and writing it.
  return Number.isInteger(pid) && pid > 0 && !world.host.isAlive(pid);
}

/** Takes an abandoned lock away. A second file makes sure that only one process at a time decides to. */
function removeAbandoned(world: LockWorld, lock: string, owner: string): boolean {
  const guard = `${lock}.steal`;
  if (!create(world.fs, guard, owner)) {
    const stat = world.fs.lstat(guard);
    if (stat !== null && world.clock.now() - stat.mtimeMs >= FILE_LOCK.staleMs) world.fs.unlink(guard);
    return false;
  }
  try {
    return isAbandoned(world, lock) && world.fs.unlink(lock);
  } finally {
    world.fs.unlink(guard);
  }
}

function ownerOf(fs: LocalFs, lock: string): string | null {
  try {
    return new TextDecoder().decode(fs.readFile(lock));
  } catch (thrown) {
    if (osCodeOf(thrown) === "ENOENT") return null;
    throw thrown;
  }
}
