/** A process that adds workspaces to a registry, for the test of its lock: `registry-worker.ts HOME PREFIX COUNT`. */
import { homeOf } from "../../lib/client/home.ts";
import { updateRegistry, upsertWorkspace } from "../../lib/client/registry.ts";
import { bunPorts } from "../../lib/runtime/bun/ports.ts";

const [home = "", prefix = "", count = "0"] = process.argv.slice(2);
const ports = bunPorts({ env: { RELAYFILE_HOME: home } });
for (let n = 0; n < Number(count); n++) {
  await updateRegistry(ports, homeOf(ports.host), (workspaces) => ({
    workspaces: upsertWorkspace(
      workspaces,
      { name: `${prefix}${n}`, id: `${prefix}-${n}` },
      ports.clock.now(),
    ),
  }));
}
