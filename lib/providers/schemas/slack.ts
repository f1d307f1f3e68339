/** Write documents of Slack (Web API). */
import type { SchemaNode, WriteSchema } from "../definition.ts";

const MESSAGE: Readonly<Record<string, SchemaNode>> = {
  text: { type: "string", description: "Text, mrkdwn." },
  blocks: { type: "array", items: { type: "object" } },
  attachments: { type: "array", items: { type: "object" } },
  mrkdwn: { type: "boolean" },
  parse: { type: "string", enum: ["none", "full"] },
  link_names: { type: "boolean" },
  unfurl_links: { type: "boolean" },
  unfurl_media: { type: "boolean" },
  username: { type: "string" },
  icon_emoji: { type: "string" },
  icon_url: { type: "string", format: "uri" },
  metadata: { type: "object" },
};
const CONTENT = [{ required: ["text"] }, { required: ["blocks"] }, { required: ["attachments"] }];

/** Messages. */
export const SLACK_MESSAGE: WriteSchema = { properties: MESSAGE, required: [], anyOf: CONTENT };

/** Replies in a thread. */
export const SLACK_REPLY: WriteSchema = {
  properties: {
    ...MESSAGE,
    reply_broadcast: { type: "boolean", description: "Shows the reply in the channel too." },
  },
  required: [],
  anyOf: CONTENT,
};

/** Reactions. */
export const SLACK_REACTION: WriteSchema = {
  properties: { name: { type: "string", minLength: 1, description: "Emoji name without colons." } },
  required: ["name"],
};
