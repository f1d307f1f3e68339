/** Sockets of the event feed that outlive the memory of their object: the platform holds them, a session picks up where it stood. */
import { fail, isRelayfileError } from "../../errors.ts";
import type { Clock } from "../../ports.ts";
import { type FeedPeer, type FeedResumption, FeedSession } from "../../service/file-api/feed-session.ts";
import type { WorkspaceObject } from "../../service/workspace-object.ts";
import type { AutoResponse, ObjectState, PlatformSocket, SocketPair } from "./types.ts";

/** Longest frame of a client, characters (spec file-api 5.3). */
const CLIENT_FRAME_MAX = 32 * 1024;
/**
 * The platform takes any number of frames and never says how many the reader has left unread. So a socket sends this
 * much, then rests: memory grows by a bounded rate, and a feed that outruns it ends with 1013 like any slow reader.
 */
const BURST_CHARS = 1024 * 1024;
const REST_MS = 100;

/**
 * Clients ping every half minute; each ping would wake the object and keep it awake. So the platform answers the frame
 * that all clients send; without the time of day, which nobody needs and only the object could tell.
 */
const PING = JSON.stringify({ type: "ping" });
const PONG = JSON.stringify({ type: "pong" });

/** The sockets of one workspace. */
export class FeedSockets {
  private readonly sessions = new Map<PlatformSocket, FeedSession>();

  constructor(
    private readonly state: Pick<ObjectState, "acceptWebSocket" | "getWebSockets">,
    private readonly clock: Clock,
  ) {}

  /** Has the platform answer pings; to be called once in each life of the object. */
  static answerPings(state: Pick<ObjectState, "setWebSocketAutoResponse">): void {
    const { WebSocketRequestResponsePair } = globalThis as unknown as {
      WebSocketRequestResponsePair: AutoResponse;
    };
    state.setWebSocketAutoResponse(new WebSocketRequestResponsePair(PING, PONG));
  }

  /** Turns a request into a socket of the session. Fails as `accept` does. */
  upgrade(session: FeedSession): Response {
    const pair = new (globalThis as unknown as { WebSocketPair: SocketPair }).WebSocketPair();
    this.accept(pair[1], session);
    return new Response(null, { status: 101, webSocket: pair[0] } as ResponseInit);
  }

  /** Hands a socket to the platform with what its session needs to go on later. Fails with `bad_request` when that is too much. */
  accept(socket: PlatformSocket, session: FeedSession): void {
    try {
      socket.serializeAttachment(session.resumption);
    } catch (cause) {
      fail(
        "bad_request",
        "the token's scopes and the path filters are too long for one socket",
        {},
        { cause },
      );
    }
    this.state.acceptWebSocket(socket);
    this.start(socket, session);
  }

  /** Takes up the sessions of all open sockets after the object came back; how many there are. */
  resume(workspace: WorkspaceObject): number {
    for (const socket of this.state.getWebSockets()) {
      if (this.sessions.has(socket)) continue;
      try {
        const kept = socket.deserializeAttachment() as FeedResumption;
        this.start(socket, FeedSession.resume(workspace, kept));
      } catch (thrown) {
        if (!isRelayfileError(thrown, "cursor_expired")) throw thrown;
        socket.close(1013, "reader is too slow");
      }
    }
    return this.sessions.size;
  }

  /** A frame of a client. */
  message(socket: PlatformSocket, message: string | ArrayBuffer): void {
    const text = typeof message === "string" ? message : new TextDecoder().decode(message);
    if (text.length > CLIENT_FRAME_MAX) {
      socket.close(1009, "frame is too large");
      this.closed(socket);
    } else this.sessions.get(socket)?.message(text);
  }

  /** The client closed the socket: answers with its code, or 1000 for the ones that only stand for the absence of one. */
  left(socket: PlatformSocket, code: number, reason: string): void {
    socket.close(code === 1005 || code === 1006 || code === 1015 ? 1000 : code, reason);
    this.closed(socket);
  }

  /** The socket is gone. */
  closed(socket: PlatformSocket): void {
    this.sessions.get(socket)?.close();
    this.sessions.delete(socket);
  }

  /** Ends every socket. */
  closeAll(code: number, reason: string): void {
    for (const socket of this.state.getWebSockets()) {
      socket.close(code, reason);
      this.closed(socket);
    }
  }

  private start(socket: PlatformSocket, session: FeedSession): void {
    this.sessions.set(socket, session);
    session.open(this.peer(socket, session));
  }

  private peer(socket: PlatformSocket, session: FeedSession): FeedPeer {
    let sent = 0;
    return {
      send: (text) => {
        socket.send(text);
        sent += text.length;
        if (sent < BURST_CHARS) return true;
        this.clock.after(REST_MS, () => {
          sent = 0;
          session.drained();
        });
        return false;
      },
      close: (code, reason) => {
        socket.close(code, reason);
        this.sessions.delete(socket);
      },
      advanced: () => socket.serializeAttachment(session.resumption),
    };
  }
}
