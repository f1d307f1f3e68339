/** The event feed of a workspace. */
import { z } from "zod";

export { eventIdOf, eventNumber } from "./event-id.ts";

/** Types of feed events; clients ignore others. */
export const EVENT_TYPES = [
  "file.created",
  "file.updated",
  "file.deleted",
  "sync.error",
  "sync.ignored",
  "sync.suppressed",
  "sync.stale",
  "writeback.succeeded",
  "writeback.failed",
] as const;
/** Type of a feed event. */
export type EventType = (typeof EVENT_TYPES)[number];

/** Who caused an event: an API client, a provider, or the service itself. */
export type EventOrigin = "agent_write" | "provider_sync" | "system";

/** One feed event as received; `type` stays open because clients ignore unknown ones. */
export const FeedEvent = z.looseObject({
  eventId: z.string(),
  type: z.string(),
  /** `/` for sync events without a file. */
  path: z.string(),
  /** Empty for `sync.*`; for a deletion its own revision. */
  revision: z.string().default(""),
  contentHash: z.string().optional(),
  origin: z.string().optional(),
  provider: z.string().optional(),
  correlationId: z.string().default(""),
  timestamp: z.string(),
});
/** One feed event. */
export type FeedEvent = z.infer<typeof FeedEvent>;

/** Answer of `GET fs/events`. At the tip `nextCursor` is null even when events were returned. */
export const EventPage = z.looseObject({
  events: z
    .array(FeedEvent)
    .nullable()
    .transform((v) => v ?? []),
  nextCursor: z.string().nullable(),
});
/** Answer of `GET fs/events`. */
export type EventPage = z.infer<typeof EventPage>;
