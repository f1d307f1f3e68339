import { describe, expect, test } from "bun:test";
import { sha256Hex } from "../../../lib/model/sha256.ts";
import { schemaText } from "../../../lib/pipeline/pure/infer.ts";
import { historyFact, propertyHistory } from "../../../verify/discovery/_property-history.ts";
import { samplesReachable } from "../../../verify/discovery/samples.ts";
import { filesSteady, schemasOnlyGrow } from "../../../verify/discovery/steady.ts";
import type { SchemaBefore } from "../../../verify/facts.ts";
import { discovery, probe, refresh, resource } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";
import { before, event, feed } from "../../support/tree-facts.ts";

const SCHEMA = "/discovery/jira/issues/.schema.json";
const then = (properties: number, over: Partial<SchemaBefore> = {}): SchemaBefore => ({
  revision: "rev_0",
  lastEditedAt: "2026-05-17T00:00:00.000Z",
  sha256: "hash-before",
  properties,
  ...over,
});
const refreshed = (schemas: Record<string, SchemaBefore>) => refresh({ schemasBefore: schemas });

describe("VD-11 discovery.files-steady", () => {
  const judge = (...events: ReturnType<typeof event>[]) =>
    codesOf(filesSteady, { discovery: discovery([resource()]), events: feed(events) });

  test("sees a file that was set to one hash twice", () => {
    expect(judge(event(SCHEMA), event(SCHEMA, { at: before(700) }))).toEqual(["discovery.refresh-churns"]);
  });

  test("allows another hash, another file, and a file that was removed in between", () => {
    expect(judge(event(SCHEMA), event(SCHEMA, { hash: "h4" }))).toEqual([]);
    expect(judge(event(SCHEMA), event("/discovery/jira/projects/.schema.json"))).toEqual([]);
    expect(judge(event(SCHEMA), event(SCHEMA, { type: "file.deleted", hash: null }), event(SCHEMA))).toEqual(
      [],
    );
    expect(judge(event("/jira/issues/a.json"), event("/jira/issues/a.json"))).toEqual([]);
    const other = "/discovery/linear/issues/.schema.json";
    expect(judge(event(other), event(other))).toEqual([]);
  });

  test("judges nothing without events of discovery files", () => {
    const facts = { discovery: discovery([resource()]), events: feed([]) };
    expect(runCheck(filesSteady, facts)).toMatchObject({ kind: "judged", exercised: 0 });
  });

  test("notes a refresh that took minutes, and one that timed out after it wrote", () => {
    const events = feed([event(SCHEMA)]);
    const slow = refresh({ probe: probe({ totalMs: 95_000 }) });
    const facts = { discovery: discovery([resource()]), events };
    expect(codesOf(filesSteady, { ...facts, refresh: slow })).toEqual(["discovery.refresh-slow"]);
    const silent = refresh({
      probe: probe({ status: null, failure: "timeout", totalMs: 30_000 }),
      report: null,
    });
    expect(codesOf(filesSteady, { ...facts, refresh: silent })).toEqual([]);
    const wrote = discovery([resource({ lastEditedAt: "2026-05-20T12:00:20.000Z" })]);
    expect(codesOf(filesSteady, { events, discovery: wrote, refresh: silent })).toEqual([
      "discovery.refresh-slow",
    ]);
  });
});

