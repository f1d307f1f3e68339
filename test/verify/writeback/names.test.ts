import { describe, expect, test } from "bun:test";
import { draftsCreate, nonRecordsStay } from "../../../verify/writeback/names.ts";
import { opsAreRouted } from "../../../verify/writeback/ops.ts";
import { canonicalRoutable, examplesValid } from "../../../verify/writeback/routes.ts";
import { discovery, ops, resource } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";
import { issueTree, records, row, tree } from "../../support/tree-facts.ts";

/** A resource with a create example. */
const creatable = (path: string, example: Record<string, unknown> = { fields: {} }) => {
  const one = resource({ path });
  return {
    ...one,
    example: { ...one.schema, path: `/discovery${path}/.create.example.json`, document: example },
  };
};
const issues = discovery([creatable("/jira/issues")]);

describe("VW-01 and VW-25 writeback.drafts-create", () => {
  test("finds that every usual draft name creates in a Jira collection", () => {
    expect(runCheck(draftsCreate, { discovery: issues })).toMatchObject({ exercised: 1, findings: [] });
  });

  test("warns of an advertised collection that the registry does not route", () => {
    const [found] = findingsOf(draftsCreate, { discovery: discovery([creatable("/jira/epics")]) });
    expect(found).toMatchObject({ code: "writeback.create-unroutable", severity: "warn" });
    expect(found?.facts?.names).toContain("draft-20260520T080956Z.json");
  });

  test("judges no collection below a parent, without example or of an unknown provider", () => {
    const others = [creatable("/jira/issues/{issueId}/comments"), resource()];
    expect(runCheck(draftsCreate, { discovery: discovery(others) })).toMatchObject({ exercised: 0 });
    const foreign = discovery([creatable("/hubspot/contacts")], { provider: "hubspot" });
    expect(runCheck(draftsCreate, { discovery: foreign })).toMatchObject({ exercised: 0 });
  });

  test("sees a draft that was sent as an edit, by the 404 it got", () => {
    const draft = (lastStatus: number, path = "/jira/issues/draft-20260520T080956Z.json") =>
      codesOf(draftsCreate, {
        discovery: issues,
        ops: ops([{ path, status: "dead_lettered", attemptCount: 1, lastStatus }]),
      });
    expect(draft(404)).toEqual(["writeback.draft-misrouted"]);
    expect(draft(400)).toEqual([]);
    expect(
      codesOf(draftsCreate, {
        discovery: issues,
        ops: ops([{ path: "/jira/issues/wb-1.json", status: "succeeded", lastStatus: 404 }]),
      }),
    ).toEqual([]);
    // Below a parent a 404 may mean the parent, and of a record it means the record.
    expect(draft(404, "/jira/issues/10001/comments/a b.json")).toEqual([]);
    expect(draft(404, "/jira/issues/one__10001.json")).toEqual([]);
  });

  test("sees a record created by a write to the key of another", () => {
    const keyed = (over: object) =>
      codesOf(draftsCreate, {
        discovery: issues,
        ops: ops([{ path: "/linear/issues/AGE-16.json", provider: "linear", ...over }]),
      });
    const made = { providerResult: { canonicalPath: "/linear/issues/AGE-99__u.json", externalId: "u" } };
    expect(keyed(made)).toEqual(["writeback.key-created"]);
    expect(keyed({ ...made, status: "failed", attemptCount: 0 })).toEqual([]);
    expect(keyed({ providerResult: { ...made.providerResult, local: true } })).toEqual([]);
    expect(keyed({})).toEqual([]);
  });
});

describe("VW-22, VW-23 and VW-24 writeback.non-records-stay", () => {
  const judge = (...items: Parameters<typeof ops>[0]) =>
    codesOf(nonRecordsStay, { records: records(issueTree()), ops: ops(items) });

  test("classifies the copies, indexes and temporary names of a real tree", () => {
    const outcome = runCheck(nonRecordsStay, { records: records(issueTree()), ops: ops([]) });
    expect(outcome).toMatchObject({ kind: "judged", findings: [] });
    expect((outcome as { exercised: number }).exercised).toBeGreaterThan(10);
  });

  test("sees writes to copies, indexes and temporary files that were sent", () => {
    for (const path of [
      "/jira/issues/by-id/10001.json",
      "/jira/issues/_index.json",
      "/jira/issues/fix.tmp.json",
      "/jira/issues/fix.partial.json",
    ]) {
      expect(`${path} ${judge({ path })}`).toBe(`${path} writeback.reserved-name-sent`);
      expect(judge({ path, status: "failed", attemptCount: 0 })).toEqual([]);
      expect(judge({ path, providerResult: { local: true } })).toEqual([]);
    }
  });

  test("sees the removal of a draft that was sent, not the removal of a record", () => {
    const removal = { action: "file_delete", path: "/jira/issues/all is well.json" };
    expect(judge(removal)).toEqual(["writeback.draft-delete-sent"]);
    expect(judge({ ...removal, providerResult: { local: true } })).toEqual([]);
    expect(
      judge({ ...removal, path: "/linear/issues/AGE-1__00000000-0000-4000-8000-000000000001.json" }),
    ).toEqual([]);
    expect(judge({ ...removal, path: "/notes/plan.md" })).toEqual([]);
    expect(judge({ ...removal, path: "/hubspot/contacts/draft.json" })).toEqual([]);
    // A write to a place without a route is told by another check, and so is the key of a record.
    expect(judge({ path: "/jira/odd/place/x.json" })).toEqual([]);
    expect(judge({ path: "/linear/issues/AGE-16.json", providerResult: { externalId: "u9" } })).toEqual([]);
  });

  test("judges nothing in an empty workspace", () => {
    const nothing = { records: records(tree([])), ops: ops([]) };
    expect(runCheck(nonRecordsStay, nothing)).toMatchObject({ exercised: 0 });
  });
});

