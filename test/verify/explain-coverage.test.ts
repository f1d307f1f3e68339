/**
 * Every page that `explain` has for a finding is about something that can happen: a literal from which its check concludes
 * it (test/verify/occurrences), or a fault of the lab whose diagnosis it is.
 */
import { describe, expect, test } from "bun:test";
import type { DottedId } from "../../verify/check.ts";
import { explain, findingCodes, SUITE_FINDINGS } from "../../verify/explain.ts";
import { FAULTS } from "../faults/all.ts";
import { codesOf, findingsOf } from "../support/run-check.ts";
import { OCCURRENCES } from "./occurrences/mod.ts";

/** Root causes and notes of faults; the lab proves that they are found. */
const STAGED = new Set<string | null>(
  FAULTS.flatMap(({ expect: { root, also = [], notes = [] } }) => [root, ...also, ...notes]),
);
const declared = findingCodes().filter(({ code }) => !(code in SUITE_FINDINGS));

describe("explain() pages of findings", () => {
  for (const { code, check } of declared) {
    const facts = OCCURRENCES[code as DottedId];
    if (facts === undefined || check === null) continue;
    test(`${code} occurs on its evidence and has a page`, () => {
      expect(codesOf(check, facts)).toContain(code);
      const [page] = explain(code);
      expect(page?.sections.map(({ heading }) => heading).slice(0, 4)).toEqual([
        "What it means",
        "How it was decided",
        "What it is not",
        "What to do",
      ]);
    });
  }

  for (const suite of ["doctor", "discovery", "digest", "writeback"] as const) {
    test(`leave no finding of ${suite} that nothing shows to occur`, () => {
      const unproven = declared
        .map(({ code }) => code)
        .filter((code) => code.startsWith(`${suite}.`) && !(code in OCCURRENCES) && !STAGED.has(code));
      expect(unproven).toEqual([]);
    });
  }

  test("speak in the occurrences only of findings that are declared", () => {
    const known = new Set(declared.map(({ code }) => code));
    expect(Object.keys(OCCURRENCES).filter((code) => !known.has(code))).toEqual([]);
  });
});

describe("findings of one check", () => {
  test("have a subject each, so that reports can be compared", () => {
    for (const { code, check } of declared) {
      const facts = OCCURRENCES[code as DottedId];
      if (facts === undefined || check === null) continue;
      const keys = findingsOf(check, facts).map(
        (found) => `${found.code} ${found.subject.kind} ${found.subject.ref}`,
      );
      expect(keys).toEqual([...new Set(keys)]);
    }
  });
});
