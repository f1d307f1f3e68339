/** Evidence in which each finding of `verify writeback` occurs. What the fault lab stages with a real service needs none. */
import type { DottedId } from "../../../verify/check.ts";
import type { Facts, WrittenPlaceFact } from "../../../verify/facts.ts";
import { discovery, NOON, ops, probe, resource } from "../../support/facts.ts";
import { before, event, feed, issueTree, records } from "../../support/tree-facts.ts";
import { fact, target } from "../../support/write-facts.ts";
import { STORIES } from "./write-probe.ts";

const DRAFT = "/jira/issues/all is well.json";
const RECORD = "/jira/issues/all-is-well__11000.json";
const creatable = (path: string, document: Record<string, unknown> = {}) => {
  const one = resource({ path });
  const example = { ...one.schema, path: `/discovery${path}/.create.example.json`, document };
  return discovery([{ ...one, example }]);
};
const done = (over: object) => ops([{ path: DRAFT, completedAt: before(600), ...over }]);
const CONFIRMED = { externalId: "11000", canonicalPath: RECORD };
const placed = (over: Partial<WrittenPlaceFact>): Partial<Facts> => ({
  ops: done({ providerResult: CONFIRMED }),
  events: feed([]),
  writtenPlaces: {
    probe: probe(),
    collectedAtMs: NOON,
    items: [
      {
        opId: "op_1",
        path: DRAFT,
        exchangeId: "x1",
        revision: "rev_1",
        kind: "receipt",
        canonicalPath: RECORD,
        canonicalThere: true,
        ...over,
      },
    ],
  },
});

/** By code: what is given to its check. */
export const WRITEBACK: Readonly<Record<DottedId, Partial<Facts>>> = {
  "writeback.create-unroutable": { discovery: creatable("/jira/epics") },
  "writeback.draft-misrouted": {
    discovery: discovery([]),
    ops: done({ status: "dead_lettered", lastStatus: 404 }),
  },
  "writeback.key-created": {
    discovery: discovery([]),
    ops: done({ path: "/linear/issues/AGE-16.json", providerResult: { externalId: "u9" } }),
  },
  "writeback.reserved-name-sent": {
    records: records(issueTree()),
    ops: done({ path: "/jira/issues/_index.json" }),
  },
  "writeback.draft-delete-sent": { records: records(issueTree()), ops: done({ action: "file_delete" }) },
  "writeback.example-misleading": {
    discovery: (() => {
      const [provider] = creatable("/jira/issues", { id: 1 }).providers;
      const [one] = provider?.resources ?? [];
      if (one === undefined) throw new TypeError("no resource");
      const document = { type: "object", properties: { id: { readOnly: true } } };
      return discovery([{ ...one, schema: { ...one.schema, document } }]);
    })(),
  },
  "writeback.parent-named-by-key": {
    ops: done({ path: "/linear/issues/AGE-16/comments/hey.json", status: "failed", attemptCount: 0 }),
  },
  "writeback.success-unconfirmed": { ops: done({ providerResult: { status: 200 } }) },
  "writeback.success-contradicted": { ops: done({ providerResult: { ...CONFIRMED, success: false } }) },
  "writeback.draft-residue": placed({ kind: "raw" }),
  "writeback.receipt-astray": placed({ canonicalThere: false }),
  "writeback.accepted-unreadable": placed({ kind: "missing", canonicalPath: null, canonicalThere: null }),
  "writeback.echo-duplicated": {
    ops: done({ providerResult: CONFIRMED }),
    events: feed([event(RECORD), event(RECORD)]),
  },
  ...Object.fromEntries(STORIES.map(([code, over]) => [code, { writeProbe: fact(target(over)) }])),
};
