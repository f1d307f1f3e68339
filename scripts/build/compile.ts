/** Compiling one executable. */
import { readdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

/** What to compile and where to. */
export interface CompileOptions {
  readonly entry: string;
  /** Path of the executable, in a directory of its own. Its base name is part of the bytes, so all targets share it. */
  readonly outfile: string;
  /** Bun's target name; absent for the platform this runs on. */
  readonly target?: Bun.Build.CompileTarget;
  /** Replaces `RELAYFILE_BUILD`; null leaves the program without build facts. */
  readonly build: BuildFacts | null;
}

/** What the program says about its build. */
export interface BuildFacts {
  readonly commit: string;
  readonly builtAt: string;
  readonly target: string;
}

/** Root of the repository. */
export const ROOT = dirname(dirname(import.meta.dir));

/** Entry of the executable. */
export const ENTRY = join(ROOT, "cli.ts");

/**
 * Compiles to ESM bytecode with one chunk per dynamic import and embedded source maps. The result ignores `.env` and
 * `bunfig.toml` of the directory it is started in. Throws with every message of the bundler.
 */
export async function compile({ entry, outfile, target, build }: CompileOptions): Promise<void> {
  const result = await Bun.build({
    entrypoints: [entry],
    format: "esm",
    bytecode: true,
    minify: true,
    splitting: true,
    sourcemap: "linked",
    target: "bun",
    define: build === null ? {} : { RELAYFILE_BUILD: JSON.stringify(build) },
    compile: {
      outfile,
      autoloadDotenv: false,
      autoloadBunfig: false,
      autoloadTsconfig: false,
      autoloadPackageJson: false,
      ...(target === undefined ? {} : { target }),
    },
    throw: false,
  });
  if (!result.success) {
    throw new Error(
      [`cannot compile ${entry} for ${target ?? "this host"}`, ...result.logs.map(String)].join("\n"),
    );
  }
  removeLooseMaps(dirname(outfile));
}

/** The maps are inside the executable; the copies beside it are of no use. */
function removeLooseMaps(folder: string): void {
  for (const name of readdirSync(folder)) if (name.endsWith(".map")) rmSync(join(folder, name));
}
