/**
 * One WebSocket subscriber of the event feed, without any socket type: catch-up in pages, then live events, each once
 * and in order, each judged for its reader. A reader that falls behind is closed with 1013 and returns with its cursor.
 */
import { fail, messageOf } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { encodeContent } from "../../model/content.ts";
import { eventIdOf } from "../../model/event-id.ts";
import { revisionOf } from "../../model/revision.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { Visibility } from "../auth/visibility.ts";
import { eventPage, resolveCursor, wireEvent } from "../store/events.ts";
import { findFile, readBody } from "../store/files.ts";
import type { EventRow } from "../store/store.ts";
import { seesEvent } from "../workspace/reads.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import { matchesPathFilter } from "./path-filter.ts";

/** The runtime's end of the socket. */
export interface FeedPeer {
  /** Sends one text frame; false when the frame had to be buffered because the reader is slow. */
  send(text: string): boolean;
  close(code: number, reason: string): void;
  /** Hears that `resumption` changed, after each batch. Absent where sessions live as long as their sockets. */
  advanced?(): void;
}

/** What another process needs to go on with a session; plain values. */
export interface FeedResumption {
  readonly caller: VerifiedToken;
  readonly filters: readonly string[];
  /** Number of the last event that was judged; 0 before the first. */
  readonly position: number;
}

/** What the upgrade request asked for. */
export interface FeedRequest {
  /** Exclusive event id; null with `from=now` or without any start. */
  readonly cursor: string | null;
  readonly from: "cursor" | "now" | "recent";
  /** Segment-wise globs; empty lets everything pass. */
  readonly filters: readonly string[];
}

/** One subscriber. The runtime calls `open`, `message`, `drained` and `close`. */
export class FeedSession {
  private peer: FeedPeer | null = null;
  private unsubscribe: (() => void) | null = null;
  private cancelExpiry: (() => void) | null = null;
  private position: number;
  private readonly queue: EventRow[] = [];
  private pumping = false;
  private congested = false;
  private caughtUp = false;

  /** Fails with `cursor_expired` before any upgrade. */
  constructor(
    private readonly workspace: WorkspaceObject,
    private readonly caller: VerifiedToken,
    private readonly request: FeedRequest,
  ) {
    const { store } = workspace.context;
    const newest = store.latest("event");
    this.position =
      request.from === "cursor"
        ? resolveCursor(store.sql, request.cursor, newest)
        : request.from === "now"
          ? newest
          : this.recentStart(newest);
  }

  /** Goes on where another process stopped. Fails with `cursor_expired` when the feed no longer reaches back. */
  static resume(workspace: WorkspaceObject, { caller, filters, position }: FeedResumption): FeedSession {
    const cursor = position === 0 ? null : eventIdOf(position);
    return new FeedSession(workspace, caller, { cursor, from: "cursor", filters });
  }

  /** Where this session stands. */
  get resumption(): FeedResumption {
    return { caller: this.caller, filters: this.request.filters, position: this.position };
  }

  /** The socket is there: subscribe first, then catch up, then live. */
  open(peer: FeedPeer): void {
    this.peer = peer;
    this.unsubscribe = this.workspace.subscribe((events) => this.receive(events));
    const { clock } = this.workspace.context;
    // Timers count in 32 bits; a token that lives longer than that is closed by the client's own rotation.
    const leftMs = Math.min(this.caller.expiresAtMs - clock.now(), 2 ** 31 - 1);
    this.cancelExpiry = clock.after(leftMs, () => this.end(4001, "token expired"));
    void this.pump();
  }

  /** A frame of the client. Anything valid but a ping is ignored; what is not JSON ends the connection. */
  message(text: string): void {
    let type: unknown;
    try {
      type = (JSON.parse(text) as { type?: unknown } | null)?.type;
    } catch {
      // The contract ends the connection on text that is not JSON.
      this.end(1007, "invalid json");
      return;
    }
    if (type !== "ping") return;
    const timestamp = new Date(this.workspace.context.clock.now()).toISOString();
    this.peer?.send(JSON.stringify({ type: "pong", timestamp }));
  }

  /** The reader took what was buffered. */
  drained(): void {
    this.congested = false;
    void this.pump();
  }

  /** The socket is gone. */
  close(): void {
    this.unsubscribe?.();
    this.cancelExpiry?.();
    this.peer = null;
    this.queue.length = 0;
  }

