/** One daemon per mount root: a lock inside the root, and the lease that the original's tools look at (spec 5.2). */
import { fail } from "../errors.ts";
import type { MountConfig } from "./config.ts";
import { readText } from "./json-file.ts";
import { canonicalServer, leaseDir, runtimeLayout, secondsTimestamp } from "./layout.ts";
import type { Lease, MountWorld } from "./world.ts";

/** Who holds a mount, as far as its lock file tells. */
export interface LockHolder {
  readonly pid: number | null;
  readonly workspaceId: string | null;
  readonly startedAt: string | null;
  /** The mount root, links resolved; null in files of older versions. */
  readonly localRoot: string | null;
}

const NOBODY: LockHolder = { pid: null, workspaceId: null, startedAt: null, localRoot: null };

/**
 * Takes both locks or fails with `lock_held`, naming the holder. The runtime area must exist. The lock file stays after
 * release; only the lock means "held".
 */
export function lockMount(world: MountWorld, config: MountConfig): Lease {
  const { fs, host } = world;
  const realRoot = fs.realPath(config.localRoot);
  const content = `${JSON.stringify({
    pid: host.pid,
    server: canonicalServer(config.server),
    workspaceId: config.workspaceId,
    localRoot: realRoot,
    startedAt: secondsTimestamp(world.clock.now()),
  })}\n`;
  const own = runtimeLayout(config.localRoot).lock;
  const inside = world.acquireLease(own, content);
  if (inside === null) held(world, config, own);
  fs.makeDir(leaseDir(host), 0o700);
  const lease = leaseFileOf(world, config);
  const shared = world.acquireLease(lease, content);
  if (shared === null) {
    inside.release();
    held(world, config, lease);
  }
  return {
    release() {
      shared.release();
      inside.release();
    },
  };
}

/** The lease of a mount whose root exists, as other tools compute its name too. */
export function leaseFileOf(
  world: Pick<MountWorld, "fs" | "host" | "sha256">,
  mount: Pick<MountConfig, "server" | "workspaceId" | "localRoot">,
): string {
  const parts = [canonicalServer(mount.server), mount.workspaceId, world.fs.realPath(mount.localRoot)];
  return `${leaseDir(world.host)}/${world.sha256(parts.join("\0"))}.lock`;
}

/** The holder written in a lock file. It may be stale: ask `isLocked` first. */
export function lockHolder(world: Pick<MountWorld, "fs">, file: string): LockHolder | null {
  try {
    const value = JSON.parse(readText(world.fs, file) ?? "null") as Record<string, unknown> | null;
    if (value === null) return null;
    return {
      pid: typeof value.pid === "number" ? value.pid : null,
      workspaceId: typeof value.workspaceId === "string" ? value.workspaceId : null,
      startedAt: typeof value.startedAt === "string" ? value.startedAt : null,
      localRoot: typeof value.localRoot === "string" ? value.localRoot : null,
    };
  } catch {
    // Half a line from a crash: the lock itself still says whether someone holds it.
    return null;
  }
}

/**
 * The running daemon of a mount root, or null. Takes and returns the locks to find out. When the root itself is gone its
 * lock file went with it; the lease outside still tells.
 */
export function runningDaemon(world: MountWorld, localRoot: string): LockHolder | null {
  const own = runtimeLayout(localRoot).lock;
  for (const file of [own, ...leasesOf(world, localRoot)]) {
    if (world.fs.lstat(file) === null) continue;
    const lease = world.acquireLease(file, readText(world.fs, file) ?? "");
    if (lease === null) return lockHolder(world, file) ?? NOBODY;
    lease.release();
  }
  return null;
}

/** Lease files that name a mount root; the parent's links are resolved, because the root may not exist. */
function leasesOf(world: MountWorld, localRoot: string): string[] {
  const { fs, host } = world;
  const directory = leaseDir(host);
  if (fs.lstat(directory) === null) return [];
  const cut = localRoot.lastIndexOf("/");
  const parent = localRoot.slice(0, cut) || "/";
  const real = fs.lstat(parent) === null ? localRoot : `${fs.realPath(parent)}${localRoot.slice(cut)}`;
  return fs
    .readDir(directory)
    .filter(({ name }) => name.endsWith(".lock"))
    .map(({ name }) => `${directory}/${name}`)
    .filter((file) => {
      const named = lockHolder(world, file)?.localRoot;
      return named === localRoot || named === real;
    });
}

/** How to end the daemon of a mount root, or look at it, whichever mirror is the registered one. */
export function stopHint(localRoot: string): string {
  const isPlain = /^[\w@%+=:,./-]+$/.test(localRoot);
  const at = `--mount ${isPlain ? localRoot : `'${localRoot.replaceAll("'", "'\\''")}'`}`;
  return `relayfile unmount ${at}, or look with relayfile status ${at}`;
}

function held(world: MountWorld, config: MountConfig, file: string): never {
  const holder = lockHolder(world, file);
  fail(
    "lock_held",
    `${config.localRoot} is already mounted${holder?.pid == null ? "" : ` by process ${holder.pid}`} (workspace ${holder?.workspaceId ?? config.workspaceId}, server ${config.server})`,
    { root: config.localRoot, ...holder, hint: stopHint(config.localRoot) },
  );
}
