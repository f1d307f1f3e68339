/** A real mirror, made once by the real daemon, and copies of it that look alive and may be damaged. */
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { startMirror } from "../../lib/demo/mirror.ts";
import { bunMountWorld } from "../../lib/runtime/bun/mount-world.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import type { Stack } from "../../lib/runtime/bun/stack.ts";
import type { TempDir } from "../support/temp-dir.ts";

/** Where the recorded mirror lies. */
export interface RecordedMirror {
  readonly root: string;
}

/** A copy. `state` and `pid` replace keys of the two public files; undefined removes them. */
export interface MirrorCopy {
  readonly root: string;
  state(change: Record<string, unknown>): void;
  pid(change: Record<string, unknown>): void;
  /** Lets the state say that a cycle succeeded at this instant (ISO text). */
  touch(at: string): void;
  /** Writes any file of the mirror, `.relay/…` included. */
  write(path: string, text: string): void;
  /** Lets the state track this file only, so that a comparison of a few files is sure to meet it. */
  reveal(path: string): void;
  /** Sets when a file was last changed, ms before now. */
  age(path: string, ms: number): void;
  read(path: string): string;
  exists(path: string): boolean;
  remove(path: string): void;
}

/** Mounts the stack with the real daemon, waits for the first copy and stops it cleanly. */
export async function recordMirror(stack: Stack, dir: TempDir): Promise<RecordedMirror> {
  const ports = bunPorts({ env: { HOME: dir.join("mount-home") }, cwd: dir.path });
  const token = () => (JSON.parse(readFileSync(stack.tokenFile, "utf8")) as { token: string }).token;
  const live = await startMirror({
    ...stack,
    world: bunMountWorld(ports),
    server: stack.fileApiUrl,
    localRoot: dir.join("live"),
    stateDir: dir.join("mount-state"),
    token,
  });
  await live.stop();
  return { root: dir.join("live") };
}

/** Copies a recorded mirror; its state says that a cycle has just succeeded and that this process is the daemon. */
export function copyMirror(recorded: RecordedMirror, dir: TempDir, stack: Stack): MirrorCopy {
  const root = dir.join("mirror");
  cpSync(recorded.root, root, { recursive: true });
  const edit = (path: string, change: Record<string, unknown>) => {
    const file = `${root}/${path}`;
    const known = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
    writeFileSync(file, JSON.stringify({ ...known, ...change }, null, 2));
  };
  const copy: MirrorCopy = {
    root,
    state: (change) => edit(".relay/state.json", change),
    pid: (change) => edit(".relay/mount.pid", change),
    touch: (at) => copy.state({ lastReconcileAt: at, lastSuccessfulReconcileAt: at, lastHeartbeatAt: at }),
    write(path, text) {
      mkdirSync(dirname(`${root}/${path}`), { recursive: true });
      writeFileSync(`${root}/${path}`, text);
    },
    reveal(path) {
      const { files = {} } = JSON.parse(copy.read(".relay/state.json")) as {
        files?: Record<string, unknown>;
      };
      copy.state({ files: { [`/${path}`]: files[`/${path}`] } });
    },
    age(path, ms) {
      const at = new Date(Date.now() - ms);
      utimesSync(`${root}/${path}`, at, at);
    },
    read: (path) => readFileSync(`${root}/${path}`, "utf8"),
    exists: (path) => existsSync(`${root}/${path}`),
    remove: (path) => rmSync(`${root}/${path}`, { recursive: true, force: true }),
  };
  const now = new Date().toISOString();
  copy.state({
    workspaceId: stack.workspaceId,
    localRoot: root,
    staleAfter: undefined,
    status: "ready",
    bootstrapComplete: true,
    bootstrap: { phase: "complete" },
    daemon: { pid: process.pid, pidFile: `${root}/.relay/mount.pid` },
  });
  copy.touch(now);
  copy.pid({ pid: process.pid, localDir: root, startedAt: now });
  return copy;
}
