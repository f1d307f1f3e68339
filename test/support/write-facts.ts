/** Small literals of what a write probe saw: each test says only what went wrong. */
import type {
  EditFact,
  FollowedOp,
  ReadBack,
  SentWrite,
  WriteProbeFact,
  WriteTargetFact,
} from "../../verify/write/facts.ts";
import { NOON, probe } from "./facts.ts";

const MARKER = "[relayfile writeback test 2026-05-20T12:00:00.000Z]";

/** An accepted write. */
export const sent = (over: Partial<SentWrite> = {}): SentWrite => ({
  probe: probe({ method: "PUT", status: 202 }),
  opId: "op_1",
  targetRevision: "rev_1",
  state: "pending",
  currentRevision: null,
  lostReplies: 0,
  ...over,
});
/** A write that was refused. */
export const refused = (status: number, over: Partial<SentWrite> = {}): SentWrite =>
  sent({ probe: probe({ method: "PUT", status }), opId: null, targetRevision: null, state: null, ...over });
/** An op that succeeded. */
export const op = (over: Partial<FollowedOp> = {}): FollowedOp => ({
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
/** A record as it was read back. */
export const read = (over: Partial<ReadBack> = {}): ReadBack => ({
  path: "/jira/issues/t__10001.json",
  exchangeId: "x2",
  status: 200,
  revision: "rev_2",
  kind: "record",
  marked: ["fields.summary"],
  ...over,
});
/** An edit that shows. */
export const edit = (over: Partial<EditFact> = {}): EditFact => ({
  path: "/jira/issues/t__10001.json",
  field: "fields.description",
  sent: sent({ opId: "op_2" }),
  op: op({ opId: "op_2" }),
  revisionBefore: "rev_2",
  after: read({ revision: "rev_3", marked: ["fields.description"] }),
  ...over,
});
/** A throwaway that went well from draft to removal. */
export const target = (over: Partial<WriteTargetFact> = {}): WriteTargetFact => ({
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
/** What a probe saw. */
export const fact = (...targets: WriteTargetFact[]): WriteProbeFact => ({
  marker: MARKER,
  targets,
  collectedAtMs: NOON,
});
