/**
 * Makes a fresh clone runnable, then runs a script of the repository: `bun scripts/setup.ts [--production] SCRIPT ...`.
 * Imports nothing that an install provides, and uses the Bun that runs it, so Bun need not be on PATH.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";

/** Which dependencies a script needs. */
export type InstallMode = "production" | "full";

/** What is known about `node_modules`. */
export interface InstallState {
  /** Content of the stamp left by the last setup, or null. */
  readonly stamp: string | null;
  /** True when a development dependency is there. */
  readonly hasDevelopment: boolean;
  /** Hash of the lock file and package.json. */
  readonly wanted: string;
}

/** The install to run, or null when what is there is enough. A full install is never reduced to production. */
export function installNeeded(state: InstallState, mode: InstallMode): InstallMode | null {
  if (state.stamp === `full ${state.wanted}`) return null;
  if (mode === "production" && state.stamp === `production ${state.wanted}`) return null;
  return mode === "full" || state.hasDevelopment ? "full" : "production";
}

const root = dirname(import.meta.dir);
const stampPath = join(root, "node_modules", ".relayfile-setup");

function readState(): InstallState {
  const hash = createHash("sha256");
  for (const name of ["bun.lock", "package.json"]) hash.update(readFileSync(join(root, name)));
  return {
    stamp: existsSync(stampPath) ? readFileSync(stampPath, "utf8") : null,
    hasDevelopment: existsSync(join(root, "node_modules", "typescript")),
    wanted: hash.digest("hex"),
  };
}

function install(mode: InstallMode, wanted: string): void {
  process.stderr.write(`setup: installing ${mode === "full" ? "all" : "production"} dependencies\n`);
  const flags = mode === "production" ? ["--production"] : [];
  const run = Bun.spawnSync([process.execPath, "install", "--frozen-lockfile", ...flags], {
    cwd: root,
    env: process.env,
    stdio: ["ignore", 2, 2],
  });
  if (run.exitCode !== 0) {
    process.stderr.write("setup: the install failed; check the network, then run the same command again\n");
    process.exit(run.exitCode || 1);
  }
  writeFileSync(stampPath, `${mode} ${wanted}`);
}

/** Runs a script in its own process, since this one may have looked for packages before they were there. */
async function runScript(words: readonly string[]): Promise<number> {
  const child = Bun.spawn([process.execPath, ...words], {
    cwd: root,
    env: process.env,
    stdio: ["inherit", "inherit", "inherit"],
  });
  // A terminal sends Ctrl-C to the whole group, so the child has it already; a plain kill reaches only this process.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  await child.exited;
  if (child.exitCode !== null) return child.exitCode;
  return 128 + (constants.signals[child.signalCode as keyof typeof constants.signals] ?? 1);
}

if (import.meta.main) {
  const words = process.argv.slice(2);
  const mode: InstallMode = words[0] === "--production" ? "production" : "full";
  const script = mode === "production" ? words.slice(1) : words;
  const state = readState();
  const needed = installNeeded(state, mode);
  if (needed !== null) install(needed, state.wanted);
  process.exit(script.length === 0 ? 0 : await runScript(script));
}
