/** Live events on their way into the pull lane: queued in order, applied as one contiguous run, never ahead of the cursor. */

import { type EventFeed, type LiveEvent, openEventFeed } from "../client/event-feed.ts";
import { messageOf } from "../errors.ts";
import { eventNumber } from "../model/event.ts";
import { containsPath } from "../model/path.ts";
import { revisionNumber } from "../model/revision.ts";
import { applyRemote } from "./apply.ts";
import { type Engine, localOf } from "./engine.ts";
import { hasVersion } from "./entry.ts";
import { localFault } from "./local-fault.ts";
import { trace } from "./outcome.ts";
import { applyEvents, moveCursor } from "./pull.ts";
import { isBootstrapped, PULL_META } from "./pull-meta.ts";
import type { RemoteState } from "./remote.ts";

/** The live side of the pull lane. */
export interface LiveFeed {
  /** Events received since the last call, oldest first; null when there are none or they cannot be used yet. */
  takeEvents(): LiveEvent[] | null;
  /** Applies them and moves the cursor; false when something failed and polling must take over. */
  apply(events: readonly LiveEvent[], signal: AbortSignal): Promise<boolean>;
  close(): void;
}

/** More than this many waiting events are dropped: the poll reads them in pages instead. */
const QUEUE_MAX = 4_096;

/** How long after a gap in the live events the feed is asked what was missed. */
const GAP_POLL_MS = 500;

/** Connects unless the mount was told not to. */
export function startLive(engine: Engine, signal: AbortSignal): LiveFeed {
  const { config, health, world } = engine;
  if (!config.websocket || config.syncMode === "write-only") {
    return { takeEvents: () => null, apply: async () => true, close: () => undefined };
  }
  let queue: LiveEvent[] = [];
  let asked = false;
  let cancelAsking: () => void = () => undefined;
  // At most once in a while: where events are hidden from us, every live one seems to follow a gap.
  const askTheFeed = () => {
    if (asked) return;
    asked = true;
    cancelAsking = world.clock.after(GAP_POLL_MS, () => {
      asked = false;
      engine.wanted.poll = true;
      engine.wake.pull.call();
    });
  };
  const feed: EventFeed = openEventFeed({
    target: engine.remote.target,
    workspaceId: config.workspaceId,
    connect: world.connectSocket,
    clock: world.clock,
    random: world.random,
    log: world.log,
    cursor: () => engine.db.meta(PULL_META.cursor),
    onEvent(event) {
      health.lastHeartbeatAtMs = engine.now();
      if (queue.length >= QUEUE_MAX) queue = [];
      queue.push(event);
      engine.wake.pull.call();
    },
    onStatus(status) {
      if (signal.aborted) return;
      const listening = status === "listening";
      health.listener = {
        mode: listening ? "websocket" : "poll",
        status: status === "closed" ? "disabled" : status,
        connectedAtMs: listening ? engine.now() : health.listener.connectedAtMs,
      };
      // What happened while nobody listened is only in the feed.
      if (listening) engine.wake.pull.call();
      engine.wake.state.call();
    },
  });

  return {
    takeEvents() {
      if (queue.length === 0 || !isBootstrapped(engine) || engine.stale.size > 0 || engine.wanted.poll)
        return null;
      const events = queue;
      queue = [];
      return events;
    },
    async apply(events, applySignal) {
      const fresh = events.filter((event) => isAhead(engine, event));
      try {
        await applyLive(engine, fresh, applySignal);
      } catch (error) {
        queue = [];
        feed.restart();
        // What is the disk's doing no server makes good: it is the lane's trouble.
        if (localFault(error, engine.config.localRoot) !== null) throw error;
        world.log.warn("live event was not applied; reconnecting", { reason: messageOf(error) });
        return false;
      }
      for (const { timestamp } of fresh) trace(engine, "remote_event", Date.parse(timestamp));
      const last = fresh.at(-1);
      if (last !== undefined && isGapless(engine, fresh)) moveCursor(engine, last.eventId);
      else if (last !== undefined) askTheFeed();
      health.lastHeartbeatAtMs = engine.now();
      health.lastSuccessAtMs = engine.now();
      engine.wake.state.call();
      return true;
    },
    close() {
      cancelAsking();
      feed.close();
    },
  };
}

/**
 * True when the events follow the cursor one by one. Numbers that are missing may be events we may not see, or messages
 * that were lost: only the feed knows, so then the cursor waits for it. Ids of an unknown form tell nothing.
 */
function isGapless(engine: Engine, events: readonly LiveEvent[]): boolean {
  let before = eventNumber(engine.db.meta(PULL_META.cursor) ?? "");
  for (const { eventId } of events) {
    const number = eventNumber(eventId);
    if (number === null) return true;
    if (before === null || number > before + 1) return false;
    before = Math.max(before, number);
  }
  return true;
}

/** True for an event after the cursor; events of an unknown form are applied again, which changes nothing. */
function isAhead(engine: Engine, event: LiveEvent): boolean {
  const [ours, theirs] = [eventNumber(engine.db.meta(PULL_META.cursor) ?? ""), eventNumber(event.eventId)];
  return ours === null || theirs === null || theirs > ours;
}

/** Applies a run of events: inline content directly where it is certainly newer than ours, everything else by reading. */
async function applyLive(engine: Engine, events: readonly LiveEvent[], signal: AbortSignal): Promise<void> {
  const lastWord = new Map(
    events.filter(({ type }) => type.startsWith("file.")).map((event) => [event.path, event]),
  );
  const inline = new Map<string, RemoteState>();
  const others: LiveEvent[] = [];
  for (const [path, event] of lastWord) {
    if (!containsPath(engine.config.remoteRoot, path) || "problem" in localOf(engine, path)) continue;
    const state = inlineState(engine, event);
    if (state === "own-echo") continue;
    if (state === null) others.push(event);
    else inline.set(path, state);
  }
  applyRemote(engine, inline);
  if (inline.size > 0) engine.health.lastEventAtMs = engine.now();
  if (others.length > 0) await applyEvents(engine, others, signal);
}

/** The content an event carries, when it may be used without asking the server; a wrong hash throws. */
function inlineState(engine: Engine, event: LiveEvent): RemoteState | "own-echo" | null {
  const entry = engine.db.get(event.path);
  if (entry?.readDenied) return null;
  if (event.type === "file.deleted") return null;
  if (hasVersion(entry, event.revision) && entry.hash === event.contentHash) return "own-echo";
  if (event.inlineContent !== true || event.content === undefined) return null;
  const [ours, theirs] = [revisionNumber(entry?.revision ?? "rev_0"), revisionNumber(event.revision)];
  if (ours === null || theirs === null || theirs <= ours) return null;
  const file = engine.remote.fileOf({
    path: event.path,
    revision: event.revision,
    contentHash: event.contentHash,
    contentType: event.contentType ?? "text/plain",
    content: event.content,
    encoding: event.encoding,
  });
  return { kind: "file", file };
}
