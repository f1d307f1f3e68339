/** A disk that takes nothing any more: told at once, once, without a stack, and over when it is over. */
import { afterEach, describe, expect, test } from "bun:test";
import { isRelayfileError } from "../../../lib/errors.ts";
import { localFault } from "../../../lib/mount/local-fault.ts";
import { waitForRegistration } from "../../../lib/mount/process.ts";
import { MountRig } from "../../support/mount-rig.ts";

let rig: MountRig;
afterEach(async () => {
  rig.fs.hook = () => undefined;
  await rig.stop();
});

const osError = (code: string) => Object.assign(new Error(`${code}: no, write`), { code });
/** From now on nothing new can be written in the mirror; a file that is there may be written again where `inPlace`. */
const fill = (code: string, inPlace: boolean) => {
  rig.fs.hook = (operation, path) => {
    if (operation !== "write" || !path.startsWith(rig.root)) return;
    if (inPlace && rig.fs.lstat(path) !== null) return;
    throw osError(code);
  };
};
const troubles = () => rig.lines.filter(({ level }) => level === "error");

describe("a full disk", () => {
  test("is the verdict at once, in the room of the old state, and ends with the fault", async () => {
    rig = new MountRig();
    rig.api.put("/a.md", "1");
    await rig.start();
    expect(rig.relay("state.json").verdict).toBe("ok");
    fill("ENOSPC", true);
    rig.api.put("/b.md", "2");
    await rig.clock.advance(40_000);
    expect(rig.relay("state.json")).toMatchObject({
      verdict: "degraded",
      verdictReason: expect.stringMatching(/^the disk is full \(\/home\/u\/mirror/),
      lastError: { kind: "error", code: "io_error" },
    });
    rig.fs.hook = () => undefined;
    await rig.clock.advance(120_000);
    expect(rig.relay("state.json")).toMatchObject({ verdict: "ok", files: { "/b.md": {} } });
    expect(rig.local("b.md")).toBe("2");
  });

  test("is told when it begins, without a stack, and not again and again", async () => {
    rig = new MountRig();
    await rig.start();
    fill("ENOSPC", false);
    rig.api.put("/b.md", "2");
    await rig.clock.advance(540_000);
    const lanes = troubles().map(({ fields }) => fields.lane);
    expect(lanes).toContain("pull");
    expect(lanes).toEqual([...new Set(lanes)]);
    expect(troubles().filter(({ fields }) => fields.stack !== undefined)).toEqual([]);
    expect(rig.lines.filter(({ message }) => message.startsWith("mount sync cycle failed"))).toEqual([]);
  });

  test("does not keep the daemon from ending with an error that says so", async () => {
    rig = new MountRig();
    const engine = await rig.start();
    fill("EROFS", false);
    const stop = rig.stop().then(
      () => null,
      (error: unknown) => error,
    );
    const ended = await stop;
    expect(isRelayfileError(ended, "io_error") && ended.exit).toBe("LOCAL_STATE");
    expect(String(ended)).toContain("the disk cannot be written (EROFS, /home/u/mirror");
    expect(troubles().at(-1)?.message).toBe("the daemon could not finish its last steps");
    expect(engine.health.faults.size).toBe(0);
  });
});

test("a daemon that ended before it was ready is quoted with its error, not with its hint", async () => {
  rig = new MountRig();
  Object.assign(rig.world.host, { isAlive: () => false });
  rig.fs.save("/home/u/log", "error: the disk is full (/m)\n  → Free space there, then repeat\n");
  const { signal } = new AbortController();
  const waiting = waitForRegistration(rig.world, {
    pid: 7,
    pidFile: "/home/u/p",
    logFile: "/home/u/log",
    signal,
  });
  await expect(waiting).rejects.toThrow("before it was ready: error: the disk is full (/m)");
});

describe("localFault()", () => {
  test("names the directory, or the one it was given", () => {
    const at = (code: string, path?: string) =>
      localFault(Object.assign(osError(code), { path }), "/m")?.message;
    expect(at("ENOSPC", "/m/.relay/x.json")).toBe("the disk is full (/m/.relay)");
    expect(at("EDQUOT")).toBe("the disk is full (/m)");
    expect(at("SQLITE_FULL")).toBe("the disk is full (/m)");
    expect(at("EROFS")).toBe("the disk cannot be written (EROFS, /m)");
    expect(at("SQLITE_IOERR_WRITE")).toBe("the disk cannot be written (SQLITE_IOERR_WRITE, /m)");
    expect(at("ENOENT")).toBeUndefined();
    expect(localFault("text", "/m")).toBeNull();
  });
});
