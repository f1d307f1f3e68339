/** A listener on 127.0.0.1, on a port the system chooses, for one sign-in. */

import { fail, messageOf } from "../../errors.ts";

/** Answers GET requests until stopped; nothing is logged, because the callback's URL holds tokens. */
export function listenLoopback(handle: (url: URL) => Response): { readonly port: number; stop(): void } {
  try {
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      development: false,
      fetch: (request) =>
        request.method === "GET" ? handle(new URL(request.url)) : new Response(null, { status: 405 }),
    });
    return { port: server.port ?? 0, stop: () => void server.stop() };
  } catch (cause) {
    return fail(
      "io_error",
      `cannot listen on 127.0.0.1 (${messageOf(cause)})`,
      { hint: "relayfile login --device" },
      { cause },
    );
  }
}
