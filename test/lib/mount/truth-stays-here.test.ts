/** Files that never go up are counted and told, whoever meets them: the watcher or a walk. */
import { afterEach, describe, expect, test } from "bun:test";
import { MountRig } from "../../support/mount-rig.ts";

let rig: MountRig;
afterEach(() => rig.stop());
const told = () => rig.relay("state.json").localOnly;
const LIMIT = { env: { RELAYFILE_MAX_WRITEBACK_BYTES: "10" } };

describe("what stays here only", () => {
  for (const how of ["the watcher", "a walk"]) {
    test(`is counted as ${how} meets it, and forgotten when it went`, async () => {
      rig = new MountRig(LIMIT);
      rig.api.put("/a.md", "1");
      await rig.start();
      expect(told()).toBeUndefined();
      if (how === "a walk") await rig.stop();
      rig.save("large.bin", "x".repeat(11));
      rig.save("back\\slash.md", "x");
      rig.fs.symlink("/etc/hosts", `${rig.root}/link`);
      rig.fs.symlink("nobody", `${rig.root}/.#lock`);
      if (how === "a walk") await rig.start();
      await rig.clock.advance(5_000);
      expect(told()).toEqual({
        files: 3,
        tooLarge: 1,
        unnamable: 1,
        links: 1,
        examples: ["back\\slash.md", "large.bin", "link"],
      });
      expect(rig.relay("state.json")).toMatchObject({
        verdict: "ok",
        verdictReason: "both sides agree, but for 3 files that stay here only",
      });
      rig.save("large.bin", "small");
      for (const name of ["back\\slash.md", "link"]) rig.fs.unlink(`${rig.root}/${name}`);
      await rig.clock.advance(5_000);
      expect(told()).toBeUndefined();
      expect(rig.api.text("/large.bin")).toBe("small");
    });
  }

  test("a name that is no text is counted by a walk, although nobody can open it", async () => {
    rig = new MountRig();
    rig.api.put("/a.md", "1");
    await rig.start();
    await rig.stop();
    rig.save("bad\ufffd.md", "x");
    const lstat = rig.fs.lstat.bind(rig.fs);
    rig.fs.lstat = (path) => (path.includes("\ufffd") ? null : lstat(path));
    await rig.start();
    await rig.clock.advance(5_000);
    expect(told()).toMatchObject({ files: 1, unnamable: 1, examples: ["bad\ufffd.md"] });
    expect(rig.api.applied.length).toBe(0);
  });
});
