import { describe, expect, test } from "bun:test";
import type { Check } from "../../../verify/check.ts";
import { WRITE_CHECKS } from "../../../verify/write/checks/mod.ts";
import type {
  EditFact,
  FollowedOp,
  ReadBack,
  SentWrite,
  WriteProbeFact,
  WriteTargetFact,
} from "../../../verify/write/facts.ts";
import { NOON, probe } from "../../support/facts.ts";
import { codesOf, runCheck } from "../../support/run-check.ts";

const MARKER = "[relayfile writeback test 2026-05-20T12:00:00.000Z]";

const sent = (over: Partial<SentWrite> = {}): SentWrite => ({
  probe: probe({ method: "PUT", status: 202 }),
  opId: "op_1",
  targetRevision: "rev_1",
  state: "pending",
  currentRevision: null,
  lostReplies: 0,
  ...over,
});
const refused = (status: number, over: Partial<SentWrite> = {}): SentWrite =>
  sent({ probe: probe({ method: "PUT", status }), opId: null, targetRevision: null, state: null, ...over });
const op = (over: Partial<FollowedOp> = {}): FollowedOp => ({
  exchangeId: "x1",
  opId: "op_1",
  status: "succeeded",
  attemptCount: 1,
  lastError: null,
  lastStatus: null,
  waitedMs: 100,
  nextAttemptAt: null,
  externalId: "10001",
  url: null,
  canonicalPath: "/jira/issues/t__10001.json",
  local: false,
  ...over,
});
const read = (over: Partial<ReadBack> = {}): ReadBack => ({
  path: "/jira/issues/t__10001.json",
  exchangeId: "x2",
  status: 200,
  revision: "rev_2",
  kind: "record",
  marked: ["fields.summary"],
  ...over,
});
const edit = (over: Partial<EditFact> = {}): EditFact => ({
  path: "/jira/issues/t__10001.json",
  field: "fields.description",
  sent: sent({ opId: "op_2" }),
  op: op({ opId: "op_2" }),
  revisionBefore: "rev_2",
  after: read({ revision: "rev_3", marked: ["fields.description"] }),
  ...over,
});
const target = (over: Partial<WriteTargetFact> = {}): WriteTargetFact => ({
  provider: "jira",
  mode: "throwaway",
  resource: "/jira/issues",
  path: "/jira/issues/issue x.json",
  skipped: null,
  invalid: null,
  unconditional: refused(412),
  created: sent(),
  createOp: op(),
  draft: {
    ...read({ path: "/jira/issues/issue x.json", kind: "receipt" }),
    receiptPath: "/jira/issues/t__10001.json",
    created: "10001",
  },
  canonical: read(),
  marked: { afterCreate: 1, afterRepeat: 1 },
  repeated: sent(),
  stale: { probe: probe({ status: 409 }), namesCurrent: true },
  edit: edit(),
  upstream: { probe: probe(), marked: true },
  restored: null,
  removal: {
    declared: true,
    sent: sent({ opId: "op_3" }),
    op: op({ opId: "op_3" }),
    after: read({ kind: "missing", revision: null, marked: [] }),
    indexRows: 0,
  },
  ...over,
});
const fact = (...targets: WriteTargetFact[]): WriteProbeFact => ({
  marker: MARKER,
  targets,
  collectedAtMs: NOON,
});
const check = (id: string) => WRITE_CHECKS.find((one) => one.id === id) as Check;
const outcomes = (probed: WriteProbeFact) =>
  Object.fromEntries(WRITE_CHECKS.map((one) => [one.id, runCheck(one, { writeProbe: probed })]));

