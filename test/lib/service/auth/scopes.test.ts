import { describe, expect, test } from "bun:test";
import {
  allowsPath,
  allowsSomewhere,
  grantableScopes,
  isSubsetOf,
  isValidScopePath,
  matchesPattern,
} from "../../../../lib/service/auth/scopes.ts";

describe("matchesPattern()", () => {
  for (const [pattern, path, expected] of [
    ["*", "/a", true],
    ["/a", "/a", true],
    ["/a", "/a/b", false],
    ["/a/**", "/a", true],
    ["/a/**", "/a/b/c", true],
    ["/a/**", "/ab", false],
    ["/a/*", "/a", false],
    ["/a/*", "/a/b/c", true],
    ["/a*", "/ab/c", true],
    ["/a*", "/b", false],
    ["/**", "/x", true],
    ["/*", "/x", true],
    ["/", "/", true],
    ["/", "/x", false],
    ["/a/*/b/**", "/a/x/b/c", false],
    ["**", "/a", false],
    ["", "", true],
    ["", "/a", false],
    ["/a**", "/ab", false],
  ] as const) {
    test(`says ${expected} for ${pattern} and ${path}`, () =>
      expect(matchesPattern(pattern, path)).toBe(expected));
  }
});

describe("allowsPath()", () => {
  for (const [scopes, required, path, expected] of [
    [["fs:read"], "fs:read", "/a", true],
    [["fs:read"], "fs:read", "", true],
    [["fs:read"], "fs:write", "/a", false],
    [["relayfile:fs:read"], "fs:read", "/a", true],
    [["relayfile:fs:read:*"], "fs:read", "", true],
    [["relayfile:fs:read:/a/**"], "fs:read", "", false],
    [["relayfile:fs:read:/a/**", "fs:read"], "fs:read", "/b", false],
    [["relayfile:fs:read:/a/**", "fs:read"], "fs:read", "/a/b", true],
    [["relayfile:fs:manage:/a/**"], "fs:write", "/a/b", true],
    [["relayfile:sync:manage"], "sync:trigger", "/", false],
    [["relayfile:*:*"], "fs:write", "/a", true],
    [["*:fs:read"], "fs:read", "/a", true],
    [["workspace:x:write:/a/**"], "fs:write", "/a/f", true],
    [["workspace:x:read"], "ops:read", "/", false],
    [["other:fs:read"], "fs:read", "/a", false],
    [["relayfile:fs:read:"], "fs:read", "/a", false],
    [["relayfile:fs:read:/a:b/**"], "fs:read", "/a:b/c", true],
  ] as const) {
    test(`says ${expected} for ${scopes.join(" ")}, ${required} at ${path}`, () =>
      expect(allowsPath(scopes, required, path)).toBe(expected));
  }
});

test("allowsSomewhere() ignores a grant's path", () => {
  expect(allowsSomewhere(["relayfile:fs:write:/a/**"], "fs:write")).toBe(true);
  expect(allowsSomewhere(["workspace:x:write:/a/**"], "fs:write")).toBe(true);
  expect(allowsSomewhere(["fs:read"], "fs:write")).toBe(false);
});

test("isValidScopePath() takes stars only at the end of the last segment", () => {
  for (const path of ["*", "/", "/**", "/*", "/a", "/a/**", "/a/*", "/a/acme-*"]) {
    expect([path, isValidScopePath(path)]).toEqual([path, true]);
  }
  for (const path of ["", "a", "**", "/a/", "/a//b", "/a/../b", "/./a", "/a/*/b", "/a*b", "/a/x**"]) {
    expect([path, isValidScopePath(path)]).toEqual([path, false]);
  }
});

test("isSubsetOf() never lets a token hand on more than it holds", () => {
  expect(isSubsetOf(["relayfile:fs:read:/a/b/**"], ["relayfile:fs:read:/a/**"])).toBe(true);
  expect(isSubsetOf(["relayfile:fs:read:/a/b*"], ["relayfile:fs:read:/a/**"])).toBe(true);
  expect(isSubsetOf(["relayfile:fs:read:/a*"], ["relayfile:fs:read:/a/**"])).toBe(false);
  expect(isSubsetOf(["fs:read"], ["relayfile:fs:read:/a/**"])).toBe(false);
  expect(isSubsetOf(["relayfile:fs:manage:/a/**"], ["relayfile:fs:read:/a/**"])).toBe(false);
  expect(isSubsetOf(["relayfile:*:read"], ["fs:read"])).toBe(false);
  expect(isSubsetOf(["relayfile:fs:*"], ["fs:read", "fs:write"])).toBe(false);
  expect(isSubsetOf(["admin:read"], ["fs:read"])).toBe(false);
  expect(isSubsetOf(["workspace:x:read:/a/**"], ["ops:read"])).toBe(false);
  expect(isSubsetOf(["nonsense"], ["fs:read"])).toBe(false);
});

test("grantableScopes() drops what is unknown or can match nothing", () => {
  expect(
    grantableScopes([
      "fs:read",
      " fs:read ",
      "fs:fly",
      "relayfile:fs:read:/a/*/b",
      "x:y:z",
      "relayfile:fs:read:/a/**",
    ]),
  ).toEqual(["fs:read", "relayfile:fs:read:/a/**"]);
});
