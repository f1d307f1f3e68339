import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { bunClock } from "../../../lib/runtime/bun/clock.ts";
import { type ClientWorld, clientWorld, unsignedToken } from "../../support/client-world.ts";
import { error, FakeFileApi } from "../../support/fake-file-api.ts";
import { runCli } from "../../support/run-cli.ts";

const WS = "rw_abcd1234";
let api: FakeFileApi;
let world: ClientWorld;
let mirror: string;

beforeEach(() => {
  api = new FakeFileApi();
  world = clientWorld({ fetch: (request) => api.fetch(request) });
  mirror = world.dir.join("mirror");
  mkdirSync(mirror);
  register();
});
afterEach(() => world[Symbol.dispose]());

const run = (words: string | string[]) => runCli(words, { ...world.ports, clock: bunClock() });
const letters = () => `${mirror}/.relay/dead-letter`;

function register(): void {
  world.write("workspaces.json", {
    default: "demo",
    workspaces: [
      {
        name: "demo",
        id: WS,
        createdAt: "2026-05-01T00:00:00Z",
        localDir: mirror,
        server: "http://file.test",
      },
    ],
  });
}

function signIn(): void {
  const token = unsignedToken({
    wks: WS,
    workspace_id: WS,
    sub: "t",
    aud: ["relayfile"],
    exp: 4_000_000_000,
    iat: 1_700_000_000,
    scopes: ["fs:read", "fs:write", "ops:read", "sync:read"],
  });
  world.write("credentials.json", { server: "http://file.test", token });
}

function plant(opId: string, extra: Record<string, unknown> = {}): void {
  mkdirSync(letters(), { recursive: true });
  const record = {
    opId,
    path: "/github/file.md",
    attempts: 4,
    lastStatus: 503,
    lastBody: "busy",
    ts: "2026-05-02T18:34:11Z",
    ...extra,
  };
  writeFileSync(`${letters()}/${opId}.json`, `${JSON.stringify(record, null, 2)}\n`);
  writeFileSync(
    `${letters()}/${opId}.error.json`,
    JSON.stringify({
      code: "provider_5xx_exhausted",
      message: "busy",
      attempts: 4,
      firstAttemptAt: "x",
      lastAttemptAt: "2026-05-02T18:34:11Z",
      opId,
    }),
  );
}

function plantState(state: Record<string, unknown>): void {
  mkdirSync(`${mirror}/.relay`, { recursive: true });
  writeFileSync(`${mirror}/.relay/state.json`, JSON.stringify(state));
}

describe("writeback status", () => {
  test("W9, S37: two dead letters make exit 1, and stdout alone is the document", async () => {
    plant("op_1");
    plant("op_2");
    plantState({ workspaceId: WS, failedWritebacks: 2, pendingWriteback: 3 });
    const result = await run("writeback status demo --json");
    expect(result.exit).toBe(1);
    expect(result.document).toMatchObject({
      kind: "relayfile.writeback-status",
      workspaceId: WS,
      pending: 3,
      failed: 2,
      malformed: [],
    });
    expect(result.document.deadLettered).toEqual([
      { opId: "op_1", path: "/github/file.md", lastStatus: 503, ts: "2026-05-02T18:34:11Z" },
      { opId: "op_2", path: "/github/file.md", lastStatus: 503, ts: "2026-05-02T18:34:11Z" },
    ]);
    expect(result.stderr).toContain("writeback failures present");
  });

  test("W10, PR #84 1 and 2: a lifetime counter without dead letters is healthy, without credentials", async () => {
    plantState({ workspaceId: WS, failedWritebacks: 7 });
    const result = await run("writeback status demo");
    expect(result.exit).toBe(0);
    expect(result.stdout).toContain("failed: 7");
    expect(world.requests).toEqual([]);
  });

  test("W11, PR #84 6: nothing on disk is healthy in both modes", async () => {
    const human = await run("writeback status demo");
    expect(human.exit).toBe(0);
    expect(human.stdout).toContain("no failures");
    const machine = await run("writeback status demo --json");
    expect(machine.exit).toBe(0);
    expect(machine.document).toMatchObject({
      pending: 0,
      failed: 0,
      deadLettered: [],
      malformed: [],
      lastErrorByProvider: {},
    });
    expect(machine.stderr).toBe("");
  });

  test("a malformed record counts as unresolved and is kept byte for byte", async () => {
    mkdirSync(letters(), { recursive: true });
    writeFileSync(`${letters()}/op_bad.json`, "{ nope");
    const result = await run("writeback status --json");
    expect(result.exit).toBe(1);
    expect(result.document.malformed).toMatchObject([{ file: "op_bad.json" }]);
    expect(readFileSync(`${letters()}/op_bad.json`, "utf8")).toBe("{ nope");
  });

  test("a damaged state.json is reported, not fatal", async () => {
    plantState({});
    writeFileSync(`${mirror}/.relay/state.json`, "garbage");
    const result = await run("writeback status --json");
    expect(result.exit).toBe(1);
    expect(result.document.malformed).toMatchObject([{ file: "state.json" }]);
  });

  test("S37: the most recent error per provider is shown", async () => {
    plantState({ workspaceId: WS, providers: [{ provider: "linear", lastError: "token revoked" }] });
    plant("op_1");
    const result = await run("writeback status --json");
    expect(result.document.lastErrorByProvider).toEqual({ github: "503: busy", linear: "token revoked" });
  });

  test("an unknown workspace is a clear error and valid JSON", async () => {
    const result = await run("writeback status nowhere --json");
    expect(result.exit).not.toBe(0);
    expect(result.document.kind).toBe("relayfile.error");
  });
});

