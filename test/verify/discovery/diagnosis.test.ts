import { describe, expect, test } from "bun:test";
import { diagnose } from "../../../verify/discovery/_diagnosis.ts";
import { refreshHonest } from "../../../verify/discovery/refresh.ts";
import { samplesReachable } from "../../../verify/discovery/samples.ts";
import {
  placeholdersByDesign,
  refreshMovesSchema,
  schemaHasProperties,
} from "../../../verify/discovery/schemas.ts";
import { discovery, NOON, type ResourceParts, refresh, resource, target } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";

const EMPTY: ResourceParts = { properties: [], hits: [null, null, null] };

describe("diagnose() walks the decision procedure", () => {
  const cases: [name: string, parts: ResourceParts, refreshed: boolean, step: number, verdict: string][] = [
    [
      "an empty schema below a parent is by design",
      { path: "/jira/issues/{key}/comments", properties: [] },
      true,
      1,
      "by-design",
    ],
    ["a schema that cannot be read is missing", { properties: null }, true, 2, "schema-missing"],
    ["a schema with properties is healthy", {}, true, 3, "healthy"],
    ["no rows and no records: nothing to sample", { properties: [], rows: 0 }, true, 4, "no-records"],
    ["no index and no records: nothing to sample", { properties: [], rows: null }, true, 4, "no-records"],
    [
      "no rows but records: the index is missing",
      { properties: [], rows: 0, children: ["/jira/issues/a__1.json"] },
      true,
      5,
      "index-missing",
    ],
    ["rows that resolve to nothing: cloud#778", EMPTY, true, 6, "row-alias-mismatch"],
    [
      "rows that unwrap to nothing",
      { properties: [], hits: ["empty", "tombstone"] },
      true,
      7,
      "unwraps-empty",
    ],
    [
      "rows with fields and a stale schema",
      { properties: [], hits: ["fields"] },
      true,
      8,
      "merge-dropped-fields",
    ],
    ["rows with fields and no refresh", { properties: [], hits: ["fields"] }, false, 8, "not-refreshed"],
    [
      "rows with fields and a schema written by the refresh",
      { properties: [], hits: ["fields"], lastEditedAt: "2026-05-20T12:00:01.000Z" },
      true,
      9,
      "silent-empty",
    ],
    [
      "one readable row is enough to exclude cloud#778",
      { properties: [], hits: [null, "fields"] },
      true,
      8,
      "merge-dropped-fields",
    ],
    ["an outage while reading rows is no mismatch", { ...EMPTY, triedStatus: 503 }, true, 0, "undetermined"],
    [
      "an outage while reading the index is no missing index",
      { properties: [], rows: null, indexStatus: 500 },
      true,
      0,
      "undetermined",
    ],
  ];
  for (const [name, parts, refreshed, step, verdict] of cases) {
    test(name, () => {
      const diagnosis = diagnose(resource(parts), refreshed ? refresh() : null);
      expect(`${diagnosis.step} ${diagnosis.verdict}`).toBe(`${step} ${verdict}`);
    });
  }
});

describe("the checks of cloud#778", () => {
  const facts = { discovery: discovery([resource(EMPTY)]), refresh: refresh(), target: target() };

  test("name the mismatch with the row beside the files that exist", () => {
    const [finding] = findingsOf(samplesReachable, facts);
    expect(finding?.code).toBe("discovery.row-alias-mismatch");
    expect(finding?.confidence).toBe("confirmed");
    expect(JSON.stringify(finding?.evidence)).toContain("KAN-1.json");
    expect(JSON.stringify(finding?.evidence)).toContain("row id 10000");
    expect(codesOf(schemaHasProperties, facts)).toEqual(["discovery.empty-schema"]);
    expect(codesOf(refreshMovesSchema, facts)).toEqual(["discovery.schema-older-than-refresh"]);
    expect(codesOf(refreshHonest, facts)).toEqual(["discovery.backfilled-but-empty"]);
  });

  test("are less sure without a refresh", () => {
    const [finding] = findingsOf(samplesReachable, { discovery: facts.discovery });
    expect(finding?.confidence).toBe("likely");
    expect(finding?.remedy?.commands[0]?.argv).toEqual(["relayfile", "verify", "discovery", "jira"]);
  });

  test("leave near misses alone: a placeholder, no records, an outage", () => {
    const nested = {
      discovery: discovery([resource({ path: "/jira/issues/{key}/comments", properties: [] })]),
      refresh: refresh(),
    };
    expect(codesOf(schemaHasProperties, nested)).toEqual([]);
    expect(codesOf(placeholdersByDesign, nested)).toEqual(["discovery.placeholder-by-design"]);
    const none = {
      discovery: discovery([resource({ properties: [], rows: 0 })]),
      refresh: refresh(),
      target: target(),
    };
    expect(codesOf(samplesReachable, none)).toEqual(["discovery.no-records"]);
    expect(codesOf(schemaHasProperties, none)).toEqual([]);
    expect(codesOf(refreshHonest, none)).toEqual([]);
    const outage = {
      discovery: discovery([resource({ ...EMPTY, triedStatus: 502 })]),
      refresh: refresh(),
      target: target(),
    };
    expect(runCheck(samplesReachable, outage).kind).toBe("unknown");
  });

  test("group what only needs a refresh into one finding per provider", () => {
    const stale = [
      resource({ properties: [], hits: ["fields"] }),
      resource({ path: "/jira/projects", properties: [], hits: ["fields"] }),
    ];
    const [finding, ...others] = findingsOf(samplesReachable, { discovery: discovery(stale) });
    expect(finding?.code).toBe("discovery.not-refreshed");
    expect(finding?.facts?.resources).toEqual(["/jira/issues", "/jira/projects"]);
    expect(others).toEqual([]);
  });

  test("compare with the refresh on the server's clock", () => {
    const later = refresh({ startedAtMs: NOON - 7 * 24 * 3_600_000 });
    expect(codesOf(refreshMovesSchema, { ...facts, refresh: later })).toEqual([]);
  });
});
