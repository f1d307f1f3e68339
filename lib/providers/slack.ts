/** Slack: channels with messages, threads and reactions, and users. Every call answers 200; `ok` decides. */
import { byKey, child, isRecord, omit, rest, text } from "./_read.ts";
import type {
  ProviderDefinition,
  ProviderRecord,
  ResourceDefinition,
  WebhookReading,
  WebhookRecord,
  WriteInput,
} from "./definition.ts";
import { SLACK_MESSAGE, SLACK_REACTION, SLACK_REPLY } from "./schemas/slack.ts";

const idOf = (record: ProviderRecord) => text(record, "id");
/** A message's `ts` as a path names it, and back: `1716200000.000100` is `1716200000_000100`. */
const tsOf = (record: ProviderRecord) => text(record, "ts").replace(".", "_");
const apiTs = (id: string | undefined) => (id ?? "").replace("_", ".");
const channelOf = (record: ProviderRecord) => text(record, "channel.id", "channel", "channel_id");
const secondsOf = (ts: string) => {
  const ms = Number(ts.split(/[._]/)[0]) * 1_000;
  return Number.isFinite(ms) && ms > 0 ? new Date(ms).toISOString() : "";
};
const editedOf = (record: ProviderRecord) => secondsOf(text(record, "edited.ts") || text(record, "ts"));
const slugOf = (name: string) =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-+|-+$/g, "");
const flagged = (seconds: unknown) =>
  typeof seconds === "number" ? secondsOf(String(Math.floor(seconds))) : "";

/** What Slack says is wrong although the status is 200. */
function problemOf(answer: ProviderRecord): string | null {
  if (answer.ok === true) return null;
  return `Slack answered ${text(answer, "error") || "without ok"}`;
}

/** Posting without a timestamp posted nothing that can be found again. */
function postProblem(answer: ProviderRecord): string | null {
  return problemOf(answer) ?? (text(answer, "ts") === "" ? "Slack answered ok without ts" : null);
}

/** The posted message with the place that only the answer names. */
function messageFrom(answer: ProviderRecord): ProviderRecord {
  const message = child(answer, "message") ?? {};
  return {
    ...message,
    ts: answer.ts,
    channel: answer.channel,
    ...("text" in answer ? { text: answer.text } : {}),
  };
}

const post = (channel: string | undefined, body: ProviderRecord) =>
  rest("POST", "/chat.postMessage", { channel, ...body });
const update = ({ params, id, body }: WriteInput) =>
  rest("POST", "/chat.update", { channel: params.channelId, ts: apiTs(id), ...body });
const remove = ({ params, id }: WriteInput) =>
  rest("POST", "/chat.delete", { channel: params.channelId, ts: apiTs(id) });

const channels: ResourceDefinition = {
  name: "channels",
  objectType: "channel",
  about: "Channels and direct conversations",
  path: "/slack/channels",
  readOnly: "channels are managed in Slack itself",
  records: {
    models: ["Channel", "SlackChannel"],
    id: idOf,
    idPattern: "[CDG][A-Z0-9]+",
    title: (record) => text(record, "name", "user"),
    updated: (record) =>
      flagged(typeof record.updated === "number" ? record.updated / 1_000 : record.created),
    file: "{id}__{label}/meta.json",
    index: () => ({}),
    lookup: ({ id, title, canonicalPath }) => {
      const path = String(canonicalPath ?? "").replace(/\/meta\.json$/, "");
      return {
        id,
        name: title,
        title,
        path: canonicalPath ?? null,
        messagesPath: path === "" ? null : `${path}/messages`,
      };
    },
    aliases: [byKey("by-id", (record) => idOf(record) || null), { kind: "title", segment: "by-name" }],
    label: (record) => slugOf(text(record, "name")),
  },
};

const users: ResourceDefinition = {
  name: "users",
  objectType: "user",
  about: "People and bots",
  path: "/slack/users",
  readOnly: "people are managed in Slack itself",
  records: {
    models: ["User", "SlackUser"],
    id: idOf,
    idPattern: "[UW][A-Z0-9]+",
    title: (record) => text(record, "profile.display_name", "real_name", "name"),
    updated: (record) => flagged(record.updated),
    file: "{id}__{label}/meta.json",
    label: (record) => slugOf(text(record, "name")),
    index: (record) => ({ is_bot: record.is_bot === true, name: text(record, "name") }),
    lookup: ({ id, name, title, is_bot, canonicalPath }) => {
      const path = String(canonicalPath ?? "").replace(/\/meta\.json$/, "");
      return {
        id,
        name,
        title,
        path: canonicalPath ?? null,
        messagesPath: path === "" ? null : `${path}/messages`,
        is_bot,
      };
    },
    aliases: [byKey("by-id", (record) => idOf(record) || null), { kind: "title", segment: "by-name" }],
  },
};

