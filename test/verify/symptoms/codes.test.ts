import { describe, expect, test } from "bun:test";
import { explain, findingCodes } from "../../../verify/explain.ts";
import { OTHER_PRODUCTS, SYMPTOM_CODES } from "../../../verify/symptoms/codes.ts";
import { SYMPTOMS } from "../../../verify/symptoms/mod.ts";
import { FAULTS } from "../../faults/all.ts";

const ROWS = Array.from({ length: 82 }, (_, index) => index + 1);
const CODES = new Map(findingCodes().map((entry) => [entry.code, entry]));

describe("the symptom catalogue", () => {
  test("has a page for every row, in order", () => {
    expect(SYMPTOMS.map(({ id }) => id)).toEqual(ROWS.map((row) => `symptom:${row}` as const));
  });

  for (const row of ROWS) {
    const codes = SYMPTOM_CODES[row] ?? [];
    if (OTHER_PRODUCTS.includes(row)) {
      test(`row ${row} concerns another product and is explained`, () => {
        expect(codes).toEqual([]);
        const [page] = explain(`symptom:${row}`);
        expect(page?.sections.every(({ text }) => text.length > 3)).toBe(true);
      });
      continue;
    }
    test(`row ${row} shows as ${codes[0]}`, () => {
      expect(codes.length).toBeGreaterThan(0);
      for (const code of codes) expect(CODES.has(code)).toBe(true);
      // The check behind the first code names the row, so that `explain` leads from one to the other.
      expect(CODES.get(codes[0] ?? "")?.check?.refs).toContain(`symptom:${row}`);
      expect(explain(`symptom:${row}`)[0]?.see).toContain(codes[0] as string);
    });
    test(`row ${row} is staged in the fault lab`, () => {
      const staged = FAULTS.filter(({ refs }) => refs.includes(`symptom:${row}`));
      const seen = staged.flatMap(({ expect: { root, also = [], notes = [] } }) => [root, ...also, ...notes]);
      expect(seen.some((code) => code !== null && codes.includes(code))).toBe(true);
    });
  }
});
