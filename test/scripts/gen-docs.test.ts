import { expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { generatedDocs } from "../../scripts/gen-docs.ts";

const root = dirname(dirname(import.meta.dir));

test("the generated documentation is what the declarations say; `bun run docs` writes it", async () => {
  for (const [path, text] of Object.entries(await generatedDocs())) {
    const file = join(root, path);
    expect([path, existsSync(file) && readFileSync(file, "utf8") === text]).toEqual([path, true]);
  }
});

test("every link of the command page leads to a heading of it", async () => {
  const page = (await generatedDocs())["docs/cli.md"] ?? "";
  const anchors = new Set(
    [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading?.replaceAll(" ", "-")),
  );
  for (const [, target] of page.matchAll(/\]\(#([^)]+)\)/g)) expect(anchors).toContain(target);
});
