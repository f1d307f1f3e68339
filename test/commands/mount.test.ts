import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { acquireLease } from "../../lib/runtime/bun/lease.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { runCli } from "../support/run-cli.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let stack: TestStack;
let dir: TempDir;

beforeAll(async () => {
  stack = await testStack({ workspaceName: "demo" });
  dir = tempDir("relayfile-mount-cli-");
});
afterAll(async () => {
  await stack.stop();
  dir.remove();
});

const ports = (env: Record<string, string> = {}) =>
  bunPorts({
    cwd: dir.path,
    env: {
      HOME: dir.path,
      RELAYFILE_HOME: stack.dataDir,
      RELAYFILE_BASE_URL: stack.fileApiUrl,
      RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl,
      ...env,
    },
  });
const run = (words: string, env: Record<string, string> = {}) => runCli(words, ports(env));

describe("mount --once", () => {
  test("mirrors a real workspace, sends a real edit, and both sides agree", async () => {
    writeFileSync(dir.join("hello.md"), "hello\n");
    expect((await run("put demo /notes/hello.md --file hello.md")).exit).toBe(0);
    const first = await run("mount demo mirror --once --json");
    expect(first.document).toMatchObject({ kind: "relayfile.mount-once", converged: true });
    expect(readFileSync(dir.join("mirror/notes/hello.md"), "utf8")).toBe("hello\n");
    writeFileSync(dir.join("mirror/notes/hello.md"), "edited\n");
    const second = await run("mount demo --once --json");
    expect(second.exit).toBe(0);
    expect((await run("cat demo /notes/hello.md")).stdout).toBe("edited\n");
    expect(existsSync(dir.join("mirror/.relayfile-mount-state.json"))).toBe(true);
    expect((await run("tree demo / --json")).stdout).not.toContain(".relay");
  });

  test("S11: the first copy shows its progress on a terminal and nowhere else", async () => {
    const words = "mount demo again --rehome --once --full-reconcile";
    const seen = await runCli(words, ports(), { tty: true });
    expect(seen.stderr).toMatch(/first copy: \d+ of \d+ files, \d+\.\d MiB/);
    expect(seen.stdout).not.toContain("first copy");
    const piped = await run(words.replace("again", "third"));
    expect(piped.stderr).not.toContain("first copy");
    expect((await run("mount demo mirror --rehome --once --json")).exit).toBe(0);
  });

  test("why tells that a save arrived, and that a new file waits", async () => {
    expect((await run("why mirror/notes/hello.md")).exit).toBe(0);
    writeFileSync(dir.join("mirror/new.md"), "x");
    const waiting = await run("why mirror/new.md --json");
    expect(waiting.exit).toBe(1);
    expect(waiting.document).toMatchObject({ state: "pending", remotePath: "/new.md" });
  });

  test("status says stopped and how to start", async () => {
    const result = await run("status demo --json");
    expect(result.exit).toBe(6);
    expect(result.document).toMatchObject({ verdict: "stopped", workspaceId: stack.workspaceId });
  });
});

describe("a directory that never was a mirror", () => {
  for (const words of ["status", "unmount", "writeback status", "why a.md"]) {
    test(`${words} --mount says that no mirror is known there, with exit 1`, async () => {
      const result = await run(`${words} --mount ./nothere --json`);
      expect(result.exit).toBe(1);
      expect(result.document).toMatchObject({
        error: {
          code: "not_found",
          message: `no mirror is known at ${dir.join("nothere")}`,
          hint: `relayfile mount demo ${dir.join("nothere")}`,
        },
      });
    });
  }
  test("one that is registered and was removed is still told apart", async () => {
    await run("mount demo removed --rehome --once");
    rmSync(dir.join("removed"), { recursive: true });
    const result = await run("status --mount removed --json");
    expect(result.document).toMatchObject({ verdict: "stopped", reason: expect.stringContaining("is gone") });
    expect((await run("mount demo mirror --rehome --once")).exit).toBe(0);
  });
});

