import { describe, expect, test } from "bun:test";
import { error, json } from "../../support/fake-file-api.ts";
import { MountRig } from "../../support/mount-rig.ts";

describe("runOnce()", () => {
  test("mirrors the remote tree, byte for byte, and converges", async () => {
    const rig = new MountRig();
    rig.api.put("/github/a.json", '{"a":1}');
    rig.api.put("/notes/b.md", "hello\n");
    const report = await rig.once();
    expect(report).toMatchObject({ converged: true, trackedFiles: 2, pending: 0, error: null });
    expect(rig.fs.files(rig.root)).toEqual(["github/a.json", "notes/b.md"]);
    expect(rig.local("notes/b.md")).toBe("hello\n");
    expect(rig.relay("state.json")).toMatchObject({
      workspaceId: "rw_abcd1234",
      pendingWriteback: 0,
      status: "ready",
    });
  });

  test("W1: the outbox record is on disk before the upload starts", async () => {
    const rig = new MountRig();
    await rig.once();
    rig.save("new.md", "mine");
    let onDisk: unknown = null;
    rig.api.intercept = (request) => {
      if (request.path.endsWith("/fs/bulk")) {
        const [name] = rig.relayNames("outbox/pending");
        onDisk = rig.relay(`outbox/pending/${name}`);
      }
      return null;
    };
    const report = await rig.once();
    expect(report.converged).toBe(true);
    expect(onDisk).toMatchObject({
      remotePath: "/new.md",
      content: "mine",
      expectedRevision: "0",
      status: "pending",
    });
    expect(rig.api.text("/new.md")).toBe("mine");
    expect(rig.relayNames("outbox/pending")).toEqual([]);
  });

  test("W2: a lost reply is repeated with the same command id and applied once", async () => {
    const rig = new MountRig();
    await rig.once();
    rig.save("new.md", "mine");
    let lost = false;
    rig.api.intercept = (request) => {
      if (!request.path.endsWith("/fs/bulk") || lost) return null;
      lost = true;
      return "drop-reply";
    };
    const report = await rig.once();
    expect(report.converged).toBe(true);
    const keys = rig.api.seen("POST", "/fs/bulk").map((one) => one.body.files[0].contentIdentity.key);
    expect(keys.length).toBe(2);
    expect(new Set(keys).size).toBe(1);
    expect(rig.api.applied.length).toBe(1);
  });

  test("L7: an edit made while stopped is uploaded once, against the tracked revision", async () => {
    const rig = new MountRig();
    const revision = rig.api.put("/a.md", "one");
    await rig.once();
    await rig.clock.advance(10_000);
    rig.save("a.md", "two");
    const report = await rig.once();
    expect(report.converged).toBe(true);
    const uploads = rig.api.seen("POST", "/fs/bulk");
    expect(uploads.length).toBe(1);
    expect(uploads[0]?.body.files[0]).toMatchObject({ path: "/a.md", ifMatch: revision, content: "two" });
    expect(rig.api.text("/a.md")).toBe("two");
  });

  test("W8, S34, S36: a refused upload is logged and becomes a dead letter with its sidecar", async () => {
    const rig = new MountRig();
    await rig.once();
    rig.save("bad.json", "{}");
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(400, "bad_request", "title is required") : null;
    const report = await rig.once();
    expect(report).toMatchObject({ converged: false, deadLetters: 1 });
    const name = rig.relayNames("dead-letter").find((one) => !one.includes(".error."));
    const record = rig.relay(`dead-letter/${name}`);
    expect(record).toMatchObject({
      path: "/bad.json",
      attempts: 1,
      lastStatus: 400,
      stage: "upload",
      baseRevision: "0",
    });
    expect(JSON.parse(record.lastBody)).toMatchObject({ code: "bad_request", message: "title is required" });
    expect(record.opId).toBe(record.commandId);
    const sidecar = rig.relay(`dead-letter/${record.opId}.error.json`);
    expect(Object.keys(sidecar).sort()).toEqual(
      [
        "attempts",
        "code",
        "firstAttemptAt",
        "lastAttemptAt",
        "message",
        "opId",
        "providerResponse",
        "providerStatus",
      ].sort(),
    );
    expect(sidecar).toMatchObject({ code: "provider_4xx", providerStatus: 400, attempts: 1 });
    expect(rig.relay("state.json").failedWritebacks).toBe(1);
    const line = rig.lines.find((one) => one.message === "writeback_http");
    expect(line?.fields).toMatchObject({ status: 400, method: "POST", path: "/bad.json" });
    expect(rig.local("bad.json")).toBe("{}");
    rig.api.intercept = () => null;
    await rig.once();
    expect(rig.api.seen("POST", "/fs/bulk").length).toBe(1);
  });

  test("W15: one poisoned file among many is refused alone", async () => {
    const rig = new MountRig();
    await rig.once();
    for (let n = 0; n < 9; n++) rig.save(`f${n}.md`, `text ${n}`);
    rig.save("poison.md", "POISON");
    rig.api.put("/remote.md", "from afar");
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") &&
      request.body.files.some((file: { content: string }) => file.content === "POISON")
        ? error(422, "schema_validation_failed", "no")
        : null;
    const report = await rig.once();
    expect(report).toMatchObject({ deadLetters: 1, pending: 0 });
    for (let n = 0; n < 9; n++) expect(rig.api.text(`/f${n}.md`)).toBe(`text ${n}`);
    expect(rig.api.text("/poison.md")).toBeNull();
    expect(rig.local("remote.md")).toBe("from afar");
  });

  test("S39: a transient 503 that heals leaves no dead letter", async () => {
    const rig = new MountRig();
    await rig.once();
    rig.save("a.md", "x");
    let failures = 0;
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") && failures++ < 3 ? error(503, "unavailable", "later") : null;
    const report = await rig.once();
    expect(report).toMatchObject({ converged: true, deadLetters: 0 });
    expect(rig.relay("state.json").failedWritebacks).toBe(3);
    expect(rig.relayNames("outbox/attention")).toEqual([]);
  });

  test("W4: an op that ends dead-lettered becomes a dead letter of stage op", async () => {
    const rig = new MountRig();
    rig.api.put("/github/i.json", "{}");
    await rig.once();
    await rig.clock.advance(5_000);
    rig.save("github/i.json", '{"title":""}');
    rig.api.opStatus = () => ({
      status: "dead_lettered",
      lastError: "provider answered 400 title is empty",
      lastStatus: 400,
    });
    const report = await rig.once();
    expect(report).toMatchObject({ converged: false, deadLetters: 1, pending: 0 });
    const record = rig.relay("dead-letter/op_1.json");
    expect(record).toMatchObject({
      opId: "op_1",
      path: "/github/i.json",
      stage: "op",
      lastStatus: 400,
      attempts: 1,
    });
    expect(record.baseRevision).toBe(rig.api.files.get("/github/i.json")?.revision);
    expect(rig.relayNames("outbox/attention").length).toBe(1);
  });

  test("C1, C6: both changed: local bytes are kept as an artifact, the remote takes the place", async () => {
    const rig = new MountRig();
    const base = rig.api.put("/a.json", "[1]");
    await rig.once();
    await rig.clock.advance(5_000);
    rig.save("a.json", "[2]");
    rig.api.put("/a.json", "[3]");
    const report = await rig.once();
    expect(report.conflicts).toBe(1);
    expect(rig.local("a.json")).toBe("[3]");
    expect(rig.fs.text(`${rig.root}/.relay/conflicts/a.json.${base}.local`)).toBe("[2]");
    await rig.clock.advance(5_000);
    rig.save("a.json", "[4]");
    const later = await rig.once();
    expect(later.conflicts).toBe(0);
    expect(rig.fs.text(`${rig.root}/.relay/conflicts/resolved/a.json.${base}.local`)).toBe("[2]");
    expect(rig.api.text("/a.json")).toBe("[4]");
  });

  test("L10, L9: a delete without a witness needs two scans", async () => {
    const rig = new MountRig();
    for (const name of ["a", "b", "c"]) rig.api.put(`/${name}.md`, name);
    await rig.once();
    rig.fs.unlink(`${rig.root}/a.md`);
    const report = await rig.once();
    expect(report.converged).toBe(true);
    expect(rig.api.text("/a.md")).toBeNull();
    expect(rig.api.text("/b.md")).toBe("b");
  });

  test("L14: more deletes than a quarter are held, and restore brings the files back", async () => {
    const rig = new MountRig();
    for (let n = 0; n < 40; n++) rig.api.put(`/f${n}.md`, `${n}`);
    await rig.once();
    for (let n = 0; n < 20; n++) rig.fs.unlink(`${rig.root}/f${n}.md`);
    const report = await rig.once();
    expect(report).toMatchObject({ converged: false, heldDeletes: 20 });
    expect(rig.api.seen("DELETE", "/fs/file").length).toBe(0);
    expect(rig.relay("state.json")).toMatchObject({ status: "writeback-needs-attention" });
  });

  test("P4, P1: hostile remote paths are never written", async () => {
    const rig = new MountRig();
    rig.api.put("/../escape.md", "x");
    rig.api.put("/a/../../b.md", "x");
    rig.api.put("/mirror", "named like the root");
    rig.api.put("/ok.md", "fine");
    rig.api.put("/.relay/state.json", "{}");
    rig.api.put("/.git/config", "x");
    await rig.once();
    expect(rig.fs.files(rig.root)).toEqual(["ok.md"]);
    expect(rig.fs.text("/home/u/escape.md")).toBeNull();
    expect(rig.fs.text("/home/u/b.md")).toBeNull();
    expect(rig.relay("state.json").counters.deniedRootTarget).toBeGreaterThan(0);
  });

  test("P14: a linked parent is never followed", async () => {
    const rig = new MountRig();
    rig.fs.makeDir("/home/u/outside");
    rig.fs.symlink("/home/u/outside", `${rig.root}/docs`);
    rig.api.put("/docs/a.md", "x");
    const report = await rig.once();
    expect(report.problems).toBe(1);
    expect(rig.fs.files("/home/u/outside")).toEqual([]);
  });

  test("W3: pending records of an earlier run go out before anything is pulled", async () => {
    const rig = new MountRig();
    await rig.once();
    rig.save("a.md", "x");
    rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? "drop" : null);
    await rig.once();
    rig.api.intercept = () => null;
    rig.api.requests.length = 0;
    await rig.clock.advance(60_000);
    const report = await rig.once();
    expect(report.converged).toBe(true);
    expect(rig.api.requests[0]?.path).toEndWith("/fs/bulk");
  });

  test("E16: an expired cursor leads to one full pull", async () => {
    const rig = new MountRig();
    rig.api.put("/a.md", "1");
    await rig.once();
    rig.api.put("/b.md", "2");
    let expired = false;
    rig.api.intercept = (request) => {
      if (!request.path.endsWith("/fs/events") || request.query.get("cursor") === null || expired)
        return null;
      expired = true;
      return json(404, { code: "cursor_expired", message: "gone", correlationId: "c" });
    };
    const report = await rig.once();
    expect(report.converged).toBe(true);
    expect(rig.local("b.md")).toBe("2");
  });
});
