import { describe, expect, test } from "bun:test";
import { clientWorld, html, json, routes, unsignedToken } from "../support/client-world.ts";
import { runCli } from "../support/run-cli.ts";

const A = "rw_aaaaaaaa";
const BASE = "http://127.0.0.1:1";
const TOKEN = unsignedToken({ wks: A, scopes: ["fs:read", "fs:write"] });
const FS = `/v1/workspaces/${A}/fs`;
const FILE = { path: "/a.md", revision: "rev_7", contentType: "text/markdown", content: "hi" };

/** A signed-in world whose network is the given routes. */
function world(table: Parameters<typeof routes>[0]) {
  const made = clientWorld({ fetch: routes(table) });
  made.write("credentials.json", { server: BASE, token: TOKEN });
  return made;
}

describe("what was typed wrong", () => {
  test("a path before another word, a provider as workspace, a status that is none", async () => {
    using it = world({});
    for (const [line, hint] of [
      ["put /notes/a.md -", "The workspace comes first: relayfile put WORKSPACE /notes/a.md"],
      ["refresh linear", "relayfile refresh --provider linear"],
      ["ops list --status wrong", "relayfile ops list --help"],
    ] as const) {
      const run = await runCli(`${line} --json`, it.ports);
      expect([line, run.exit]).toEqual([line, 2]);
      expect(run.document).toMatchObject({ error: { hint } });
    }
    expect(it.requests).toHaveLength(0);
  });

  test("a conflict says which revisions met", async () => {
    const conflict = { code: "revision_conflict", message: "revision conflict" };
    using it = world({
      [`DELETE ${FS}/file`]: () =>
        json({ ...conflict, expectedRevision: "rev_1", currentRevision: "rev_7" }, 409),
    });
    const run = await runCli("rm /a.md --if-match rev_1 --json", it.ports);
    expect(run).toMatchObject({ exit: 1 });
    expect(run.document).toMatchObject({
      error: { message: "file API: revision conflict: expected rev_1, it is at rev_7" },
    });
  });
});

describe("relayfile tree", () => {
  const entry = (n: number) => ({ path: `/f${n}`, type: "file", revision: `rev_${n}`, size: n });
  const pages = {
    [`GET ${FS}/tree`]: (request: Request) => {
      const cursor = new URL(request.url).searchParams.get("cursor");
      if (cursor === null)
        return json({ path: "/", entries: [entry(1), entry(2)], nextCursor: "/f2", totalFiles: 3 });
      return json({ path: "/", entries: [entry(3)], nextCursor: null, totalFiles: 3 });
    },
  };

  test("reads every page", async () => {
    using it = world(pages);
    const run = await runCli("tree --json", it.ports);
    expect(run).toMatchObject({ exit: 0 });
    expect(run.document).toMatchObject({
      kind: "relayfile.tree",
      workspaceId: A,
      depth: 1,
      totalFiles: 3,
      truncated: false,
      entries: [{ path: "/f1" }, { path: "/f2" }, { path: "/f3" }],
    });
    expect((await runCli("tree", it.ports)).stdout).toContain("3 entries, 3 files below /");
  });

  test("--limit says that it cut", async () => {
    using it = world(pages);
    const run = await runCli("tree --limit 1 --json", it.ports);
    expect(run.document).toMatchObject({ truncated: true, entries: [{ path: "/f1" }] });
  });

  test("takes workspace and path in either form", async () => {
    using it = world({
      ...pages,
      "GET /v1/workspaces/rw_bbbbbbbb/fs/tree": () => json({ path: "/", entries: [], nextCursor: null }),
    });
    expect((await runCli("tree /x --json", it.ports)).document).toMatchObject({ path: "/x", workspaceId: A });
    expect((await runCli(`ls ${A} /x/ --json`, it.ports)).document).toMatchObject({
      path: "/x",
      workspaceId: A,
    });
    const unknown = await runCli("tree nosuch / --json", it.ports);
    expect(unknown).toMatchObject({ exit: 1 });
    expect(unknown.document).toMatchObject({
      error: { code: "workspace_not_found", hint: "relayfile workspace list" },
    });
  });

  test("a server that repeats its cursor does not hold us for ever", async () => {
    using it = world({
      [`GET ${FS}/tree`]: () => json({ path: "/", entries: [entry(1)], nextCursor: "/f1" }),
    });
    expect((await runCli("tree --json", it.ports)).document).toMatchObject({ entries: [{}, {}] });
  });

  test("the control plane given as file API is called by its name", async () => {
    using it = world({
      "GET /health": () => json({ status: "ok" }),
      "GET /cloud/api/v1/integrations/catalog": () => json({ providers: [] }),
    });
    const run = await runCli(`tree --server ${BASE}/cloud --json`, it.ports);
    expect(run).toMatchObject({ exit: 1 });
    expect(run.document).toMatchObject({
      error: {
        code: "wrong_service",
        message: `${BASE}/cloud (--file-api) is the control plane, not the file API`,
        hint: `Use --file-api ${BASE}`,
      },
    });
  });

  test.each([
    ["--file-api nonsense", 2, "usage"],
    ["--token-file /nowhere/x", 2, "invalid_input"],
    ["--token-fil x", 2, "usage"],
  ])("%s ends with exit %d", async (flags, exit, code) => {
    using it = world({});
    const run = await runCli(`tree ${flags} --json`, it.ports);
    expect(run.exit).toBe(exit);
    expect(run.document).toMatchObject({ kind: "relayfile.error", error: { code } });
  });
});

