import { afterEach, describe, expect, test } from "bun:test";
import { retryDeadLetter } from "../../../lib/mount/retry.ts";
import { error } from "../../support/fake-file-api.ts";
import { MountRig, type RigOptions } from "../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());

describe("runDaemon()", () => {
  test("uploads an in-place save once it settled, and reports it in the public state", async () => {
    open().api.put("/a.md", "1");
    await rig.start();
    rig.save("a.md", "2");
    await rig.clock.advance(60);
    expect(rig.api.text("/a.md")).toBe("1");
    await rig.clock.advance(1_000);
    expect(rig.api.text("/a.md")).toBe("2");
    expect(rig.relay("state.json")).toMatchObject({
      verdict: "ok",
      pendingWriteback: 0,
      watcher: "watching",
    });
  });

  test("L2: an atomic save goes out on the fast delay, its staging file never", async () => {
    open().api.put("/a.md", "1");
    await rig.start();
    rig.save(".a.md.tmp-1", "2");
    rig.fs.rename(`${rig.root}/.a.md.tmp-1`, `${rig.root}/a.md`);
    await rig.clock.advance(20);
    expect(rig.api.text("/a.md")).toBe("2");
    await rig.clock.advance(1_000);
    expect([...rig.api.files.keys()]).toEqual(["/a.md"]);
  });

  test("L3: a file that is still growing is not uploaded", async () => {
    open();
    await rig.start();
    for (let n = 1; n <= 10; n++) {
      rig.save("big.log", "x".repeat(n));
      await rig.clock.advance(80);
    }
    expect(rig.api.applied.length).toBe(0);
    await rig.clock.advance(500);
    expect(rig.api.applied.length).toBe(1);
    expect(rig.api.text("/big.log")).toBe("x".repeat(10));
  });

  test("L4: files saved together go out in one request", async () => {
    open();
    await rig.start();
    for (let n = 0; n < 11; n++) rig.save(`f${n}.md`, `${n}`);
    await rig.clock.advance(1_000);
    expect(rig.api.seen("POST", "/fs/bulk").length).toBe(1);
    expect(rig.api.files.size).toBe(11);
  });

  test("L5: a new nested tree is seen, and later edits in it", async () => {
    open();
    await rig.start();
    rig.save("x/y/z.md", "1");
    await rig.clock.advance(1_000);
    expect(rig.api.text("/x/y/z.md")).toBe("1");
    rig.save("x/y/z.md", "2");
    await rig.clock.advance(1_000);
    expect(rig.api.text("/x/y/z.md")).toBe("2");
  });

  test("a remote change appears locally at the next poll, and a remote delete removes the file", async () => {
    open().api.put("/a.md", "1");
    rig.api.put("/b.md", "1");
    await rig.start();
    rig.api.put("/a.md", "2");
    rig.api.remove("/b.md");
    await rig.clock.advance(40_000);
    expect(rig.local("a.md")).toBe("2");
    expect(rig.local("b.md")).toBeNull();
    expect(rig.api.applied.length).toBe(0);
  });

  test("a deleted file is deleted on the server after the settle window", async () => {
    open().api.put("/a.md", "1");
    for (let n = 0; n < 5; n++) rig.api.put(`/f${n}.md`, "x");
    await rig.start();
    rig.fs.unlink(`${rig.root}/a.md`);
    await rig.clock.advance(1_500);
    expect(rig.api.text("/a.md")).toBe("1");
    await rig.clock.advance(2_000);
    expect(rig.api.text("/a.md")).toBeNull();
  });

  test("L14, G: removing the mirror sends no delete and writes one incident", async () => {
    open();
    for (let n = 0; n < 5; n++) rig.api.put(`/f${n}.md`, "x");
    await rig.start();
    rig.fs.removeTree(rig.root);
    await rig.clock.advance(120_000);
    expect(rig.api.files.size).toBe(5);
    expect(rig.api.seen("DELETE", "/fs/file").length).toBe(0);
    const incidents = rig.fs
      .files("/home/u/.relayfile-mount-state")
      .filter((name) => name.includes("INCIDENT-"));
    expect(incidents.length).toBe(1);
    expect(rig.fs.lstat(rig.root)).toBeNull();
  });

  test("L15: a file created and removed before it settled is never sent", async () => {
    open();
    await rig.start();
    rig.save("a.md", "1");
    await rig.clock.advance(20);
    rig.fs.unlink(`${rig.root}/a.md`);
    await rig.clock.advance(5_000);
    expect(rig.api.seen("POST", "/fs/bulk").length).toBe(0);
    expect(rig.api.seen("DELETE", "/fs/file").length).toBe(0);
  });

  test("L16: a file over the cap is not uploaded through the watcher", async () => {
    open({ env: { RELAYFILE_MAX_WRITEBACK_BYTES: "10" } });
    await rig.start();
    rig.save("big.md", "x".repeat(11));
    rig.save("small.md", "x");
    await rig.clock.advance(2_000);
    expect([...rig.api.files.keys()]).toEqual(["/small.md"]);
    expect(rig.relay("state.json").counters.skippedOversizeWriteback).toBe(1);
  });

  test("G14: a settled but unsent edit is uploaded when the daemon stops", async () => {
    open();
    await rig.start();
    rig.save("a.md", "last words");
    await rig.clock.quiet();
    await rig.stop();
    expect(rig.api.text("/a.md")).toBe("last words");
  });

  test("G16: foreign keys of the public state survive", async () => {
    open();
    rig.fs.save(`${rig.root}/.relay/state.json`, '{"mine":{"x":1},"failedWritebacks":7}');
    await rig.start();
    rig.save("a.md", "1");
    await rig.clock.advance(2_000);
    expect(rig.relay("state.json")).toMatchObject({ mine: { x: 1 }, failedWritebacks: 7, status: "ready" });
  });

  test("G6: two daemons on one root are refused", async () => {
    open();
    await rig.start();
    await expect(rig.withEngine(() => 0)).rejects.toThrow("already mounted");
  });

  test("G4: five failures open the circuit, and it recovers by one probe", async () => {
    open();
    await rig.start();
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(503, "unavailable", "no") : null;
    for (let n = 0; n < 6; n++) rig.save(`f${n}.md`, `${n}`);
    await rig.clock.advance(20_000);
    expect(rig.relay("state.json").circuit.open).toBe(true);
    const tried = rig.api.seen("POST", "/fs/bulk").length;
    await rig.clock.advance(5_000);
    expect(rig.api.seen("POST", "/fs/bulk").length).toBe(tried);
    rig.api.intercept = () => null;
    await rig.clock.advance(90_000);
    expect(rig.api.files.size).toBe(6);
    expect(rig.relay("state.json")).toMatchObject({ circuit: { open: false }, verdict: "ok" });
    expect(rig.relayNames("dead-letter")).toEqual([]);
  });

  test("G12: a refused credential degrades, keeps edits, and recovers by itself", async () => {
    open();
    await rig.start();
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(401, "unauthorized", "token expired") : null;
    rig.save("a.md", "1");
    await rig.clock.advance(5_000);
    expect(rig.relay("state.json")).toMatchObject({ verdict: "degraded" });
    expect(rig.relayNames("dead-letter")).toEqual([]);
    rig.api.intercept = () => null;
    await rig.clock.advance(60_000);
    expect(rig.api.text("/a.md")).toBe("1");
    expect(rig.relay("state.json").verdict).toBe("ok");
  });

  test("G1, G3: a path missing from a listing stays until a second look confirms it", async () => {
    open({ flags: { fullPullMinIntervalMs: 60_000 } });
    for (let n = 0; n < 12; n++) rig.api.put(`/f${n}.md`, `${n}`);
    await rig.start();
    const hidden = rig.api.files.get("/f3.md");
    rig.api.files.delete("/f3.md");
    await rig.clock.advance(95_000);
    expect(rig.local("f3.md")).toBe("3");
    if (hidden) rig.api.files.set("/f3.md", hidden);
    await rig.clock.advance(300_000);
    expect(rig.local("f3.md")).toBe("3");
    rig.api.files.delete("/f3.md");
    rig.api.put("/other.md", "x");
    await rig.clock.advance(300_000);
    expect(rig.local("f3.md")).toBeNull();
    const all = [...rig.api.files];
    rig.api.files.clear();
    await rig.clock.advance(300_000);
    expect(rig.local("f4.md")).toBe("4");
    for (const [path, file] of all) rig.api.files.set(path, file);
  });

  test("C7: a remote delete of a locally edited file brings the edit back up", async () => {
    open().api.put("/a.md", "1");
    await rig.start();
    rig.api.remove("/a.md");
    rig.save("a.md", "2");
    await rig.clock.advance(60_000);
    expect(rig.local("a.md")).toBe("2");
    expect(rig.api.text("/a.md")).toBe("2");
  });

  test("C8: a read-only file that was changed gets the remote bytes back", async () => {
    open({ scopes: ["fs:read", "relayfile:fs:write:/docs/**"] });
    rig.api.put("/ro.md", "remote");
    await rig.start();
    expect(rig.fs.lstat(`${rig.root}/ro.md`)?.mode).toBe(0o444);
    rig.save("ro.md", "changed");
    rig.save("docs/w.md", "mine");
    await rig.clock.advance(5_000);
    expect(rig.local("ro.md")).toBe("remote");
    expect(rig.api.text("/docs/w.md")).toBe("mine");
  });

  test("W6: newer content replaces a pending save without attention", async () => {
    open();
    await rig.start();
    rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? "drop" : null);
    rig.save("a.md", "1");
    await rig.clock.advance(1_000);
    rig.save("a.md", "2");
    await rig.clock.advance(1_000);
    expect(rig.relayNames("outbox/pending").length).toBe(1);
    rig.api.intercept = () => null;
    await rig.clock.advance(60_000);
    expect(rig.api.text("/a.md")).toBe("2");
    expect(rig.relayNames("outbox/attention")).toEqual([]);
  });

  test("a save replaced while its reply was lost is recognised as our own", async () => {
    open().api.put("/a.md", "0");
    await rig.start();
    let lost = false;
    rig.api.intercept = (request) => {
      if (!request.path.endsWith("/fs/bulk") || lost) return null;
      lost = true;
      return "drop-reply";
    };
    rig.save("a.md", "1");
    await rig.clock.advance(150);
    rig.save("a.md", "2");
    await rig.clock.advance(60_000);
    expect(rig.api.text("/a.md")).toBe("2");
    expect(rig.local("a.md")).toBe("2");
    expect(rig.relay("state.json").pendingConflicts).toBe(0);
  });
});

