import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { isRelayfileError } from "../../../lib/errors.ts";
import {
  ancestorsOf,
  basenameOf,
  comparePaths,
  containsPath,
  joinPath,
  normalizePath,
  parentOf,
  requireWritablePath,
  segmentsOf,
} from "../../../lib/model/path.ts";

describe("normalizePath()", () => {
  test.each([
    ["", "/"],
    ["/", "/"],
    ["a", "/a"],
    ["/a/", "/a"],
    ["/a//", "/a/"],
    ["/a/../b", "/a/../b"],
    ["/A/É", "/A/É"],
  ])("turns %j into %j", (input, output) => {
    expect(normalizePath(input)).toBe(output);
  });
});

describe("containsPath()", () => {
  test.each([
    ["/", "/anything", true],
    ["/a", "/a", true],
    ["/a", "/a/b", true],
    ["/a", "/ab", false],
    ["/a/b", "/a", false],
    ["/a/", "/a/b", true],
  ])("%j contains %j: %p", (base, candidate, expected) => {
    expect(containsPath(base, candidate)).toBe(expected);
  });
});

describe("parts of a path", () => {
  test("ancestorsOf() lists the root first and leaves the path out", () => {
    expect(ancestorsOf("/a/b/c")).toEqual(["/", "/a", "/a/b"]);
    expect(ancestorsOf("/a")).toEqual(["/"]);
    expect(ancestorsOf("/")).toEqual(["/"]);
  });

  test("parentOf(), basenameOf() and joinPath() undo each other", () => {
    const segment = fc.string({ minLength: 1, maxLength: 8 }).filter((s) => !s.includes("/"));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1, maxLength: 5 }), (segments) => {
        const path = joinPath("/", ...segments);
        expect(segmentsOf(path)).toEqual(segments);
        expect(joinPath(parentOf(path), basenameOf(path))).toBe(path);
      }),
    );
  });
});

test("comparePaths() orders as UTF-8 bytes do, also beyond the basic plane", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (a, b) => {
      const expected = Math.sign(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(Math.sign(comparePaths(a, b))).toBe(expected);
    }),
  );
  expect(comparePaths("/\u{1F600}", "/\uFFFD")).toBeGreaterThan(0);
});

describe("requireWritablePath()", () => {
  test.each([
    "/",
    "/a//b",
    "/a/./b",
    "/a/../b",
    "/a\u0000b",
    `/${"x".repeat(201)}`,
    `/${"ab/".repeat(400)}c`,
  ])("refuses %j with invalid_path", (path) => {
    try {
      requireWritablePath(path);
      throw new Error("was accepted");
    } catch (error) {
      expect(isRelayfileError(error, "invalid_path")).toBe(true);
    }
  });

  test("names the value and the limit", () => {
    expect(() => requireWritablePath(`/${"é".repeat(101)}`)).toThrow(
      "path segment is 202 bytes, the limit is 200",
    );
  });

  test("returns the normalised path", () => {
    expect(requireWritablePath("linear/issues/A-1.json")).toBe("/linear/issues/A-1.json");
  });
});
