import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { globOf, matchesGlob } from "../../../../lib/service/workspace/glob.ts";

const matches = (glob: string, name: string) => matchesGlob(globOf(glob), name);

describe("matchesGlob()", () => {
  test("knows stars, question marks and classes", () => {
    const cases: [string, string, boolean][] = [
      ["tmp-*.json", "tmp-1.json", true],
      ["tmp-*.json", "tmp-1.jsonx", false],
      ["*", "", true],
      ["?", "é", true],
      ["?", "ab", false],
      ["[a-c]x", "bx", true],
      ["[!a-c]x", "bx", false],
      ["[^a-c]x", "dx", true],
      ["[]]", "]", true],
      ["a.c", "abc", false],
      ["a\\d", "a1", false],
    ];
    for (const [glob, name, expected] of cases)
      expect([glob, name, matches(glob, name)]).toEqual([glob, name, expected]);
  });

  test("agrees with a regular expression", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("*", "?", "a", "b"), { minLength: 1, maxLength: 8 }),
        fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }),
        (steps, letters) => {
          const name = letters.join("");
          const source = steps.map((step) => (step === "*" ? ".*" : step === "?" ? "." : step)).join("");
          return matches(steps.join(""), name) === new RegExp(`^${source}$`).test(name);
        },
      ),
    );
  });

  test("is quick for a pattern made to be slow", () => {
    const startedMs = performance.now();
    expect(matches(`${"*a".repeat(40)}*b`, "a".repeat(200))).toBe(false);
    expect(performance.now() - startedMs).toBeLessThan(200);
  });
});

describe("globOf()", () => {
  test("refuses what is no glob of one name", () => {
    for (const bad of ["", "a/b", "[a"]) expect(() => globOf(bad)).toThrow("bad pattern");
  });
});
