import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mergeableTexts } from "../../../lib/sync/merge-eligible.ts";
import { mergeLines, splitLines } from "../../../lib/sync/merge-lines.ts";

const text = (...lines: string[]) => lines.map((line) => `${line}\n`).join("");
const merged = (result: ReturnType<typeof mergeLines>) => (result.kind === "merged" ? result.text : null);
const BASE = text("a", "b", "c", "d", "e");

describe("mergeLines()", () => {
  test("C4: disjoint edits merge", () => {
    expect(merged(mergeLines(BASE, text("A", "b", "c", "d", "e"), text("a", "b", "c", "d", "E")))).toBe(
      text("A", "b", "c", "d", "E"),
    );
  });
  test("the same edit on both sides is taken once", () => {
    const both = text("a", "B", "c", "d", "e");
    expect(merged(mergeLines(BASE, both, both))).toBe(both);
    expect(merged(mergeLines(BASE, text("a", "B", "c", "d", "e"), text("a", "B", "c", "d", "E")))).toBe(
      text("a", "B", "c", "d", "E"),
    );
  });
  test("edits of one line conflict and are told with their range", () => {
    const result = mergeLines(BASE, text("a", "X", "c", "d", "e"), text("a", "Y", "c", "d", "e"));
    expect(result).toMatchObject({
      kind: "conflict",
      conflicts: [{ unit: "base lines 2-2", mine: "X\n", theirs: "Y\n" }],
    });
  });
  test("two insertions at one place conflict", () => {
    const result = mergeLines(BASE, text("a", "b", "X", "c", "d", "e"), text("a", "b", "Y", "c", "d", "e"));
    expect(result).toMatchObject({ kind: "conflict", conflicts: [{ unit: "insertion before base line 3" }] });
  });
  test("an insertion at the edge of the other's change conflicts", () => {
    expect(mergeLines(BASE, text("a", "b", "X", "c", "d", "e"), text("a", "B", "c", "d", "e")).kind).toBe(
      "conflict",
    );
  });
  test("an ambiguous alignment is one conflict about the whole file", () => {
    const result = mergeLines(text("x", "x", "x"), text("x", "x"), text("x", "x", "x", "y"));
    expect(result).toMatchObject({
      kind: "conflict",
      conflicts: [{ unit: "whole file", reason: "ambiguous" }],
    });
  });
  test("a last line without an end stays without one", () => {
    expect(splitLines("a\nb")).toEqual(["a\n", "b"]);
    expect(merged(mergeLines("a\nb\nc", "A\nb\nc", "a\nb\nC"))).toBe("A\nb\nC");
  });
  test("one side unchanged gives the other; merging is symmetric", () => {
    const lines = fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 8 }).map((all) => text(...all));
    fc.assert(
      fc.property(lines, lines, lines, (base, mine, theirs) => {
        expect(merged(mergeLines(base, mine, base))).toBe(mine);
        expect(merged(mergeLines(base, base, theirs))).toBe(theirs);
        expect(merged(mergeLines(base, mine, theirs))).toBe(merged(mergeLines(base, theirs, mine)));
      }),
    );
  });
});

describe("mergeableTexts()", () => {
  const bytes = (value: string) => new TextEncoder().encode(value);
  test("takes text of moderate size only", () => {
    expect(mergeableTexts("text/plain", [bytes("a"), bytes("b")])).toEqual(["a", "b"]);
    expect(mergeableTexts("image/png", [bytes("a")])).toBeNull();
    expect(mergeableTexts("text/plain", [new Uint8Array([0xff, 0xfe])])).toBeNull();
    expect(mergeableTexts("text/plain", [bytes("x\n".repeat(4_000))])).toBeNull();
  });
});
