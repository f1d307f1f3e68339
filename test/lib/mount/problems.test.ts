/** Paths that could not be placed or read: how they stop being a problem, without an audit. */
import { afterEach, expect, test } from "bun:test";
import { error, json } from "../../support/fake-file-api.ts";
import { osError } from "../../support/memory-fs.ts";
import { MountRig } from "../../support/mount-rig.ts";

const HOUR = 3_600_000;

let rig: MountRig;
afterEach(() => rig.stop());

/** A mount without audits, whose disk refuses the name `b.md` until told otherwise. */
async function refusingOne(): Promise<{ relent(): void }> {
  rig = new MountRig({ flags: { fullPullMinIntervalMs: 240 * HOUR } });
  let refusing = true;
  rig.fs.hook = (operation, path) => {
    if (refusing && operation === "rename" && path.endsWith("/b.md")) throw osError("EACCES", path);
  };
  await rig.start();
  rig.api.put("/b.md", "theirs");
  await rig.clock.advance(40_000);
  expect(rig.relay("state.json").problems).toMatchObject([{ remotePath: "/b.md", kind: "skipped" }]);
  return {
    relent() {
      refusing = false;
    },
  };
}

test("a path that was removed on the server is no problem any more", async () => {
  await refusingOne();
  rig.api.remove("/b.md");
  await rig.clock.advance(20_000);
  expect(rig.relay("state.json").problems).toBeUndefined();
});

test("a path is placed soon after the disk accepts it again", async () => {
  const disk = await refusingOne();
  disk.relent();
  await rig.clock.advance(120_000);
  expect(rig.local("b.md")).toBe("theirs");
  expect(rig.relay("state.json").problems).toBeUndefined();
});

test("a file that may be read again is here within half an hour", async () => {
  rig = new MountRig({ flags: { fullPullMinIntervalMs: 240 * HOUR } });
  rig.api.put("/secret.md", "for later");
  let secret = true;
  rig.api.intercept = ({ path, query, body }) => {
    if (path.endsWith("/export")) return error(404, "not_found", "no export here");
    if (!secret) return null;
    if (query.get("path") === "/secret.md") return error(403, "forbidden", "no");
    return path.endsWith("/fs/bulk-read") && body.paths.includes("/secret.md")
      ? json(200, { files: [{ path: "/secret.md", error: { code: "forbidden" } }] })
      : null;
  };
  await rig.start();
  await rig.clock.advance(HOUR);
  expect(rig.local("secret.md")).toBeNull();
  expect(rig.relay("state.json").deniedPaths).toBe(1);
  secret = false;
  await rig.clock.advance(HOUR / 2 + 60_000);
  expect(rig.local("secret.md")).toBe("for later");
});
