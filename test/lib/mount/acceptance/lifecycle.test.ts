/** Acceptance list 7.7: guards, state and the life of a daemon, as far as it needs no process. */
import { afterEach, describe, expect, test } from "bun:test";
import { notifyFlush } from "../../../../lib/mount/flush-signal.ts";
import { relativeRemotePath } from "../../../../lib/sync/remote-path.ts";
import { error, json } from "../../../support/fake-file-api.ts";
import { MountRig, type RigOptions, seededRandom } from "../../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());
const AUDITS = { flags: { fullPullMinIntervalMs: 60_000 } } as const;
const fill = (count: number) => {
  for (let n = 0; n < count; n++) rig.api.put(`/f${n}.md`, `${n}`);
};
const counters = () => rig.relay("state.json").counters;
/** The listing, changed; everything else of the server stays as it is. */
const listing = (change: (entries: { path: string; revision: string }[]) => object[]) => {
  rig.api.intercept = (request) => {
    if (!request.path.endsWith("/fs/tree")) return null;
    const entries = [...rig.api.files].map(([path, { revision }]) => ({ path, type: "file", revision }));
    return json(200, { path: "/", entries: change(entries), nextCursor: null });
  };
};

describe("7.7 guards", () => {
  test("S08, G1: a snapshot deletes only after two clean looks; a path that is back loses its marker", async () => {
    open(AUDITS);
    fill(12);
    await rig.start();
    const hidden = rig.api.files.get("/f3.md");
    rig.api.files.delete("/f3.md");
    rig.api.put("/later.md", "a newer revision");
    let looks = 0;
    rig.api.intercept = (request) => {
      if (request.query.get("path") === "/f3.md") looks++;
      return null;
    };
    while (rig.relayNames("pending-deletes").length === 0) await rig.clock.advance(5_000);
    const marker = rig.relay(`pending-deletes/${rig.relayNames("pending-deletes")[0]}`);
    expect(marker).toMatchObject({ path: "/f3.md", attempts: 1 });
    expect([rig.local("f3.md"), looks]).toEqual(["3", 0]);
    if (hidden) rig.api.files.set("/f3.md", hidden);
    await rig.clock.advance(180_000);
    expect([rig.local("f3.md"), rig.relayNames("pending-deletes")]).toEqual(["3", []]);
    rig.api.files.delete("/f3.md");
    await rig.clock.advance(300_000);
    expect(rig.local("f3.md")).toBeNull();
    expect(counters()).toMatchObject({ tombstonesConfirmed: 1 });
    expect(rig.relayNames("pending-deletes")).toEqual([]);
  });

  test("G2: an older listing, or one without revisions, deletes nothing and is counted", async () => {
    for (const revision of ["rev_1", ""]) {
      open(AUDITS);
      fill(12);
      await rig.start();
      listing((entries) => entries.slice(1).map((entry) => ({ ...entry, revision })));
      await rig.clock.advance(300_000);
      expect(rig.fs.files(rig.root)).toHaveLength(12);
      expect(rig.relayNames("pending-deletes")).toEqual([]);
      expect(counters().snapshotDeleteBlocked).toBeGreaterThan(0);
      await rig.stop();
    }
  });

  test("G3: an empty or halved listing deletes nothing and is counted", async () => {
    for (const keep of [0, 5]) {
      open(AUDITS);
      fill(12);
      await rig.start();
      rig.api.put("/f0.md", "newer");
      await rig.clock.advance(1_000);
      listing((entries) => entries.slice(0, keep));
      await rig.clock.advance(300_000);
      expect(rig.fs.files(rig.root)).toHaveLength(12);
      expect(counters().snapshotDeleteBlocked).toBeGreaterThan(0);
      await rig.stop();
    }
  });

  test("G5: many cycles of errors, resets and cut listings lose no file, and the mirror converges after them", async () => {
    const random = seededRandom(5);
    open(AUDITS);
    fill(30);
    await rig.start();
    rig.api.intercept = (request) => {
      const dice = random.float();
      if (dice < 0.2) return error(503, "unavailable", "no");
      if (dice < 0.3) return "drop";
      if (dice < 0.35) return "drop-reply";
      if (dice > 0.6 || !request.path.endsWith("/fs/tree")) return null;
      const entries = [...rig.api.files].slice(0, Math.floor(random.float() * 30));
      return json(200, {
        path: "/",
        entries: entries.map(([path, { revision }]) => ({ path, type: "file", revision })),
        nextCursor: null,
      });
    };
    for (let n = 0; n < 60; n++) {
      rig.save(`mine${n % 7}.md`, `${n}`);
      await rig.clock.advance(30_000);
      expect(rig.fs.files(rig.root).filter((name) => name.startsWith("f"))).toHaveLength(30);
    }
    rig.api.intercept = () => null;
    await rig.clock.advance(600_000);
    expect(rig.relay("state.json").verdict).toBe("ok");
    for (let n = 53; n < 60; n++) expect(rig.api.text(`/mine${n % 7}.md`)).toBe(`${n}`);
  });

  test("G13: however often files change, the server's status is asked for at most once in 5 s", async () => {
    open();
    await rig.start();
    const asked = () => rig.api.seen("GET", "/sync/status").length;
    const before = asked();
    for (let n = 0; n < 300; n++) {
      rig.save("busy.md", `${n}`);
      await rig.clock.advance(33);
    }
    expect(asked() - before).toBeLessThanOrEqual(2);
  });
});

