/** Walks the mirror: the only witness when nobody watches, and the second opinion when somebody does. */
import { osCodeOf } from "../errors.ts";
import { type RelativeRemotePath, relativePathProblem } from "../sync/remote-path.ts";
import { isPrunedDirectory } from "../sync/uploadable.ts";
import type { Engine } from "./engine.ts";
import { type Examined, examine } from "./examine.ts";

/** Regular files below the root, excluded directories not entered, links not followed. Unreadable directories are skipped. */
export function listLocalFiles(engine: Engine): RelativeRemotePath[] {
  const { fs, log } = engine.world;
  const found: RelativeRemotePath[] = [];
  const walk = (prefix: string, depth: number) => {
    let children: ReturnType<typeof fs.readDir>;
    try {
      children = fs.readDir(prefix === "" ? engine.mirror.root : `${engine.mirror.root}/${prefix}`);
    } catch (error) {
      // Removed meanwhile: its files are missing. Anything else must not look like a delete, so the walk stops.
      if (osCodeOf(error) === "ENOENT" && depth > 0) return;
      throw error;
    }
    for (const { name, kind } of children) {
      const rel = prefix === "" ? name : `${prefix}/${name}`;
      if (kind === "directory") {
        if (!isPrunedDirectory(name, depth, engine.names)) walk(rel, depth + 1);
      } else if (kind === "file" && relativePathProblem(rel) === null) {
        found.push(rel as RelativeRemotePath);
      }
    }
  };
  walk("", 0);
  log.debug("scanned", { files: found.length });
  return found;
}

/**
 * One whole scan: every file on disk and every tracked file that is not. Throws when a directory cannot be read,
 * because a partial walk is no witness of a delete.
 */
export function scan(engine: Engine): Examined {
  const onDisk = listLocalFiles(engine);
  const present = new Set<string>(onDisk);
  const missing = [...engine.db.entries.values()]
    .filter((entry) => !present.has(entry.rel))
    .map((entry) => entry.rel as RelativeRemotePath);
  return examine(engine, [...onDisk, ...missing], "scan");
}
