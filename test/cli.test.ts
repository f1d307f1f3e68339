import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importsOf } from "../scripts/tidy/imports.ts";
import { sourceFile } from "../scripts/tidy/source.ts";

const root = dirname(import.meta.dir);

/** Packages and files that a static import chain from `entry` loads. */
function eagerly(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  if (!entry.endsWith(".ts")) return seen;
  for (const { specifier, target, kind } of importsOf(
    sourceFile(entry, readFileSync(join(root, entry), "utf8")),
  )) {
    if (kind !== "static") continue;
    if (target === null) seen.add(specifier);
    else eagerly(target, seen);
  }
  return seen;
}

test("cli.ts loads no package and no command before it knows what the line asks for", () => {
  const loaded = [...eagerly("cli.ts")].filter(
    (path) => !/^lib\/(ui|errors|runtime\/bun\/terminal|model\/(duration|suggest))/.test(path),
  );
  expect(loaded.sort()).toEqual(["cli.ts", "commands/mod.ts"]);
});
