/**
 * Proves that a Worker entry can run where there is no Node and no Bun: bundles it for a neutral platform and fails
 * for every import of a runtime module, naming the shortest chain from the entry to it. No allow-list: `cloudflare:`
 * modules are the platform's own; everything else that is not source must not be there.
 */
import { builtinModules } from "node:module";
import { relative, resolve } from "node:path";
import { build, type Metafile, type Plugin } from "esbuild";
import { NEUTRAL } from "./worker/bundle.ts";
import { wranglerConfig } from "./worker/config.ts";

/** One forbidden import and how the entry reaches it. */
export interface ForbiddenImport {
  /** The module as written, for example `node:fs`. */
  readonly module: string;
  /** Files from the entry to the importing one, relative to the repository, entry first. */
  readonly chain: readonly string[];
}

const NODE_MODULES: ReadonlySet<string> = new Set(builtinModules);

/** True for a module that only Node or Bun provide. */
export function isRuntimeModule(specifier: string): boolean {
  if (/^(?:node|bun):/.test(specifier) || specifier === "bun") return true;
  return NODE_MODULES.has(specifier) || NODE_MODULES.has(specifier.split("/")[0] ?? "");
}

/** Every forbidden import reachable from an entry; empty when it is safe. An unresolvable import is an error. */
export async function forbiddenImports(entry: string): Promise<ForbiddenImport[]> {
  const found: { module: string; importer: string }[] = [];
  const root = process.cwd();
  const recorder: Plugin = {
    name: "import-safety",
    setup(bundle) {
      bundle.onResolve({ filter: /.*/ }, ({ path, importer, kind }) => {
        if (kind === "entry-point") return undefined;
        if (path.startsWith("cloudflare:")) return { path, external: true };
        if (!isRuntimeModule(path)) return undefined;
        found.push({ module: path, importer: relative(root, importer) });
        return { path, external: true };
      });
    },
  };
  const { metafile } = await build({
    entryPoints: [resolve(entry)],
    absWorkingDir: root,
    ...NEUTRAL,
    metafile: true,
    plugins: [recorder],
  });
  return found.map(({ module, importer }) => ({
    module,
    chain: shortestChain(metafile, relative(root, resolve(entry)), importer),
  }));
}

/** Files from `entry` to `target` along the bundle's imports, breadth first, so none is shorter. */
function shortestChain(metafile: Metafile, entry: string, target: string): string[] {
  const cameFrom = new Map<string, string | null>([[entry, null]]);
  const frontier = [entry];
  for (let file = frontier.shift(); file !== undefined && file !== target; file = frontier.shift()) {
    for (const { path } of metafile.inputs[file]?.imports ?? []) {
      if (cameFrom.has(path)) continue;
      cameFrom.set(path, file);
      frontier.push(path);
    }
  }
  const chain: string[] = [];
  for (let file: string | null | undefined = target; file; file = cameFrom.get(file)) chain.unshift(file);
  return chain;
}

if (import.meta.main) {
  const given = process.argv.slice(2);
  const entries = given.length === 0 ? [wranglerConfig().main] : given;
  let failures = 0;
  for (const entry of entries) {
    const forbidden = await forbiddenImports(entry);
    failures += forbidden.length;
    for (const { module, chain } of forbidden) {
      process.stderr.write(`${entry} reaches ${module}: ${[...chain, module].join(" -> ")}\n`);
    }
    if (forbidden.length === 0) process.stdout.write(`${entry}: free of Node and Bun imports\n`);
  }
  process.exit(failures === 0 ? 0 : 1);
}
