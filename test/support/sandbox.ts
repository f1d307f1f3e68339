/** An empty directory that a stranger filled with configuration, for running the executable in. */
import { mkdirSync } from "node:fs";
import { writeHostileFiles } from "../../scripts/build/check.ts";
import { type BinaryRun, type RunOptions, runBinary, startBinary } from "./binary.ts";
import { type TempDir, tempDir } from "./temp-dir.ts";

/** A place to run in. `home` exists and is empty; `cwd` holds a hostile `bunfig.toml`, `.env` and `package.json`. */
export interface Sandbox extends TempDir {
  readonly cwd: string;
  readonly home: string;
  /** Runs the executable with `HOME` and `RELAYFILE_HOME` inside the sandbox. */
  run(words: readonly string[], options?: Partial<RunOptions>): Promise<BinaryRun>;
  /** Starts it in the same way. */
  start(words: readonly string[], options?: Partial<RunOptions>): ReturnType<typeof startBinary>;
}

/** Creates one. */
export function sandbox(): Sandbox {
  const folder = tempDir("relayfile-e2e-run-");
  const [cwd, home] = [folder.join("cwd"), folder.join("home")];
  mkdirSync(cwd);
  mkdirSync(home);
  writeHostileFiles(cwd);
  const within = (options: Partial<RunOptions> = {}): RunOptions => ({
    cwd,
    ...options,
    env: { HOME: home, RELAYFILE_HOME: folder.join("home", ".relayfile"), ...options.env },
  });
  return {
    ...folder,
    cwd,
    home,
    run: (words, options) => runBinary(words, within(options)),
    start: (words, options) => startBinary(words, within(options)),
  };
}

/** The only JSON document on stdout. Throws when there is more, less or something else. */
export function onlyDocument(run: BinaryRun): {
  kind: string;
  error?: { code: string; message: string; hint: string; exitCode: number };
} {
  return JSON.parse(run.stdout);
}
