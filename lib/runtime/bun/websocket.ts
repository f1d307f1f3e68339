/** Bun's sockets for the service core: upgrades requests and connects them to feed sessions. */
import type { Server, WebSocketHandler } from "bun";
import { fail } from "../../errors.ts";
import type { FeedSession } from "../../service/file-api/feed-session.ts";

/** What a socket carries. */
export interface SocketData {
  readonly session: FeedSession;
}

/** The answer that stands for "this request is a socket now"; compared by identity, never sent. */
export const UPGRADED = new Response(null, { status: 204 });

/** Turns a request into a socket of the session. Fails with `bad_request` when the handshake is not valid. */
export function upgradeWith(server: Server<SocketData>, request: Request, session: FeedSession): Response {
  if (!server.upgrade(request, { data: { session } })) fail("bad_request", "invalid WebSocket handshake");
  return UPGRADED;
}

/** Longest frame of a client, bytes (spec file-api 5.3). */
const CLIENT_FRAME_BYTES_MAX = 32 * 1024;
/** Bytes a slow reader may leave unread before sending pauses. */
const BUFFER_BYTES_MAX = 1024 * 1024;

/** Handlers for `Bun.serve`. Protocol pings are answered by Bun itself. */
export const FEED_SOCKETS: WebSocketHandler<SocketData> = {
  data: {} as SocketData,
  maxPayloadLength: CLIENT_FRAME_BYTES_MAX,
  idleTimeout: 0,
  open(socket) {
    socket.data.session.open({
      send: (text) => {
        socket.send(text);
        return socket.getBufferedAmount() < BUFFER_BYTES_MAX;
      },
      close: (code, reason) => socket.close(code, reason),
    });
  },
  message(socket, message) {
    socket.data.session.message(typeof message === "string" ? message : new TextDecoder().decode(message));
  },
  drain(socket) {
    socket.data.session.drained();
  },
  close(socket) {
    socket.data.session.close();
  },
};
