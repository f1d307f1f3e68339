/** Slack: channels with messages, threads and reactions, and users. Every call answers 200; `ok` decides. */
import { byKey, child, omit, rest, text } from "./_read.ts";
import {
  apiTs,
  channelOf,
  directoryRow,
  editedOf,
  flagged,
  idOf,
  messageFrom,
  post,
  postProblem,
  problemOf,
  remove,
  secondsOf,
  tsOf,
  update,
} from "./_slack.ts";
import type { ProviderDefinition, ProviderRecord, ResourceDefinition } from "./definition.ts";
import { SLACK_MESSAGE, SLACK_REACTION, SLACK_REPLY } from "./schemas/slack.ts";
import { readSlackWebhook } from "./slack-webhook.ts";

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
    lookup: (row) => directoryRow(row, row.title),
    aliases: [byKey("by-id", (record) => idOf(record) || null), { kind: "title", segment: "by-name" }],
    labelText: (record) => text(record, "name"),
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
    labelText: (record) => text(record, "name"),
    index: (record) => ({ is_bot: record.is_bot === true, name: text(record, "name") }),
    lookup: (row) => ({ ...directoryRow(row, row.name), is_bot: row.is_bot }),
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
  api: { url: "https://slack.com/api" },
  headers: {},
  deliveryHeader: "x-slack-request-id",
  webhook: readSlackWebhook,
  redact: (record, resource) =>
    resource === "users" ? { ...omit(record, ["profile"]), profile: publicProfile(record) } : record,
};

/** Contact details stay in Slack. */
function publicProfile(record: ProviderRecord): ProviderRecord {
  return omit(child(record, "profile") ?? {}, ["email", "phone", "skype"]);
}
