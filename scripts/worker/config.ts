/** What `wrangler.jsonc` declares, for everything that runs or checks the Worker on this machine. */
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** The parts of the configuration that decide how the Worker runs. */
export interface WranglerConfig {
  /** The entry, relative to the repository. */
  readonly main: string;
  readonly compatibility_date: string;
  readonly durable_objects: { readonly bindings: readonly { name: string; class_name: string }[] };
  readonly migrations: readonly { tag: string; new_sqlite_classes: readonly string[] }[];
  readonly r2_buckets: readonly { binding: string; bucket_name: string }[];
}

/** The top of the repository, absolute. */
export const REPOSITORY = resolve(dirname(import.meta.dir), "..");

/** The configuration of the deployment. */
export function wranglerConfig(): WranglerConfig {
  return Bun.JSONC.parse(readFileSync(join(REPOSITORY, "wrangler.jsonc"), "utf8")) as WranglerConfig;
}