/** Every finding of a write probe with the smallest story in which it is found. */
const STORIES: readonly [code: string, Partial<WriteTargetFact>][] = [
  [
    "writeback.probe-document-invalid",
    {
      created: null,
      edit: null,
      invalid: { code: "required", field: "summary", message: "summary is missing" },
    },
  ],
  ["writeback.write-forbidden", { created: refused(403) }],
  ["writeback.write-refused", { created: refused(422) }],
  ["writeback.write-unanswered", { created: refused(503) }],
  ["writeback.write-answer-incomplete", { created: sent({ state: null }) }],
  ["writeback.executor-down", { createOp: op({ status: "pending", attemptCount: 0 }) }],
  ["writeback.write-slow", { createOp: op({ status: "pending", attemptCount: 2 }) }],
  [
    "writeback.probe-unroutable",
    { createOp: op({ status: "failed", attemptCount: 0, lastError: "No jira writeback rule matched /x" }) },
  ],
  [
    "writeback.probe-refused",
    { createOp: op({ status: "failed", attemptCount: 0, lastError: "VALIDATION_FAILED team" }) },
  ],
  ["writeback.probe-rejected", { createOp: op({ status: "dead_lettered", lastStatus: 422 }) }],
  [
    "writeback.probe-rejected",
    {
      createOp: op({
        status: "dead_lettered",
        lastStatus: 200,
        lastError: "issueCreate answered success: false",
      }),
    },
  ],
  [
    "writeback.probe-undelivered",
    { createOp: op({ status: "dead_lettered", lastStatus: 503, attemptCount: 3 }) },
  ],
  ["writeback.local-only", { createOp: op({ local: true }) }],
  [
    "writeback.success-without-identity",
    {
      createOp: op({ externalId: null }),
      draft: { ...read({ kind: "receipt" }), receiptPath: null, created: null },
    },
  ],
  ["writeback.draft-left-raw", { draft: { ...read(), receiptPath: null, created: null } }],
  [
    "writeback.draft-vanished",
    { draft: { ...read({ kind: "missing" }), receiptPath: null, created: null }, canonical: null },
  ],
  ["writeback.record-missing", { canonical: read({ kind: "missing" }) }],
  ["writeback.receipt-points-nowhere", { canonical: read({ kind: "missing" }) }],
  ["writeback.marker-missing", { canonical: read({ marked: [] }) }],
  [
    "writeback.created-twice",
    { marked: { afterCreate: 1, afterRepeat: 2 }, repeated: sent({ opId: "op_9" }) },
  ],
  ["writeback.edit-not-visible", { edit: edit({ after: read({ revision: "rev_2", marked: [] }) }) }],
  [
    "writeback.edit-spread",
    {
      edit: edit({
        after: read({ revision: "rev_3", marked: ["fields.description", "fields.environment"] }),
      }),
    },
  ],
  ["writeback.not-upstream", { upstream: { probe: probe({ status: 404 }), marked: false } }],
  ["writeback.unconditional-write-accepted", { unconditional: sent() }],
  ["writeback.precondition-answer-odd", { unconditional: refused(400) }],
  ["writeback.stale-write-accepted", { stale: { probe: probe({ status: 202 }), namesCurrent: false } }],
  ["writeback.conflict-unexplained", { stale: { probe: probe({ status: 409 }), namesCurrent: false } }],
  [
    "writeback.delete-failed",
    { removal: { declared: true, sent: sent(), op: op({ status: "failed" }), after: null, indexRows: null } },
  ],
  [
    "writeback.record-remains",
    { removal: { declared: true, sent: sent(), op: op(), after: read({ kind: "missing" }), indexRows: 1 } },
  ],
  [
    "writeback.left-behind",
    { removal: { declared: false, sent: null, op: null, after: null, indexRows: null } },
  ],
];

describe("write probe checks", () => {
  test("pass a write that went well from draft to removal", () => {
    for (const outcome of Object.values(outcomes(fact(target()))))
      expect(outcome).toMatchObject({ kind: "judged", exercised: 1, findings: [] });
  });

  for (const [code, over] of STORIES) {
    test(`find ${code} and nothing of the kind in a good write`, () => {
      const owner = WRITE_CHECKS.find((one) => code in one.findings) as Check;
      expect(codesOf(owner, { writeProbe: fact(target(over)) })).toContain(code);
      expect(codesOf(owner, { writeProbe: fact(target()) })).not.toContain(code);
    });
  }

  test("have a story for every code they declare", () => {
    const told = new Set(STORIES.map(([code]) => code));
    for (const one of WRITE_CHECKS)
      for (const code of Object.keys(one.findings)) expect(told).toContain(code);
  });

  test("call it undetermined when consent was given and nothing could be written", () => {
    const nowhere = target({
      created: null,
      edit: null,
      skipped: { reason: "no place", flag: "--path PATH" },
    });
    const outcome = runCheck(check("writeback.probe-prepared"), { writeProbe: fact(nowhere) });
    expect(outcome).toMatchObject({ kind: "unknown", reason: expect.stringContaining("--path PATH") });
  });

  test("judge a named record by its edit and by being put back", () => {
    const named = target({
      mode: "named",
      created: null,
      createOp: null,
      draft: null,
      unconditional: null,
      repeated: null,
      stale: null,
      removal: null,
      restored: edit(),
    });
    const all = outcomes(fact(named));
    expect(all["writeback.edit-shows"]).toMatchObject({ kind: "judged", findings: [] });
    expect(all["writeback.probe-cleaned-up"]).toMatchObject({ kind: "judged", findings: [] });
    expect(all["writeback.record-appears"]?.kind).toBe("skip");
    expect(
      codesOf(check("writeback.probe-cleaned-up"), { writeProbe: fact({ ...named, restored: null }) }),
    ).toEqual(["writeback.left-behind"]);
  });
});