const messages: ResourceDefinition = {
  name: "messages",
  objectType: "message",
  about: "Messages of one channel",
  path: "/slack/channels/{channelId}/messages",
  parent: { param: "channelId", resource: "channels" },
  records: {
    models: ["Message", "SlackMessage"],
    id: tsOf,
    idPattern: "\\d{9,11}_\\d{1,6}",
    title: (record) => text(record, "text").split("\n", 1)[0] ?? "",
    updated: editedOf,
    file: "{id}/meta.json",
    label: () => "",
    params: (record) => ({ channelId: channelOf(record) }),
    digestName: (id) => `message ${id}`,
  },
  write: {
    schema: SLACK_MESSAGE,
    example: { text: "The release is out." },
    answerProblem: postProblem,
    recordFrom: messageFrom,
    create: ({ params, body }) => post(params.channelId, body),
    update,
    delete: remove,
  },
};

const replies: ResourceDefinition = {
  name: "replies",
  objectType: "reply",
  about: "Replies in the thread of one message",
  path: "/slack/channels/{channelId}/messages/{ts}/replies",
  parent: { param: "ts", resource: "messages" },
  may2026NoEditRoute: true,
  records: {
    models: ["Reply", "SlackReply"],
    id: tsOf,
    idPattern: "\\d{9,11}_\\d{1,6}",
    title: (record) => text(record, "text").split("\n", 1)[0] ?? "",
    updated: editedOf,
    file: "{id}/meta.json",
    label: () => "",
    params: (record) => ({ channelId: channelOf(record), ts: text(record, "thread_ts").replace(".", "_") }),
    digestName: (id) => `reply ${id}`,
  },
  write: {
    schema: SLACK_REPLY,
    example: { text: "Thank you." },
    answerProblem: postProblem,
    recordFrom: (answer, { params }) => ({ ...messageFrom(answer), thread_ts: apiTs(params.ts) }),
    create: ({ params, body }) => post(params.channelId, { thread_ts: apiTs(params.ts), ...body }),
    update,
    delete: remove,
  },
};

const reactions: ResourceDefinition = {
  name: "reactions",
  objectType: "reaction",
  about: "Reactions to one message, one file per emoji and person",
  path: "/slack/channels/{channelId}/messages/{ts}/reactions",
  parent: { param: "ts", resource: "messages" },
  readOnly: "a reaction can only be added or removed",
  records: {
    models: ["Reaction", "SlackReaction"],
    id: (record) =>
      text(record, "user") === "" ? "" : `${text(record, "reaction", "name")}--${text(record, "user")}`,
    idPattern: "[a-z0-9_+'-]+--[UW][A-Z0-9]+",
    title: (record) => text(record, "reaction", "name"),
    updated: (record) => secondsOf(text(record, "event_ts")),
    file: "{id}.json",
    label: () => "",
    params: (record) => ({
      channelId: text(record, "item.channel", "channel"),
      ts: text(record, "item.ts", "ts").replace(".", "_"),
    }),
  },
  write: {
    schema: SLACK_REACTION,
    example: { name: "eyes" },
    answerProblem: problemOf,
    // The answer does not say who reacted; the event does, and brings the record.
    produces: null,
    create: ({ params, body }) =>
      rest("POST", "/reactions.add", {
        channel: params.channelId,
        timestamp: apiTs(params.ts),
        name: body.name,
      }),
    delete: ({ params, id }) =>
      rest("POST", "/reactions.remove", {
        channel: params.channelId,
        timestamp: apiTs(params.ts),
        name: id.split("--")[0],
      }),
  },
};

const directMessages: ResourceDefinition = {
  name: "direct-messages",
  objectType: "message",
  about: "Write-only: sends a direct message to one person",
  path: "/slack/users/{userId}/messages",
  parent: { param: "userId", resource: "users" },
  write: {
    schema: SLACK_MESSAGE,
    example: { text: "Good morning." },
    produces: "messages",
    answerProblem: postProblem,
    recordFrom: messageFrom,
    // Slack opens the conversation itself when a user id is given as the channel.
    create: ({ params, body }) => post(params.userId, body),
  },
};

/** A message or, when it belongs to another message's thread, a reply. */
function messageRecord(record: ProviderRecord, deleted = false): WebhookRecord {
  const thread = text(record, "thread_ts");
  const resource = thread !== "" && thread !== text(record, "ts") ? "replies" : "messages";
  return { resource, record, ...(deleted ? { deleted: true } : {}) };
}

function webhook(payload: ProviderRecord): WebhookReading {
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

/** Slack. */
export const slack: ProviderDefinition = {
  id: "slack",
  title: "Slack",
  aliases: ["slack-relay", "slack-sage", "slack-bot"],
  about:
    "A channel is a directory named id__name with its messages below; a message is a directory named by its timestamp with `.` written `_`. /discovery/slack/channels/_index.json and /discovery/slack/users/_index.json translate names to directories.",
  resources: [channels, users, messages, replies, reactions, directMessages],
  queries: [
    "cat /slack/channels/by-name/general.json",
    "ls /slack/channels/C0000000001__general/messages",
    "jq -r '.[] | select(.name == \"general\") | .messagesPath' /discovery/slack/channels/_index.json",
  ],
  headers: {},
  deliveryHeader: "x-slack-request-id",
  webhook,
  redact: (record, resource) =>
    resource === "users" ? { ...omit(record, ["profile"]), profile: publicProfile(record) } : record,
};

/** Contact details stay in Slack. */
function publicProfile(record: ProviderRecord): ProviderRecord {
  return omit(child(record, "profile") ?? {}, ["email", "phone", "skype"]);
}
