/** Reads the close frame of a WebSocket itself: clients tell of a close only once the connection is gone, which some servers delay. */

const OPCODE_CLOSE = 8;
const LENGTH_16_BITS = 126;

/** Connects and resolves with the code of the server's close frame; rejects when the connection ends without one. */
export async function closeCodeOf(url: URL): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  let received = new Uint8Array(0);
  const secure = url.protocol === "https:";
  const socket = await Bun.connect({
    hostname: url.hostname,
    port: Number(url.port) || (secure ? 443 : 80),
    tls: secure,
    socket: {
      data: (_socket, chunk) => {
        received = Uint8Array.from([...received, ...chunk]);
        const code = closeCodeIn(received);
        if (code !== null) resolve(code);
      },
      close: () => reject(new Error("the connection ended without a close frame")),
    },
  });
  const key = crypto.getRandomValues(new Uint8Array(16)).toBase64();
  socket.write(
    `GET ${url.pathname}${url.search} HTTP/1.1\r\nHost: ${url.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
      `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\n\r\n`,
  );
  return promise.finally(() => socket.end());
}

/** Walks over the frames that follow the answer's head. */
function closeCodeIn(bytes: Uint8Array): number | null {
  const head = new TextDecoder("latin1").decode(bytes).indexOf("\r\n\r\n");
  if (head === -1) return null;
  for (let at = head + 4; at + 4 <= bytes.length; ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset + at);
    const short = view.getUint8(1) & 0x7f;
    const [start, length] = short === LENGTH_16_BITS ? [4, view.getUint16(2)] : [2, short];
    if ((view.getUint8(0) & 0x0f) === OPCODE_CLOSE) return view.getUint16(start);
    at += start + length;
  }
  return null;
}
