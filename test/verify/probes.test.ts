import { describe, expect, test } from "bun:test";
import { ALL_CHECKS, SUITES } from "../../verify/suites.ts";

/** Probes of the catalogue (spec provider-contract 8.1 to 8.4) by suite, with how many there are. */
const CATALOGUE = [
  ["doctor", "DR", 29],
  ["discovery", "VD", 26],
  ["digest", "VG", 18],
  ["writeback", "VW", 28],
] as const;

/** Probes that no check answers, each with the reason. */
const OUT_OF_SCOPE: Readonly<Record<string, string>> = {};

/** Probes that a check of another suite answers as well, because it judges the same evidence. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "DR-29": "old layouts are told from new ones where trees are judged",
  "VD-14": "examples are validated once, by the code that validates real writes",
  "VD-25": "routes are judged with the other questions about routes",
  "VW-04": "records are read once, with the other questions about records",
};

const idsOf = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, n) => `${prefix}-${String(n + 1).padStart(2, "0")}`);
const answering = (probe: string) =>
  ALL_CHECKS.filter(({ refs }) => refs.includes(probe)).map(({ id }) => id);

describe("the probe catalogue", () => {
  for (const [suite, prefix, count] of CATALOGUE) {
    test(`of ${suite} is answered from ${prefix}-01 to ${prefix}-${count}`, () => {
      const open = idsOf(prefix, count).filter((id) => answering(id).length === 0 && !(id in OUT_OF_SCOPE));
      expect(open).toEqual([]);
    });

    test(`of ${suite} is answered by its own suite, or says why elsewhere`, () => {
      const own = new Set<string>(SUITES[suite].map(({ id }) => id));
      const strays = idsOf(prefix, count).filter(
        (id) => !answering(id).some((check) => own.has(check)) && !(id in ELSEWHERE) && !(id in OUT_OF_SCOPE),
      );
      expect(strays).toEqual([]);
    });
  }

  test("has no id beyond its end", () => {
    const known = new Set(CATALOGUE.flatMap(([, prefix, count]) => idsOf(prefix, count)));
    const named = ALL_CHECKS.flatMap(({ refs }) => refs.filter((ref) => /^V[DGW]-/.test(ref)));
    expect(named.filter((ref) => !known.has(ref))).toEqual([]);
  });

  test("is answered without consent to write, but for probes that are writes", () => {
    const writes = idsOf("VW", 28).filter((id) =>
      ALL_CHECKS.filter(({ refs }) => refs.includes(id)).every(({ needs }) => needs.includes("writeProbe")),
    );
    expect(writes).toEqual([
      "VW-05",
      "VW-06",
      "VW-07",
      "VW-08",
      "VW-13",
      "VW-14",
      "VW-16",
      "VW-17",
      "VW-20",
      "VW-21",
      "VW-28",
    ]);
  });
});
