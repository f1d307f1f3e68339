/** The digest filter: neither too little nor too much, and the same in SQL as in code (S26, VG-18). */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import fc from "fast-check";
import { internalPathClause, isInternalPath } from "../../../../lib/pipeline/pure/internal-paths.ts";

const UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const INTERNAL = [
  "/discovery/jira/issues/.schema.json",
  "/digests/today.md",
  "/.skills/writeback/SKILL.md",
  "/.relay/state.json",
  "/.relayfile-mount-state.json",
  "/.relayfile.acl",
  "/jira/.relayfile.acl",
  "/LAYOUT.md",
  "/jira/LAYOUT.md",
  "/jira/.layout.md",
  "/jira/_index.json",
  "/jira/issues/_index.json",
  "/linear/issues/by-project/p/1.json",
  "/linear/labels/by-team/t/1.json",
  "/x/by-anything/a/b/c.json",
  `/jira/issues/issue ${UUID}.json`,
];
const RECORDS = [
  "/jira/issues/some-acl-doc__1.json",
  "/jira/issues/layout-notes__2.json",
  "/jira/issues/by-design__3.json",
  "/jira/issues/aindex.json",
  "/jira/issues/x_index.json",
  "/jira/issues/layout.md",
  "/jira/xdiscovery/a.json",
  "/discovery",
  "/notes/digests/a.md",
  "/github/repos/a/standby-x/issues/1__y/meta.json",
  "/a.relayfile-mount-state.json",
  "/jira/issues/AGE-1__x.json",
];

test("isInternalPath() hides internal paths and keeps records with similar names", () => {
  expect(INTERNAL.filter((path) => !isInternalPath(path, "current"))).toEqual([]);
  expect(RECORDS.filter((path) => isInternalPath(path, "current"))).toEqual([]);
});

test("May 2026 knew 27 alias directories and neither by-project nor by-team", () => {
  expect(isInternalPath("/linear/issues/by-project/p/1.json", "2026-05")).toBe(false);
  expect(isInternalPath("/linear/labels/by-team/t/1.json", "2026-05")).toBe(false);
  expect(isInternalPath("/linear/issues/by-state/todo/1.json", "2026-05")).toBe(true);
  expect(isInternalPath("/jira/issues/by-state", "2026-05")).toBe(false);
});

test("internalPathClause() agrees with isInternalPath() on every path", () => {
  const database = new Database(":memory:");
  const judge = (path: string, filter: "current" | "2026-05") => {
    const { sql, params } = internalPathClause(filter);
    const row = database.query(`SELECT (${sql}) AS internal FROM (SELECT ? AS path)`).get(...params, path);
    return (row as { internal: number }).internal === 1;
  };
  const piece = fc.constantFrom(
    "by-",
    "by-id",
    "by-project",
    "a",
    "_index.json",
    "LAYOUT.md",
    "layout.md",
    "discovery",
    "digests",
    ".relay",
    ".skills",
    " ",
    "_",
    "%",
    `x ${UUID}.json`,
    ".schema.json",
    "meta.json",
    "é",
    "By-id",
    "x.JSON",
  );
  const path = fc
    .array(
      fc.array(piece, { minLength: 1, maxLength: 2 }).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 5 },
    )
    .map((parts) => `/${parts.join("/")}`);
  fc.assert(
    fc.property(
      fc.oneof(path, fc.constantFrom(...INTERNAL, ...RECORDS)),
      fc.constantFrom("current" as const, "2026-05" as const),
      (candidate, filter) => {
        expect(judge(candidate, filter)).toBe(isInternalPath(candidate, filter));
      },
    ),
    { numRuns: 2_000 },
  );
});

test("internalPathClause() stays within the pattern limit of a Durable Object", () => {
  for (const filter of ["current", "2026-05"] as const) {
    const { sql, params } = internalPathClause(filter);
    expect(params.length).toBeLessThan(100);
    expect((sql.match(/\?/g) ?? []).length).toBe(params.length);
    for (const value of params)
      if (String(value).includes("%")) expect(String(value).length).toBeLessThanOrEqual(50);
  }
});
