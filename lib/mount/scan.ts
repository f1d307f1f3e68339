/** Walks the mirror: the only witness when nobody watches, and the second opinion when somebody does. */
import { osCodeOf } from "../errors.ts";
import { type RelativeRemotePath, relativePathProblem } from "../sync/remote-path.ts";
import { isPrunedDirectory } from "../sync/uploadable.ts";
import type { Engine } from "./engine.ts";
import { type Entry, isClean } from "./entry.ts";
import { type Examined, examine } from "./examine.ts";
import { isTrusted } from "./mirror.ts";
import { stayingMet } from "./stays-here.ts";

/**
 * Calls `found` for the regular files below the root, with `settled` true for one that is as the index has it. Excluded
 * directories are not entered and links not followed. Throws when a directory cannot be read.
 */
function walkFiles(engine: Engine, found: (rel: string, settled: boolean) => void): void {
  const stays = stayingMet(engine);
  const { fs } = engine.world;
  const { root } = engine.mirror;
  const remotePrefix = engine.config.remoteRoot === "/" ? "/" : `${engine.config.remoteRoot}/`;
  const walk = (prefix: string, depth: number) => {
    let children: ReturnType<typeof fs.readDir>;
    try {
      children = fs.readDir(depth === 0 ? root : `${root}/${prefix.slice(0, -1)}`);
    } catch (error) {
      // Removed meanwhile: its files are missing. Anything else must not look like a delete, so the walk stops.
      if (osCodeOf(error) === "ENOENT" && depth > 0) return;
      throw error;
    }
    for (const { name, kind } of children) {
      const rel = prefix + name;
      if (kind === "directory") {
        if (!isPrunedDirectory(name, depth, engine.names)) walk(`${rel}/`, depth + 1);
        continue;
      }
      if (kind === "file") {
        const entry = engine.db.get(remotePrefix + rel);
        const settled = entry !== undefined && entry.rel === rel && isSettled(engine, entry);
        found(rel, settled);
        if (settled) continue;
      }
      stays.meet(rel, kind);
    }
  };
  walk("", 0);
  stays.done();
}

/** True when a look at the file would change nothing: agreed bytes, untouched since, and nothing under way. */
function isSettled(engine: Engine, entry: Entry): boolean {
  if (!isClean(entry) || entry.deletePending || entry.readDenied || entry.writeDenied) return false;
  if (entry.missingScans > 0 || engine.removedHere.has(entry.remotePath)) return false;
  if (engine.outbox.unsentFor(entry.remotePath) !== undefined) return false;
  const stat = engine.world.fs.lstat(`${engine.mirror.root}/${entry.rel}`);
  return stat?.kind === "file" && isTrusted(entry, stat);
}

/**
 * One whole scan: every file on disk that is not as the index has it, and every tracked file that is gone. Throws when a
 * directory cannot be read, because a partial walk is no witness of a delete.
 */
export function scan(engine: Engine): Examined {
  const unsettled: RelativeRemotePath[] = [];
  const present = new Set<string>();
  walkFiles(engine, (rel, settled) => {
    present.add(rel);
    if (!settled && relativePathProblem(rel) === null) unsettled.push(rel as RelativeRemotePath);
  });
  const missing: RelativeRemotePath[] = [];
  for (const { rel } of engine.db.entries.values())
    if (!present.has(rel)) missing.push(rel as RelativeRemotePath);
  engine.world.log.debug("scanned", { files: present.size, unsettled: unsettled.length });
  return examine(engine, [...unsettled, ...missing], "scan");
}
