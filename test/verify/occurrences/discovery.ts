/** Evidence in which each finding of `verify discovery` occurs. What the fault lab stages with a real service needs none. */
import type { DottedId } from "../../../verify/check.ts";
import type { Facts } from "../../../verify/facts.ts";
import { discovery, probe, refresh, resource, target } from "../../support/facts.ts";
import { event, feed, ISSUES, indexOf, issueTree, records, row, sample } from "../../support/tree-facts.ts";

const SCHEMA = "/discovery/jira/issues/.schema.json";
const INDEX = "/jira/issues/_index.json";
const EMPTY = resource({ properties: [], hits: [null] });
const NESTED = resource({ path: "/jira/issues/{issueId}/comments", properties: [] });
const bare = { files: [{ path: "/jira/LAYOUT.md", hash: "h" }], samples: [] };
const withSchema = (document: Record<string, unknown>) => {
  const one = resource();
  return discovery([{ ...one, schema: { ...one.schema, document } }]);
};
const withIndex = (rows: Parameters<typeof indexOf>[1]) =>
  records(issueTree({ indexes: [indexOf(INDEX, rows)] }));
const withFile = (line: string) => {
  const [path = "", hash = "h"] = line.split(" ");
  const kept = issueTree().files.filter((file) => file.path !== path);
  return records(issueTree({ files: [...kept, { path, hash }] }));
};
const synced = (state: string): Facts["integrations"] => ({
  list: probe(),
  rows: [],
  statuses: [
    {
      provider: "jira",
      probe: probe(),
      status: { ready: true, initialSync: { state, syncName: "s", model: "m" } },
    },
  ],
});

/** By code: what is given to its check. */
export const DISCOVERY: Readonly<Record<DottedId, Partial<Facts>>> = {
  "discovery.backfilled-but-empty": { refresh: refresh(), discovery: discovery([EMPTY]), target: target() },
  "discovery.schema-older-than-refresh": { refresh: refresh(), discovery: discovery([EMPTY]) },
  "discovery.empty-schema": { discovery: discovery([EMPTY]) },
  "discovery.no-records": { discovery: discovery([resource({ properties: [], rows: 0 })]) },
  "discovery.placeholder-by-design": { discovery: discovery([NESTED]) },
  "discovery.contract-incomplete": { discovery: discovery([resource()]) },
  "discovery.tree-empty": { records: records(issueTree(bare)) },
  "discovery.no-backfill": {
    records: records(issueTree({ ...bare, indexes: [] })),
    integrations: synced("complete"),
  },
  "discovery.layout-generic": { discovery: discovery([resource()]) },
  "discovery.adapter-doc-thin": { discovery: discovery([resource()]) },
  "discovery.schema-not-canonical": { discovery: withSchema({ type: "object", properties: { a: {} } }) },
  "discovery.required-readonly": {
    discovery: withSchema({ type: "object", properties: { key: { readOnly: true } }, required: ["key"] }),
  },
  "discovery.schema-shrank": {
    discovery: discovery([resource({ properties: ["a"] })]),
    refresh: refresh({
      schemasBefore: { [SCHEMA]: { revision: "rev_0", lastEditedAt: null, sha256: null, properties: 3 } },
    }),
  },
  "discovery.refresh-churns": {
    discovery: discovery([resource()]),
    events: feed([event(SCHEMA), event(SCHEMA)]),
  },
  "discovery.refresh-slow": {
    discovery: discovery([resource()]),
    events: feed([]),
    refresh: refresh({ probe: probe({ totalMs: 95_000 }) }),
  },
  "discovery.index-malformed": { records: withIndex(null) },
  "discovery.index-ghost-row": { records: withIndex([row("10009", "/jira/issues/x__10009.json")]) },
  "discovery.index-missing-row": { records: withIndex([]) },
  "discovery.name-malformed": { records: withIndex([row("77", ISSUES[0])]) },
  "discovery.slack-index-missing": {
    records: records(
      issueTree({
        provider: "slack",
        files: [{ path: "/slack/users/U1__a/meta.json", hash: "h" }],
        indexes: [indexOf("/discovery/slack/users/_index.json", [])],
      }),
    ),
  },
  "discovery.record-unwrapped": {
    records: records(issueTree({ samples: [sample(ISSUES[0], { envelope: ["id"] })] })),
  },
  "discovery.record-unreadable": {
    records: records(issueTree({ samples: [sample(ISSUES[0], { problem: "not JSON" })] })),
  },
  "discovery.schema-type-conflict": {
    records: records(issueTree()),
    discovery: withSchema({ type: "object", properties: { title: { type: "integer" } } }),
  },
  "discovery.alias-differs": { records: withFile("/jira/issues/by-id/10001.json h9") },
  "discovery.alias-stale": { records: withFile("/jira/issues/by-state/done/10001.json h1") },
  "discovery.alias-missing": {
    records: records(
      issueTree({ files: issueTree().files.filter(({ path }) => !path.includes("/by-uuid/")) }),
    ),
  },
  "discovery.alias-undeclared": { records: records(issueTree({ layoutAliases: [] })) },
  "discovery.mid-migration": {
    records: withFile("/jira/issues/new.json h"),
    discovery: discovery([resource()]),
  },
};
