/** Acceptance list 7.5: conflicts, permissions and content. */
import { afterEach, describe, expect, test } from "bun:test";
import { dropDeadLetter } from "../../../../lib/mount/drop.ts";
import { error, json } from "../../../support/fake-file-api.ts";
import { MountRig, type RigOptions, seededRandom } from "../../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());
const uploads = () => rig.api.seen("POST", "/fs/bulk").length;
const artifact = (name: string) => rig.fs.text(`${rig.root}/.relay/conflicts/${name}`);
const mode = (rel: string) => rig.fs.lstat(`${rig.root}/${rel}`)?.mode;
/** Refuses uploads of one path with a per-file code. */
const refuse = (path: string, code: string) => {
  rig.api.refuseFile = (one) => (one === path ? code : null);
};

describe("7.5 conflicts", () => {
  test("C2: a remote update inside the settle window of an edit keeps the edit as an artifact", async () => {
    open({ flags: { websocket: true } });
    const base = rig.api.put("/a.json", "[1]");
    await rig.start();
    await rig.clock.advance(5_000);
    rig.save("a.json", "[2]");
    await rig.clock.advance(30);
    rig.api.put("/a.json", "[3]");
    await rig.clock.advance(10_000);
    expect(rig.local("a.json")).toBe("[3]");
    expect(artifact(`a.json.${base}.local`)).toBe("[2]");
    expect(rig.api.text("/a.json")).toBe("[3]");
  });

  test("C3: the base announced once more during an edit leaves the edit alone", async () => {
    open({ flags: { websocket: true } }).api.put("/a.md", "1");
    await rig.start();
    await rig.clock.advance(5_000);
    rig.save("a.md", "2");
    const [first] = rig.api.events;
    const again = { ...first, eventId: "evt_2" };
    rig.api.events.push(again as never);
    for (const listener of rig.api.listeners) listener(rig.api.liveMessage(again as never));
    await rig.clock.advance(10_000);
    expect(rig.local("a.md")).toBe("2");
    expect(rig.api.text("/a.md")).toBe("2");
    expect(rig.relayNames("conflicts")).toEqual([]);
  });

  /** Makes two disjoint edits of one file whose base is known, or not; `after` is what happens before the upload. */
  const bothEdit = async (known: boolean, remote: string) => {
    open().api.put("/a.md", "one\ntwo\nthree\nfour\n");
    await rig.once();
    await rig.clock.advance(5_000);
    if (known) {
      rig.save("a.md", "one\ntwo\nthree\n4\n");
      await rig.once();
      await rig.clock.advance(5_000);
    }
    const fourth = known ? "4" : "four";
    rig.save("a.md", `1\ntwo\nthree\n${fourth}\n`);
    rig.api.put("/a.md", remote.replace("FOUR", fourth));
  };

  test("C4: disjoint edits of a file whose base is known are merged; without a base, with equal lines, or unread, both are kept", async () => {
    await bothEdit(true, "one\ntwo\n3\nFOUR\n");
    await rig.once();
    expect(rig.local("a.md")).toBe("1\ntwo\n3\n4\n");
    expect(rig.api.text("/a.md")).toBe("1\ntwo\n3\n4\n");
    expect(rig.relayNames("conflicts")).toEqual([]);
    await bothEdit(false, "one\ntwo\n3\nFOUR\n");
    expect((await rig.once()).conflicts).toBe(1);
    await bothEdit(true, "eins\ntwo\nthree\nFOUR\n");
    expect((await rig.once()).conflicts).toBe(1);
    expect(rig.local("a.md")).toBe("eins\ntwo\nthree\n4\n");
    await bothEdit(true, "one\ntwo\n3\nFOUR\n");
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/file") ? error(500, "internal_error", "no") : null;
    await rig.once();
    expect(rig.local("a.md")).toBe("1\ntwo\nthree\n4\n");
    expect(rig.relayNames("outbox/pending")).toHaveLength(1);
  });

  test("C5: where nobody watches, the base kept for merging is the real content", async () => {
    open({ env: { RELAYFILE_MOUNT_MAX_WATCH_DIRS: "1" }, flags: { intervalMs: 5_000 } });
    rig.api.put("/d/a.md", "1\n");
    rig.api.put("/e/b.md", "1\n");
    await rig.once();
    const engine = await rig.start();
    rig.save("d/a.md", "2\n");
    await rig.clock.advance(30_000);
    const base = engine.db.base("/d/a.md");
    expect(new TextDecoder().decode(base?.bytes)).toBe("2\n");
    expect(base?.revision).toBe(rig.api.files.get("/d/a.md")?.revision as string);
  });

  test("C6: of two creators of one path one wins, and the other is an artifact with base 0", async () => {
    open();
    await rig.once();
    const other = new MountRig({ api: rig.api, clock: rig.clock, seed: 2 });
    await other.once();
    rig.save("new.json", "[1]");
    other.save("new.json", "[2]");
    await rig.once();
    expect((await other.once()).conflicts).toBe(1);
    expect(rig.api.text("/new.json")).toBe("[1]");
    expect(other.local("new.json")).toBe("[1]");
    expect(other.fs.text(`${other.root}/.relay/conflicts/new.json.0.local`)).toBe("[2]");
  });
});

