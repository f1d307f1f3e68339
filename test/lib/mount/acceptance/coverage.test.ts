/** The acceptance list itself (spec mount-daemon 7): every id has a test that carries it in its name, or a reason why not. */
import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The items of each section of the list. */
const SECTIONS: Readonly<Record<string, number>> = { P: 15, B: 19, E: 17, L: 16, C: 15, W: 19, G: 16 };

/** Items that fall away, with the decision. */
const LEFT_OUT: Readonly<Record<string, string>> = {
  B5: "a first copy has no budget of files: it never stops while work remains (decision 0321)",
  B18: "the working-tree seed is not part of this daemon (design 19)",
};

/** Where tests of the daemon's own code are. Tests of pure decisions alone prove nothing about it. */
const PLACES = ["test/lib/mount", "test/commands"];
const ROOT = join(import.meta.dir, "../../../..");

/** Names of tests, as written, below the places. */
function testNames(): string[] {
  return PLACES.flatMap((place) =>
    readdirSync(join(ROOT, place), { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".test.ts") && !file.endsWith("coverage.test.ts"))
      .flatMap((file) => {
        const text = readFileSync(join(ROOT, place, file), "utf8");
        return [...text.matchAll(/\btest\(\s*(["'`])(.*?)\1/g)].map((match) => match[2] ?? "");
      }),
  );
}

/** Ids before the colon of a name, as in `B4, S11: ...`. */
function idsOf(name: string): string[] {
  const [head = "", rest] = name.split(/:(.*)/);
  return rest === undefined ? [] : (head.match(/\b[PBELCWG]\d+\b/g) ?? []);
}

test("every item of the acceptance list is tested by its id, or left out for a reason", () => {
  const wanted = Object.entries(SECTIONS).flatMap(([letter, count]) =>
    Array.from({ length: count }, (_, at) => `${letter}${at + 1}`),
  );
  const tested = new Set(testNames().flatMap(idsOf));
  expect(wanted.filter((id) => !tested.has(id) && !(id in LEFT_OUT))).toEqual([]);
  expect(wanted.length - Object.keys(LEFT_OUT).length).toBe(115);
  expect(tested.size).toBe(115);
});

test("nothing is left out that exists or is tested", () => {
  const tested = new Set(testNames().flatMap(idsOf));
  expect(Object.keys(LEFT_OUT).filter((id) => tested.has(id))).toEqual([]);
  for (const id of Object.keys(LEFT_OUT))
    expect(SECTIONS[id[0] ?? ""]).toBeGreaterThanOrEqual(Number(id.slice(1)));
});
