/** The world on Bun, wired once. */
import type { Env, Fetch, Log, Ports } from "../../ports.ts";
import { bunClock } from "./clock.ts";
import { bunHost } from "./host.ts";
import { bunLocalFs } from "./local-fs.ts";
import { exemptLoopback } from "./proxy.ts";
import { bunRandom } from "./random.ts";
import { connectSocket } from "./socket.ts";
import { watchTree } from "./watcher.ts";

/** A log that says nothing. */
export const SILENT_LOG: Log = { debug() {}, info() {}, warn() {}, error() {} };

/** Every port, real. `env` and `cwd` default to those of the process, `log` to silence. */
export function bunPorts(options: { env?: Env; cwd?: string; log?: Log } = {}): Ports {
  const { env = process.env, cwd = process.cwd(), log = SILENT_LOG } = options;
  const clock = bunClock();
  exemptLoopback(process.env);
  return {
    clock,
    random: bunRandom(),
    log,
    fs: bunLocalFs(),
    watch: watchTree,
    fetch: loggedFetch(log, () => clock.monotonicMs()),
    connectSocket,
    host: bunHost(env, cwd),
  };
}

/** `fetch` with one debug line per request: no query, no headers, no body, so no secret. */
function loggedFetch(log: Log, monotonicMs: () => number): Fetch {
  return async (request) => {
    const startedMs = monotonicMs();
    const { origin, pathname } = new URL(request.url);
    const fields = { method: request.method, url: origin + pathname };
    try {
      const response = await fetch(request);
      log.debug("http", { ...fields, status: response.status, ms: Math.round(monotonicMs() - startedMs) });
      return response;
    } catch (error) {
      log.debug("http", { ...fields, failed: true, ms: Math.round(monotonicMs() - startedMs) });
      throw error;
    }
  };
}
