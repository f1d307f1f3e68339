/** The Worker as one module, as `wrangler` would bundle it, for running it in workerd on this machine. */
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { REPOSITORY, wranglerConfig } from "./config.ts";

/** How anything is bundled for a platform that is neither Node nor Bun nor a browser. */
export const NEUTRAL = {
  bundle: true,
  write: false,
  format: "esm",
  platform: "neutral",
  mainFields: ["module", "main"],
  conditions: ["workerd", "worker", "import"],
  loader: { ".md": "text" },
  logLevel: "silent",
} as const satisfies BuildOptions;

/** The bundled source text. Fails as esbuild does when it cannot be built for a platform without Node and Bun. */
export async function bundleWorker(): Promise<string> {
  const { outputFiles } = await build({
    ...NEUTRAL,
    entryPoints: [join(REPOSITORY, wranglerConfig().main)],
    absWorkingDir: REPOSITORY,
    target: "es2024",
    external: ["cloudflare:*"],
  });
  return outputFiles[0]?.text ?? "";
}
