/** From events to the files they may be about: an event names a path, and that may have been a directory, or be one now. */
import { type RelativeRemotePath, relativePathProblem, toRemotePath } from "../sync/remote-path.ts";
import { isPrunedDirectory } from "../sync/uploadable.ts";
import type { Engine } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { noteUnnamable } from "./stays-here.ts";

/** True for the local name of a file in the index. */
export function isTracked(engine: Engine, rel: string): boolean {
  if (engine.db.remoteOfRel(rel) !== null) return true;
  return engine.db.get(toRemotePath(engine.config.remoteRoot, rel as RelativeRemotePath))?.rel === rel;
}

/**
 * The files that events may be about: the paths themselves, or everything below a directory that came or went. `lost`:
 * below a directory that is there files are missing of which no event told, as when it was replaced too fast to see.
 */
export function expand(
  engine: Engine,
  paths: readonly string[],
  vanished: ReadonlySet<string>,
): { readonly found: Set<RelativeRemotePath>; readonly lost: boolean } {
  const { fs } = engine.world;
  const found = new Set<RelativeRemotePath>();
  const gone = new Set<string>();
  const there = new Set<string>();
  for (const path of paths) {
    if (relativePathProblem(path) !== null) {
      noteUnnamable(engine, path);
      continue;
    }
    const stat = fs.lstat(`${engine.config.localRoot}/${path}`);
    if (stat?.kind === "directory") {
      walkBelow(engine, path, found);
      // Another directory of that name: what the first one held went with it.
      (vanished.has(path) ? gone : there).add(path);
    } else if (stat !== null || isTracked(engine, path)) {
      found.add(path as RelativeRemotePath);
      // A file where a directory was.
      if (vanished.has(path)) gone.add(path);
    } else gone.add(path);
  }
  // A directory where a file was.
  for (const path of [...found])
    for (const above of directoriesAbove(path))
      if (isTracked(engine, above)) found.add(above as RelativeRemotePath);
  for (const path of there) if (isTracked(engine, path)) found.add(path as RelativeRemotePath);
  let lost = false;
  if (gone.size + there.size === 0) return { found, lost };
  // What went and was no file may have been a directory; one look through the index serves them all.
  for (const entry of engine.db.entries.values()) {
    const rel = entry.rel as RelativeRemotePath;
    for (const above of directoriesAbove(rel)) {
      if (gone.has(above)) found.add(rel);
      else if (there.has(above)) lost ||= !found.has(rel) && shouldBeHere(engine, entry);
    }
  }
  for (const path of gone) found.add(path as RelativeRemotePath);
  return { found, lost };
}

/** True for a file that was placed here and that nobody is known to have taken away. */
function shouldBeHere({ removedHere, stale }: Engine, entry: Entry): boolean {
  if (entry.revision === null || entry.readDenied || entry.unplaced || entry.deletePending) return false;
  return !removedHere.has(entry.remotePath) && !stale.has(entry.remotePath);
}

function walkBelow(engine: Engine, directory: string, found: Set<RelativeRemotePath>): void {
  for (const { name, kind } of engine.world.fs.readDir(`${engine.config.localRoot}/${directory}`)) {
    const child = `${directory}/${name}`;
    if (kind === "file") found.add(child as RelativeRemotePath);
    else if (kind === "directory" && !isPrunedDirectory(name, child.split("/").length - 1, engine.names))
      walkBelow(engine, child, found);
  }
}

/** The directories that hold a path, outermost first. */
function directoriesAbove(rel: string): string[] {
  const above: string[] = [];
  for (let cut = rel.indexOf("/"); cut !== -1; cut = rel.indexOf("/", cut + 1)) above.push(rel.slice(0, cut));
  return above;
}