describe("VW-09 and VW-25 writeback.ops-are-routed", () => {
  const failed = (path: string, over: object = {}) =>
    ops([
      {
        path,
        status: "failed",
        attemptCount: 0,
        lastError: `No jira writeback rule matched ${path}`,
        ...over,
      },
    ]);

  test("tells a parent named by its key from a record without a route", () => {
    const [found] = findingsOf(opsAreRouted, {
      ops: failed("/linear/issues/AGE-16/comments/hey.json"),
      discovery: issues,
    });
    expect(found).toMatchObject({ code: "writeback.parent-named-by-key" });
    expect(found?.remedy?.text).toContain("_index.json");
  });

  test("calls a place outside every resource what it is, unless an index lists it as a record", () => {
    const path = "/jira/issues/archive/2026/moved.json";
    expect(codesOf(opsAreRouted, { ops: failed(path), discovery: issues })).toEqual([
      "writeback.not-writable-path",
    ]);
    const one = resource();
    const index = one.index === null ? null : { ...one.index, canonicalPaths: [path] };
    const listed = findingsOf(opsAreRouted, { ops: failed(path), discovery: discovery([{ ...one, index }]) });
    expect(listed[0]).toMatchObject({ code: "writeback.no-route", facts: { canonical: true } });
  });

  test("takes an access rule for what it is", () => {
    expect(codesOf(opsAreRouted, { ops: failed("/jira/.relayfile.acl"), discovery: issues })).toEqual([]);
  });

  test("is less sure of a provider nobody here knows", () => {
    const [found] = findingsOf(opsAreRouted, { ops: failed("/hubspot/contacts/7.json"), discovery: issues });
    expect(found).toMatchObject({ code: "writeback.no-route", facts: { canonical: null } });
  });
});

describe("VW-02 and VD-25 writeback.canonical-routable", () => {
  test("sees a canonical path without a route and allows read-only records", () => {
    const withPaths = (paths: string[]) => {
      const one = resource();
      const index = one.index === null ? null : { ...one.index, canonicalPaths: paths };
      return { discovery: discovery([{ ...one, index }]) };
    };
    const fine = [
      "/jira/issues/one__10001.json",
      row("x", "/jira/projects/harbor__10000.json").canonicalPath ?? "",
    ];
    expect(codesOf(canonicalRoutable, withPaths(fine))).toEqual([]);
    expect(codesOf(canonicalRoutable, withPaths([...fine, "/jira/odd/place/x.json"]))).toEqual([
      "writeback.canonical-unroutable",
    ]);
    expect(runCheck(canonicalRoutable, withPaths([]))).toMatchObject({ exercised: 0 });
  });
});

describe("writeback.canonical-routable with an index that names no paths", () => {
  test("looks up the files of its rows", () => {
    const facts = { discovery: discovery([resource()]), records: records(issueTree()) };
    expect(runCheck(canonicalRoutable, facts)).toMatchObject({ exercised: 2, findings: [] });
  });
});

describe("VW-03 and VD-14 writeback.examples-valid", () => {
  const judge = (example: Record<string, unknown>, schema: Record<string, unknown>) => {
    const one = creatable("/linear/labels", example);
    return codesOf(examplesValid, {
      discovery: discovery([{ ...one, schema: { ...one.schema, document: schema } }], { provider: "linear" }),
    });
  };
  const inferred = {
    type: "object",
    properties: { id: { readOnly: true }, summary: {} },
    required: ["summary"],
  };

  test("validates an example beside an authored schema", () => {
    const authored = { ...inferred, additionalProperties: false };
    expect(judge({ summary: "x" }, authored)).toEqual([]);
    expect(judge({}, authored)).toEqual(["writeback.example-invalid"]);
    expect(judge({ summary: "x", id: 7 }, authored)).toEqual(["writeback.example-invalid"]);
  });

  test("sees an example that misleads beside an inferred schema", () => {
    expect(judge({ summary: "x" }, inferred)).toEqual([]);
    expect(judge({ summary: "x", id: 7 }, inferred)).toEqual(["writeback.example-misleading"]);
    expect(judge({}, inferred)).toEqual(["writeback.example-misleading"]);
    expect(judge({}, { type: "object", properties: {} })).toEqual([]);
  });

  test("judges nothing without examples", () => {
    expect(runCheck(examplesValid, { discovery: discovery([resource()]) })).toMatchObject({ exercised: 0 });
  });
});
