import { expect, test } from "bun:test";
import { didYouMean, editDistance, suggest } from "../../../lib/model/suggest.ts";

const NAMES = ["doctor", "demo", "status", "mount", "unmount", "verify", "ops"];

test.each([
  ["dcotor", ["doctor"]],
  ["mout", ["mount"]],
  ["stat", ["status"]],
  ["opss", ["ops"]],
  ["xyzzy", []],
  ["x", []],
])("suggest(%p) gives the near names", (typed, names) => {
  expect(suggest(typed, NAMES)).toEqual(names);
});

test("editDistance() counts swapped neighbours as one edit", () => {
  expect(editDistance("ab", "ba")).toBe(1);
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
});

test("didYouMean() is empty when nothing is near", () => {
  expect(didYouMean("xyzzy", NAMES)).toBe("");
  expect(didYouMean("mout", NAMES, (name) => `--${name}`)).toBe(" (did you mean --mount?)");
});
