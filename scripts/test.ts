/**
 * The test command: `bun test` with a closing line that a person and a CI job can read. Fails when anything fails,
 * and when nothing ran.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** Counts of a run. */
export interface TestCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Counts from a JUnit file as `bun test` writes it; null when it is not one. */
export function countsOf(junit: string): TestCounts | null {
  const head = junit.match(/<testsuites\b[^>]*>/)?.[0];
  if (head === undefined) return null;
  const number = (name: string) => Number(head.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? 0);
  const [tests, failed, skipped] = [
    number("tests"),
    number("failures") + number("errors"),
    number("skipped"),
  ];
  return { passed: tests - failed - skipped, failed, skipped };
}

/** The last line and the exit code. A run that ended badly counts as one failure even if no test did. */
export function verdictOf(counts: TestCounts | null, exitCode: number): { line: string; exitCode: number } {
  const passed = counts?.passed ?? 0;
  const failed = Math.max(counts?.failed ?? 0, exitCode === 0 ? 0 : 1);
  const skipped = counts !== null && counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
  const line = `${passed} passed, ${failed} failed${skipped}`;
  return { line, exitCode: failed > 0 || passed === 0 ? 1 : 0 };
}

if (import.meta.main) {
  const root = dirname(import.meta.dir);
  const scratch = mkdtempSync(join(tmpdir(), "relayfile-junit-"));
  const junitPath = join(scratch, "junit.xml");
  const words = ["test", "--reporter=junit", `--reporter-outfile=${junitPath}`, "--timeout", "30000"];
  // Those need a browser, root or minutes, and are run by name.
  if (!process.argv.slice(2).some((word) => word.includes("test/deep")))
    words.push("--path-ignore-patterns=**/test/deep/**");
  const run = Bun.spawn([process.execPath, ...words, ...process.argv.slice(2)], {
    cwd: root,
    env: process.env,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const exitCode = await run.exited;
  const junit = await Bun.file(junitPath)
    .exists()
    .then((there) => (there ? readFileSync(junitPath, "utf8") : ""));
  rmSync(scratch, { recursive: true, force: true });
  const verdict = verdictOf(countsOf(junit), exitCode);
  process.stdout.write(`${verdict.line}\n`);
  process.exit(verdict.exitCode);
}
