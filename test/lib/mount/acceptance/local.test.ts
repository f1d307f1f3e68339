/** Acceptance list 7.4: what people and programs do to the files of a mirror. */
import { afterEach, describe, expect, test } from "bun:test";
import { MountRig, type RigOptions } from "../../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());
const uploads = () => rig.api.seen("POST", "/fs/bulk");
const deletes = () => rig.api.seen("DELETE", "/fs/file").length;
const file = (rel: string) => `${rig.root}/${rel}`;

/** Changes the disk without any event reaching a watcher. */
function unseen(change: () => void): void {
  const watchers = (rig.fs as unknown as { watchers: Set<unknown> }).watchers;
  const kept = [...watchers];
  watchers.clear();
  change();
  for (const watcher of kept) watchers.add(watcher);
}

describe("7.4 local changes", () => {
  test("L1: write and chmod, rename over, or chmod alone end in one upload of the final bytes, and in no delete", async () => {
    open().api.put("/a.md", "1");
    rig.api.put("/b.md", "1");
    rig.api.put("/c.md", "1");
    await rig.start();
    rig.save("a.md", "half");
    rig.save("a.md", "2");
    rig.fs.chmod(file("a.md"), 0o600);
    rig.save("b.new", "2");
    rig.fs.unlink(file("b.md"));
    rig.fs.rename(file("b.new"), file("b.md"));
    rig.fs.chmod(file("c.md"), 0o600);
    await rig.clock.advance(5_000);
    expect(rig.api.applied.map(({ path }) => path).sort()).toEqual(["/a.md", "/b.md"]);
    expect([rig.api.text("/a.md"), rig.api.text("/b.md"), rig.api.text("/c.md")]).toEqual(["2", "2", "1"]);
    expect(deletes()).toBe(0);
  });

  test("L2: a staging name never goes up, unless the server has a file of that name", async () => {
    open().api.put("/tracked.tmp", "1");
    await rig.start();
    rig.save("untracked.swp", "x");
    rig.save("tracked.tmp", "2");
    await rig.clock.advance(5_000);
    expect([...rig.api.files.keys()]).toEqual(["/tracked.tmp"]);
    expect(rig.api.text("/tracked.tmp")).toBe("2");
  });

  test("L4: files saved together or one after the other are one request; churn without end is not waited for", async () => {
    open();
    await rig.start();
    for (let n = 0; n < 11; n++) {
      rig.save(`f${n}.md`, `${n}`);
      await rig.clock.advance(3);
    }
    await rig.clock.advance(1_000);
    expect(uploads()).toHaveLength(1);
    for (let n = 0; n < 400; n++) {
      rig.save(`churn${n}.md`, `${n}`);
      await rig.clock.advance(3);
    }
    expect(rig.api.files.size).toBeGreaterThan(100);
  });

  test("L6: more directories than allowed, or a watcher that fails, end in polling, and edits still go out", async () => {
    open({ env: { RELAYFILE_MOUNT_MAX_WATCH_DIRS: "2" }, flags: { intervalMs: 5_000 } });
    for (const name of ["a", "b", "c"]) rig.api.put(`/${name}/x.md`, "1");
    await rig.start();
    await rig.stop();
    await rig.start();
    expect(rig.relay("state.json").watcher).toBe("polling");
    rig.save("a/x.md", "2");
    await rig.clock.advance(20_000);
    expect(rig.api.text("/a/x.md")).toBe("2");
    await rig.stop();
    open({ flags: { intervalMs: 5_000 } }).api.put("/a.md", "1");
    let fail = (_error: Error): void => undefined;
    Object.assign(rig.world, {
      watch: (root: string, handlers: { onError(error: Error): void }) => {
        if (root === rig.root) fail = handlers.onError;
        return { close: () => undefined };
      },
    });
    await rig.start();
    fail(new Error("ENOSPC: inotify watches are used up"));
    rig.save("a.md", "2");
    await rig.clock.advance(20_000);
    expect(rig.api.text("/a.md")).toBe("2");
  });

  test("L7: an edit made while stopped goes up once; that of a file that may not be written is taken back", async () => {
    open({ scopes: ["relayfile:fs:write:/docs/**", "fs:read"] }).api.put("/docs/a.md", "1");
    rig.api.put("/ro.md", "remote");
    await rig.once();
    await rig.clock.advance(10_000);
    rig.save("docs/a.md", "2");
    rig.save("ro.md", "mine");
    await rig.start();
    await rig.clock.advance(20_000);
    expect(rig.api.applied.map(({ path }) => path)).toEqual(["/docs/a.md"]);
    expect(rig.local("ro.md")).toBe("remote");
    expect(rig.fs.lstat(file("ro.md"))?.mode).toBe(0o444);
  });

  test("L8: a change nobody told of is not taken up by a poll while the watcher is healthy", async () => {
    open().api.put("/a.md", "1");
    await rig.start();
    await rig.clock.advance(10_000);
    unseen(() => rig.save("a.md", "2"));
    await rig.clock.advance(120_000);
    expect(rig.api.applied).toEqual([]);
  });

  test("L9: a tracked file that is missing without a delete that was seen leaves the server untouched", async () => {
    // Audits walk over the disk as well, and a walk is no witness of a delete.
    open({ flags: { fullPullMinIntervalMs: 60_000 } }).api.put("/a.md", "1");
    rig.api.put("/b.md", "1");
    await rig.start();
    unseen(() => rig.fs.unlink(file("a.md")));
    await rig.clock.advance(180_000);
    expect(deletes()).toBe(0);
    expect(rig.api.text("/a.md")).toBe("1");
  });

  test("what a directory held goes with it when it is moved, also where another of its name is made at once", async () => {
    open().api.put("/d/a.md", "1");
    rig.api.put("/d/f/b.md", "2");
    await rig.start();
    await rig.clock.advance(10_000);
    rig.fs.rename(file("d"), file("e"));
    await rig.clock.quiet();
    rig.save("d/a.md", "3");
    await rig.clock.advance(20_000);
    expect([...rig.api.files.keys()].sort()).toEqual(["/d/a.md", "/e/a.md", "/e/f/b.md"]);
    expect(rig.api.text("/d/a.md")).toBe("3");
    expect(rig.fs.files(rig.root)).toEqual(["d/a.md", "e/a.md", "e/f/b.md"]);
  });

  test("what a directory held comes back when it was replaced faster than anybody could see", async () => {
    open().api.put("/d/a.md", "1");
    rig.api.put("/d/f/b.md", "2");
    await rig.start();
    await rig.clock.advance(10_000);
    unseen(() => rig.fs.rename(file("d"), file("e")));
    rig.save("d/c.md", "3");
    await rig.clock.advance(20_000);
    expect(deletes()).toBe(0);
    expect(rig.fs.files(rig.root)).toEqual(["d/a.md", "d/c.md", "d/f/b.md", "e/a.md", "e/f/b.md"]);
  });

  test("a file that a directory replaces is deleted before what lies in the directory is sent", async () => {
    open().api.put("/x", "1");
    await rig.start();
    await rig.clock.advance(10_000);
    rig.fs.unlink(file("x"));
    rig.save("x/in.md", "2");
    await rig.clock.advance(20_000);
    expect([...rig.api.files.keys()]).toEqual(["/x/in.md"]);
    expect(rig.api.requests.findIndex(({ method }) => method === "DELETE")).toBeLessThan(
      rig.api.requests.findIndex(({ path }) => path.endsWith("/fs/bulk")),
    );
    expect(rig.relay("state.json").verdict).toBe("ok");
  });

  test("an empty directory in place of a file is a delete of the file", async () => {
    open().api.put("/x", "1");
    await rig.start();
    await rig.clock.advance(10_000);
    rig.fs.unlink(file("x"));
    rig.fs.makeDir(file("x"));
    await rig.clock.advance(20_000);
    expect([...rig.api.files.keys()]).toEqual([]);
  });

  test("what a directory held is deleted before the file that replaces it is sent", async () => {
    open().api.put("/d/a.md", "1");
    rig.api.put("/d/f/b.md", "1");
    await rig.start();
    await rig.clock.advance(10_000);
    rig.fs.removeTree(file("d"));
    rig.save("d", "2");
    await rig.clock.advance(20_000);
    expect([...rig.api.files.keys()]).toEqual(["/d"]);
    expect(rig.relay("state.json").verdict).toBe("ok");
  });

  test("saves below held deletes wait with them, and are sent when the deletes are confirmed", async () => {
    open();
    for (let n = 0; n < 30; n++) rig.api.put(`/d${n}`, "1");
    const engine = await rig.start();
    await rig.clock.advance(10_000);
    for (let n = 0; n < 30; n++) rig.fs.unlink(file(`d${n}`));
    rig.save("d0/in.md", "2");
    rig.save("other.md", "3");
    await rig.clock.advance(60_000);
    expect(rig.relay("state.json")).toMatchObject({ verdict: "halted", pendingWriteback: 31 });
    expect(rig.api.text("/other.md")).toBe("3");
    expect(rig.api.text("/d0")).toBe("1");
    engine.db.setMeta("deletesConfirmed", "1");
    engine.wake.push.call();
    await rig.clock.advance(20_000);
    expect([...rig.api.files.keys()].sort()).toEqual(["/d0/in.md", "/other.md"]);
  });

  test("a file that is only ever written by the server comes back at once, and after a restart, and is not deleted there", async () => {
    open().api.put("/digests/today.md", "1");
    rig.api.put("/digests/yesterday.md", "2");
    await rig.start();
    await rig.clock.advance(10_000);
    rig.fs.unlink(file("digests/today.md"));
    await rig.clock.advance(5_000);
    expect(rig.local("digests/today.md")).toBe("1");
    await rig.stop();
    rig.fs.removeTree(file("digests"));
    await rig.start();
    await rig.clock.advance(5_000);
    expect(rig.fs.files(rig.root)).toEqual(["digests/today.md", "digests/yesterday.md"]);
    expect(deletes()).toBe(0);
  });

  test("L10: without a watcher a file missing in one scan stays on the server, in two it is deleted", async () => {
    open({
      env: { RELAYFILE_MOUNT_MAX_WATCH_DIRS: "1" },
      flags: { intervalMs: 10_000, intervalJitter: "0" },
    });
    for (const name of ["a/1", "b/2", "c/3"]) rig.api.put(`/${name}.md`, "1");
    await rig.once();
    const engine = await rig.start(5_000);
    expect(rig.relay("state.json").watcher).toBe("polling");
    rig.fs.unlink(file("a/1.md"));
    const missing = () => engine.db.get("/a/1.md")?.missingScans ?? 0;
    while (missing() === 0) await rig.clock.advance(1_000);
    await rig.clock.advance(4_000);
    expect(rig.api.text("/a/1.md")).toBe("1");
    await rig.clock.advance(20_000);
    expect(rig.api.text("/a/1.md")).toBeNull();
    expect(rig.api.files.size).toBe(2);
  });

  test("L11: an event that changed nothing does not keep an audit from bringing what is new", async () => {
    open({ flags: { fullPullMinIntervalMs: 60_000 } });
    for (const name of ["a", "b", "c"]) rig.api.put(`/${name}.md`, "1");
    await rig.start();
    let touched = false;
    rig.api.intercept = (request) => {
      if (!request.path.endsWith("/fs/tree") || touched) return null;
      touched = true;
      const events = rig.api.events.length;
      rig.api.put("/a.md", "2");
      // The audit alone can know: the event is lost.
      rig.api.events.length = events;
      rig.fs.chmod(file("a.md"), 0o600);
      return null;
    };
    await rig.clock.advance(120_000);
    expect(touched).toBe(true);
    expect(rig.local("a.md")).toBe("2");
  });

  test("L12: what was sent and accepted during an audit is neither overwritten nor brought back by its older listing", async () => {
    open({ flags: { fullPullMinIntervalMs: 60_000 } });
    for (let n = 0; n < 8; n++) rig.api.put(`/f${n}.md`, "1");
    await rig.start();
    const old = new Map(rig.api.files);
    rig.save("f1.md", "mine");
    rig.fs.unlink(file("f2.md"));
    rig.api.intercept = (request) => {
      if (!request.path.endsWith("/fs/tree")) return null;
      const entries = [...old].map(([path, { revision, bytes }]) => ({
        path,
        type: "file",
        revision,
        contentHash: rig.world.sha256(bytes),
      }));
      return Response.json({ path: "/", entries, nextCursor: null });
    };
    await rig.clock.advance(180_000);
    expect(rig.local("f1.md")).toBe("mine");
    expect(rig.local("f2.md")).toBeNull();
    expect([rig.api.text("/f1.md"), rig.api.text("/f2.md")]).toEqual(["mine", null]);
    expect(rig.relayNames("conflicts")).toEqual([]);
  });

  test("L13: a batch of the watcher is handled without a walk over the mirror", async () => {
    open();
    for (let n = 0; n < 20; n++) rig.api.put(`/d${n}/a.md`, "1");
    await rig.start();
    await rig.clock.advance(5_000);
    const listed: string[] = [];
    const { readDir } = rig.fs;
    rig.fs.readDir = (path) => {
      if (!path.includes("/.relay")) listed.push(path);
      return readDir.call(rig.fs, path);
    };
    rig.save("d3/a.md", "2");
    await rig.clock.advance(1_000);
    expect(rig.api.text("/d3/a.md")).toBe("2");
    expect(listed.filter((path) => path.startsWith(rig.root))).toEqual([]);
  });
});
