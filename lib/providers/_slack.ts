/** What Slack's resources share: timestamps, names, calls, and answers that are 200 whatever happened. */
import { child, rest, text } from "./_read.ts";
import type { AnswerProblem, ProviderRecord, WriteInput } from "./definition.ts";

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

/** Errors of Slack's own that the same call may not meet again. */
const PASSING = ["ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"];
/** Errors that say the wish is fulfilled already. */
const DONE = { write: ["already_reacted"], delete: ["message_not_found", "no_reaction"] };

/** What Slack says is wrong although the status is 200. */
export function problemOf(answer: ProviderRecord, operation: "write" | "delete"): AnswerProblem | null {
  const error = text(answer, "error");
  if (answer.ok === true || DONE[operation].includes(error)) return null;
  return { problem: `Slack answered ${error || "without ok"}`, passes: PASSING.includes(error) };
}

/** Posting without a timestamp posted nothing that can be found again. */
export function postProblem(answer: ProviderRecord, operation: "write" | "delete"): AnswerProblem | null {
  const problem = problemOf(answer, operation);
  if (problem !== null || operation === "delete" || text(answer, "ts") !== "") return problem;
  return { problem: "Slack answered ok without ts", passes: false };
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
