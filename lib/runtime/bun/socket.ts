/** Client WebSockets on Bun, whose constructor takes headers. */
import type { ConnectSocket } from "../../ports.ts";

/** Opens a socket. A failed handshake ends in `onClose` like any other end. */
export const connectSocket: ConnectSocket = (url, { headers = {} }, handlers) => {
  const socket = new WebSocket(url, { headers } as unknown as string[]);
  let ended = false;
  const end = (code: number, reason: string) => {
    if (ended) return;
    ended = true;
    handlers.onClose(code, reason);
  };
  socket.onopen = () => handlers.onOpen();
  socket.onmessage = ({ data }) => {
    if (typeof data === "string") handlers.onMessage(data);
  };
  // An error is always followed by a close; the close carries the code.
  socket.onerror = () => undefined;
  socket.onclose = ({ code, reason }) => end(code, reason);
  return {
    send(text) {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close(code, reason) {
      socket.close(code, reason);
      // The peer may never answer the closing handshake.
      if (socket.readyState !== WebSocket.OPEN && socket.readyState !== WebSocket.CLOSING)
        end(code ?? 1005, reason ?? "");
    },
  };
};
