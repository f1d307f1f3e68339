/** What `relayfile why` says of each kind of file, over the daemon's real code on a memory disk. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { privatePaths, runtimeLayout } from "../../../lib/mount/layout.ts";
import { runningDaemon } from "../../../lib/mount/lock.ts";
import { readPublicState } from "../../../lib/mount/public-state.ts";
import { type PathStory, whyPath } from "../../../lib/mount/why.ts";
import { MountRig, ROOT } from "../../support/mount-rig.ts";

let rig: MountRig;
beforeEach(() => {
  rig = new MountRig();
});
afterEach(async () => {
  await rig.stop();
  rig.dispose();
});

const why = (rel: string, bytesMax: number | null = 1_000): PathStory => {
  const layout = runtimeLayout(ROOT);
  const read = readPublicState(rig.fs, layout.state);
  return whyPath(
    rig.world,
    {
      dir: ROOT,
      layout,
      remoteRoot: "/",
      index: privatePaths(rig.config, rig.world.sha256).database,
      workspace: "demo",
      start: ["relayfile", "mount", "demo", ROOT, "--background"],
      state: read.kind === "ok" ? read.state : null,
      running: runningDaemon(rig.world, ROOT) !== null,
      writebackBytesMax: bytesMax,
    },
    rel,
  );
};
const lines = (story: PathStory) => story.next.map(({ argv }) => argv.join(" "));

describe("whyPath() of a file both sides have", () => {
  beforeEach(() => rig.api.put("/a.md", "one"));

  test("says so while a daemon runs", async () => {
    await rig.start();
    expect(why("a.md")).toMatchObject({
      state: "in-step",
      because: "both sides have the same bytes",
      next: [],
    });
  });

  test("says as of when, once no daemon runs, and how to look at the server", async () => {
    await rig.start();
    await rig.stop();
    rig.api.put("/a.md", "two");
    const story = why("a.md");
    expect(story.asOf).toMatch(/^2\d{3}-\d\d-\d\dT/);
    expect(story.because).toBe(
      `both sides had the same bytes when they were last compared, at ${story.asOf}; no daemon runs, so what happened on the server since is not known`,
    );
    expect(lines(story)).toEqual(["relayfile cat demo /a.md", `relayfile mount demo ${ROOT} --background`]);
  });

  test("says since when the server cannot be reached", async () => {
    await rig.start();
    rig.api.intercept = () => "drop";
    await rig.clock.advance(60_000);
    const story = why("a.md");
    expect(story.state).toBe("in-step");
    expect(story.because).toContain(`at ${story.asOf}; since then: the server cannot be reached`);
  });
});

describe("whyPath() of what is here and is not sent", () => {
  test("a file above the upload limit names its size and the limit", async () => {
    rig = new MountRig({ env: { RELAYFILE_MAX_WRITEBACK_BYTES: "1000" } });
    await rig.start();
    rig.save("big.bin", "x".repeat(1_001));
    await rig.clock.advance(5_000);
    expect(why("big.bin")).toMatchObject({
      state: "local-only",
      because: "it is 1001 bytes, larger than the upload limit of 1000: it stays here only",
    });
    expect(why("big.bin", null).state).not.toBe("local-only");
  });

  test("a link, a pipe, and what lies behind a link", async () => {
    await rig.once();
    rig.fs.symlink("/etc/passwd", `${ROOT}/link`);
    rig.fs.symlink("/etc", `${ROOT}/dir`);
    expect(why("link")).toMatchObject({
      state: "local-only",
      because: expect.stringContaining("symbolic link"),
    });
    expect(why("dir/passwd")).toMatchObject({
      state: "local-only",
      because: expect.stringContaining("a directory above it is a symbolic link"),
    });
  });

  test("a name that cannot be sent", async () => {
    await rig.once();
    rig.save("a\\b.md", "x");
    expect(why("a\\b.md")).toMatchObject({
      state: "local-only",
      because:
        "it is here and is not sent: path contains a backslash, which remote syntax reads as a separator",
    });
  });

  test("a directory is no file", async () => {
    rig.api.put("/notes/a.md", "x");
    await rig.once();
    expect(why("notes")).toMatchObject({ state: "excluded", because: expect.stringContaining("directory") });
  });
});

describe("whyPath() of what is not here", () => {
  test("a held delete names both ways out", async () => {
    for (let n = 0; n < 12; n++) rig.api.put(`/f${n}.md`, "x");
    await rig.start();
    for (let n = 0; n < 12; n++) rig.fs.unlink(`${ROOT}/f${n}.md`);
    await rig.clock.advance(20_000);
    const story = why("f3.md");
    expect(story).toMatchObject({
      state: "pending",
      because: expect.stringContaining("the delete is held (mass_delete, 12 files)"),
    });
    expect(story.next).toEqual([
      {
        argv: ["relayfile", "mount", "resume", "demo", "--local-dir", ROOT, "--restore"],
        safe: true,
      },
      {
        argv: ["relayfile", "mount", "resume", "demo", "--local-dir", ROOT, "--confirm-deletes"],
        safe: false,
      },
    ]);
  });

  test("a file that was announced and never placed is not called gone", async () => {
    rig.api.put("/a.md", "x");
    await rig.once();
    rig.api.put("/late.md", "y");
    await rig.withEngine((engine) => {
      const known = engine.db.get("/a.md");
      if (known === undefined) throw new Error("the first copy did not place a.md");
      engine.db.put({ ...known, remotePath: "/late.md", rel: "late.md", unplaced: true });
    });
    const story = why("late.md");
    expect(story.state).toBe("not-placed");
    expect(story.because).toContain("was not placed here yet");
    expect(lines(story)).toEqual([`relayfile mount demo ${ROOT} --background`]);
  });

  test("an excluded file that the server has and that is missing here says so", async () => {
    rig.api.put("/digests/today.md", "x");
    await rig.once();
    expect(why("digests/today.md").state).toBe("excluded");
    rig.fs.unlink(`${ROOT}/digests/today.md`);
    const story = why("digests/today.md");
    expect(story).toMatchObject({
      state: "missing",
      because: "the server has it and it is missing here; names like this are never uploaded (catalog)",
    });
    expect(lines(story)).toEqual(["relayfile cat demo /digests/today.md"]);
  });

  test("a name nobody knows", async () => {
    await rig.once();
    expect(why("none.md")).toMatchObject({
      state: "unknown",
      because: "neither side is known to have it; no daemon runs for this mirror",
    });
  });
});
