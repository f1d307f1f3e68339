import { describe, expect, test } from "bun:test";
import { utimesSync } from "node:fs";
import { FILE_LOCK, withFileLock } from "../../../lib/client/file-lock.ts";
import { bunClock } from "../../../lib/runtime/bun/clock.ts";
import { clientWorld } from "../../support/client-world.ts";
import { settle } from "../../support/clock.ts";

describe("withFileLock()", () => {
  test("lets one in at a time and opens again after a failure", async () => {
    using world = clientWorld();
    const ports = { ...world.ports, clock: bunClock() };
    const path = world.write("thing", "x");
    let inside = 0;
    let most = 0;
    const work = () =>
      withFileLock(ports, path, async () => {
        most = Math.max(most, ++inside);
        await settle();
        inside--;
      });
    await Promise.all([work(), work(), work()]);
    await expect(withFileLock(ports, path, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    await work();
    expect(most).toBe(1);
  });

  test("takes over from a process that is gone", async () => {
    using world = clientWorld();
    const path = world.write("thing", "x");
    world.write("thing.lock", "999999999 abc");
    expect(await withFileLock(world.ports, path, () => "done")).toBe("done");
    expect(world.ports.fs.readDir(world.home).map((entry) => entry.name)).toEqual(["thing"]);
  });

  test("takes over from a holder that sits on it longer than any may", async () => {
    using world = clientWorld();
    const ports = { ...world.ports, clock: bunClock() };
    const path = world.write("thing", "x");
    const lock = world.write("thing.lock", `${process.pid} abc`);
    const old = Date.now() / 1000 - FILE_LOCK.staleMs / 1000 - 1;
    utimesSync(lock, old, old);
    expect(await withFileLock(ports, path, () => "done")).toBe("done");
  });

  test("gives up after 30 s and names the holder", async () => {
    using world = clientWorld();
    const path = world.write("thing", "x");
    const lock = world.write("thing.lock", `${process.pid} abc`);
    // The fake clock stands at its own date: make the lock look fresh to it for as long as the test runs.
    const future = world.clock.now() / 1000 + 3600;
    utimesSync(lock, future, future);
    const waiting = withFileLock(world.ports, path, () => "done");
    const outcome = waiting.then(
      () => "entered",
      (error: Error) => error.message,
    );
    await world.clock.advance(FILE_LOCK.waitMs + FILE_LOCK.pollMs);
    expect(await outcome).toContain(`process ${process.pid} has held`);
  });
});
