/** The compiled executable for end-to-end tests: built when the sources changed, then shared by every test file. */
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, ENTRY, ROOT } from "../../scripts/build/compile.ts";

/** What a run printed and how it ended. */
export interface BinaryRun {
  readonly stdout: string;
  readonly stderr: string;
  /** Exit code; 128 + n after signal n. */
  readonly exitCode: number;
}

/** How to run it. The environment is exactly `env` plus PATH; nothing of the test's own leaks in. */
export interface RunOptions {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** True: the caller reads stdout itself, as a stream. */
  readonly pipe?: boolean;
  /** Kills the process after this time; default 30 s. */
  readonly timeoutMs?: number;
}

const BUILDS = join(ROOT, "node_modules", ".cache", "relayfile-e2e");
const KEEP_BUILDS_MS = 3_600_000;

let compiled: Promise<string> | undefined;

/** Path of the executable, compiled at most once per state of the sources. */
export function binaryPath(): Promise<string> {
  compiled ??= compileOnce();
  return compiled;
}

/** Runs the executable to its end. */
export async function runBinary(words: readonly string[], options: RunOptions): Promise<BinaryRun> {
  const { child, stdout, stderr } = await startBinary(words, options);
  const killer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 30_000);
  const exitCode = await child.exited;
  clearTimeout(killer);
  return { stdout: await stdout, stderr: await stderr, exitCode };
}

/** Starts the executable; the caller waits for it or kills it. */
export async function startBinary(
  words: readonly string[],
  { cwd, env = {}, stdin, pipe = false }: RunOptions,
) {
  const child = Bun.spawn([await binaryPath(), ...words], {
    cwd,
    env: { PATH: process.env.PATH ?? "", ...env },
    stdin: stdin === undefined ? "ignore" : Buffer.from(stdin),
    stdout: "pipe",
    stderr: "pipe",
  });
  const stdout = pipe ? Promise.resolve("") : new Response(child.stdout).text();
  return { child, stdout, stderr: new Response(child.stderr).text() };
}

async function compileOnce(): Promise<string> {
  const folder = join(BUILDS, sourceHash());
  const finished = join(folder, "relayfile");
  if (existsSync(finished)) return finished;
  const scratch = mkdtempSync(join(tmpdir(), "relayfile-e2e-build-"));
  await compile({ entry: ENTRY, outfile: join(scratch, "relayfile"), build: null });
  removeOlderBuilds();
  mkdirSync(folder, { recursive: true });
  renameSync(join(scratch, "relayfile"), finished);
  rmSync(scratch, { recursive: true, force: true });
  return finished;
}

/** Hash of everything the bundle can contain. */
function sourceHash(): string {
  const hash = createHash("sha256").update(Bun.version);
  const add = (path: string): void => void hash.update(path).update(readFileSync(join(ROOT, path)));
  for (const file of ["cli.ts", "package.json", "bun.lock", "scripts/build/compile.ts"]) add(file);
  for (const folder of ["commands", "lib", "verify"]) {
    const files = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
      .sort();
    for (const file of files) add(file);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Builds of earlier sources would pile up, a hundred megabytes each; a recent one may serve another run right now. */
function removeOlderBuilds(): void {
  if (!existsSync(BUILDS)) return;
  for (const name of readdirSync(BUILDS)) {
    const build = join(BUILDS, name);
    if (Date.now() - statSync(build).mtimeMs > KEEP_BUILDS_MS)
      rmSync(build, { recursive: true, force: true });
  }
}