describe("7.5 permissions", () => {
  test("C8: a file that may not be written comes back at 0444 after an edit, a forced mode or a delete, and the log says so", async () => {
    open({ scopes: ["fs:read", "relayfile:fs:write:/docs/**"] }).api.put("/ro.md", "remote");
    await rig.start();
    for (const act of [
      () => rig.save("ro.md", "edited"),
      () => {
        rig.fs.chmod(`${rig.root}/ro.md`, 0o644);
        rig.save("ro.md", "forced");
      },
      () => void rig.fs.unlink(`${rig.root}/ro.md`),
    ]) {
      act();
      await rig.clock.advance(40_000);
      expect([rig.local("ro.md"), mode("ro.md")]).toEqual(["remote", 0o444]);
    }
    const log = rig.fs.text(`${rig.root}/.relay/permissions-denied.log`) ?? "";
    expect(log).toMatch(/^\[[^\]]+\] WRITE_REVERTED \/ro\.md: /m);
    expect(uploads()).toBe(0);
  });

  test("C9: a create that is forbidden stays here and is not sent again until it changes", async () => {
    open();
    await rig.start();
    refuse("/new.md", "forbidden");
    rig.save("new.md", "1");
    await rig.clock.advance(60_000);
    expect(rig.local("new.md")).toBe("1");
    const before = uploads();
    await rig.clock.advance(300_000);
    expect(uploads()).toBe(before);
    refuse("", "");
    rig.save("new.md", "2");
    await rig.clock.advance(5_000);
    expect(rig.api.text("/new.md")).toBe("2");
  });

  test("C10: where reading is denied the local copy goes, and it is not read again", async () => {
    open().api.put("/secret.md", "1");
    await rig.start();
    rig.api.intercept = (request) => {
      if (request.query.get("path") === "/secret.md") return error(403, "forbidden", "no");
      return request.path.endsWith("/fs/bulk-read") && request.body.paths.includes("/secret.md")
        ? json(200, { files: [{ path: "/secret.md", error: { code: "forbidden" } }] })
        : null;
    };
    rig.api.put("/secret.md", "2");
    await rig.clock.advance(40_000);
    expect(rig.local("secret.md")).toBeNull();
    rig.api.put("/secret.md", "3");
    rig.api.requests.length = 0;
    await rig.clock.advance(600_000);
    expect(rig.api.seen("GET", "/fs/file")).toEqual([]);
    expect(rig.api.seen("DELETE", "/fs/file")).toEqual([]);
  });

  test("where a server takes one name for another, a person hears of the save and can drop it", async () => {
    open().api.put("/two.md", "theirs");
    const engine = await rig.start();
    refuse("/two.md ", "conflict");
    const other = { path: "/two.md", revision: "rev_1", contentType: "text/markdown", content: "theirs" };
    rig.api.intercept = ({ query }) => (query.get("path") === "/two.md " ? json(200, other) : null);
    rig.save("two.md ", "mine");
    await rig.clock.advance(60_000);
    expect(rig.local("two.md ")).toBe("mine");
    expect(rig.relay("state.json")).toMatchObject({ pendingWriteback: 1, outbox: { needsAttention: 1 } });
    const letters = `${rig.root}/.relay/dead-letter`;
    expect(rig.fs.files(letters)).toHaveLength(2);
    dropDeadLetter(
      engine,
      String(rig.fs.files(letters).find((name) => !name.includes("error"))).slice(0, -5),
    );
    await rig.clock.advance(600_000);
    await rig.stop();
    await rig.start();
    await rig.clock.advance(60_000);
    expect(rig.fs.files(letters)).toEqual([]);
    expect(rig.relay("state.json")).toMatchObject({ verdict: "ok", outbox: { needsAttention: 0 } });
    expect(rig.local("two.md ")).toBe("mine");
  });

  test("C11: modes follow mirror, pull-only and mirror again by scope; what is no file is left alone", async () => {
    const scopes = ["fs:read", "relayfile:fs:write:/docs/**"];
    open({ scopes }).api.put("/docs/w.md", "1");
    rig.api.put("/ro.md", "1");
    await rig.once();
    expect([mode("docs/w.md"), mode("ro.md")]).toEqual([0o644, 0o444]);
    const read = new MountRig({ after: rig, scopes, flags: { syncMode: "pull-only" } });
    rig.fs.makeDir(`${rig.root}/docs/w.md.d`);
    await read.once();
    expect([mode("docs/w.md"), mode("ro.md")]).toEqual([0o444, 0o444]);
    rig.fs.unlink(`${rig.root}/ro.md`);
    rig.fs.symlink("/home/u", `${rig.root}/ro.md`);
    await new MountRig({ after: rig, scopes }).withEngine(() => undefined);
    expect([mode("docs/w.md"), rig.fs.lstat("/home/u")?.mode]).toEqual([0o644, 0o755]);
  });

  test("C12: a mirror that only pulls sends nothing, whatever happens to its files", async () => {
    open().api.put("/a.md", "1");
    rig.api.put("/b.md", "1");
    await rig.once();
    await rig.clock.advance(5_000);
    rig.save("pending.md", "x");
    rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? "drop" : null);
    await rig.once();
    rig.api.intercept = () => null;
    const pulls = new MountRig({ after: rig, flags: { syncMode: "pull-only" } });
    rig.api.requests.length = 0;
    await pulls.start();
    pulls.save("a.md", "2");
    pulls.save("new.md", "3");
    pulls.fs.unlink(`${pulls.root}/b.md`);
    await pulls.clock.advance(300_000);
    expect(pulls.relay("state.json")).toMatchObject({ verdict: "catching-up", syncMode: "pull-only" });
    await pulls.stop();
    await pulls.once();
    expect(
      rig.api.requests.filter(({ method, path }) => method !== "GET" && !/bulk-read$/.test(path)),
    ).toEqual([]);
    expect(pulls.relayNames("outbox/pending")).toHaveLength(1);
  });

  test("C12: a mirror that only pulls comes to rest after a restart and goes on pulling", async () => {
    open({ flags: { syncMode: "pull-only" } }).api.put("/a.md", "1");
    await rig.once();
    await rig.start();
    expect(rig.relay("state.json").verdict).toBe("ok");
    rig.api.put("/a.md", "2");
    await rig.clock.advance(60_000);
    expect(rig.local("a.md")).toBe("2");
  });

  test("C13: a body against the schema is kept aside; an update gets the server's version back, a create goes", async () => {
    open().api.put("/a.json", "{}");
    await rig.start();
    await rig.clock.advance(5_000);
    rig.api.refuseFile = () => "schema_validation_failed";
    rig.save("a.json", '{"bad":1}');
    rig.save("new.json", '{"bad":2}');
    await rig.clock.advance(40_000);
    expect([rig.local("a.json"), rig.local("new.json")]).toEqual(["{}", null]);
    const kept = rig.relayNames("conflicts").filter((name) => /\.invalid\.\d{8}T\d{6}Z$/.test(name));
    expect(kept.map((name) => artifact(name))).toEqual(['{"bad":1}', '{"bad":2}']);
  });
});

