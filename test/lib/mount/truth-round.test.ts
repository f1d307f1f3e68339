/** A round on request says that both sides agree only when nothing waits, and otherwise what does. */
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { type FlushAck, notifyFlush } from "../../../lib/mount/flush-signal.ts";
import { error } from "../../support/fake-file-api.ts";
import { MountRig } from "../../support/mount-rig.ts";

let rig: MountRig;
let ring: () => void = () => undefined;
beforeEach(() => {
  rig = new MountRig();
  Object.assign(rig.world, {
    onFlushRequest: (listener: () => void) => {
      ring = listener;
      return () => undefined;
    },
  });
  Object.assign(rig.world.host, { kill: () => ring() });
});
afterEach(() => rig.stop());

const ask = (): Promise<FlushAck | null> =>
  rig.clock.drive(
    notifyFlush(rig.world, rig.config, { timeoutMs: 30_000, signal: new AbortController().signal }),
  );

describe("a round on request", () => {
  test("agrees when nothing waits, and waits for deletes that are only settling", async () => {
    for (let n = 0; n < 5; n++) rig.api.put(`/f${n}.md`, "x");
    await rig.start();
    rig.fs.unlink(`${rig.root}/f0.md`);
    rig.save("new.md", "1");
    const ack = await ask();
    expect(ack).toMatchObject({ ok: true });
    expect(ack?.reason).toBeUndefined();
    expect([rig.api.text("/f0.md"), rig.api.text("/new.md")]).toEqual([null, "1"]);
  });

  test("does not agree while deletes are held", async () => {
    for (let n = 0; n < 40; n++) rig.api.put(`/f${n}.md`, "x");
    await rig.start();
    for (let n = 0; n < 30; n++) rig.fs.unlink(`${rig.root}/f${n}.md`);
    const held = {
      ok: false,
      exit: "SAFETY",
      reason: "30 files deleted here wait for a decision",
      next: ["relayfile", "mount", "resume", "rw_abcd1234", "--restore"],
    };
    expect(await ask()).toMatchObject(held);
    expect(rig.relay("state.json")).toMatchObject({ verdict: "halted", verdictReason: held.reason });
    expect(await ask()).toMatchObject({ ...held, seq: 2 });
  });

  test("does not agree while a save waits for a later attempt", async () => {
    await rig.start();
    rig.api.intercept = ({ path }) => {
      if (!path.endsWith("/fs/bulk")) return null;
      return new Response("{}", { status: 503, headers: { "retry-after": "60" } });
    };
    for (let n = 0; n < 3; n++) rig.save(`s${n}.md`, "x");
    await rig.clock.advance(2_000);
    expect(await ask()).toMatchObject({
      ok: false,
      exit: "UNDETERMINED",
      reason: "3 saves still on the way to the server",
    });
    rig.api.intercept = () => null;
    await rig.clock.advance(600_000);
    expect(await ask()).toMatchObject({ ok: true });
  });

  test("does not agree while a conflict is open, or a save was refused for good", async () => {
    rig.api.put("/a.json", "[1]");
    await rig.start();
    rig.api.put("/a.json", "[3]");
    rig.save("a.json", "[2]");
    expect(await ask()).toMatchObject({
      ok: false,
      exit: "FINDINGS",
      reason: "1 file changed on both sides",
      next: ["relayfile", "conflicts", "rw_abcd1234"],
    });
    rig.api.intercept = ({ path }) => (path.endsWith("/fs/bulk") ? error(400, "bad_request", "never") : null);
    rig.save("b.md", "2");
    expect(await ask()).toMatchObject({
      ok: false,
      exit: "FINDINGS",
      reason: "1 save of this mirror refused for good",
    });
  });

  test("does not agree on a full disk, whoever meets it first", async () => {
    await rig.start();
    rig.api.put("/b.md", "2");
    rig.fs.hook = (operation, path) => {
      if (operation === "write" && path.startsWith(rig.root))
        throw Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" });
    };
    const full = { ok: false, exit: "LOCAL_STATE", reason: expect.stringContaining("the disk is full (") };
    expect(await ask()).toMatchObject(full);
    rig.fs.hook = () => undefined;
    await rig.clock.advance(120_000);
    expect(await ask()).toMatchObject({ ok: true });
  });

  test("does not agree when the server was not asked, and says why", async () => {
    await rig.start();
    rig.api.intercept = () => error(401, "unauthorized", "revoked");
    expect(await ask()).toMatchObject({
      ok: false,
      exit: "AUTH",
      reason: "the credential is refused: file API: revoked",
    });
  });
});