describe("relayfile cat", () => {
  test("prints the bytes and nothing else", async () => {
    const bytes = new Uint8Array([0x68, 0x69, 0x0a]);
    using it = world({
      [`GET ${FS}/file`]: () => json({ ...FILE, content: bytes.toBase64(), encoding: "base64" }),
    });
    expect(await runCli("cat /a.md", it.ports)).toMatchObject({ exit: 0, stdout: "hi\n" });
    expect((await runCli("read a.md --json", it.ports)).document).toMatchObject({
      kind: "relayfile.file",
      path: "/a.md",
      revision: "rev_7",
      sizeBytes: 3,
      encoding: "base64",
    });
  });

  test("--output writes the file whole, or not at all", async () => {
    using it = world({ [`GET ${FS}/file`]: () => json(FILE) });
    const run = await runCli("cat /a.md --output a.txt --json", it.ports);
    expect(run.document).toMatchObject({ output: "a.txt", content: null, sizeBytes: 2 });
    expect(await Bun.file(it.dir.join("a.txt")).text()).toBe("hi");
    const failed = await runCli("cat /a.md --output none/a.txt", it.ports);
    expect(failed).toMatchObject({ exit: 6, stdout: "" });
    expect(failed.stderr).toContain("cannot write none/a.txt (ENOENT)");
  });

  test("needs a path", async () => {
    using it = world({});
    expect(await runCli("cat", it.ports)).toMatchObject({ exit: 2 });
  });
});

