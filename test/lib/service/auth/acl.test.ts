import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type Caller, isAllowed, parseRule } from "../../../../lib/service/auth/acl.ts";
import { Visibility } from "../../../../lib/service/auth/visibility.ts";
import { ALL_SCOPES } from "../../../contract/target.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const eve: Caller = { agent: "eve", workspaceId: "rw_test0000", scopes: ["fs:read", "ops:read"] };

describe("isAllowed()", () => {
  for (const [rules, expected] of [
    [[], true],
    [["just a tag", "agent:bad name"], true],
    [["allow:agent:bob"], false],
    [["agent:eve"], true],
    [["agent:eve:read"], true],
    [["ALLOW:ANY"], true],
    [["deny:public", "agent:eve"], false],
    [["scope:ops:read"], true],
    [["scope:fs:write"], false],
    [["workspace:rw_test0000"], true],
    [["deny:agent:bob"], false],
    [["deny:agent:bob", "allow:*"], true],
  ] as const) {
    test(`says ${expected} for ${JSON.stringify(rules)}`, () => expect(isAllowed(rules, eve)).toBe(expected));
  }
});

test("parseRule() tells rules from tags", () => {
  expect(parseRule("deny:agent:bob")).toEqual({ deny: true, subject: "agent", value: "bob" });
  for (const tag of ["", "bob", "allow:", "agent:", "agent:-x", "group:x", "scope:"])
    expect(parseRule(tag)).toBeNull();
});

const segment = fc.constantFrom("a", "b", "c", "a-b", "a.json");
const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => `/${parts.join("/")}`);
const rules = fc.subarray([
  "deny:agent:eve",
  "allow:agent:eve",
  "allow:any",
  "agent:bob",
  "deny:agent:bob",
  "tag",
]);
const tree = fc.uniqueArray(
  fc.record({
    path: fc.oneof(
      { weight: 3, arbitrary: path },
      path.map((p) => `${p}/.relayfile.acl`),
      fc.constant("/.relayfile.acl"),
    ),
    rules: fc.option(rules, { nil: [], freq: 2 }),
  }),
  { selector: ({ path }) => path, maxLength: 14 },
);
const patterns = fc.option(
  fc.uniqueArray(
    fc.oneof(
      path,
      path.map((p) => `${p}/**`),
      path.map((p) => `${p}*`),
      fc.constant("/*"),
    ),
    { minLength: 1, maxLength: 2 },
  ),
  { nil: null },
);

test("Visibility counts and shows directories exactly as judging every file would", async () => {
  await fc.assert(
    fc.asyncProperty(tree, patterns, path, async (files, narrow, base) => {
      await using world = await testWorkspace();
      const { workspace } = world;
      const kept: string[] = [];
      for (const file of files) {
        const bytes = new TextEncoder().encode("x");
        const permissions = file.rules.length === 0 ? {} : { semantics: { permissions: file.rules } };
        try {
          await workspace.putFile({
            path: file.path,
            bytes,
            contentType: "t",
            ifMatch: null,
            identity: null,
            correlationId: "",
            ...permissions,
          });
          kept.push(file.path);
        } catch {
          // A file and a directory of one name: the store refuses, as it should.
        }
      }
      const scopes = narrow === null ? [...ALL_SCOPES] : narrow.map((one) => `relayfile:fs:read:${one}`);
      const view = new Visibility(workspace.context.store.sql, { ...eve, scopes });
      const below = (directory: string) =>
        kept.filter((one) => one.startsWith(directory === "/" ? "/" : `${directory}/`));
      for (const directory of ["/", base]) {
        const seen = below(directory).filter((one) => view.seesPath(one)).length;
        const counted = view.count(directory, false);
        if (counted !== null) expect(counted).toBe(seen);
        expect(view.seesDirectory(directory)).toBe(
          seen > 0 || (view.everything && below(directory).length === 0),
        );
      }
      const page = await workspace.treePage(
        { ...eve, scopes },
        { path: "/", depth: 100, cursor: "", excludeRuntime: false },
      );
      const listed = page.entries.filter(({ type }) => type === "file").map((entry) => entry.path);
      expect(listed).toEqual(kept.filter((one) => view.seesPath(one)).sort());
      const directories = new Set(
        listed.flatMap((one) =>
          one
            .split("/")
            .slice(1, -1)
            .map((_, index, all) => `/${all.slice(0, index + 1).join("/")}`),
        ),
      );
      expect(page.entries.filter(({ type }) => type === "dir").map((entry) => entry.path)).toEqual(
        [...directories].sort(),
      );
    }),
    { numRuns: 60 },
  );
}, 60_000);
