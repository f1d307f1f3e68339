import { expect, test } from "bun:test";
import { INCIDENTS, type JudgedReport, judgeIncidents } from "../../../lib/demo/incidents.ts";

const EMPTY: JudgedReport = { rootCauses: [], findings: [] };
const withIssue = (issue: string, rootCauses: readonly string[] = ["f1"]): JudgedReport => ({
  rootCauses,
  findings: [{ id: "f1", knownIssue: { id: issue } }],
});
const found = (reports: Partial<Record<"doctor" | "discovery" | "digest" | "writeback", JudgedReport>>) =>
  judgeIncidents({ doctor: EMPTY, discovery: EMPTY, digest: EMPTY, writeback: EMPTY, ...reports })
    .filter((incident) => incident.found)
    .map(({ id, findingId }) => [id, findingId]);

test("judgeIncidents() finds an incident as a root cause of its own report", () => {
  expect(found({ discovery: withIssue("cloud#778") })).toEqual([["empty-schema", "f1"]]);
});

test("judgeIncidents() counts neither a consequence, nor another report, nor another issue", () => {
  expect(found({ discovery: withIssue("cloud#778", []) })).toEqual([]);
  expect(found({ doctor: withIssue("cloud#778") })).toEqual([]);
  expect(found({ discovery: withIssue("cloud#761") })).toEqual([]);
});

test("every incident names a report and an issue of its own", () => {
  expect(new Set(INCIDENTS.map(({ knownIssue }) => knownIssue)).size).toBe(INCIDENTS.length);
  expect(new Set(INCIDENTS.map(({ report }) => report)).size).toBe(INCIDENTS.length);
});
