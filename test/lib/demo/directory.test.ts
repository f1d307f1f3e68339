import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { type DemoWorld, openDemoDirectory } from "../../../lib/demo/directory.ts";
import type { Host, LocalFs } from "../../../lib/ports.ts";
import { bunMountWorld } from "../../../lib/runtime/bun/mount-world.ts";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { type TempDir, tempDir } from "../../support/temp-dir.ts";

const MARKER = "demo.json";
const KIND = "relayfile.demo-directory";

describe("openDemoDirectory()", () => {
  let temp: TempDir;
  beforeEach(() => {
    temp = tempDir("relayfile-sweep-");
  });
  afterEach(() => temp.remove());

  /** This machine with a temporary directory of its own and, unless told otherwise, no other process. */
  const world = (host: Partial<Host> = {}, lstat?: LocalFs["lstat"]): DemoWorld => {
    const real = bunMountWorld(bunPorts());
    return {
      ...real,
      fs: lstat === undefined ? real.fs : { ...real.fs, lstat },
      host: { ...real.host, tempDir: temp.path, isAlive: (pid) => pid === real.host.pid, ...host },
    };
  };
  /** What a demo that was killed leaves. */
  const left = (name: string, marker: string | null = JSON.stringify({ kind: KIND, pid: 7 })) => {
    const path = temp.join(name);
    mkdirSync(`${path}/home/workspaces`, { recursive: true });
    writeFileSync(`${path}/home/workspaces/db`, "x");
    if (marker !== null) writeFileSync(`${path}/${MARKER}`, marker);
    return path;
  };

  test("makes a private directory and removes all of it", () => {
    const { path, remove } = openDemoDirectory(world());
    mkdirSync(`${path}/home`);
    writeFileSync(`${path}/home/file`, "x");
    expect(world().fs.lstat(path)?.mode).toBe(0o700);
    remove();
    expect(readdirSync(temp.path)).toEqual([]);
  });

  test("sweeps what a killed demo left, and never follows a link out of it", () => {
    const outside = temp.join("outside");
    mkdirSync(outside);
    writeFileSync(`${outside}/kept`, "x");
    const dead = left("relayfile-demo-dead");
    symlinkSync(outside, `${dead}/mirror`);
    const { path } = openDemoDirectory(world());
    expect(existsSync(dead)).toBe(false);
    expect(existsSync(`${outside}/kept`)).toBe(true);
    expect(existsSync(path)).toBe(true);
  });

  test("leaves a demo that runs: by its process, or by its lock where processes are counted apart", () => {
    const running = openDemoDirectory(world());
    openDemoDirectory(world());
    // Seen from another container, the process of the running demo does not exist.
    openDemoDirectory(world({ isAlive: () => false }));
    const elsewhere = left("relayfile-demo-alive", JSON.stringify({ kind: KIND, pid: 8 }));
    openDemoDirectory(world({ isAlive: (pid) => pid === 8, executableOf: () => "/usr/bin/relayfile" }));
    expect([existsSync(running.path), existsSync(elsewhere)]).toEqual([true, true]);
  });

  test("sweeps after a killed process that its parent has not asked about", () => {
    const dead = left("relayfile-demo-dead");
    openDemoDirectory(world({ isAlive: (pid) => pid === 7, executableOf: () => null }));
    expect(existsSync(dead)).toBe(false);
  });

  test("leaves what carries no marker of a demo, another prefix, or is no directory", () => {
    const kept = [
      left("relayfile-demo-unmarked", null),
      left("relayfile-demo-garbage", "{"),
      left("relayfile-demo-null", "null"),
      left("relayfile-demo-foreign", JSON.stringify({ kind: "else", pid: 7 })),
      left("relayfile-demo-no-pid", JSON.stringify({ kind: KIND })),
      left("notes", JSON.stringify({ kind: KIND, pid: 7 })),
    ];
    symlinkSync(temp.join("notes"), temp.join("relayfile-demo-link"));
    openDemoDirectory(world());
    for (const path of kept) expect([path, existsSync(`${path}/home/workspaces/db`)]).toEqual([path, true]);
  });

  test("leaves what belongs to another user", () => {
    const foreign = left("relayfile-demo-foreign");
    const { fs } = world();
    openDemoDirectory(
      world({}, (path) => {
        const stat = fs.lstat(path);
        return stat !== null && path === foreign ? { ...stat, ownerId: (stat.ownerId ?? 0) + 1 } : stat;
      }),
    );
    expect(existsSync(foreign)).toBe(true);
  });

  test("goes on when a directory cannot be swept, and sweeps what an earlier sweep had to leave", () => {
    const [stuck, dead] = [left("relayfile-demo-stuck"), left("relayfile-demo-then")];
    const refusing = world();
    const fs: LocalFs = {
      ...refusing.fs,
      unlink: (path) => {
        if (path.startsWith(`${stuck}/home`)) throw Object.assign(new Error("EACCES"), { code: "EACCES" });
        return refusing.fs.unlink(path);
      },
    };
    openDemoDirectory({ ...refusing, fs });
    expect([existsSync(`${stuck}/${MARKER}`), existsSync(dead)]).toEqual([true, false]);
    openDemoDirectory(world());
    expect(existsSync(stuck)).toBe(false);
  });
});
