import { describe, expect, test } from "bun:test";
import { dirname } from "node:path";
import { importCycles, importsOf } from "../../scripts/tidy/imports.ts";
import { checkFile, RULES } from "../../scripts/tidy/rules.ts";
import { sourceFile } from "../../scripts/tidy/source.ts";
import { repositoryFiles, tidy } from "../../scripts/tidy.ts";

const OPEN = "/** Why this file exists. */\n";
const rulesBroken = (path: string, text: string) => checkFile(sourceFile(path, text)).map(({ rule }) => rule);

/** Every rule with a text that breaks it and one that does not, at the path where it applies. */
const CASES: Record<string, { path: string; bad: string; good: string }> = {
  imports: {
    path: "lib/sync/plan.ts",
    bad: `${OPEN}import { readFileSync } from "node:fs";\n`,
    good: `${OPEN}import { fail } from "../errors.ts";\n`,
  },
  pure: {
    path: "lib/model/age.ts",
    bad: `${OPEN}const now = Date.now();\n`,
    good: `${OPEN}// Date.now is for the edges\nconst text = "Date.now()";\n`,
  },
  "runtime-globals": {
    path: "lib/mount/loop.ts",
    bad: `${OPEN}const home = process.env.HOME;\n`,
    good: `${OPEN}const home = host.process.env;\n`,
  },
  "opening-comment": { path: "lib/mount/loop.ts", bad: "const a = 1;\n", good: `${OPEN}const a = 1;\n` },
  docstring: {
    path: "lib/mount/loop.ts",
    bad: `${OPEN}\nimport { b } from "./b.ts";\nexport function loop(): void {}\n`,
    good: `${OPEN}\n/** Runs for ever. */\nexport function loop(): void {}\n`,
  },
  "file-size": {
    path: "lib/mount/loop.ts",
    bad: OPEN + "\n".repeat(501),
    good: `/** Longer than 500 lines because it is a table. */\n${"\n".repeat(501)}`,
  },
  "silent-catch": {
    path: "lib/mount/loop.ts",
    bad: `${OPEN}try {\n  go();\n} catch (error) {\n}\n`,
    good: `${OPEN}try {\n  go();\n} catch {\n  // Gone already: that is what we wanted.\n}\n`,
  },
  "plain-error": {
    path: "lib/mount/loop.ts",
    bad: `${OPEN}throw new Error("no");\n`,
    good: `${OPEN}fail("bug", "no");\n`,
  },
  placeholder: { path: "docs/a.md", bad: "TODO: write\n", good: "done\n" },
  "machine-path": { path: "docs/a.md", bad: "see /home/ann/x\n", good: "see https://example.com/home/ann\n" },
  "registry-host": { path: "docs/a.md", bad: `https://registry.${"npmjs"}.org/x\n`, good: "the registry\n" },
  "focused-test": {
    path: "test/a.test.ts",
    bad: "test.only('a', () => {});\n",
    good: "test('a', () => {});\n",
  },
};

describe("tidy", () => {
  test("has a failing and a passing example for every rule", () => {
    expect(Object.keys(CASES).sort()).toEqual(RULES.map(({ id }) => id).sort());
  });

  for (const [rule, { path, bad, good }] of Object.entries(CASES)) {
    test(`${rule} fires on its bad example only`, () => {
      expect(rulesBroken(path, bad)).toContain(rule);
      expect(rulesBroken(path, good)).not.toContain(rule);
    });
  }

  test("importsOf() tells static, type and dynamic imports apart", () => {
    const text = `import { a } from "./a.ts";\nimport type { B } from "../b.ts";\nexport {\n  c,\n} from "./c.ts";\nconst d = () => import("./d.ts");\n// import { e } from "./e.ts";\n`;
    const sites = importsOf(sourceFile("lib/x/y.ts", text));
    expect(sites.map(({ target, kind }) => [target, kind])).toEqual([
      ["lib/x/a.ts", "static"],
      ["lib/b.ts", "type"],
      ["lib/x/c.ts", "static"],
      ["lib/x/d.ts", "dynamic"],
    ]);
  });

  test("importCycles() names the cycle once and ignores type imports", () => {
    const files = [
      sourceFile("lib/a.ts", 'import { b } from "./b.ts";'),
      sourceFile("lib/b.ts", 'import { a } from "./a.ts";'),
      sourceFile("lib/c.ts", 'import type { a } from "./a.ts";'),
    ];
    expect(importCycles(files).map(({ message }) => message)).toEqual([
      "cycle: lib/a.ts -> lib/b.ts -> lib/a.ts",
    ]);
  });

  test("sourceFile() blanks strings, comments, templates and regular expressions but keeps the code inside", () => {
    const file = sourceFile(
      "a.ts",
      `const x = \`TEXT \${Date.now()} TEXT\`; // Date.now\nconst r = /Date.now/;\n`,
    );
    expect(file.bare.match(/Date\.now/g)).toHaveLength(1);
    expect(file.bare.length).toBe(file.text.length);
  });

  test("the repository breaks no rule", () => {
    const found = tidy(repositoryFiles(dirname(dirname(import.meta.dir))));
    expect(found.map(({ path, line, rule, message }) => `${path}:${line} [${rule}] ${message}`)).toEqual([]);
  });
});