describe("writeback list and show", () => {
  test("rows of refused saves carry the sidecar's words", async () => {
    plant("op_1");
    const result = await run("writeback list --state dead --json");
    expect(result.exit).toBe(0);
    expect(result.document.items).toMatchObject([
      { id: "op_1", state: "dead", code: "provider_5xx_exhausted", provider: "github", attempts: 4 },
    ]);
  });
  test("W17: untracked files are pending under the remote root, excluded ones are not", async () => {
    plantState({ workspaceId: WS, remoteRoot: "/github" });
    writeFileSync(`${mirror}/draft.md`, "x");
    writeFileSync(`${mirror}/readonly.md`, "x");
    chmodSync(`${mirror}/readonly.md`, 0o444);
    writeFileSync(`${mirror}/.draft.md.tmp-1`, "x");
    const result = await run("writeback list --state pending --json");
    expect(result.document.items).toMatchObject([{ path: "/github/draft.md", why: "untracked" }]);
  });
  test("--state is required", async () => expect((await run("writeback list")).exit).toBe(2));
  test("show tells what was refused and what to run next", async () => {
    plant("op_1");
    const result = await run("writeback show --opId op_1");
    expect(result.exit).toBe(0);
    expect(result.stdout).toContain("relayfile writeback retry --opId op_1");
  });
});

describe("writeback retry", () => {
  test("W13, W14, S38: sends with the recorded base below a remote root, then removes record and sidecar", async () => {
    signIn();
    plantState({ workspaceId: WS, remoteRoot: "/github" });
    const revision = api.put("/github/file.md", "old");
    plant("op_1", { baseRevision: revision, stage: "upload" });
    writeFileSync(`${mirror}/file.md`, "fixed");
    const result = await run("writeback retry --opId op_1 --json");
    expect(result.document).toMatchObject({
      kind: "relayfile.writeback-retry",
      opId: "op_1",
      status: "succeeded",
    });
    expect(result.exit).toBe(0);
    const uploads = api.seen("POST", "/fs/bulk");
    expect(uploads.length).toBe(1);
    expect(uploads[0]?.body.files[0]).toMatchObject({
      path: "/github/file.md",
      ifMatch: revision,
      content: "fixed",
    });
    expect(existsSync(`${letters()}/op_1.json`)).toBe(false);
    expect(existsSync(`${letters()}/op_1.error.json`)).toBe(false);
  });

  test("W14: refused again, exit 1 and the record stays", async () => {
    signIn();
    api.put("/github/file.md", "old");
    plant("op_1", { baseRevision: "rev_1" });
    mkdirSync(`${mirror}/github`);
    writeFileSync(`${mirror}/github/file.md`, "still bad");
    api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(400, "bad_request", "title is required") : null;
    const result = await run("writeback retry --op-id op_1 --json");
    expect(result.exit).toBe(1);
    expect(result.document).toMatchObject({ error: { code: "retry_rejected" } });
    expect(JSON.parse(readFileSync(`${letters()}/op_1.json`, "utf8"))).toMatchObject({
      opId: "op_1",
      lastStatus: 400,
    });
  });

  test("W12, PR #84 5: unknown ids and damaged records are clear errors; the file is byte-identical after", async () => {
    const unknown = await run("writeback retry --opId nope --json");
    expect(unknown.exit).toBe(1);
    expect(unknown.document).toMatchObject({ error: { code: "dead_letter_unknown" } });
    mkdirSync(letters(), { recursive: true });
    writeFileSync(`${letters()}/op_bad.json`, "{ nope");
    const bad = await run("writeback retry --opId op_bad --json");
    expect(bad.exit).toBe(6);
    expect(bad.document).toMatchObject({ error: { code: "dead_letter_malformed" } });
    expect(readFileSync(`${letters()}/op_bad.json`, "utf8")).toBe("{ nope");
    const path = await run(["writeback", "retry", "--opId", "../x", "--json"]);
    expect(path.exit).toBe(2);
  });

  test("a missing local file is a clear error and the record stays", async () => {
    signIn();
    plant("op_1");
    const result = await run("writeback retry --opId op_1 --json");
    expect(result.document).toMatchObject({ error: { code: "invalid_input" } });
    expect(existsSync(`${letters()}/op_1.json`)).toBe(true);
  });
});

describe("writeback drop", () => {
  test("removes the record, leaves the file, and refuses a damaged record without --force", async () => {
    plant("op_1");
    mkdirSync(`${mirror}/github`);
    writeFileSync(`${mirror}/github/file.md`, "mine");
    expect((await run("writeback drop --opId op_1")).exit).toBe(0);
    expect(existsSync(`${letters()}/op_1.json`)).toBe(false);
    expect(readFileSync(`${mirror}/github/file.md`, "utf8")).toBe("mine");
    writeFileSync(`${letters()}/op_bad.json`, "{");
    expect((await run("writeback drop --opId op_bad")).exit).toBe(6);
    expect((await run("writeback drop --opId op_bad --force")).exit).toBe(0);
  });
});
