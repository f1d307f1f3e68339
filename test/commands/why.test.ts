/** Which mirror `relayfile why` asks, and what it says of paths that lie in none. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { runCli } from "../support/run-cli.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";

let stack: TestStack;
let dir: TempDir;
const run = (words: string, env: Record<string, string> = {}, stdin = "") =>
  runCli(
    words,
    bunPorts({
      cwd: dir.path,
      env: {
        HOME: dir.path,
        RELAYFILE_HOME: stack.dataDir,
        RELAYFILE_BASE_URL: stack.fileApiUrl,
        RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl,
        ...env,
      },
    }),
    { stdin },
  );

beforeAll(async () => {
  stack = await testStack({ workspaceName: "demo" });
  dir = tempDir("relayfile-why-");
  await run("put demo /notes/a.md", {}, "text\n");
  await run("mount demo first --once");
  await run("mount demo second --rehome --once");
});
afterAll(async () => {
  await stack.stop();
  dir.remove();
});

test("why asks the mirror around the path, not only the registered one", async () => {
  writeFileSync(dir.join("first/only-here.md"), "x");
  const { exit, document } = await run(`why ${dir.join("first/only-here.md")} --json`);
  expect(exit).toBe(1);
  expect(document).toMatchObject({
    localDir: dir.join("first"),
    remotePath: "/only-here.md",
    state: "pending",
  });
  expect((await run("why first/notes/a.md --json")).document).toMatchObject({ localDir: dir.join("first") });
  expect((await run("why notes/a.md --json")).document).toMatchObject({ localDir: dir.join("second") });
  // The registered one is started by name; another one has to be asked for, or mount would refuse it.
  const start = `relayfile mount demo ${dir.join("first")} --background --rehome`;
  const next = document.next as { argv: string[] }[];
  expect(next.map(({ argv }) => argv.join(" "))).toEqual([start]);
  const status = (await run("status --mount first --json")).document.next as { argv: string[] }[];
  expect(status.map(({ argv }) => argv.join(" "))).toEqual([start]);
  expect((await run("unmount --mount first --json")).document).toMatchObject({ error: { hint: start } });
});

test("why of a path in no mirror is a clear error", async () => {
  mkdirSync(dir.join("elsewhere"));
  writeFileSync(dir.join("elsewhere/file"), "x");
  for (const path of [dir.join("elsewhere/file"), dir.join("elsewhere/none"), "/etc/passwd"]) {
    const { exit, document } = await run(`why ${path} --json`);
    expect(exit).toBe(1);
    expect(document).toMatchObject({ error: { code: "not_found", message: `${path} is in no mirror` } });
    expect((document.error as { hint: string }).hint).toContain(`Give a path below ${dir.join("second")}`);
  }
});

test("why takes a remote path that the mirror knows", async () => {
  const { exit, document } = await run("why /notes/a.md --json");
  expect([exit, document]).toMatchObject([0, { path: "notes/a.md", state: "in-step" }]);
});

test("why without a daemon says as of when, and what to run to know more", async () => {
  const { exit, stdout } = await run("why second/notes/a.md");
  expect(exit).toBe(0);
  expect(stdout).toMatch(/when they were last compared, at 20\d\d-.*; no daemon runs/);
  expect(stdout).toContain("next: relayfile cat demo /notes/a.md");
  expect(stdout).toContain(`next: relayfile mount demo ${dir.join("second")} --background`);
});

test("why knows the upload limit that the environment sets", async () => {
  writeFileSync(dir.join("second/big.bin"), "x".repeat(64));
  const { document } = await run("why second/big.bin --json", { RELAYFILE_MAX_WRITEBACK_BYTES: "32" });
  expect(document).toMatchObject({
    state: "local-only",
    because: "it is 64 bytes, larger than the upload limit of 32: it stays here only",
  });
});

test("why of a FIFO says what it is", async () => {
  Bun.spawnSync(["mkfifo", dir.join("second/pipe")]);
  const { exit, document } = await run("why second/pipe --json");
  expect(exit).toBe(1);
  expect(document).toMatchObject({ state: "local-only", because: expect.stringContaining("a FIFO") });
});
