/**
 * Writes the generated pages of docs/ from the declarations. `--check` writes nothing and fails when a
 * file differs, so the documentation cannot lag behind.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { skillText } from "../lib/ui/skill.ts";
import { renderChecks } from "./docs/checks.ts";
import { renderCli } from "./docs/cli.ts";
import { renderErrors } from "./docs/errors.ts";
import { renderLlms } from "./docs/llms.ts";
import { renderSeedTrace } from "./docs/seed-trace.ts";

/** The generated files, by path below the repository. */
export async function generatedDocs(): Promise<Record<string, string>> {
  return {
    "docs/cli.md": await renderCli(),
    "docs/errors.md": renderErrors(),
    "docs/checks.md": renderChecks(),
    "docs/seed-trace.md": renderSeedTrace(),
    "docs/llms.txt": renderLlms(),
    "docs/skill/SKILL.md": skillText(),
  };
}

if (import.meta.main) {
  const root = dirname(import.meta.dir);
  const check = process.argv.includes("--check");
  const stale: string[] = [];
  for (const [path, text] of Object.entries(await generatedDocs())) {
    const file = join(root, path);
    if (existsSync(file) && readFileSync(file, "utf8") === text) continue;
    stale.push(path);
    if (!check) writeFileSync(file, text);
  }
  const state = check ? "differ from the declarations" : "written";
  process.stdout.write(stale.length === 0 ? "docs are current\n" : `${state}: ${stale.join(", ")}\n`);
  process.exit(check && stale.length > 0 ? 1 : 0);
}
