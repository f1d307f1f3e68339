/** The list of planted bugs fits the code it is planted in; whether each is found takes longer: `bun run mutants`. */
import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { editsOf, MUTANTS } from "../../scripts/sim/mutants.ts";

const ROOT = join(import.meta.dir, "../..");

for (const mutant of MUTANTS) {
  test(`can be planted: ${mutant.name}`, () => {
    for (const { file, find, replace } of editsOf(mutant)) {
      expect(readFileSync(join(ROOT, file), "utf8").split(find)).toHaveLength(2);
      expect(replace).not.toBe(find);
    }
  });
}
