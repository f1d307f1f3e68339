/**
 * A small HTTP/1.1 client for benchmarks: keep-alive connections that each have one request under way. `fetch` would
 * cost more than the answers that are measured.
 */

/** What to send. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  /** Ends after this many requests or this time, whichever comes first. */
  readonly requestsMax?: number;
  readonly forMs: number;
  /** The whole request number n, head and body. */
  request(n: number): Uint8Array;
}

/** What came back. */
export interface LoadResult {
  readonly requests: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Answers outside 200-299 by status; a good run has none. */
  readonly refused: Readonly<Record<string, number>>;
}

const encoder = new TextEncoder();
const HEAD_END = Buffer.from("\r\n\r\n");

/** A request as bytes. */
export function requestBytes(
  port: number,
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: string | Uint8Array,
): Uint8Array {
  const bytes = typeof body === "string" ? encoder.encode(body) : (body ?? new Uint8Array(0));
  const lines = [
    `${method} ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    ...(body === undefined ? [] : [`Content-Length: ${bytes.byteLength}`]),
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
  ];
  return Buffer.concat([encoder.encode(`${lines.join("\r\n")}\r\n\r\n`), bytes]);
}

interface Connection {
  buffered: Buffer[];
  size: number;
  /** Length of the whole answer once its head is known, else 0. */
  expected: number;
  status: number;
  sentAt: number;
  /** Bytes of the request the socket did not take yet. */
  rest: Uint8Array | null;
}

/** Drives the load and measures it. Answers must carry `Content-Length`. Throws when a connection is lost. */
export async function load(options: Load): Promise<LoadResult> {
  const times: number[] = [];
  const refused: Record<string, number> = {};
  const startedMs = performance.now();
  const endMs = startedMs + options.forMs;
  let sent = 0;
  const runOne = () =>
    new Promise<void>((done, lost) => {
      const next = (socket: Bun.Socket<Connection>) => {
        if (sent >= (options.requestsMax ?? Number.POSITIVE_INFINITY) || performance.now() >= endMs) {
          socket.end();
          done();
          return;
        }
        const bytes = options.request(sent++);
        socket.data.sentAt = performance.now();
        push(socket, bytes);
      };
      const received = (socket: Bun.Socket<Connection>, chunk: Buffer) => {
        const state = socket.data;
        state.buffered.push(Buffer.from(chunk));
        state.size += chunk.byteLength;
        if (state.expected === 0 && !readHead(state)) return;
        if (state.size < state.expected) return;
        times.push(performance.now() - state.sentAt);
        if (state.status < 200 || state.status > 299)
          refused[state.status] = (refused[state.status] ?? 0) + 1;
        Object.assign(state, { buffered: [], size: 0, expected: 0 });
        next(socket);
      };
      void Bun.connect<Connection>({
        hostname: "127.0.0.1",
        port: options.port,
        socket: {
          open(socket) {
            socket.data = { buffered: [], size: 0, expected: 0, status: 0, sentAt: 0, rest: null };
            next(socket);
          },
          data: received,
          drain: (socket) => {
            const { rest } = socket.data;
            if (rest !== null) push(socket, rest);
          },
          error: (_socket, error) => lost(error),
          close: () => done(),
        },
      }).catch(lost);
    });
  await Promise.all(Array.from({ length: options.connections }, runOne));
  const seconds = (performance.now() - startedMs) / 1_000;
  times.sort((a, b) => a - b);
  return {
    requests: times.length,
    perSecond: times.length / seconds,
    p50Ms: times[Math.floor(times.length / 2)] ?? Number.NaN,
    p99Ms: times[Math.floor(times.length * 0.99)] ?? Number.NaN,
    refused,
  };
}

function push(socket: Bun.Socket<Connection>, bytes: Uint8Array): void {
  const written = socket.write(bytes);
  socket.data.rest = written < bytes.byteLength ? bytes.subarray(Math.max(0, written)) : null;
}

function readHead(state: Connection): boolean {
  const whole = state.buffered.length === 1 ? state.buffered[0] : Buffer.concat(state.buffered);
  const end = whole?.indexOf(HEAD_END) ?? -1;
  if (whole === undefined || end === -1) return false;
  state.buffered = [whole];
  const head = whole.subarray(0, end).toString("latin1");
  state.status = Number(head.slice(9, 12));
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`the answer has no Content-Length: ${head.slice(0, 80)}`);
  state.expected = end + HEAD_END.byteLength + Number(length);
  return true;
}
