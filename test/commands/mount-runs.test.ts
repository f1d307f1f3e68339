/** Where a mount looks, where it keeps its index, and the runs that end by themselves, through the real front door. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { MountEventSchema } from "../../commands/_mount-events.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";
import { eventually } from "../support/deadline.ts";
import { runCli } from "../support/run-cli.ts";
import { type TestStack, testStack } from "../support/stack.ts";
import { type TempDir, tempDir } from "../support/temp-dir.ts";
import type { RecordedTerminal } from "../support/terminal.ts";

let stack: TestStack;
let dir: TempDir;
beforeAll(async () => {
  stack = await testStack({ workspaceName: "demo" });
  dir = tempDir("relayfile-mount-flags-");
  for (const path of ["/notes/a.md", "/docs/b.md"]) await run(`put demo ${path}`, {}, "text\n");
});
afterAll(async () => {
  await stack.stop();
  dir.remove();
});
const HOME = () => ({
  HOME: dir.path,
  RELAYFILE_HOME: stack.dataDir,
  RELAYFILE_BASE_URL: stack.fileApiUrl,
  RELAYFILE_CLOUD_API_URL: stack.controlPlaneUrl,
});
const run = (words: string, env: Record<string, string> = {}, stdin = "") =>
  runCli(words, bunPorts({ cwd: dir.path, env: { ...HOME(), ...env } }), { stdin });
const write = (name: string, text: string) => {
  writeFileSync(dir.join(name), text);
  return name;
};

describe("mount: what to mirror", () => {
  test("--paths-file reads lines with comments, and a JSON array; flag beats file beats variable", async () => {
    const lines = write("paths.txt", "# what we want\n\n  /notes   # the notes\n");
    const first = await run(`mount demo p1 --paths-file ${lines} --once --json`, {
      RELAYFILE_REMOTE_PATH: "/docs",
    });
    expect(first.document).toMatchObject({ remoteRoot: "/notes", converged: true });
    const array = write("paths.json", '["/docs"]');
    const second = await run("mount demo p2 --rehome --once --json", {
      RELAYFILE_MOUNT_PATHS_FILE: dir.join(array),
    });
    expect(second.document).toMatchObject({ remoteRoot: "/docs" });
    const third = await run("mount demo p3 --rehome --remote-path /notes --once --json", {
      RELAYFILE_MOUNT_PATHS_FILE: dir.join(array),
    });
    expect(third.document).toMatchObject({ remoteRoot: "/notes" });
  });
  for (const [what, text] of Object.entries({
    "no path": "# nothing\n\n",
    "an empty array": "[]",
    "not paths": "[1]",
    "an object": '{"paths":["/notes"]}',
    "broken JSON": '["/a"',
    "climbing paths": "/../../etc\n",
  })) {
    test(`--paths-file with ${what} is refused, never read as everything`, async () => {
      const result = await run(`mount demo px --rehome --paths-file ${write("bad.txt", text)} --once --json`);
      expect(result.exit).toBe(2);
      expect(existsSync(dir.join("px"))).toBe(false);
    });
  }
  test("two paths, a missing file and a directory are refused", async () => {
    const two = write("two.txt", "/notes\n/docs\n");
    expect((await run(`mount demo px --rehome --paths-file ${two} --once`)).stderr).toContain(
      "one remote path, not 2",
    );
    expect((await run("mount demo px --rehome --paths-file nowhere --once")).exit).toBe(2);
    expect((await run(`mount demo px --rehome --paths-file ${dir.path} --once`)).exit).toBe(2);
  });
  test("a directory that mirrors one remote path is not taken for another, where all its files would be new", async () => {
    await run("mount demo own --rehome --remote-path /notes --once");
    const other = await run("mount demo own --remote-path /docs --once");
    expect(other.exit).toBe(2);
    expect(other.stderr).toContain("mirrors /notes, not /docs");
    expect((await run("tree demo /docs --depth 9")).stdout).not.toContain("a.md");
  });
  test("what is neither a directory nor a file is never moved aside", async () => {
    Bun.spawnSync(["mkfifo", dir.join("pipe")]);
    const result = await run("mount demo pipe --rehome --reset-after-clobber --once");
    expect(result.exit).toBe(5);
    expect(lstatSync(dir.join("pipe")).isFIFO()).toBe(true);
  });
  test("--local-dir and RELAYFILE_LOCAL_DIR name the directory; another one than recorded needs --rehome", async () => {
    const first = await run("mount demo --local-dir ld --rehome --remote-path / --once --json");
    expect(first.document).toMatchObject({ localDir: dir.join("ld") });
    const other = await run("mount demo --once", { RELAYFILE_LOCAL_DIR: dir.join("other") });
    expect(other.exit).toBe(2);
    expect(other.stderr).toContain("--rehome");
    const moved = await run("mount demo --rehome --once --json", { RELAYFILE_LOCAL_DIR: dir.join("other") });
    expect(moved.document).toMatchObject({ localDir: dir.join("other") });
  });
});

describe("mount: where the index is", () => {
  test("--state-dir and --state-file move it, and other commands find it again", async () => {
    const placed = await run("mount demo m1 --rehome --state-dir states --once --json");
    expect(placed.document).toMatchObject({ converged: true });
    expect(readdirSync(dir.join("states")).length).toBe(1);
    expect((await run("why m1/notes/a.md --json")).document).toMatchObject({ state: "in-step" });
    expect((await run("mount demo m1 --state-file one.db --once")).exit).toBe(0);
    expect(readFileSync(dir.join("one.db")).subarray(0, 15).toString()).toBe("SQLite format 3");
    writeFileSync(dir.join("m1/mine.md"), "x");
    expect((await run("writeback list --state pending --json")).document).toMatchObject({
      items: [{ path: "/mine.md" }],
    });
    expect((await run("why m1/notes/a.md --json")).document).toMatchObject({ state: "in-step" });
    const back = await run("mount demo m1 --once --json", { RELAYFILE_MOUNT_STATE_FILE: "" });
    expect(back.document).toMatchObject({ converged: true });
  });
  test("a file that is no index is refused and left alone", async () => {
    const file = write("letter.txt", "dear reader");
    const result = await run(`mount demo m1 --state-file ${file} --once`);
    expect(result.exit).toBe(2);
    expect(readFileSync(dir.join(file), "utf8")).toBe("dear reader");
  });
  test("G10: a state path inside the mirror, or with control characters, is refused before anything is made", async () => {
    for (const flags of ["--state-dir fresh/.state", "--state-file fresh/i.db", "--state-dir bad\u0007dir"]) {
      const result = await run(`mount demo fresh --rehome ${flags} --once`);
      expect(result.exit).toBe(2);
      expect(existsSync(dir.join("fresh"))).toBe(false);
    }
  });
  test("--mount-kind keeps an index of its own; a push from an empty one is refused while another knows the files", async () => {
    await run("mount demo kinds --rehome --once");
    const before = readdirSync(`${stack.dataDir}/.relayfile-mount-state`).length;
    const push = await run("mount demo kinds --mount-kind flush --push-local-once");
    expect(push.exit).toBe(2);
    expect(push.stderr).toContain("--mount-kind daemon");
    expect((await run("mount demo kinds --once", { RELAYFILE_MOUNT_KIND: "initial-sync" })).exit).toBe(0);
    expect(readdirSync(`${stack.dataDir}/.relayfile-mount-state`).length).toBe(before + 1);
    expect((await run("mount demo kinds --mount-kind nonsense --once")).exit).toBe(0);
    expect(readdirSync(`${stack.dataDir}/.relayfile-mount-state`).length).toBe(before + 1);
  });
});

describe("mount: as whom", () => {
  for (const name of ["RELAYFILE_MOUNT_CREDS_FILE", "RELAYFILE_DELEGATED_CREDENTIALS_FILE"]) {
    test(`${name} names the token file, and a broken one is no reason to use another`, async () => {
      const alone = { RELAYFILE_HOME: dir.join("nobody"), HOME: dir.join("nobody") };
      const words = `mount ${stack.workspaceId} as-${name.length} --rehome --once --json`;
      expect((await run(words, { ...alone, [name]: stack.tokenFile })).document).toMatchObject({
        converged: true,
      });
      expect((await run(words, { ...alone, [name]: dir.join("nowhere.json") })).exit).not.toBe(0);
      expect((await run(words, alone)).exit).toBe(4);
    });
  }
});

describe("mount: one-shots", () => {
  test("W18: --push-local-once sends an unsynced draft and no control file, and refuses an emptied mirror", async () => {
    await run("mount demo shots --rehome --once");
    const draft = "jira/issues/new one 0f8fad5b-d9cb-469f-a165-70867728950e.json";
    mkdirSync(dir.join("shots/jira/issues"), { recursive: true });
    writeFileSync(dir.join(`shots/${draft}`), "{}");
    const pushed = await run("mount demo shots --push-local-once --json");
    expect(pushed.document).toMatchObject({ mode: "push-local", sent: 1, pending: 0, drained: true });
    const tree = await run("tree demo / --depth 9 --json");
    expect(tree.stdout).toContain("new one");
    expect(tree.stdout).not.toContain(".relay");
    for (const name of readdirSync(dir.join("shots"))) rmSync(dir.join("shots", name), { recursive: true });
    const wiped = await run("mount demo shots --push-local-once");
    expect(wiped.exit).toBe(5);
    expect((await run("cat demo /notes/a.md")).stdout).toBe("text\n");
  });
  test("--flush-outbox-once drains without scanning or pulling; pull-only is refused", async () => {
    await run("mount demo flush --rehome --once");
    writeFileSync(dir.join("flush/later.md"), "x");
    const flushed = await run("mount demo flush --flush-outbox-once --json");
    expect(flushed.document).toMatchObject({ mode: "flush-outbox", sent: 0, drained: true });
    expect(readFileSync(dir.join("flush/.relay/outbox/capabilities.json"), "utf8")).toBe(
      '{"schemaVersion":2,"dispatchReceipts":true}',
    );
    expect((await run("mount demo flush --flush-outbox-once --sync-mode pull-only")).exit).toBe(2);
  });
  test("they exclude each other and streams", async () => {
    for (const flags of ["--once --background", "--push-local-once --notify-flush", "--once --events"])
      expect((await run(`mount demo flush ${flags}`)).exit).toBe(2);
    expect((await run("mount demo flush --events --json")).exit).toBe(2);
  });
});

test("mount --events tells the first copy, paths and verdicts, one object per line, and how it ended", async () => {
  let screen: RecordedTerminal | null = null;
  const running = runCli("mount demo live --rehome --events", bunPorts({ cwd: dir.path, env: HOME() }), {
    onTerminal: (terminal) => (screen = terminal),
  });
  const terminal = screen as unknown as RecordedTerminal;
  await eventually("the daemon is ready", () => terminal.text.stdout.includes('"ready"'));
  writeFileSync(dir.join("live/sent.md"), "x");
  await eventually("the save was sent", () =>
    /"what":"sent"[\s\S]*"verdict":"ok"/.test(terminal.text.stdout),
  );
  terminal.signal("SIGTERM");
  const { exit, stdout } = await running;
  expect(exit).toBe(0);
  const events = stdout
    .trim()
    .split("\n")
    .map((line) => MountEventSchema.parse(JSON.parse(line)));
  expect(events.map(({ seq }) => seq)).toEqual(events.map((_, at) => at + 1));
  expect(events.map(({ type }) => type)).toContain("bootstrap");
  expect(events.some((event) => event.type === "verdict" && event.verdict === "ok")).toBe(true);
  expect(events.at(-1)).toMatchObject({ type: "stopped", localDir: dir.join("live") });
});