describe("7.7 state", () => {
  test("G11: of an older daemon's files in the mirror exactly its state and temporary siblings move to quarantine", async () => {
    open().api.put("/a.md", "1");
    const state = { workspaceId: "rw_abcd1234", files: { "/a.md": { revision: "rev_1", hash: "x" } } };
    rig.save(".relayfile-mount-state.json", JSON.stringify(state));
    rig.save(".relayfile-mount-state.json.tmp-1", "half");
    rig.save("..relayfile-mount-state.json.tmp-2", "half");
    rig.save(".relayfile-mount-state.json.backup", "a person's");
    rig.fs.makeDir(`${rig.root}/.relayfile-mount-state.json.tmp-dir`);
    rig.fs.symlink("/home/u", `${rig.root}/.relayfile-mount-state.json.tmp-link`);
    await rig.withEngine(() => undefined);
    const left = rig.fs.readDir(rig.root).map(({ name }) => name);
    expect(left.filter((name) => name !== ".relay").sort()).toEqual([
      ".relayfile-mount-state.json.backup",
      ".relayfile-mount-state.json.tmp-dir",
      ".relayfile-mount-state.json.tmp-link",
    ]);
    const kept = rig.fs.readDir("/home/u/.relayfile-mount-state/quarantine");
    expect(kept.map(({ name }) => name.replace(/-\d{8}T\d{6}Z$/, "")).sort()).toEqual([
      "mirror-relayfile-mount-state.json",
      "mirror-relayfile-mount-state.json.tmp-1",
      "mirror-relayfile-mount-state.json.tmp-2",
    ]);
    await rig.once();
    expect([...rig.api.files.keys()].sort()).toEqual(["/.relayfile-mount-state.json.backup", "/a.md"]);
  });

  test("S06: the state files have their documented names and shapes", async () => {
    open({ env: { RELAYFILE_CB_THRESHOLD: "1000" }, ...AUDITS });
    fill(12);
    rig.api.put("/docs/.relayfile.acl", '{"read":["*"]}');
    await rig.start();
    expect(rig.local("docs/.relayfile.acl")).toBe('{"read":["*"]}');
    expect(rig.relay("state.json")).toMatchObject({
      workspaceId: "rw_abcd1234",
      remoteRoot: "/",
      localRoot: rig.root,
      mode: "poll",
      syncMode: "mirror",
      intervalMs: 30_000,
      status: "ready",
      states: { stale: false, offline: false, hasConflicts: false, hasPendingWriteback: false },
      pendingWriteback: 0,
      pendingConflicts: 0,
      failedWritebacks: 0,
      files: { "/f1.md": { revision: expect.any(String), status: "ready" } },
      circuit: { open: false, windowMs: 60_000, cooldownMs: 30_000, threshold: 1_000 },
      outbox: { pending: 0, needsAttention: 0, failed: 0, acked: 0 },
      daemon: { pid: 4242, pidFile: `${rig.root}/.relay/mount.pid` },
    });
    expect(rig.relay("outbox/capabilities.json")).toEqual({ schemaVersion: 2, dispatchReceipts: true });
    rig.api.files.delete("/f3.md");
    rig.api.put("/later.md", "x");
    while (rig.relayNames("pending-deletes").length === 0) await rig.clock.advance(5_000);
    const [name = ""] = rig.relayNames("pending-deletes");
    expect(name).toBe(`${rig.world.sha256("/f3.md")}.json`);
    expect(Object.keys(rig.relay(`pending-deletes/${name}`)).sort()).toEqual([
      "attempts",
      "firstObservedAt",
      "lastObservedAt",
      "observedRevision",
      "path",
    ]);
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(400, "bad_request", "no") : null;
    rig.save("bad.json", "{}");
    await rig.clock.advance(5_000);
    const dead = rig.relayNames("dead-letter").find((one) => !one.includes(".error.")) ?? "";
    const record = rig.relay(`dead-letter/${dead}`);
    expect(dead).toBe(`${record.opId}.json`);
    expect(record).toMatchObject({ path: "/bad.json", attempts: 1, lastStatus: 400 });
    expect(record.ts).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    await rig.stop();
    const exported = JSON.parse(rig.local(".relayfile-mount-state.json") ?? "{}");
    expect(exported).toMatchObject({ workspaceId: "rw_abcd1234", bootstrapComplete: true });
    expect(exported.files["/f1.md"]).toMatchObject({
      revision: expect.any(String),
      hash: expect.any(String),
    });
    expect([...rig.api.files.keys()].filter((path) => path.includes("mount-state"))).toEqual([]);
  });

  test("S10: a RelativeRemotePath cannot be empty, climb, or be the root, whatever the remote root is", async () => {
    for (const text of ["", "/", ".", "..", "a/..", "../a", "a//b", "/a", "a/", "a/./b"])
      expect(() => relativeRemotePath(text)).toThrow();
    expect(String(relativeRemotePath("a/..b/c "))).toBe("a/..b/c ");
    open({ remoteRoot: "/github" });
    for (const path of ["/github", "/github/", "/github/..", "/github/../up.md", "/githubx/a.md"])
      rig.api.put(path, "hostile");
    rig.api.put("/github/ok.md", "x");
    await rig.once();
    expect(rig.fs.files(rig.root)).toEqual(["ok.md"]);
    expect(rig.fs.lstat(rig.root)?.kind).toBe("directory");
  });
});

