/** Acceptance list 7.7, the part that needs processes: a real daemon started, found, stopped, and those that are none. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runtimeLayout } from "../../lib/mount/layout.ts";
import {
  announceChild,
  refuseWhileStarting,
  stopDaemon,
  waitForRegistration,
} from "../../lib/mount/process.ts";
import { bunMountWorld } from "../../lib/runtime/bun/mount-world.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { fastClock } from "../support/fast-clock.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

const CLI = join(import.meta.dir, "../../cli.ts");
let stack: TestStack;
let dir: TempDir;
const children: { kill(signal?: NodeJS.Signals): void }[] = [];
beforeAll(async () => {
  stack = await testStack({ workspaceName: "demo" });
  dir = tempDir("relayfile-mount-life-");
});
afterAll(async () => {
  for (const child of children) child.kill("SIGKILL");
  await stack.stop();
  dir.remove();
});

const env = () => ({
  PATH: process.env.PATH ?? "",
  HOME: dir.path,
  RELAYFILE_HOME: stack.dataDir,
  RELAYFILE_BASE_URL: stack.fileApiUrl,
  RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl,
});
/** Runs the program itself, as a process of its own. */
async function relayfile(words: string) {
  const child = Bun.spawn([process.execPath, CLI, ...words.split(" "), "--json"], {
    cwd: dir.path,
    env: env(),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const stdout = await new Response(child.stdout).text();
  return { exit: await child.exited, document: JSON.parse(stdout) as Record<string, unknown> };
}
const world = () => {
  const ports = bunPorts({ env: env(), cwd: dir.path });
  return bunMountWorld({ ...ports, clock: fastClock(ports.clock) });
};
/** A process of ours that does nothing for a while. */
function idle(script = "setTimeout(() => {}, 60_000)") {
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "ignore" });
  children.push(child);
  return child;
}
const NEVER = new AbortController().signal;

describe("mount --background", () => {
  test("G7: it starts with pid and log, serves a notified round, and unmount ends it", async () => {
    const started = await relayfile("mount demo bg --background");
    expect(started.exit).toBe(0);
    const { pid, logFile } = started.document as { pid: number; logFile: string };
    const layout = runtimeLayout(dir.join("bg"));
    expect(JSON.parse(readFileSync(layout.pid, "utf8"))).toMatchObject({ pid, registered: true });
    expect(existsSync(logFile)).toBe(true);
    expect((await relayfile("mount demo bg --background")).exit).toBe(6);
    writeFileSync(dir.join("bg/mine.md"), "x");
    const notified = await relayfile("mount demo bg --notify-flush");
    expect(notified.document).toMatchObject({ pid, sequence: 1, ok: true });
    expect((await relayfile("cat demo /mine.md")).document).toMatchObject({ content: "x" });
    const stopped = await relayfile("unmount demo");
    expect(stopped.document).toMatchObject({ outcome: "stopped", pid });
    expect(existsSync(layout.pid)).toBe(false);
    expect((await relayfile("mount demo bg --notify-flush")).exit).toBe(1);
  }, 60_000);

  test("L14: a mirror that was removed is not started over in the background unless asked, and then comes back whole", async () => {
    await relayfile("mount demo gone --rehome --once");
    const before = (await relayfile("tree demo / --depth 9")).document;
    rmSync(dir.join("gone"), { recursive: true });
    const refused = await relayfile("mount demo gone --background");
    expect([refused.exit, existsSync(dir.join("gone"))]).toEqual([5, false]);
    const started = await relayfile("mount demo gone --background --reset-after-clobber");
    expect(started.exit).toBe(0);
    const notified = await relayfile("mount demo gone --notify-flush");
    expect(notified.document).toMatchObject({ ok: true });
    expect((await relayfile("unmount demo")).exit).toBe(0);
    expect(existsSync(dir.join("gone/mine.md"))).toBe(true);
    expect((await relayfile("tree demo / --depth 9")).document.entries).toEqual(before.entries);
    const log = readFileSync(runtimeLayout(dir.join("gone")).log, "utf8");
    expect(log).toContain("bootstrap complete");
  }, 60_000);

  test("--rehome is refused while a daemon of the old mirror runs, and names how to stop it", async () => {
    expect((await relayfile("mount demo old --rehome --background")).exit).toBe(0);
    for (const how of ["--background", "--once"]) {
      const refused = await relayfile(`mount demo new --rehome ${how}`);
      expect([how, refused.exit, existsSync(dir.join("new"))]).toEqual([how, 6, false]);
      expect(refused.document).toMatchObject({
        error: {
          code: "lock_held",
          message: expect.stringContaining(`is being mirrored in ${dir.join("old")} by process `),
          hint: `relayfile unmount --mount ${dir.join("old")}`,
        },
      });
    }
    expect((await relayfile("status demo")).document).toMatchObject({
      localDir: dir.join("old"),
      daemon: {},
    });
    expect((await relayfile(`unmount --mount ${dir.join("old")}`)).exit).toBe(0);
    expect((await relayfile("mount demo new --rehome --once")).exit).toBe(0);
  }, 60_000);

  test("G7: a daemon that ignores SIGTERM is killed", async () => {
    const root = dir.join("stubborn");
    mkdirSync(runtimeLayout(root).area, { recursive: true });
    const lock = runtimeLayout(root).lock;
    const child = idle(`
      const { acquireLease } = await import(${JSON.stringify(join(import.meta.dir, "../../lib/runtime/bun/lease.ts"))});
      globalThis.held = acquireLease(${JSON.stringify(lock)}, JSON.stringify({ pid: process.pid }) + "\\n");
      process.on("SIGTERM", () => undefined);
      console.log("held");
      setTimeout(() => {}, 60_000);
    `);
    await child.stdout.getReader().read();
    expect(await stopDaemon(world(), root, NEVER)).toEqual({ pid: child.pid, outcome: "killed" });
    await child.exited;
    expect(child.signalCode).toBe("SIGKILL");
  }, 30_000);

  test("G8: a pid that is stale or belongs to somebody else is not signalled, and its record goes", async () => {
    const root = dir.join("stale");
    const { area, pid: file } = runtimeLayout(root);
    mkdirSync(area, { recursive: true });
    const other = idle();
    for (const pid of [other.pid, 4_000_000]) {
      writeFileSync(file, JSON.stringify({ pid, registered: true, localDir: root }));
      expect(await stopDaemon(world(), root, NEVER)).toEqual({ pid: null, outcome: "stale-record" });
      expect(existsSync(file)).toBe(false);
    }
    expect(other.exitCode).toBeNull();
    other.kill();
  });

  test("G9: a child that dies before it registers is reported; one that lives blocks a second start until then", async () => {
    const root = dir.join("early");
    const { area, pid: pidFile, log: logFile } = runtimeLayout(root);
    mkdirSync(area, { recursive: true });
    const child = idle();
    const facts = { pid: child.pid, workspaceId: "rw_abcd1234", localDir: root, logFile };
    announceChild(world(), pidFile, facts);
    expect(() => refuseWhileStarting(world(), pidFile, root)).toThrow(`by process ${child.pid}`);
    writeFileSync(logFile, "error: the token is expired\n");
    child.kill("SIGKILL");
    await child.exited;
    const wait = waitForRegistration(world(), { pid: child.pid, pidFile, logFile, signal: NEVER });
    await expect(wait).rejects.toThrow("the token is expired");
    expect(existsSync(pidFile)).toBe(false);
    refuseWhileStarting(world(), pidFile, root);
  });
});
