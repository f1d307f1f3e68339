import { describe, expect, test } from "bun:test";
import type { WrittenPlaceFact } from "../../../verify/facts.ts";
import { draftsSettle, echoesSuppressed, successConfirmed } from "../../../verify/writeback/settled.ts";
import { NOON, ops, probe } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";
import { before, event, feed } from "../../support/tree-facts.ts";

const DRAFT = "/jira/issues/all is well.json";
const RECORD = "/jira/issues/all-is-well__11000.json";
const RESULT = { status: 201, externalId: "11000", canonicalPath: RECORD, providerRevision: "rev_1" };
const done = (over: object = {}) => ({
  path: DRAFT,
  providerResult: RESULT,
  completedAt: before(600),
  ...over,
});

describe("VW-26 and VW-27 writeback.success-confirmed", () => {
  const judge = (over: object) => codesOf(successConfirmed, { ops: ops([done(over)]) });

  test("is content with a result that names its record", () => {
    expect(runCheck(successConfirmed, { ops: ops([done()]) })).toMatchObject({ exercised: 1, findings: [] });
    const slack = { path: "/slack/channels/C0000000001__general/messages/hi there.json", provider: "slack" };
    expect(judge({ ...slack, providerResult: { ok: true, ts: "1775.0001" } })).toEqual([]);
  });

  test("sees a create that names nothing", () => {
    expect(judge({ providerResult: { status: 200 } })).toEqual(["writeback.success-unconfirmed"]);
    const slack = { path: "/slack/channels/C0000000001__general/messages/hi there.json", provider: "slack" };
    expect(judge({ ...slack, providerResult: { ok: true, ts: "" } })).toEqual([
      "writeback.success-unconfirmed",
    ]);
  });

  test("judges a create whose record lies in another collection", () => {
    const pull = { provider: "github", path: "/github/repos/o/r/pull-requests/my branch.json" };
    expect(judge({ ...pull, providerResult: { status: 201 } })).toEqual(["writeback.success-unconfirmed"]);
    expect(judge({ ...pull, providerResult: { status: 201, id: "7" } })).toEqual([]);
  });

  test("allows an edit, an action and a local write to name nothing", () => {
    expect(judge({ path: RECORD, providerResult: { status: 204 } })).toEqual([]);
    expect(judge({ path: "/github/repos/o/r/pulls/7/merge.json", providerResult: { status: 200 } })).toEqual(
      [],
    );
    expect(judge({ providerResult: { local: true } })).toEqual([]);
  });

  test("sees a no inside an answer of 200", () => {
    for (const no of [{ success: false }, { ok: false }, { errors: [{ message: "not yours" }] }])
      expect(judge({ providerResult: { ...RESULT, ...no } })).toEqual(["writeback.success-contradicted"]);
  });

  test("judges nothing where results are not recorded", () => {
    for (const providerResult of [undefined, {}, { providerRevision: "rev_1" }])
      expect(runCheck(successConfirmed, { ops: ops([done({ providerResult })]) })).toMatchObject({
        exercised: 0,
      });
  });
});