describe("7.7 one round on request", () => {
  test("G15: a notified daemon runs one round and counts it up; with none there is nobody to ask", async () => {
    open().api.put("/a.md", "1");
    let ring: () => void = () => undefined;
    Object.assign(rig.world, {
      onFlushRequest: (listener: () => void) => {
        ring = listener;
        return () => undefined;
      },
    });
    Object.assign(rig.world.host, {
      kill: (_pid: number, name: string) => void (name === "SIGUSR1" && ring()),
    });
    const signal = new AbortController().signal;
    const ask = () => rig.clock.drive(notifyFlush(rig.world, rig.config, { timeoutMs: 30_000, signal }));
    expect(await ask()).toBeNull();
    await rig.start();
    rig.api.put("/b.md", "2");
    rig.save("mine.md", "3");
    const first = await ask();
    expect(first).toMatchObject({ pid: 4242, seq: 1, ok: true });
    expect(rig.local("b.md")).toBe("2");
    expect(rig.api.text("/mine.md")).toBe("3");
    expect((await ask())?.seq).toBe(2);
    rig.api.intercept = () => "drop";
    expect(await ask()).toMatchObject({ seq: 3, ok: false });
    rig.api.intercept = () => null;
    await rig.stop();
    expect(await ask()).toBeNull();
  });

  test("a save of the moment before the end, not yet told by the watcher, is sent", async () => {
    open().api.put("/a.md", "1");
    const { watch } = rig.world;
    Object.assign(rig.world, {
      watch: (root: string, handlers: Parameters<typeof watch>[1]) =>
        watch(root, {
          ...handlers,
          onChange: (...event) => void rig.clock.after(10, () => handlers.onChange(...event)),
        }),
    });
    await rig.start();
    await rig.clock.advance(10_000);
    rig.save("a.md", "2");
    await rig.stop();
    expect(rig.api.text("/a.md")).toBe("2");
  });
});
