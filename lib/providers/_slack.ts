/** What Slack's resources share: timestamps, names, calls, and answers that are 200 whatever happened. */
import { child, rest, text } from "./_read.ts";
import type { ProviderRecord, WriteInput } from "./definition.ts";

/** The id of a record. */
export const idOf = (record: ProviderRecord) => text(record, "id");
/** A message's `ts` as a path names it: `1716200000.000100` is `1716200000_000100`. */
export const tsOf = (record: ProviderRecord) => text(record, "ts").replace(".", "_");
/** The `ts` of a name in a path. */
export const apiTs = (id: string | undefined) => (id ?? "").replace("_", ".");
/** The channel a record names, however it does. */
export const channelOf = (record: ProviderRecord) => text(record, "channel.id", "channel", "channel_id");
/** A timestamp in seconds as ISO 8601; empty when it is none. */
export const secondsOf = (ts: string) => {
  const ms = Number(ts.split(/[._]/)[0]) * 1_000;
  return Number.isFinite(ms) && ms > 0 ? new Date(ms).toISOString() : "";
};
/** When a message was last changed. */
export const editedOf = (record: ProviderRecord) =>
  secondsOf(text(record, "edited.ts") || text(record, "ts"));
/** Seconds as ISO 8601; empty for anything but a number. */
export const flagged = (seconds: unknown) =>
  typeof seconds === "number" ? secondsOf(String(Math.floor(seconds))) : "";

/** What Slack says is wrong although the status is 200. */
export function problemOf(answer: ProviderRecord): string | null {
  if (answer.ok === true) return null;
  return `Slack answered ${text(answer, "error") || "without ok"}`;
}

/** Posting without a timestamp posted nothing that can be found again. */
export function postProblem(answer: ProviderRecord): string | null {
  return problemOf(answer) ?? (text(answer, "ts") === "" ? "Slack answered ok without ts" : null);
}

/** The posted message with the place that only the answer names. */
export function messageFrom(answer: ProviderRecord): ProviderRecord {
  const message = child(answer, "message") ?? {};
  return {
    ...message,
    ts: answer.ts,
    channel: answer.channel,
    ...("text" in answer ? { text: answer.text } : {}),
  };
}

/** Posts a message. */
export const post = (channel: string | undefined, body: ProviderRecord) =>
  rest("POST", "/chat.postMessage", { channel, ...body });
/** Changes a message. */
export const update = ({ params, id, body }: WriteInput) =>
  rest("POST", "/chat.update", { channel: params.channelId, ts: apiTs(id), ...body });
/** Deletes a message. */
export const remove = ({ params, id }: WriteInput) =>
  rest("POST", "/chat.delete", { channel: params.channelId, ts: apiTs(id) });

/** One row of the lookup indexes under `/discovery/slack`: where somebody's messages go. */
export function directoryRow(row: Readonly<Record<string, unknown>>, name: unknown) {
  const { id, title, canonicalPath } = row;
  const path = String(canonicalPath ?? "").replace(/\/meta\.json$/, "");
  return {
    id,
    name,
    title,
    path: canonicalPath ?? null,
    messagesPath: path === "" ? null : `${path}/messages`,
  };
}
