/** How long the daemon's own code takes to write its state after one change, over an existing mirror. */
import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import type { ServeDocument } from "../../../commands/serve.ts";
import { mountConfig } from "../../../lib/mount/config.ts";
import { openMount } from "../../../lib/mount/open.ts";
import { writePublicState } from "../../../lib/mount/public-state.ts";
import { bunMountWorld } from "../../../lib/runtime/bun/mount-world.ts";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";

const ROUNDS = 21;

/** Median milliseconds of changing one entry of the index and writing the public state. */
export async function stateWriteMs(mirror: string, served: ServeDocument): Promise<number> {
  const world = bunMountWorld(bunPorts({ env: {} }));
  const config = mountConfig(
    {
      workspaceId: served.workspaceId,
      localRoot: mirror,
      remoteRoot: "/",
      server: served.fileApiUrl,
      stateDir: `${dirname(mirror)}/state`,
      scopes: null,
    },
    {},
    {},
    world.log,
  );
  const token = JSON.parse(readFileSync(served.tokenFile, "utf8")).token as string;
  const { engine, close } = openMount(world, config, {
    service: "file-api",
    baseUrl: served.fileApiUrl,
    token: () => token,
    fetch: world.fetch,
    random: world.random,
  });
  const paths = [...engine.db.entries.keys()];
  if (paths.length === 0) throw new Error(`the index of ${mirror} is empty`);
  const times: number[] = [];
  for (let n = 0; n < ROUNDS; n++) {
    const startedMs = performance.now();
    engine.db.patch(paths[n] as string, { missingScans: 1 });
    writePublicState(engine, { pid: process.pid, running: true });
    times.push(performance.now() - startedMs);
    engine.db.patch(paths[n] as string, { missingScans: 0 });
  }
  close();
  return times.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] as number;
}
