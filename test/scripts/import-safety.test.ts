import { expect, test } from "bun:test";
import { forbiddenImports, isRuntimeModule } from "../../scripts/import-safety.ts";

const FIXTURES = "test/fixtures/import-safety";

test("S28 forbiddenImports() names the chain to a bare builtin and to a lazily imported Bun module", async () => {
  const found = await forbiddenImports(`${FIXTURES}/entry.ts`);
  expect(found.toSorted((a, b) => a.module.localeCompare(b.module))).toEqual([
    { module: "bun:sqlite", chain: [`${FIXTURES}/entry.ts`, `${FIXTURES}/middle.ts`] },
    { module: "fs", chain: [`${FIXTURES}/entry.ts`, `${FIXTURES}/middle.ts`, `${FIXTURES}/leaf.ts`] },
  ]);
});

test("S28 forbiddenImports() is empty for an entry that only uses Web standards", async () => {
  expect(await forbiddenImports(`${FIXTURES}/clean.ts`)).toEqual([]);
});

test("isRuntimeModule() knows prefixed, bare and nested builtins, and nothing else", () => {
  for (const name of ["node:fs", "fs", "fs/promises", "bun", "bun:test"])
    expect(isRuntimeModule(name)).toBe(true);
  for (const name of ["hono", "hono/ws", "./fs.ts", "zod"]) expect(isRuntimeModule(name)).toBe(false);
});