describe("retryDeadLetter()", () => {
  test("W13, W14: sends the file to its remote path with the recorded base, then removes the record", async () => {
    open({ remoteRoot: "/github" });
    const revision = rig.api.put("/github/file.md", "1");
    const engine = await rig.start();
    rig.api.opStatus = () => ({
      status: "dead_lettered",
      lastError: "provider answered 400",
      lastStatus: 400,
    });
    rig.save("file.md", "2");
    await rig.clock.advance(3_000);
    const record = rig.relay("dead-letter/op_1.json");
    expect(record).toMatchObject({ path: "/github/file.md", stage: "op" });
    expect(record.baseRevision).not.toBe(revision);
    rig.api.opStatus = () => ({ status: "succeeded" });
    rig.api.requests.length = 0;
    const outcome = await rig.clock.drive(
      retryDeadLetter(engine, "op_1", { timeoutMs: 30_000, signal: new AbortController().signal }),
    );
    expect(outcome).toMatchObject({ opId: "op_1", status: "succeeded" });
    const uploads = rig.api.seen("POST", "/fs/bulk");
    expect(uploads.length).toBe(1);
    expect(uploads[0]?.body.files[0]).toMatchObject({
      path: "/github/file.md",
      ifMatch: record.baseRevision,
    });
    expect(uploads[0]?.body.files[0].contentIdentity.key).toBe(`${record.commandId}#1`);
    expect(rig.relayNames("dead-letter")).toEqual([]);
    expect(rig.relayNames("outbox/attention")).toEqual([]);
  });

  test("W14: refused again, the record stays and the error says so", async () => {
    open();
    const engine = await rig.start();
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(400, "bad_request", "still bad") : null;
    rig.save("a.md", "1");
    await rig.clock.advance(2_000);
    const [name] = rig.relayNames("dead-letter").filter((one) => !one.includes(".error."));
    const opId = (name ?? "").replace(".json", "");
    const retry = retryDeadLetter(engine, opId, { timeoutMs: 30_000, signal: new AbortController().signal });
    await expect(rig.clock.drive(retry)).rejects.toThrow("refused again");
    await rig.clock.advance(1_000);
    expect(rig.relayNames("dead-letter").length).toBe(2);
    expect(rig.relay(`dead-letter/${opId}.json`)).toMatchObject({ opId, path: "/a.md", attempts: 2 });
  });

  test("W12: an unknown id and a damaged record are clear errors, and the file is kept byte for byte", async () => {
    open();
    const engine = await rig.start();
    const options = { timeoutMs: 1_000, signal: new AbortController().signal };
    await expect(retryDeadLetter(engine, "op_nope", options)).rejects.toThrow(
      'unknown dead-letter op "op_nope"',
    );
    rig.fs.save(`${rig.root}/.relay/dead-letter/op_bad.json`, "{ not json");
    await expect(retryDeadLetter(engine, "op_bad", options)).rejects.toThrow("invalid dead-letter record");
    expect(rig.fs.text(`${rig.root}/.relay/dead-letter/op_bad.json`)).toBe("{ not json");
  });
});
