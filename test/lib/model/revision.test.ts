import { expect, test } from "bun:test";
import { eventIdOf, eventNumber } from "../../../lib/model/event.ts";
import { parseIfMatch, revisionNumber, revisionOf } from "../../../lib/model/revision.ts";

test.each([
  [null, null],
  ["", null],
  ['""', null],
  ["  rev_1 ", "rev_1"],
  ['"rev_1"', "rev_1"],
  ['W/"rev_1"', "rev_1"],
  ["w/rev_1", "rev_1"],
  ["*", "*"],
  ["0", "0"],
])("parseIfMatch() reads %j as %j", (header, revision) => {
  expect(parseIfMatch(header)).toBe(revision);
});

test("numbers inside ids survive the round trip and other forms are null", () => {
  expect(revisionNumber(revisionOf(41))).toBe(41);
  expect(eventNumber(eventIdOf(118))).toBe(118);
  expect(revisionNumber("rev_x")).toBeNull();
  expect(eventNumber("cursor-9")).toBeNull();
});
