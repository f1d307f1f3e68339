/** A small Slack workspace, invented by us in the shape of the Web API: people, channels, messages, threads, reactions. */

/** A record as Slack's API gives it. */
export type SlackRecord = Record<string, unknown>;

const BASE_SECONDS = 1_775_000_000;
/** A message timestamp: unique within its channel. */
export const slackTs = (n: number) => `${BASE_SECONDS + n * 3_600}.${String(n * 100 + 19).padStart(6, "0")}`;
/** A channel id. */
export const channelId = (n: number) => `C${String(n).padStart(10, "0")}`;
/** A user id. */
export const userId = (n: number) => `U${String(n).padStart(10, "0")}`;

/** People, and a bot. */
export const SLACK_USERS: readonly SlackRecord[] = [
  ["ana", "Ana Oliveira"],
  ["bjorn", "Björn Ångström"],
  ["chidi", "Chidi Okafor"],
  ["dilnoza", "Dilnoza Karimova"],
  ["liming", "李 明"],
  ["deploybot", "Deploy Bot"],
].map(([name, realName], n) => ({
  id: userId(n + 1),
  team_id: "T0000000001",
  name,
  deleted: n === 3,
  color: "9f69e7",
  real_name: realName,
  tz: "Europe/Stockholm",
  tz_label: "Central European Summer Time",
  tz_offset: 7_200,
  profile: {
    title: "",
    phone: "",
    skype: "",
    real_name: realName,
    real_name_normalized: realName,
    display_name: n === 5 ? "" : name,
    status_text: n === 1 ? "on a train 🚆" : "",
    status_emoji: "",
    email: `${name}@harbor.example`,
    image_48: `https://avatar.example/${n}/48`,
    team: "T0000000001",
  },
  is_admin: n === 0,
  is_owner: n === 0,
  is_restricted: false,
  is_bot: n === 5,
  is_app_user: false,
  updated: BASE_SECONDS + n,
}));

/** Channels; one archived, one with a name that is not ASCII. */
export const SLACK_CHANNELS: readonly SlackRecord[] = [
  "general",
  "agents",
  "on-call",
  "größe-und-form",
  "random",
  "old-project",
].map((name, n) => ({
  id: channelId(n + 1),
  name,
  name_normalized: name,
  is_channel: true,
  is_group: false,
  is_im: false,
  is_mpim: false,
  is_private: n === 2,
  is_archived: n === 5,
  is_general: n === 0,
  is_shared: false,
  is_member: true,
  created: BASE_SECONDS - 90_000 + n,
  creator: userId(1),
  context_team_id: "T0000000001",
  unlinked: 0,
  topic: { value: n === 2 ? "Who has the pager?" : "", creator: "", last_set: 0 },
  purpose: { value: "", creator: "", last_set: 0 },
  previous_names: n === 1 ? ["bots"] : [],
  num_members: 6 - n,
  updated: (BASE_SECONDS + n) * 1_000,
}));

const TEXTS: readonly string[] = [
  "Good morning",
  "The release is out :tada:",
  "Who sees the empty schema?",
  "",
  "🔥",
  "Deploy finished in 42 s",
  "Größe stimmt nicht",
  "搜索坏了",
  "Line one\nline two\n```code```",
  "<@U0000000002> can you look?",
  "See <https://harbor.example/a|the page>",
];

/** A message in full. */
export function slackMessage(spec: {
  channel: string;
  ts: string;
  text: string;
  user: string;
  thread?: string;
  edited?: string;
}): SlackRecord {
  const { channel, ts, text, user } = spec;
  const elements = text === "" ? [] : [{ type: "rich_text_section", elements: [{ type: "text", text }] }];
  return {
    type: "message",
    channel,
    user,
    text,
    ts,
    team: "T0000000001",
    ...(spec.thread === undefined ? {} : { thread_ts: spec.thread, parent_user_id: userId(1) }),
    ...(spec.edited === undefined ? {} : { edited: { user, ts: spec.edited } }),
    blocks: [{ type: "rich_text", block_id: ts.slice(-5), elements }],
    reactions: [],
  };
}

/** Messages of the first five channels. */
export const SLACK_MESSAGES: readonly SlackRecord[] = Array.from({ length: 33 }, (_, n) =>
  slackMessage({
    channel: channelId((n % 5) + 1),
    ts: slackTs(n),
    text: TEXTS[n % TEXTS.length] ?? "",
    user: userId((n % 6) + 1),
    ...(n % 8 === 6 ? { edited: slackTs(n + 1) } : {}),
  }),
);

/** Replies in the threads of the first three messages. */
export const SLACK_REPLIES: readonly SlackRecord[] = [0, 0, 1, 2].map((parent, n) =>
  slackMessage({
    channel: channelId(parent + 1),
    ts: slackTs(40 + n),
    thread: slackTs(parent),
    text: `Reply ${n + 1}`,
    user: userId(n + 1),
  }),
);

/** Reactions to the first messages. */
export const SLACK_REACTIONS: readonly SlackRecord[] = ["eyes", "tada", "+1"].map((reaction, n) => ({
  type: "reaction_added",
  user: userId(n + 1),
  reaction,
  item: { type: "message", channel: channelId(n + 1), ts: slackTs(n) },
  item_user: userId(1),
  event_ts: slackTs(50 + n),
}));
