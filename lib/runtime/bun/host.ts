/** Facts and effects of this process. */
import { readlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { osCodeOf } from "../../errors.ts";
import type { Env, Host } from "../../ports.ts";

/** The host with the given environment and working directory. */
export function bunHost(env: Env, cwd: string): Host {
  return {
    env,
    cwd,
    homeDir: env.HOME || env.USERPROFILE || null,
    tempDir: env.TMPDIR || env.TEMP || tmpdir(),
    pid: process.pid,
    platform: platformName(process.platform),
    arch: process.arch,
    isAlive,
    executableOf,
    kill: (pid, signal) => void process.kill(pid, signal),
  };
}

function platformName(platform: string): Host["platform"] {
  return platform === "linux" || platform === "darwin" || platform === "win32" ? platform : "other";
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM means that it exists and belongs to somebody else.
    return osCodeOf(error) === "EPERM";
  }
}

function executableOf(pid: number): string | null {
  if (pid === process.pid) return process.execPath;
  if (process.platform === "linux") {
    try {
      return readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, "");
    } catch {
      // The process is gone or belongs to another user: unknown.
      return null;
    }
  }
  if (process.platform === "win32") return null;
  const listing = Bun.spawnSync(["ps", "-o", "comm=", "-p", String(pid)]);
  const path = listing.stdout.toString().trim();
  return path.startsWith("/") ? path : null;
}
