/** Reads Slack events: messages with their threads, reactions, channels and people. */
import { child, isRecord, text } from "./_read.ts";
import type { ProviderRecord, WebhookReading, WebhookRecord } from "./definition.ts";

/** A message or, when it belongs to another message's thread, a reply. */
function messageRecord(record: ProviderRecord, deleted = false): WebhookRecord {
  const thread = text(record, "thread_ts");
  const resource = thread !== "" && thread !== text(record, "ts") ? "replies" : "messages";
  return { resource, record, ...(deleted ? { deleted: true } : {}) };
}

/** The records a Slack event carries, or why it has no files. */
export function readSlackWebhook(payload: ProviderRecord): WebhookReading {
  const event = child(payload, "event");
  if (payload.type === "url_verification")
    return { kind: "not_applicable", reason: "the challenge of a new subscription" };
  if (event === null) return { kind: "rejected", reason: "a Slack webhook has event" };
  const found = recordsOf(event);
  if (found === null)
    return { kind: "not_applicable", reason: `Slack ${text(event, "type")} events have no files` };
  return { kind: "records", records: found };
}

function recordsOf(event: ProviderRecord): WebhookRecord[] | null {
  const channel = text(event, "channel");
  switch (text(event, "type")) {
    case "message": {
      if (event.subtype === "message_changed")
        return [messageRecord({ ...child(event, "message"), channel })];
      if (event.subtype !== "message_deleted") return [messageRecord(event)];
      const previous = child(event, "previous_message") ?? {};
      return [messageRecord({ ...previous, ts: event.deleted_ts, channel }, true)];
    }
    case "reaction_added":
      return [{ resource: "reactions", record: event }];
    case "reaction_removed":
      return [{ resource: "reactions", record: event, deleted: true }];
    case "channel_created":
    case "channel_rename":
      return isRecord(event.channel) ? [{ resource: "channels", record: event.channel }] : [];
    case "channel_deleted":
      return [{ resource: "channels", record: { id: channel }, deleted: true }];
    case "team_join":
    case "user_change":
      return isRecord(event.user) ? [{ resource: "users", record: event.user }] : [];
    default:
      return null;
  }
}
