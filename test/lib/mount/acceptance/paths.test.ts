/** Acceptance list 7.1: paths and root safety, through the daemon's own code on a disk in memory. */
import { afterEach, describe, expect, test } from "bun:test";
import { writeAtomic } from "../../../../lib/mount/json-file.ts";
import { relativeRemotePath } from "../../../../lib/sync/remote-path.ts";
import { FoldingFs } from "../../../support/folding-fs.ts";
import { MountRig, type RigOptions } from "../../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());

const LONG = `${"n".repeat(236)}.md`;

describe("7.1 paths and root safety", () => {
  test("P1: a remote file named like the root is never written there, and the refusal is counted", async () => {
    open().api.put("/mirror", "x");
    rig.api.put("/ok.md", "x");
    await rig.once();
    expect(rig.fs.lstat(rig.root)?.kind).toBe("directory");
    expect(rig.fs.files(rig.root)).toEqual(["ok.md"]);
    expect(rig.relay("state.json").counters.deniedRootTarget).toBeGreaterThan(0);
  });

  test("P2: a child named like the root is not uploaded by scan or watcher on a root mount; below a remote root it is", async () => {
    open();
    rig.save("mirror", "found by the scan");
    await rig.start();
    rig.save("mirror", "seen by the watcher");
    await rig.clock.advance(5_000);
    expect(rig.api.files.size).toBe(0);
    await rig.stop();
    open({ remoteRoot: "/notes" });
    rig.save("mirror", "x");
    await rig.once();
    expect(rig.api.text("/notes/mirror")).toBe("x");
  });

  test("P3: an atomic write onto a directory refuses and leaves no temporary file", () => {
    open().fs.makeDir("/home/u/target");
    const write = () => writeAtomic(rig.world, "/home/u/target", new Uint8Array([1]));
    expect(write).toThrow("EISDIR");
    expect(rig.fs.readDir("/home/u").map(({ name }) => name)).toEqual(["mirror", "target"]);
  });

  test("P4: names that are empty, climb, hold NUL or a backslash, or are too long are refused, and stay off the disk", async () => {
    const bad = ["", ".", "..", "a/../../b", "a\u0000b", "a\\b", "x".repeat(4_097)];
    open();
    for (const name of bad) {
      expect(() => relativeRemotePath(name)).toThrow();
      rig.api.put(`/${name}`, "hostile");
    }
    rig.api.put("/ok.md", "x");
    await rig.once();
    expect(rig.fs.files("/home/u").filter((name) => !name.startsWith("."))).toEqual(["mirror/ok.md"]);
  });

  test("P5: a root replaced by a file stops the daemon's work and is written down outside of it", async () => {
    open().api.put("/a.md", "1");
    await rig.start();
    rig.fs.removeTree(rig.root);
    rig.fs.writeFile(rig.root, new TextEncoder().encode("an 11 MB download"));
    const before = rig.api.requests.length;
    await rig.clock.advance(120_000);
    expect(rig.fs.text(rig.root)).toBe("an 11 MB download");
    expect(rig.api.seen("DELETE", "/fs/file")).toEqual([]);
    expect(rig.api.requests.length - before).toBeLessThan(12);
    const incidents = rig.fs.files("/home/u/.relayfile-mount-state").filter((name) => /INCIDENT-/.test(name));
    expect(incidents).toHaveLength(1);
    expect(rig.fs.text(`/home/u/.relayfile-mount-state/${incidents[0]}`)).toContain("found: regular_file");
  });

  test("P7: a long remote name is shortened, and an edit goes back under the exact remote name", async () => {
    const path = `/docs/${LONG.replace(".md", "x.md")}`;
    open().api.put(path, "1");
    await rig.start();
    const [rel = ""] = rig.fs.files(rig.root);
    const name = rel.slice("docs/".length);
    expect(new TextEncoder().encode(name).byteLength).toBeLessThanOrEqual(220);
    expect(name).toMatch(/~rf-[0-9a-f]{32}\.md$/);
    rig.save(rel, "2");
    await rig.clock.advance(2_000);
    expect(rig.api.text(path)).toBe("2");
    expect(rig.api.files.size).toBe(1);
  });

  test("P8: two long names with one prefix become two files", async () => {
    open().api.put(`/${LONG}-one`, "1");
    rig.api.put(`/${LONG}-two`, "2");
    await rig.once();
    const files = rig.fs.files(rig.root);
    expect(files).toHaveLength(2);
    expect(files.map((rel) => rig.local(rel)).sort()).toEqual(["1", "2"]);
  });

  test("P9: a name of 230 bytes made here keeps its name, also when the index was lost after the save was recorded", async () => {
    const name = `${"m".repeat(227)}.md`;
    open();
    await rig.once();
    rig.save(name, "1");
    rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? "drop" : null);
    await rig.once();
    expect(rig.relayNames("outbox/pending")).toHaveLength(1);
    rig.forgetIndex();
    rig.api.intercept = () => null;
    await rig.clock.advance(60_000);
    await rig.once();
    expect(rig.fs.files(rig.root)).toEqual([name]);
    expect([...rig.api.files.keys()]).toEqual([`/${name}`]);
    rig.api.put(`/${name}`, "2");
    await rig.once();
    expect(rig.fs.files(rig.root)).toEqual([name]);
    expect(rig.local(name)).toBe("2");
  });

  test("P10: a file that already has the shortened name keeps it when the long one appears", async () => {
    const long = `/${LONG.replace(".md", "y.md")}`;
    open().api.put(long, "long");
    await rig.once();
    const [short = ""] = rig.fs.files(rig.root);
    open().api.put(`/${short}`, "literal");
    await rig.once();
    rig.api.put(long, "long");
    const report = await rig.once();
    expect(report.problems).toBe(1);
    expect(rig.local(short)).toBe("literal");
    await rig.clock.advance(5_000);
    rig.save(short, "literal, edited");
    await rig.once();
    expect(rig.api.text(`/${short}`)).toBe("literal, edited");
    expect(rig.api.text(long)).toBe("long");
  });

  test("P11: .Git is left out only where the disk folds case", async () => {
    for (const [disk, expected] of [
      [undefined, [".Git/config"]],
      [FoldingFs, []],
    ] as const) {
      open({ disk }).api.put("/.Git/config", "x");
      rig.api.put("/.git/config", "x");
      await rig.once();
      expect(rig.fs.files(rig.root)).toEqual([...expected]);
    }
  });

  test("P12: runtime names at any depth cross in neither direction, and the live area survives", async () => {
    open().api.put("/a/.relay/x", "theirs");
    rig.api.put("/a/.relayfile-mount-state.json", "theirs");
    rig.api.put("/.relay/state.json", "theirs");
    rig.save("b/.relay/x", "mine");
    rig.save("b/.relayfile-mount-state.json", "mine");
    await rig.once();
    await rig.once();
    expect([...rig.api.files.keys()].filter((path) => path.startsWith("/b"))).toEqual([]);
    expect(rig.fs.lstat(`${rig.root}/a/.relay`)).toBeNull();
    expect(rig.relay("state.json").workspaceId).toBe("rw_abcd1234");
  });

  test("P13: a name that only begins like the state file syncs as any other", async () => {
    open();
    await rig.start();
    rig.save(".relayfile-mount-state.json.backup", "x");
    await rig.clock.advance(2_000);
    expect([...rig.api.files.keys()]).toEqual(["/.relayfile-mount-state.json.backup"]);
  });

  test("P14: a parent that is a link to outside is never written through", async () => {
    open().fs.makeDir("/home/u/outside");
    rig.fs.symlink("/home/u/outside", `${rig.root}/docs`);
    rig.api.put("/docs/deep/a.md", "x");
    expect((await rig.once()).problems).toBe(1);
    expect(rig.fs.files("/home/u/outside")).toEqual([]);
  });

  test("P15: of two remote names that the disk does not tell apart the first is placed, the second is set aside", async () => {
    open({ disk: FoldingFs }).api.put("/Readme.md", "first");
    rig.api.put("/readme.md", "second");
    const report = await rig.once();
    expect(report.problems).toBe(1);
    expect(rig.local("Readme.md")).toBe("first");
    expect(rig.relay("state.json").counters.pathCollisionQuarantined).toBe(1);
    expect(rig.api.applied).toEqual([]);
    rig.api.put("/readme.md", "second, changed");
    await rig.once();
    expect(rig.local("Readme.md")).toBe("first");
    expect([rig.api.text("/Readme.md"), rig.api.text("/readme.md")]).toEqual(["first", "second, changed"]);
  });
});