describe("VD-26 discovery.schemas-only-grow", () => {
  test("sees a schema that the refresh left poorer, with both revisions", () => {
    const facts = {
      discovery: discovery([resource({ properties: ["a"] })]),
      refresh: refreshed({ [SCHEMA]: then(3) }),
    };
    const [found] = findingsOf(schemasOnlyGrow, facts);
    expect(found?.code).toBe("discovery.schema-shrank");
    expect(found?.facts).toMatchObject({ before: 3, after: 1 });
    expect(found?.facts?.propertyHistory).toEqual([
      "rev_0 2026-05-17T00:00:00.000Z 3",
      "rev_1 2026-05-18T00:00:00.000Z 1",
    ]);
  });

  test("dates the fall by the feed", () => {
    const empty = resource({ properties: [], lastEditedAt: before(60) });
    const schema = { ...empty.schema, revision: "rev_9", sha256: "hash-now" };
    const facts = {
      discovery: discovery([{ ...empty, schema }]),
      refresh: refreshed({ [SCHEMA]: then(2, { revision: "rev_7" }) }),
      events: feed([
        event(SCHEMA, { revision: "rev_9", hash: "hash-now", at: before(60) }),
        event(SCHEMA, { revision: "rev_7", hash: "hash-before", at: before(600) }),
      ]),
    };
    expect(findingsOf(schemasOnlyGrow, facts)[0]?.facts?.propertyHistory).toEqual([
      `rev_7 ${before(600)} 2`,
      `rev_9 ${before(60)} 0`,
    ]);
  });

  test("allows growth, standing still, and an empty beginning", () => {
    for (const [had, has] of [
      [0, ["a"]],
      [1, ["a"]],
      [1, ["a", "b"]],
    ] as const) {
      const facts = {
        discovery: discovery([resource({ properties: has })]),
        refresh: refreshed({ [SCHEMA]: then(had) }),
      };
      expect(runCheck(schemasOnlyGrow, facts)).toMatchObject({ kind: "judged", exercised: 1, findings: [] });
    }
  });

  test("allows a fall that was made good since", () => {
    const points = discovery([resource({ properties: ["a", "b"] })]);
    const facts = { discovery: points, refresh: refreshed({ [SCHEMA]: then(2, { revision: "rev_0" }) }) };
    expect(codesOf(schemasOnlyGrow, facts)).toEqual([]);
  });

  test("says which command would tell when there is neither feed nor refresh, and judges nothing from a feed alone", () => {
    const facts = { discovery: discovery([resource()]) };
    expect(runCheck(schemasOnlyGrow, facts)).toMatchObject({ kind: "skip", flag: "verify discovery" });
    expect(runCheck(schemasOnlyGrow, { ...facts, events: feed([]) })).toMatchObject({ exercised: 0 });
  });
});

describe("propertyHistory()", () => {
  const { schema } = resource({ properties: ["a", "b"], lastEditedAt: before(10) });
  const now = { ...schema, revision: "rev_9", sha256: "hash-now" };

  test("counts the revisions whose bytes are known, oldest first, each once", () => {
    const empty = sha256Hex(schemaText({ ...schema.document, properties: {} }));
    const points = propertyHistory(
      now,
      refreshed({ [SCHEMA]: then(1, { revision: "rev_5", lastEditedAt: before(300) }) }),
      feed([
        event(SCHEMA, { revision: "rev_9", hash: "hash-now", at: before(10) }),
        event(SCHEMA, { revision: "rev_5", hash: "hash-before", at: before(300) }),
        event(SCHEMA, { revision: "rev_4", hash: "a hash nobody knows", at: before(400) }),
        event(SCHEMA, { revision: "rev_2", hash: empty, at: before(900) }),
        event("/discovery/jira/projects/.schema.json", { revision: "rev_1", hash: empty }),
      ]),
    );
    expect(points.map(({ revision, properties }) => `${revision} ${properties}`)).toEqual([
      "rev_2 0",
      "rev_5 1",
      "rev_9 2",
    ]);
  });

  test("is empty for a schema that cannot be read, and writes no double space without a time", () => {
    expect(propertyHistory({ ...now, document: null }, null, null)).toEqual([]);
    expect(historyFact([{ revision: "rev_1", at: "", properties: 7 }])).toEqual(["rev_1 7"]);
  });
});

describe("cloud#778 beside a schema that the same refresh filled", () => {
  const empty = resource({ properties: [], hits: [null] });
  const projects = resource({ path: "/jira/projects", properties: ["key", "name"] });
  const beforeProjects = "/discovery/jira/projects/.schema.json";

  test("names the sibling that grew and rules out sampling that does not run", () => {
    const facts = {
      discovery: discovery([empty, projects]),
      refresh: refreshed({ [SCHEMA]: then(0, { revision: "rev_1" }), [beforeProjects]: then(0) }),
    };
    const found = findingsOf(samplesReachable, facts).find(
      ({ code }) => code === "discovery.row-alias-mismatch",
    );
    expect(found?.ruledOut?.at(-1)).toBe(
      "sampling that does not run: it brought /jira/projects from 0 to 2 properties",
    );
    expect(JSON.stringify(found?.evidence)).toContain(beforeProjects);
    expect(found?.facts?.propertyHistory).toEqual(["rev_1 2026-05-17T00:00:00.000Z 0"]);
  });

  test("names none that stood still", () => {
    const facts = {
      discovery: discovery([empty, projects]),
      refresh: refreshed({ [beforeProjects]: then(2) }),
    };
    expect(JSON.stringify(findingsOf(samplesReachable, facts))).not.toContain("does not run");
  });
});
