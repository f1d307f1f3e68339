/** Listening on 127.0.0.1: the one port of both services, and plain handlers such as the provider simulator. */
import type { Server } from "bun";
import { fail, messageOf, osCodeOf } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { FeedSession } from "../../service/file-api/feed-session.ts";
import { FEED_SOCKETS, type SocketData, UPGRADED, upgradeWith } from "./websocket.ts";

/** A listener. */
export interface Listener {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  upgrade(request: Request, session: FeedSession): Response;
  /** Closes sockets, lets running answers end for a moment, then ends them. */
  stop(): Promise<void>;
}

/** How long running answers may take once a stop was asked for, ms. */
const STOP_GRACE_MS = 2_000;

/**
 * Listens on 127.0.0.1; port 0 takes a free one. The handler is asked only after this function returned, so it may
 * depend on the port. Fails with `port_in_use`, or `io_error` when listening is not possible at all.
 */
export function listen(port: number, handler: (request: Request) => Promise<Response>): Listener {
  let server: Server<SocketData>;
  try {
    server = Bun.serve<SocketData>({
      hostname: "127.0.0.1",
      port,
      development: false,
      // Bun shares ports in production mode unless told otherwise; a second serve on one port must fail instead.
      reusePort: false,
      idleTimeout: 0,
      // Sizes are judged per route before a body is read; this only bounds what no route asked for.
      maxRequestBodySize: 4 * FILE_API.bodyBytesMax,
      fetch: async (request) => {
        const response = await handler(request);
        return response === UPGRADED ? undefined : response;
      },
      websocket: FEED_SOCKETS,
    });
  } catch (cause) {
    if (osCodeOf(cause) === "EADDRINUSE" || /in use/i.test(messageOf(cause))) {
      fail("port_in_use", `port ${port} of 127.0.0.1 is taken`, { port }, { cause });
    }
    fail("io_error", `cannot listen on 127.0.0.1:${port} (${messageOf(cause)})`, { port }, { cause });
  }
  return {
    port: server.port ?? port,
    url: `http://127.0.0.1:${server.port}`,
    upgrade: (request, session) => upgradeWith(server, request, session),
    stop: async () => {
      const ended = server.stop(false);
      const graceful = await Promise.race([
        ended.then(() => true),
        Bun.sleep(STOP_GRACE_MS).then(() => false),
      ]);
      if (!graceful || server.pendingWebSockets > 0) await server.stop(true);
    },
  };
}
