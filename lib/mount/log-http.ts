/** A line for every request, for people who want to see what a mount asks (`--log-http-status`). */
import { messageOf } from "../errors.ts";
import type { Clock, Fetch, Log } from "../ports.ts";

/** The same fetch, telling status, method, path without query, and time of each request. */
export function loggingFetch(fetch: Fetch, { clock, log }: { clock: Clock; log: Log }): Fetch {
  return async (request) => {
    const startedMs = clock.monotonicMs();
    const facts = { method: request.method, path: new URL(request.url).pathname };
    const took = () => Math.round(clock.monotonicMs() - startedMs);
    try {
      const response = await fetch(request);
      log.info("http", { status: response.status, ...facts, elapsedMs: took() });
      return response;
    } catch (error) {
      log.info("http", { status: 0, ...facts, elapsedMs: took(), reason: messageOf(error) });
      throw error;
    }
  };
}
