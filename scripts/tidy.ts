/** Checks the rules of the repository that a script can check; prints each violation with its hint. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { importCycles } from "./tidy/imports.ts";
import { checkFile, RULES } from "./tidy/rules.ts";
import { type SourceFile, sourceFile, type Violation } from "./tidy/source.ts";

const HINTS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(RULES.map((rule) => [rule.id, rule.hint])),
  cycles: "Move what both need into a third file, or pass it as an argument",
};

const FOLDERS = ["commands", "lib", "verify", "scripts", "test", "docs", ".github", ".ci"];
const ROOT_FILES = ["cli.ts", "README.md", "package.json", "bunfig.toml"];
const TEXT = /\.(?:ts|md|json|toml|yml|yaml|sh)$|^\.ci\/run$/;
const SKIPPED = /^test\/(?:fixtures|golden)\/|\.payload\.json$|^lib\/simulator\/seed\/.*\.json$/;

/** Every text file of the repository that the rules look at, sorted by path. */
export function repositoryFiles(root: string): SourceFile[] {
  const walk = (folder: string): string[] =>
    readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(path) : [path];
    });
  const existing = new Set(readdirSync(root));
  return [
    ...FOLDERS.filter((folder) => existing.has(folder)).flatMap(walk),
    ...ROOT_FILES.filter((file) => existing.has(file)),
  ]
    .filter((path) => TEXT.test(path) && !SKIPPED.test(path))
    .sort()
    .map((path) => sourceFile(path, readFileSync(join(root, path), "utf8")));
}

/** All violations, by path and line. */
export function tidy(files: readonly SourceFile[]): Violation[] {
  const sources = files.filter(({ path }) => path.endsWith(".ts"));
  return [...files.flatMap((file) => checkFile(file)), ...importCycles(sources)].sort(
    (a, b) => a.path.localeCompare(b.path) || a.line - b.line,
  );
}

if (import.meta.main) {
  const violations = tidy(repositoryFiles(dirname(import.meta.dir)));
  for (const { path, line, rule, message } of violations) {
    process.stdout.write(`${path}:${line} [${rule}] ${message}\n`);
  }
  for (const rule of new Set(violations.map(({ rule }) => rule))) {
    process.stdout.write(`  ${rule}: ${HINTS[rule]}\n`);
  }
  process.stdout.write(violations.length === 0 ? "tidy\n" : `${violations.length} violations\n`);
  process.exit(violations.length === 0 ? 0 : 1);
}
