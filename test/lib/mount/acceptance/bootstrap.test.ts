/** Acceptance list 7.2: the first copy by listing, and what may go wrong with single files of it. The stream has its own tests. */
import { afterEach, describe, expect, test } from "bun:test";
import { error } from "../../../support/fake-file-api.ts";
import { MountRig, type RigOptions } from "../../../support/mount-rig.ts";

let rig: MountRig;
/** A rig whose server offers neither streams nor bulk reads: every file is one request. */
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  rig.api.exportsFrames = false;
  rig.api.bulkRead = false;
  return rig;
};
afterEach(() => rig.stop());
const reads = () => rig.api.seen("GET", "/fs/file").map(({ query }) => query.get("path") ?? "");

describe("7.2 bootstrap", () => {
  test("B1: at most 16 reads are under way, and what they bring is placed in listing order", async () => {
    const count = 40;
    open();
    for (let n = 0; n < count; n++) rig.api.put(`/f${String(n).padStart(2, "0")}.md`, `${n}`);
    let [now, most] = [0, 0];
    rig.api.intercept = async (request) => {
      if (!request.path.endsWith("/fs/file")) return null;
      most = Math.max(most, ++now);
      // Later requests are answered first.
      await new Promise((resolve) => setImmediate(resolve));
      now--;
      return null;
    };
    const placed: string[] = [];
    rig.fs.hook = (operation, path) => {
      if (operation === "rename" && path.startsWith(`${rig.root}/f`)) placed.push(path);
    };
    await rig.once();
    expect(most).toBe(16);
    expect(placed).toHaveLength(count);
    expect(placed).toEqual([...placed].sort());
  });

  test("B8: a copy that was given up still lets recorded saves out, and does not concern a mirror that only writes", async () => {
    open().api.put("/a.md", "1");
    rig.api.intercept = (request) => (request.path.endsWith("/fs/bulk") ? "drop" : null);
    await rig.once();
    await rig.clock.advance(5_000);
    rig.save("a.md", "2");
    await rig.once();
    await rig.withEngine((engine) => {
      engine.db.setMeta("bootstrapComplete", null);
      engine.db.setMeta("bootstrapStallCycles", "20");
    });
    rig.api.intercept = () => null;
    rig.api.requests.length = 0;
    await rig.clock.advance(60_000);
    await rig.start(5_000);
    expect(await rig.ending()).toMatchObject({ code: "bootstrap_stalled" });
    expect(rig.api.text("/a.md")).toBe("2");
    expect(rig.api.seen("GET", "/fs/tree")).toEqual([]);
    const writer = new MountRig({ after: rig, root: "/home/u/writer", flags: { syncMode: "write-only" } });
    await writer.withEngine((engine) => engine.db.setMeta("bootstrapStallCycles", "20"));
    writer.save("b.md", "3");
    expect((await writer.once()).converged).toBe(true);
    expect(rig.api.text("/b.md")).toBe("3");
    expect(writer.local("a.md")).toBeNull();
  });

  test("B9: too many directories end it with the name of the first one too many; until more are allowed nothing is asked", async () => {
    open({ env: { RELAYFILE_BOOTSTRAP_MAX_DIRECTORIES: "3" } });
    for (let n = 0; n < 5; n++) rig.api.put(`/d${n}/a.md`, "x");
    const report = await rig.once();
    expect(report).toMatchObject({ converged: false, error: { code: "bootstrap_stalled" } });
    expect(report.error?.message).toContain("/d3");
    rig.api.requests.length = 0;
    await rig.once();
    expect(rig.api.requests.filter(({ path }) => !path.endsWith("sync/status"))).toEqual([]);
    const allowed = new MountRig({ after: rig, env: { RELAYFILE_BOOTSTRAP_MAX_DIRECTORIES: "5" } });
    expect((await allowed.once()).converged).toBe(true);
    expect(allowed.fs.files(allowed.root)).toHaveLength(5);
  });

  test("B12: one path that the disk refuses is recorded, the others arrive, and it is placed when the disk gives way", async () => {
    open();
    for (const name of ["a", "b", "c"]) rig.api.put(`/${name}.md`, name);
    let refusing = true;
    rig.fs.hook = (operation, path) => {
      if (refusing && operation === "rename" && path.endsWith("/b.md"))
        throw Object.assign(new Error("EACCES"), { code: "EACCES" });
    };
    await rig.start();
    expect(rig.fs.files(rig.root)).toEqual(["a.md", "c.md"]);
    expect(rig.relay("state.json").problems).toMatchObject([{ remotePath: "/b.md", kind: "skipped" }]);
    expect(rig.relay("state.json").counters.pathMaterializationSkipped).toBe(1);
    refusing = false;
    await rig.clock.advance(120_000);
    expect(rig.local("b.md")).toBe("b");
    expect(rig.relay("state.json").problems).toBeUndefined();
  });

  test("B13: a name that is a file and a directory is set aside over restarts, and placed when that ended", async () => {
    open().api.put("/a", "the file");
    rig.api.put("/a/b.md", "below it");
    const report = await rig.once();
    expect(report.problems).toBe(1);
    const kept = rig.fs.files(rig.root);
    expect(kept).toHaveLength(1);
    expect((await rig.once()).problems).toBe(1);
    rig.api.remove(kept[0] === "a" ? "/a" : "/a/b.md");
    await rig.once();
    await rig.clock.advance(120_000);
    const healed = await rig.once();
    expect(healed.problems).toBe(0);
    expect(rig.fs.files(rig.root)).toEqual([kept[0] === "a" ? "a/b.md" : "a"]);
  });

  test("B14: 503 for one file ends the pass without leaving its page, and nothing is counted twice", async () => {
    open();
    rig.api.treePage = 5;
    for (let n = 0; n < 10; n++) rig.api.put(`/f${n}.md`, `${n}`);
    let failing = true;
    rig.api.intercept = (request) =>
      failing && request.query.get("path") === "/f7.md" ? error(503, "unavailable", "busy") : null;
    const report = await rig.once();
    expect(report).toMatchObject({ converged: false, pulled: false });
    expect(rig.fs.files(rig.root)).toHaveLength(5);
    failing = false;
    rig.api.requests.length = 0;
    const engine = await rig.start();
    expect(rig.fs.files(rig.root)).toHaveLength(10);
    expect(new Set(reads())).toEqual(new Set(["/f5.md", "/f6.md", "/f7.md", "/f8.md", "/f9.md"]));
    expect(engine.db.entries.size).toBe(10);
    const told = rig.lines.find(({ message }) => message === "bootstrap complete");
    expect(told?.fields.files).toBe(10);
  });

  test("B15: an empty export while files are tracked is not believed; the listing brings everything in the same pass", async () => {
    open().api.exportsFrames = true;
    for (let n = 0; n < 12; n++) rig.api.put(`/f${n}.md`, `${n}`);
    await rig.once();
    await rig.withEngine((engine) => engine.db.setMeta("bootstrapComplete", null));
    rig.api.put("/new.md", "x");
    const all = new Map(rig.api.files);
    const frames = rig.api.frames.bind(rig.api);
    rig.api.frames = (query) => {
      rig.api.files.clear();
      const empty = frames(query);
      for (const [path, file] of all) rig.api.files.set(path, file);
      return empty;
    };
    expect((await rig.once()).converged).toBe(true);
    expect(rig.fs.files(rig.root)).toHaveLength(13);
  });

  test("B19: uploads that need attention show through a first copy, an outage does not", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    rig.save("mine.md", "2");
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/bulk") ? error(503, "unavailable", "no") : null;
    await rig.once();
    await rig.withEngine((engine) => engine.db.setMeta("bootstrapComplete", null));
    expect(rig.relay("state.json").outbox.needsAttention).toBe(1);
    const statusWhile = async (answer: () => Response) => {
      rig.api.exportsFrames = true;
      rig.api.intercept = (request) => (/fs\/(export|tree)$/.test(request.path) ? answer() : null);
      await rig.start(1_000);
      const { status, states } = rig.relay("state.json");
      await rig.stop();
      return [status, states.offline];
    };
    const silent = () => new Response(new ReadableStream());
    expect(await statusWhile(silent)).toEqual(["writeback-needs-attention", false]);
    const offline = await statusWhile(() => error(503, "unavailable", "no"));
    expect(offline).toEqual(["bootstrapping", true]);
  });
});