describe("relayfile put and rm", () => {
  const accepted = (opId: string) => ({
    opId,
    status: "queued",
    targetRevision: "rev_8",
    writeback: { provider: "docs", state: "pending" },
  });

  /** Routes of one file, with what was sent. */
  function file(exists: boolean, op: object = { opId: "op_1", status: "succeeded" }) {
    const sent: { method: string; ifMatch: string | null; body: string }[] = [];
    const write = async (request: Request) => {
      sent.push({
        method: request.method,
        ifMatch: request.headers.get("if-match"),
        body: await request.text(),
      });
      return json(accepted("op_1"), 202);
    };
    const missing = () => json({ code: "not_found", message: "not found" }, 404);
    const table = {
      [`GET ${FS}/file`]: () => (exists ? json(FILE) : missing()),
      [`PUT ${FS}/file`]: write,
      [`DELETE ${FS}/file`]: write,
      [`GET /v1/workspaces/${A}/ops/op_1`]: () => json(op),
    };
    return { sent, it: world(table) };
  }

  test.each([
    [true, "", "rev_7"],
    [false, "", "0"],
    [true, "--if-match *", "*"],
    [true, "--if-match rev_3", "rev_3"],
  ])("writes on the right revision (exists: %p, %s)", async (exists, flags, revision) => {
    const { it, sent } = file(exists);
    using _ = it;
    it.write("../in.json", '{"a":1}');
    const run = await runCli(`put /d/a.json --file in.json ${flags}`.trim().split(" "), it.ports);
    expect(run).toMatchObject({ exit: 0 });
    expect(sent).toEqual([
      {
        method: "PUT",
        ifMatch: revision,
        body: JSON.stringify({ content: '{"a":1}', contentType: "application/json" }),
      },
    ]);
  });

  test.each([
    [{ opId: "op_1", status: "succeeded" }, 0],
    [{ opId: "op_1", status: "dead_lettered", attemptCount: 3, lastError: "422 from provider" }, 1],
    [{ opId: "op_1", status: "failed", lastError: "no rule" }, 1],
  ])("--wait ends with the op: %j", async (op, exit) => {
    const { it } = file(true, op);
    using _ = it;
    it.write("../in.md", "x");
    const run = await runCli("put /a.md --file in.md --wait --json", it.ports);
    expect(run.exit).toBe(exit);
    expect(run.document).toMatchObject({ kind: "relayfile.write", opStatus: op.status, op });
  });

  test("rm deletes what it saw, and says when there is nothing", async () => {
    const { it, sent } = file(true);
    using _ = it;
    expect(await runCli("rm /a.md", it.ports)).toMatchObject({ exit: 0 });
    expect(sent).toMatchObject([{ method: "DELETE", ifMatch: "rev_7" }]);
    const gone = file(false);
    using __ = gone.it;
    expect(await runCli("rm /a.md", gone.it.ports)).toMatchObject({ exit: 1 });
    expect(gone.sent).toEqual([]);
  });

  test.each([
    ["put / --file x", 2],
    ["put /a/../b --file x", 2],
    ["put /a --file nothere", 2],
    ["rm /a//b", 2],
  ])("%s is refused before anything is sent", async (line, exit) => {
    const { it } = file(true);
    using _ = it;
    expect((await runCli(line, it.ports)).exit).toBe(exit);
    expect(it.requests).toHaveLength(0);
  });
});

describe("relayfile export", () => {
  const tar = new Uint8Array([1, 2, 3]);
  const answer = () => new Response(tar, { headers: { "content-type": "application/gzip" } });

  test("streams to a file or to standard output", async () => {
    using it = world({ [`GET ${FS}/export`]: answer });
    const run = await runCli("export --output out.tgz --json", it.ports);
    expect(run.document).toMatchObject({
      kind: "relayfile.export",
      format: "tar",
      sizeBytes: 3,
      output: "out.tgz",
    });
    expect(await Bun.file(it.dir.join("out.tgz")).bytes()).toEqual(tar);
    expect((await runCli("export", it.ports)).stdout).toBe("\u0001\u0002\u0003");
  });

  test("writes nothing when the answer is something else or breaks off", async () => {
    using it = world({ [`GET ${FS}/export`]: () => html(200) });
    expect(await runCli("export --output out.tgz", it.ports)).toMatchObject({
      exit: expect.any(Number),
      stdout: "",
    });
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new Error("reset")),
    });
    using cut = world({
      [`GET ${FS}/export`]: () => new Response(broken, { headers: { "content-type": "application/gzip" } }),
    });
    expect((await runCli("export --output out.tgz", cut.ports)).exit).toBe(3);
    for (const one of [it, cut]) {
      expect(one.ports.fs.readDir(one.dir.path).map((entry) => entry.name)).toEqual(["home"]);
    }
  });

  test("--json without --output cannot work and says so", async () => {
    using it = world({});
    expect((await runCli("export --json", it.ports)).document).toMatchObject({
      error: { code: "usage", hint: "Add --output FILE" },
    });
  });
});