describe("7.5 content", () => {
  test("C14: arbitrary bytes make the way there and back unchanged", async () => {
    const random = seededRandom(7);
    open();
    await rig.once();
    const bytes = [new Uint8Array(), new Uint8Array([0, 255, 254, 13, 10]), random.bytes(70_000)];
    for (const [n, one] of bytes.entries()) rig.fs.writeFile(`${rig.root}/f${n}.bin`, one);
    await rig.once();
    const other = new MountRig({ api: rig.api, clock: rig.clock, seed: 2 });
    await other.once();
    for (const [n, one] of bytes.entries()) {
      expect(rig.api.files.get(`/f${n}.bin`)?.bytes).toEqual(one);
      expect(other.fs.readFile(`${other.root}/f${n}.bin`)).toEqual(one);
    }
  });

  test("C15: a scope with /** lets everything below its folder be written, and nothing beside it", async () => {
    open({ scopes: ["relayfile:fs:write:/slack/**", "fs:read"] }).api.put("/slack/a/b.json", "{}");
    rig.api.put("/slackx/b.json", "{}");
    await rig.start();
    expect([mode("slack/a/b.json"), mode("slackx/b.json")]).toEqual([0o644, 0o444]);
    await rig.clock.advance(5_000);
    rig.save("slack/a/b.json", "[1]");
    rig.save("slackx/b.json", "[1]");
    await rig.clock.advance(5_000);
    expect([rig.api.text("/slack/a/b.json"), rig.api.text("/slackx/b.json")]).toEqual(["[1]", "{}"]);
  });
});
