/** What can go wrong with a write of our own. */
import type { DottedId } from "../../../verify/check.ts";
import type { WriteTargetFact } from "../../../verify/write/facts.ts";
import { probe } from "../../support/facts.ts";
import { edit, op, read, refused, sent } from "../../support/write-facts.ts";

/** Every finding of a write probe with the smallest story in which it is found. */
export const STORIES: readonly [code: DottedId, Partial<WriteTargetFact>][] = [
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