describe("VW-18 and VW-19 writeback.drafts-settle", () => {
  const place = (over: Partial<WrittenPlaceFact> = {}): WrittenPlaceFact => ({
    opId: "op_1",
    path: DRAFT,
    exchangeId: "x020",
    revision: "rev_2",
    kind: "receipt",
    canonicalPath: RECORD,
    canonicalThere: true,
    ...over,
  });
  const facts = (one: WrittenPlaceFact, op: object = {}, events: Parameters<typeof feed> = [[]]) => ({
    writtenPlaces: { probe: probe(), items: [one], collectedAtMs: NOON },
    ops: ops([done({ path: one.path, ...op })]),
    events: feed(...events),
  });
  const judge = (...args: Parameters<typeof facts>) => codesOf(draftsSettle, facts(...args));

  test("is content with a receipt, a record, and a receipt that was swept", () => {
    expect(judge(place())).toEqual([]);
    expect(judge(place({ kind: "record", path: RECORD }))).toEqual([]);
    expect(judge(place({ kind: "missing" }))).toEqual([]);
  });

  test("sees residue of a draft (relayfile#242), once it had time to settle", () => {
    expect(judge(place({ kind: "raw" }))).toEqual(["writeback.draft-residue"]);
    expect(judge(place({ kind: "raw" }), { completedAt: before(10) })).toEqual([]);
  });

  test("takes a draft that was written again, and an edit, for what they are", () => {
    const again = event(DRAFT, { origin: "agent_write", at: before(60) });
    expect(judge(place({ kind: "raw" }), {}, [[again]])).toEqual([]);
    const told = event(DRAFT, { type: "writeback.succeeded", origin: "system", at: before(60) });
    expect(judge(place({ kind: "raw" }), {}, [[told]])).toEqual(["writeback.draft-residue"]);
    expect(judge(place({ kind: "raw", path: RECORD, canonicalPath: null, canonicalThere: null }))).toEqual(
      [],
    );
  });

  test("sees a receipt that leads nowhere, unless its record was deleted", () => {
    const astray = place({ canonicalThere: false });
    expect(findingsOf(draftsSettle, facts(astray))[0]).toMatchObject({
      code: "writeback.receipt-astray",
      confidence: "confirmed",
    });
    expect(findingsOf(draftsSettle, facts(astray, {}, [[], { complete: false }]))[0]).toMatchObject({
      confidence: "likely",
    });
    expect(judge(astray, {}, [[event(RECORD, { type: "file.deleted" })]])).toEqual([]);
  });

  test("sees a write that was accepted and cannot be read (relayfile#306)", () => {
    const lost = place({ kind: "missing", canonicalPath: null, canonicalThere: null });
    expect(judge(lost)).toEqual(["writeback.accepted-unreadable"]);
    expect(judge(lost, { completedAt: before(90_000) })).toEqual([]);
    expect(judge(lost, {}, [[event(DRAFT, { type: "file.deleted" })]])).toEqual([]);
    expect(codesOf(draftsSettle, { ...facts(lost), events: undefined })).toEqual([]);
  });

  test("judges nothing at a path that was written again since, whatever became of that", () => {
    const raw = { ...facts(place({ kind: "raw" })), events: undefined };
    const again = { path: DRAFT, status: "failed", attemptCount: 0, createdAt: before(300) };
    expect(codesOf(draftsSettle, { ...raw, ops: ops([done(), again]) })).toEqual([]);
    const earlier = { ...again, createdAt: before(900) };
    expect(codesOf(draftsSettle, { ...raw, ops: ops([done(), earlier]) })).toEqual([
      "writeback.draft-residue",
    ]);
  });

  test("judges a path by its last write only", () => {
    const older = { ...place({ kind: "raw" }), opId: "op_2" };
    const both = {
      ...facts(place()),
      writtenPlaces: { probe: probe(), items: [place(), older], collectedAtMs: NOON },
      ops: ops([done(), done()]),
    };
    expect(codesOf(draftsSettle, both)).toEqual([]);
  });

  test("cannot tell when the paths could not be read, and judges nothing without any", () => {
    const dark = {
      ...facts(place()),
      writtenPlaces: { probe: probe({ status: 503 }), items: [], collectedAtMs: NOON },
    };
    expect(runCheck(draftsSettle, dark).kind).toBe("unknown");
    const none = { ...facts(place()), writtenPlaces: { probe: null, items: [], collectedAtMs: NOON } };
    expect(runCheck(draftsSettle, none)).toMatchObject({ exercised: 0 });
  });
});

describe("VW-15 writeback.echoes-suppressed", () => {
  const judge = (...events: ReturnType<typeof event>[]) =>
    codesOf(echoesSuppressed, { ops: ops([done()]), events: feed(events) });

  test("sees a record that was written twice with the same bytes after our own write", () => {
    expect(judge(event(RECORD, { at: before(570) }), event(RECORD, { at: before(600) }))).toEqual([
      "writeback.echo-duplicated",
    ]);
  });

  test("follows the canonical path of an edit, and nothing of a draft that names no record", () => {
    const pair = feed([event(RECORD, { at: before(570) }), event(RECORD, { at: before(600) })]);
    const edit = ops([done({ path: RECORD, providerResult: { status: 200 } })]);
    expect(codesOf(echoesSuppressed, { ops: edit, events: pair })).toEqual(["writeback.echo-duplicated"]);
    const nameless = ops([done({ providerResult: { status: 200 } })]);
    expect(runCheck(echoesSuppressed, { ops: nameless, events: pair }).kind).toBe("skip");
  });

  test("allows another change, a later one, and our own write beside the sync", () => {
    expect(judge(event(RECORD, { at: before(570), hash: "h6" }), event(RECORD, { at: before(600) }))).toEqual(
      [],
    );
    expect(judge(event(RECORD, { at: before(60) }), event(RECORD, { at: before(600) }))).toEqual([]);
    expect(
      judge(event(RECORD, { at: before(599) }), event(RECORD, { at: before(600), origin: "agent_write" })),
    ).toEqual([]);
  });

  test("skips while no op has reached a provider", () => {
    const local = ops([done({ providerResult: { local: true } }), done({ status: "pending" })]);
    expect(runCheck(echoesSuppressed, { ops: local, events: feed([]) }).kind).toBe("skip");
  });
});
