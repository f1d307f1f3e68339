import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { forbiddenImports, isRuntimeModule } from "../../scripts/import-safety.ts";
import { wranglerConfig } from "../../scripts/worker/config.ts";

const FIXTURES = "test/fixtures/import-safety";

test("S28 forbiddenImports() names the chain to a bare builtin and to a lazily imported Bun module", async () => {
  const found = await forbiddenImports(`${FIXTURES}/entry.ts`);
  expect(found.toSorted((a, b) => a.module.localeCompare(b.module))).toEqual([
    { module: "bun:sqlite", chain: [`${FIXTURES}/entry.ts`, `${FIXTURES}/middle.ts`] },
    { module: "fs", chain: [`${FIXTURES}/entry.ts`, `${FIXTURES}/middle.ts`, `${FIXTURES}/leaf.ts`] },
  ]);
});

test("S28 forbiddenImports() is empty for the Worker that is deployed, and for each of its files", async () => {
  expect(await forbiddenImports(wranglerConfig().main)).toEqual([]);
  const files = readdirSync("lib/runtime/workers").filter((name) => /(?<!\.d)\.ts$/.test(name));
  expect(files).toContain("workspace-object.ts");
  for (const file of files) expect(await forbiddenImports(`lib/runtime/workers/${file}`)).toEqual([]);
});

test("S28 forbiddenImports() is empty for an entry that only uses Web standards", async () => {
  expect(await forbiddenImports(`${FIXTURES}/clean.ts`)).toEqual([]);
});

test("isRuntimeModule() knows prefixed, bare and nested builtins, and nothing else", () => {
  for (const name of ["node:fs", "fs", "fs/promises", "bun", "bun:test"])
    expect(isRuntimeModule(name)).toBe(true);
  for (const name of ["hono", "hono/ws", "./fs.ts", "zod"]) expect(isRuntimeModule(name)).toBe(false);
});
