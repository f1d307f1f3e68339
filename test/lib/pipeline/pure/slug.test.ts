import { describe, expect, test } from "bun:test";
import {
  aliasSlugOf,
  bucketOf,
  collisionSuffixOf,
  encodeSegment,
  slugOf,
} from "../../../../lib/pipeline/pure/slug.ts";

describe("slugOf()", () => {
  const table: [title: string, slug: string][] = [
    ["Fix the Login!", "fix-the-login"],
    ["  --Déjà vu--  ", "deja-vu"],
    ["a/b\\c:d", "a-b-c-d"],
    ["x__y", "x-y"],
    ["Ⅳ ﬁles ½", "iv-files-1-2"],
    ["🚀", ""],
    ["日本語", ""],
    ["Straße 5", "stra-e-5"],
    [`${"word ".repeat(15)}and a last one`, `${"word-".repeat(15)}and`],
    ["a".repeat(200), "a".repeat(80)],
    [`${"b".repeat(79)} tail`, "b".repeat(79)],
  ];
  for (const [title, slug] of table)
    test(`makes ${JSON.stringify(title.slice(0, 20))} ${slug.slice(0, 24) || "nothing"}`, () => {
      expect(slugOf(title)).toBe(slug);
      expect(slugOf(slug)).toBe(slug);
    });

  test("an alias without letters is untitled; equal ones differ by eight digits of the id's SHA-256", () => {
    expect(aliasSlugOf("🚀")).toBe("untitled");
    expect(collisionSuffixOf("abc")).toBe("ba7816bf");
  });
});

describe("bucketOf()", () => {
  const table: [value: string, style: "slug" | "state" | "raw", bucket: string][] = [
    ["In Progress", "state", "in-progress"],
    ["Won't-do", "state", "won't%2Ddo"],
    ["Ready  for QA", "state", "ready-for-qa"],
    ["Geprüft/Ok", "state", "gepr%C3%BCft%2Fok"],
    ["In Progress", "slug", "in-progress"],
    ["a/b c", "raw", "a%2Fb%20c"],
  ];
  for (const [value, style, bucket] of table)
    test(`${style} ${value} is ${bucket}`, () => expect(bucketOf(value, style)).toBe(bucket));
});

describe("encodeSegment()", () => {
  test("leaves no segment that a disk or a path would take for something else", () => {
    expect([".", "..", "", "a/b", "%2F", "\ud800"].map(encodeSegment)).toEqual([
      "%2E",
      "%2E%2E",
      "%00",
      "a%2Fb",
      "%252F",
      "%EF%BF%BD",
    ]);
    const long = encodeSegment("é".repeat(300));
    expect(long.length).toBeLessThanOrEqual(255 - 80 - "__.json".length);
    expect(long).not.toBe(encodeSegment(`${"é".repeat(299)}e`));
  });
});
