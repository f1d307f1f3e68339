/** Sockets that sleep: sessions over fake platform sockets and a real workspace. */
import { describe, expect, test } from "bun:test";
import type { PlatformSocket } from "../../../../lib/runtime/workers/types.ts";
import { FeedSockets } from "../../../../lib/runtime/workers/websocket.ts";
import { FeedSession } from "../../../../lib/service/file-api/feed-session.ts";
import { FakeClock } from "../../../support/clock.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const CALLER = { workspaceId: "rw_test0000", agent: "a", scopes: ["fs:read", "fs:write"], expiresAtMs: 1e15 };
/** Small enough to lie in SQLite, so that sending waits for nothing but the clock. */
const CONTENT = "x".repeat(60_000);

/** A socket as the platform keeps it: what was sent, and the attachment that survives a sleep. */
class FakeSocket implements PlatformSocket {
  readonly sent: string[] = [];
  closed: number | null = null;
  attachment: unknown = null;
  constructor(private readonly attachmentCharsMax = 16_384) {}
  send(text: string): void {
    this.sent.push(text);
  }
  close(code = 1000): void {
    this.closed = code;
  }
  serializeAttachment(value: unknown): void {
    if (JSON.stringify(value).length > this.attachmentCharsMax) throw new Error("attachment too large");
    this.attachment = structuredClone(value);
  }
  deserializeAttachment(): unknown {
    return structuredClone(this.attachment);
  }
  get paths(): string[] {
    return this.sent.map((text) => JSON.parse(text).path);
  }
}

/** The platform's side of one object: its sockets stay while the object's memory comes and goes. */
function platform() {
  const sockets: PlatformSocket[] = [];
  return {
    sockets,
    acceptWebSocket: (socket: PlatformSocket) => void sockets.push(socket),
    getWebSockets: () => sockets,
  };
}

const now = { cursor: null, from: "now", filters: [] } as const;

async function world() {
  const clock = new FakeClock();
  const rig = await testWorkspace({ clock });
  const write = (path: string, content = "x") =>
    rig.workspace.tree.apply(
      [{ kind: "write", path, bytes: new TextEncoder().encode(content), contentType: "text/plain" }],
      { origin: "agent_write", correlationId: "c" },
    );
  /** Sends are asynchronous, time is not: a write in between lets everything pending settle. */
  const settle = () => clock.advance(0);
  return { ...rig, clock, write, settle };
}

describe("FeedSockets", () => {
  test("accept() sends live events and keeps the place with the socket", async () => {
    await using here = await world();
    const state = platform();
    const socket = new FakeSocket();
    new FeedSockets(state, here.clock).accept(socket, new FeedSession(here.workspace, CALLER, now));
    await here.write("/a");
    await here.settle();
    expect(socket.paths).toEqual(["/a"]);
    expect(socket.attachment).toEqual({ caller: CALLER, filters: [], position: 1 });
  });

  test("resume() goes on after the last event the sleeping socket was sent, each event once", async () => {
    await using here = await world();
    const state = platform();
    const socket = new FakeSocket();
    const before = new FeedSockets(state, here.clock);
    before.accept(socket, new FeedSession(here.workspace, CALLER, { ...now, filters: ["/in/**"] }));
    await here.write("/in/a");
    await here.settle();
    // The memory of the object goes; the socket stays with the platform. Other events happen meanwhile.
    const kept = socket.attachment;
    before.closed(socket);
    await here.write("/in/b");
    await here.write("/out/c");
    const after = new FeedSockets(state, here.clock);
    after.resume(here.workspace);
    after.resume(here.workspace);
    await here.write("/in/d");
    await here.settle();
    expect(kept).toEqual({ caller: CALLER, filters: ["/in/**"], position: 1 });
    expect(socket.paths).toEqual(["/in/a", "/in/b", "/in/d"]);
    after.message(socket, '{"type":"ping"}');
    expect(JSON.parse(socket.sent.at(-1) ?? "")).toMatchObject({ type: "pong" });
  });

  test("resume() ends a socket whose token ran out while it slept", async () => {
    await using here = await world();
    const state = platform();
    const socket = new FakeSocket();
    state.sockets.push(socket);
    const caller = { ...CALLER, expiresAtMs: here.clock.now() - 1 };
    socket.serializeAttachment({ caller, filters: [], position: 0 });
    new FeedSockets(state, here.clock).resume(here.workspace);
    await here.clock.advance(0);
    expect(socket.closed).toBe(4001);
  });

  test("accept() refuses a session that the platform cannot keep, and leaves no socket behind", async () => {
    await using here = await world();
    const state = platform();
    const session = new FeedSession(here.workspace, CALLER, { ...now, filters: ["/x".repeat(100)] });
    expect(() => new FeedSockets(state, here.clock).accept(new FakeSocket(100), session)).toThrow("too long");
    expect(state.sockets).toEqual([]);
  });

  test("a burst of large frames pauses until the rest is over", async () => {
    await using here = await world();
    const state = platform();
    const socket = new FakeSocket();
    new FeedSockets(state, here.clock).accept(socket, new FeedSession(here.workspace, CALLER, now));
    for (let n = 0; n < 50; n++) await here.write(`/f${n}`, CONTENT);
    await here.settle();
    const first = socket.sent.length;
    expect(first).toBe(18);
    await here.clock.advance(100);
    await here.settle();
    await here.settle();
    expect(socket.sent.length).toBe(2 * first);
    await here.clock.advance(1_000);
    expect(socket.paths).toEqual(Array.from({ length: 50 }, (_, n) => `/f${n}`));
  });

  test("message() closes on a frame that is too large", async () => {
    await using here = await world();
    const state = platform();
    const socket = new FakeSocket();
    const sockets = new FeedSockets(state, here.clock);
    sockets.accept(socket, new FeedSession(here.workspace, CALLER, now));
    sockets.message(socket, "x".repeat(32 * 1024 + 1));
    expect(socket.closed).toBe(1009);
  });
});
