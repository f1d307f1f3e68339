/** The Worker as one module, as `wrangler` would bundle it, for running it in workerd on this machine. */
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";

/** The Worker's entry, relative to the repository. */
export const WORKER_ENTRY = "lib/runtime/workers/entry.ts";

/** The bundled source text. Fails as esbuild does when it cannot be built for a platform without Node and Bun. */
export async function bundleWorker(): Promise<string> {
  const root = resolve(dirname(import.meta.dir), "..");
  const { outputFiles } = await build({
    entryPoints: [join(root, WORKER_ENTRY)],
    absWorkingDir: root,
    bundle: true,
    write: false,
    format: "esm",
    platform: "neutral",
    target: "es2024",
    mainFields: ["module", "main"],
    conditions: ["workerd", "worker", "import"],
    loader: { ".md": "text" },
    external: ["cloudflare:*"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}
