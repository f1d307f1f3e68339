/** Small literals of trees, feeds and ops, for checks that compare what lies side by side. */
import type {
  EventsFact,
  FeedEventFact,
  IndexRowFact,
  ProviderIndexFact,
  ProviderRecordsFact,
  RecordSampleFact,
  RecordsFact,
} from "../../verify/facts.ts";
import { NOON, probe } from "./facts.ts";

/** An instant so many seconds before noon, as ISO text. */
export function before(seconds: number): string {
  return new Date(NOON - seconds * 1000).toISOString();
}

/** An index row of a record. */
export function row(
  id: string,
  canonicalPath: string | null,
  over: Partial<IndexRowFact> = {},
): IndexRowFact {
  return { id, complete: true, updated: "2026-05-20T10:00:00.000Z", canonicalPath, state: null, ...over };
}

/** An index that was read. */
export function indexOf(
  path: string,
  rows: readonly IndexRowFact[] | null,
  over: Partial<ProviderIndexFact> = {},
): ProviderIndexFact {
  return { path, exchangeId: "x011", problem: rows === null ? "not JSON" : null, rows, ...over };
}

/** A canonical record in its envelope. */
export function sample(path: string, over: Partial<RecordSampleFact> = {}): RecordSampleFact {
  return {
    path,
    exchangeId: "x012",
    revision: "rev_3",
    problem: null,
    envelope: ["deleted", "objectId", "objectType", "payload", "provider"],
    payloadTypes: { id: "string", title: "string" },
    ...over,
  };
}

/** Two issues of Jira with their copies, index and layout: a tree as it should be. */
export const ISSUES = ["/jira/issues/one__10001.json", "/jira/issues/two__10002.json"] as const;

/** A provider's tree. `files` are paths, or paths with a hash after a space. */
export function tree(files: readonly string[], over: Partial<ProviderRecordsFact> = {}): ProviderRecordsFact {
  return {
    provider: "jira",
    connected: true,
    listing: probe({ exchangeId: "x010" }),
    reading: probe({ exchangeId: "x011" }),
    truncated: false,
    files: files.map((text) => {
      const [, path = text, hash = "h0"] = /^(.*?)(?: (h\S+))?$/.exec(text) ?? [];
      return { path, hash };
    }),
    indexes: [],
    samples: [],
    layoutAliases: ["by-edited", "by-id", "by-state", "by-title", "by-uuid"],
    ...over,
  };
}

/** The healthy tree of two issues. */
export function issueTree(over: Partial<ProviderRecordsFact> = {}): ProviderRecordsFact {
  return tree(
    [
      "/jira/LAYOUT.md",
      "/jira/_index.json",
      "/jira/issues/_index.json",
      `${ISSUES[0]} h1`,
      `${ISSUES[1]} h2`,
      ...["10001 h1", "10002 h2"].flatMap((leaf) => {
        const [id, hash] = leaf.split(" ");
        return [
          `/jira/issues/by-uuid/${id}.json ${hash}`,
          `/jira/issues/by-id/${id}.json ${hash}`,
          `/jira/issues/by-title/${id}.json ${hash}`,
          `/jira/issues/by-state/todo/${id}.json ${hash}`,
          `/jira/issues/by-edited/2026-05-20/${id}.json ${hash}`,
        ];
      }),
    ],
    {
      indexes: [
        indexOf("/jira/_index.json", [row("issues", null)]),
        indexOf("/jira/issues/_index.json", [row("10001", ISSUES[0]), row("10002", ISSUES[1])]),
      ],
      samples: ISSUES.map((path) => sample(path)),
      ...over,
    },
  );
}

/** Trees as collected at noon. */
export function records(...providers: ProviderRecordsFact[]): RecordsFact {
  return { providers, collectedAtMs: NOON };
}

/** One event of the feed, ten minutes before noon unless said otherwise. */
export function event(path: string, over: Partial<FeedEventFact> = {}): FeedEventFact {
  return {
    id: "evt_1",
    type: "file.updated",
    path,
    origin: "provider_sync",
    provider: path.split("/")[1] ?? "",
    revision: "rev_5",
    hash: "h5",
    at: before(600),
    exchangeId: "x013",
    ...over,
  };
}

/** A feed, newest first, read to its beginning. */
export function feed(items: readonly FeedEventFact[], over: Partial<EventsFact> = {}): EventsFact {
  return { probe: probe(), items, complete: true, collectedAtMs: NOON, ...over };
}