test("status of a mirror that is not the registered one names it where a decision about deletes is asked for", async () => {
  mkdirSync(dir.join("aside/.relay"), { recursive: true });
  const state = { workspaceId: stack.workspaceId, heldDeletes: { reason: "mass_delete", paths: 12 } };
  writeFileSync(dir.join("aside/.relay/state.json"), JSON.stringify(state));
  const { document } = await run("status --mount aside --json");
  const next = (document.next as { argv: string[] }[]).map(({ argv }) => argv.join(" "));
  const resume = `relayfile mount resume demo --local-dir ${dir.join("aside")}`;
  expect(next.slice(0, 2)).toEqual([`${resume} --restore`, `${resume} --confirm-deletes`]);
  rmSync(dir.join("aside"), { recursive: true });
});

test("unmount without a daemon names the workspace and the directory to start it with", async () => {
  const result = await run("unmount --mount mirror --json");
  expect(result.exit).toBe(6);
  const hint = `relayfile mount demo ${dir.join("mirror")} --background`;
  expect(result.document).toMatchObject({ error: { code: "not_running", hint } });
});

describe("mount refuses", () => {
  for (const flag of [
    "--fuse",
    "--lazy-repos",
    "--checkpoint-and-seal",
    "--pprof-addr=:1",
    "--mode=fuse",
    "--local-layout=scoped",
  ]) {
    test(`${flag}: what this daemon deliberately does not do, with exit 2`, async () => {
      const result = await run(`mount demo mirror ${flag} --json`);
      expect(result.exit).toBe(2);
      expect(result.document).toMatchObject({ error: { code: "not_supported" } });
    });
  }
  test("a second mount of one root, with exit 6", async () => {
    const lease = acquireLease(dir.join("mirror/.relay/mount.lock"), '{"pid":1}\n');
    const result = await run("mount demo mirror --once --json");
    lease?.release();
    expect(result.exit).toBe(6);
    const at = `--mount ${dir.join("mirror")}`;
    const hint = `relayfile unmount ${at}, or look with relayfile status ${at}`;
    expect(result.document).toMatchObject({ error: { code: "lock_held", hint } });
  });
  test("P6: a root that is a file, and moves it aside only when told", async () => {
    writeFileSync(dir.join("clobbered"), "an 11 MB file");
    const refused = await run("mount demo clobbered --rehome --once --json");
    expect(refused.exit).toBe(5);
    expect(refused.document).toMatchObject({ error: { code: "mount_root_broken" } });
    const reset = await run("mount demo clobbered --rehome --reset-after-clobber --once --json");
    expect(reset.exit).toBe(0);
    const aside = readdirSync(dir.path).find((name) => name.startsWith("clobbered.clobbered-"));
    expect(readFileSync(dir.join(aside ?? "missing"), "utf8")).toBe("an 11 MB file");
  });
  test("a mirror that vanished with an index that remembers it", async () => {
    rmSync(dir.join("clobbered"), { recursive: true });
    const result = await run("mount demo clobbered --rehome --once --json");
    expect(result.exit).toBe(5);
    expect((await run("cat demo /notes/hello.md")).stdout).toBe("edited\n");
  });
  test("G10: a state directory inside the mirror", async () => {
    const result = await run("mount demo mirror --rehome --state-dir mirror/state --once --json");
    expect(result.exit).toBe(2);
  });
  test("a directory of another workspace", async () => {
    mkdirSync(dir.join("other/.relay"), { recursive: true });
    writeFileSync(dir.join("other/.relay/state.json"), '{"workspaceId":"rw_zzzzzzzz"}');
    const result = await run("mount demo other --rehome --once --json");
    expect(result.exit).toBe(2);
    expect(result.stdout).toContain("rw_zzzzzzzz");
  });
  test("a token on the command line", async () => {
    expect((await run("mount demo mirror --token abc --json")).exit).toBe(2);
  });
});
