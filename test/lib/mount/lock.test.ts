import { afterAll, expect, test } from "bun:test";
import { mkdirSync, rmSync } from "node:fs";
import type { MountConfig } from "../../../lib/mount/config.ts";
import { runtimeLayout } from "../../../lib/mount/layout.ts";
import { lockMount, runningDaemon } from "../../../lib/mount/lock.ts";
import { bunMountWorld } from "../../../lib/runtime/bun/mount-world.ts";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { tempDir } from "../../support/temp-dir.ts";

const box = tempDir();
afterAll(() => box.remove());

test("L14 runningDaemon() still finds the daemon when the mount root was removed under it", () => {
  const world = bunMountWorld(bunPorts({ env: { RELAYFILE_HOME: box.join("home") } }));
  const localRoot = box.join("mirror");
  mkdirSync(runtimeLayout(localRoot).area, { recursive: true });
  const config = { localRoot, server: "http://127.0.0.1:1", workspaceId: "rw_abcd1234" } as MountConfig;
  const lease = lockMount(world, config);
  rmSync(localRoot, { recursive: true });
  expect(runningDaemon(world, localRoot)).toMatchObject({ pid: process.pid, workspaceId: "rw_abcd1234" });
  expect(runningDaemon(world, box.join("other"))).toBeNull();
  lease.release();
  expect(runningDaemon(world, localRoot)).toBeNull();
});
