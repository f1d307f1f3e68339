/**
 * The live event feed: one WebSocket that comes back by itself from the caller's cursor. It delivers; what an event
 * means, and when the cursor moves, is the caller's business (spec mount-daemon 2.7, file-api 5.3).
 */
import { z } from "zod";
import { messageOf } from "../errors.ts";
import { FeedEvent } from "../model/event.ts";
import { parseRetryAfter } from "../model/retry-after.ts";
import type { Clock, ConnectSocket, Log, Random, Socket } from "../ports.ts";
import { type ServiceTarget, send, serviceUrl } from "./http.ts";

/** A feed event as sent live: sometimes with the file's content. */
export const LiveEvent = FeedEvent.extend({
  inlineContent: z.boolean().optional(),
  content: z.string().optional(),
  contentType: z.string().optional(),
  encoding: z.string().optional(),
});
/** A feed event as sent live. */
export type LiveEvent = z.infer<typeof LiveEvent>;

/** Where the connection stands. */
export type FeedStatus = "connecting" | "listening" | "reconnecting" | "closed";

/** What the feed needs and whom it tells. */
export interface FeedContext {
  readonly target: ServiceTarget;
  readonly workspaceId: string;
  readonly connect: ConnectSocket;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** The last event the caller holds durably, or null to begin at the tip. Asked at every connect. */
  cursor(): string | null;
  onEvent(event: LiveEvent): void;
  onStatus(status: FeedStatus): void;
}

/** An open feed. */
export interface EventFeed {
  /** Drops the connection and comes back from the cursor: for a caller that could not apply an event. */
  restart(): void;
  close(): void;
}

const RECONNECT = { firstMs: 1_000, capMs: 60_000, jitterMs: 200 } as const;
/** From this many refused dials in a row on, the server is asked how long to wait. */
const ASK_FROM_FAILURES = 2;
const ASK_MS = 5_000;
const PING_MS = 10_000;
const SILENCE_MS = 25_000;
const MESSAGE_CHARS_MAX = 8 * 1024 * 1024;

/** Opens the feed and keeps it open until closed. */
export function openEventFeed(context: FeedContext): EventFeed {
  const { clock, log } = context;
  let socket: Socket | null = null;
  let generation = 0;
  let failures = 0;
  let closed = false;
  let cancelTimer: () => void = () => undefined;
  let lastHeardMs = 0;

  const later = (ms: number, run: () => void) => {
    cancelTimer();
    cancelTimer = clock.after(ms, run);
  };

  const reconnect = () => {
    if (closed) return;
    socket = null;
    const mine = ++generation;
    const doubled = Math.min(RECONNECT.firstMs * 2 ** failures, RECONNECT.capMs);
    const jitter = (context.random.float() * 2 - 1) * RECONNECT.jitterMs;
    const waitMs = Math.min(Math.max(doubled + jitter, RECONNECT.firstMs), RECONNECT.capMs);
    failures++;
    if (failures === 2) log.info("websocket unavailable; using polling sync");
    context.onStatus("reconnecting");
    later(waitMs, () => void dial());
    if (failures < ASK_FROM_FAILURES) return;
    void askWait().then((askedMs) => {
      if (askedMs === null || closed || mine !== generation) return;
      later(Math.min(Math.max(waitMs, askedMs), RECONNECT.capMs), () => void dial());
    });
  };

  // A socket does not tell why its handshake was refused; a plain request for the same place does.
  const askWait = async (): Promise<number | null> => {
    try {
      const answer = await send(context.target, {
        method: "GET",
        path: feedPath(context),
        timeoutMs: ASK_MS,
      });
      return parseRetryAfter(answer.headers.get("retry-after"), clock.now());
    } catch (error) {
      log.debug("websocket is unavailable, and so is the server", { reason: withoutToken(messageOf(error)) });
      return null;
    }
  };

  const dial = async () => {
    if (closed) return;
    const mine = ++generation;
    context.onStatus("connecting");
    try {
      const token = await context.target.token();
      if (closed || mine !== generation) return;
      const cursor = context.cursor();
      const url = serviceUrl(context.target.baseUrl, feedPath(context), {
        token: token ?? undefined,
        ...(cursor === null ? { from: "now" } : { cursor }),
      }).replace(/^http/, "ws");
      socket = context.connect(
        url,
        { headers: token === null ? {} : { Authorization: `Bearer ${token}` } },
        {
          onOpen: () => {
            if (mine !== generation || closed) return;
            failures = 0;
            lastHeardMs = clock.monotonicMs();
            context.onStatus("listening");
            later(PING_MS, ping);
          },
          onMessage: (text) => {
            if (mine === generation && !closed) receive(text);
          },
          onClose: (code) => {
            if (mine !== generation || closed) return;
            log.debug("websocket closed", { code });
            reconnect();
          },
        },
      );
    } catch (error) {
      if (mine !== generation || closed) return;
      log.debug("websocket could not be opened", {
        reason: withoutToken(messageOf(error)),
      });
      reconnect();
    }
  };

  const ping = () => {
    if (closed || socket === null) return;
    if (clock.monotonicMs() - lastHeardMs > SILENCE_MS) {
      feed.restart();
      return;
    }
    socket.send(JSON.stringify({ type: "ping" }));
    later(PING_MS, ping);
  };

  const receive = (text: string) => {
    lastHeardMs = clock.monotonicMs();
    if (text === "" || text.length > MESSAGE_CHARS_MAX) return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      // Not a message of this protocol; the poll sees what it may have said.
      return;
    }
    const parsed = LiveEvent.safeParse(value);
    if (parsed.success) context.onEvent(parsed.data);
  };

  const feed: EventFeed = {
    restart() {
      const old = socket;
      reconnect();
      old?.close(1000, "restart");
    },
    close() {
      closed = true;
      generation++;
      cancelTimer();
      socket?.close(1000, "done");
      socket = null;
      context.onStatus("closed");
    },
  };
  void dial();
  return feed;
}

function feedPath({ workspaceId }: Pick<FeedContext, "workspaceId">): string {
  return `/v1/workspaces/${encodeURIComponent(workspaceId)}/fs/ws`;
}

/** An address of the feed carries the token, and errors carry the address (E14). */
function withoutToken(text: string): string {
  return text.replaceAll(/\b(token|access_token|api_key)=[^&\s"']+/gi, "$1=…");
}