  /** Live events wait here while earlier ones are being sent; a reader too far behind loses the connection, not events. */
  private receive(events: readonly EventRow[]): void {
    if (!this.caughtUp) return;
    this.queue.push(...events);
    if (this.queue.length > FILE_API.socketBufferEventsMax) this.end(1013, "reader is too slow");
    else void this.pump();
  }

  private async pump(): Promise<void> {
    if (this.pumping) return;
    this.pumping = true;
    try {
      while (this.peer !== null && !this.congested) {
        const batch = this.nextBatch();
        if (batch.length === 0) break;
        for (const event of batch) {
          if (this.peer === null) return;
          await this.deliver(event);
          if (this.congested) {
            this.requeue(batch, event);
            break;
          }
        }
        this.peer?.advanced?.();
      }
    } catch (thrown) {
      this.workspace.context.log.error("event feed failed", { error: messageOf(thrown) });
      this.end(1011, "reading events failed");
    } finally {
      this.pumping = false;
    }
  }

  /** What follows: pages from the table until the tip is reached, from then on the live queue. */
  private nextBatch(): EventRow[] {
    if (this.caughtUp) return this.queue.splice(0, FILE_API.socketCatchUpPage);
    const { store } = this.workspace.context;
    const page = eventPage(
      store.sql,
      {
        cursor: this.position === 0 ? null : eventIdOf(this.position),
        limit: FILE_API.socketCatchUpPage,
        direction: "asc",
        provider: null,
        sees: () => true,
      },
      store.latest("event"),
    );
    // No await lies between reading the last page and switching to live, so no event can fall in between.
    if (page.events.length === 0) this.caughtUp = true;
    return page.events;
  }

  private requeue(batch: readonly EventRow[], sent: EventRow): void {
    const rest = batch.slice(batch.indexOf(sent) + 1);
    if (this.caughtUp) this.queue.unshift(...rest);
  }

  private async deliver(event: EventRow): Promise<void> {
    if (event.seq <= this.position) return;
    const { store } = this.workspace.context;
    const { filters } = this.request;
    const wanted = filters.length === 0 || filters.some((filter) => matchesPathFilter(filter, event.path));
    if (wanted && seesEvent(new Visibility(store.sql, this.caller))(event)) {
      const frame = JSON.stringify({ ...wireEvent(event), ...(await this.inline(event)) });
      if (this.peer !== null && !this.peer.send(frame)) this.congested = true;
    }
    this.position = event.seq;
  }

  /** The content of a change, when it is still current and small enough; the reader was judged before. */
  private async inline(event: EventRow): Promise<Record<string, unknown>> {
    if (event.type !== "file.created" && event.type !== "file.updated") return {};
    const { sql, bodies } = this.workspace.context.store;
    const row = findFile(sql, event.path);
    if (row === null || revisionOf(row.revision) !== event.revision) return {};
    if (row.sizeBytes > FILE_API.inlineContentBytesMax) return {};
    const bytes = await readBody(sql, bodies, row.revision);
    if (bytes === null) return {};
    return { contentType: row.contentType, ...encodeContent(bytes), inlineContent: true };
  }

  /** The number before the last hundred events the caller may see. */
  private recentStart(newest: number): number {
    const { store } = this.workspace.context;
    const page = eventPage(
      store.sql,
      {
        cursor: null,
        limit: FILE_API.socketCatchUpPage,
        direction: "desc",
        provider: null,
        sees: seesEvent(new Visibility(store.sql, this.caller)),
      },
      newest,
    );
    return (page.events.at(-1)?.seq ?? newest + 1) - 1;
  }

  private end(code: number, reason: string): void {
    this.peer?.close(code, reason);
    this.close();
  }
}

/** The start an upgrade asks for. `cursor` wins over `from` (spec file-api 5.3). */
export function feedRequestOf(query: URLSearchParams): FeedRequest {
  const cursor = query.get("cursor")?.trim() ?? "";
  const from = query.get("from")?.trim() ?? "";
  if (cursor === "" && from !== "" && from !== "now")
    fail("bad_request", `invalid from ${JSON.stringify(from)}`);
  const filters = query
    .getAll("path")
    .filter((path) => path.trim() !== "")
    .map((path) => (path.startsWith("/") ? path : `/${path}`));
  return {
    cursor: cursor === "" ? null : cursor,
    from: cursor !== "" ? "cursor" : from === "now" ? "now" : "recent",
    filters: [...new Set(filters)],
  };
}
