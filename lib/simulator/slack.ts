/** Slack's Web API as far as writebacks use it: every answer is 200, and `ok` with `error` says what happened. */
import {
  SLACK_CHANNELS,
  SLACK_MESSAGES,
  SLACK_REACTIONS,
  SLACK_REPLIES,
  SLACK_USERS,
  type SlackRecord,
  slackMessage,
  userId,
} from "./seed/slack.ts";
import {
  byId,
  type Identified,
  modelName,
  objectOf,
  type SimulatedAnswer,
  type SimulatedProvider,
  type SimulatedRecord,
  type SimulatedRequest,
  type SimulatorWorld,
  takeOver,
} from "./simulator.ts";

const TEXT_MAX = 40_000;

interface State {
  readonly world: SimulatorWorld;
  readonly channels: Map<string, SlackRecord & Identified>;
  readonly users: Map<string, SlackRecord & Identified>;
  /** By `channel/ts`. */
  readonly messages: Map<string, SlackRecord>;
  /** `channel/ts/name` of our own reactions. */
  readonly reactions: Map<string, boolean>;
  posted: number;
}

const keyOf = (channel: unknown, ts: unknown) => `${channel}/${ts}`;
const refused = (error: string): SimulatedAnswer => ({ status: 200, body: { ok: false, error } });

/** A simulated Slack workspace holding the seed. */
export function simulateSlack(world: SimulatorWorld): SimulatedProvider {
  const all = [...SLACK_MESSAGES, ...SLACK_REPLIES].map(
    (message) => [keyOf(message.channel, message.ts), message] as const,
  );
  const state: State = {
    world,
    channels: byId(world, "slack.channels", SLACK_CHANNELS as readonly (SlackRecord & Identified)[]),
    users: byId(world, "slack.users", SLACK_USERS as readonly (SlackRecord & Identified)[]),
    messages: world.tables.open("slack.messages", all),
    reactions: world.tables.open<boolean>("slack.reactions", []),
    posted: 0,
  };
  return {
    id: "slack",
    handle: (request) => handle(state, request),
    records(model) {
      const isReply = (message: SlackRecord) =>
        typeof message.thread_ts === "string" && message.thread_ts !== message.ts;
      const models: Record<string, readonly SlackRecord[]> = {
        channel: [...state.channels.values()],
        user: [...state.users.values()],
        message: [...state.messages.values()].filter((message) => !isReply(message)),
        reply: [...state.messages.values()].filter(isReply),
        reaction: SLACK_REACTIONS,
      };
      return models[modelName("slack", model)] ?? null;
    },
    take(model, records) {
      const name = modelName("slack", model);
      const table = name === "channel" ? state.channels : name === "user" ? state.users : null;
      for (const record of records) {
        if (table !== null) takeOver(table, String(record.id), { ...record, id: String(record.id) });
        else if (["message", "reply"].includes(name))
          takeOver(state.messages, keyOf(record.channel, record.ts), record);
      }
    },
    learn(_event, payload) {
      const event = objectOf(payload.event);
      if (event.type === "message" && typeof event.ts === "string")
        state.messages.set(keyOf(event.channel, event.ts), event);
    },
  };
}

const METHODS: Readonly<Record<string, (state: State, body: SimulatedRecord) => SimulatedAnswer>> = {
  "/chat.postMessage": post,
  "/chat.update": update,
  "/chat.delete": (state, { channel, ts }) =>
    state.messages.delete(keyOf(channel, ts))
      ? { status: 200, body: { ok: true, channel, ts } }
      : refused("message_not_found"),
  "/reactions.add": (state, { channel, timestamp, name }) => {
    if (!state.messages.has(keyOf(channel, timestamp))) return refused("message_not_found");
    if (!/^[a-z0-9_+'-]+$/.test(String(name))) return refused("invalid_name");
    const key = `${keyOf(channel, timestamp)}/${name}`;
    if (state.reactions.has(key)) return refused("already_reacted");
    state.reactions.set(key, true);
    return { status: 200, body: { ok: true } };
  },
  "/reactions.remove": (state, { channel, timestamp }) =>
    state.messages.has(keyOf(channel, timestamp))
      ? { status: 200, body: { ok: true } }
      : refused("message_not_found"),
};

function handle(state: State, request: SimulatedRequest): SimulatedAnswer {
  if (!request.headers.has("authorization")) return refused("not_authed");
  const method = request.method === "POST" ? METHODS[request.path] : undefined;
  return method === undefined ? refused("unknown_method") : method(state, objectOf(request.body));
}

/** The conversation behind a channel or user id; null when there is none. */
function conversationOf(state: State, id: unknown): { id: string } | { error: string } {
  const channel = state.channels.get(String(id));
  if (channel?.is_archived === true) return { error: "is_archived" };
  if (channel !== undefined) return { id: String(id) };
  const user = state.users.get(String(id));
  return user === undefined ? { error: "channel_not_found" } : { id: `D${String(id).slice(1)}` };
}

function post(state: State, body: SimulatedRecord): SimulatedAnswer {
  const conversation = conversationOf(state, body.channel);
  if ("error" in conversation) return refused(conversation.error);
  const { text, blocks, attachments } = body;
  if (!text && !Array.isArray(blocks) && !Array.isArray(attachments)) return refused("no_text");
  if (String(text ?? "").length > TEXT_MAX) return refused("msg_too_long");
  const { thread_ts: thread } = body;
  if (thread !== undefined && !state.messages.has(keyOf(conversation.id, thread)))
    return refused("thread_not_found");
  const ts = `${Math.floor(state.world.clock.now() / 1_000)}.${String(++state.posted).padStart(6, "0")}`;
  const message = slackMessage({
    channel: conversation.id,
    ts,
    text: String(text ?? ""),
    user: userId(6),
    ...(typeof thread === "string" ? { thread } : {}),
  });
  state.messages.set(keyOf(conversation.id, ts), message);
  const { channel: _channel, ...inner } = message;
  return { status: 200, body: { ok: true, channel: conversation.id, ts, message: inner } };
}

function update(state: State, body: SimulatedRecord): SimulatedAnswer {
  const known = state.messages.get(keyOf(body.channel, body.ts));
  if (known === undefined) return refused("message_not_found");
  if (String(body.text ?? "").length > TEXT_MAX) return refused("msg_too_long");
  const edited = { user: userId(6), ts: `${Math.floor(state.world.clock.now() / 1_000)}.000000` };
  const message: SlackRecord = { ...known, ...body, edited };
  state.messages.set(keyOf(body.channel, body.ts), message);
  const { channel, ...inner } = message;
  return { status: 200, body: { ok: true, channel, ts: body.ts, text: message.text, message: inner } };
}
