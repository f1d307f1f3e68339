/** The whole gate, in the order of cheapness: types, format and lint, tidy, generated docs, tests. */
import { dirname, join } from "node:path";

interface Step {
  readonly name: string;
  readonly words: readonly string[];
  /** What to run when the step fails. */
  readonly next: string;
}

const root = dirname(import.meta.dir);
const tool = (name: string) => join(root, "node_modules", ".bin", name);
const bun = process.execPath;

const STEPS: readonly Step[] = [
  { name: "types", words: [tool("tsc"), "--noEmit", "-p", "."], next: "bun run types" },
  { name: "format and lint", words: [tool("biome"), "check", "--error-on-warnings"], next: "bun run format" },
  { name: "tidy", words: [bun, "scripts/tidy.ts"], next: "bun run tidy" },
  {
    name: "import safety of the Worker",
    words: [bun, "scripts/import-safety.ts"],
    next: "bun scripts/import-safety.ts",
  },
  { name: "generated docs", words: [bun, "scripts/gen-docs.ts", "--check"], next: "bun run docs" },
  { name: "tests", words: [bun, "scripts/test.ts"], next: "bun run test PATH" },
];

const skipTests = process.argv.includes("--no-tests");
const failed: Step[] = [];
let passedCount = 0;
for (const step of STEPS) {
  if (skipTests && step.name === "tests") continue;
  const run = Bun.spawnSync([...step.words], {
    cwd: root,
    env: process.env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ok = run.exitCode === 0;
  process.stdout.write(`${ok ? "ok  " : "FAIL"} ${step.name}\n`);
  if (ok) passedCount++;
  else {
    failed.push(step);
    process.stdout.write(`${run.stdout.toString()}${run.stderr.toString()}\n`);
  }
}
const next = failed.map((step) => step.next).join(", then ");
process.stdout.write(failed.length === 0 ? "next: commit\n" : `next: ${next}\n`);
process.stdout.write(`${passedCount} passed, ${failed.length} failed\n`);
process.exit(failed.length === 0 ? 0 : 1);
