/**
 * The fast way for files nobody knows yet: no local state to compare, no decision to make. Staged under names of their
 * own, one sync, renamed to names that must be free, one sync, remembered. Whatever is not that simple is handed back
 * for the ordinary way.
 */
import { osCodeOf } from "../errors.ts";
import type { FileStat } from "../ports.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { type Engine, localOf, modeOf } from "./engine.ts";
import type { RemoteFile } from "./remote.ts";
import { isFatal, stagingName } from "./stage.ts";
import { blankEntry } from "./state-db.ts";

interface Staged {
  readonly file: RemoteFile;
  readonly rel: RelativeRemotePath;
  readonly temporary: string;
}

interface PlacedFile extends Staged {
  readonly stat: FileStat;
}

/**
 * Places files; the answer are those that need a decision. Throws on a full disk or exhausted descriptors; what was
 * placed until then stays and is recognised by its bytes next time.
 */
export function placeNew(engine: Engine, files: readonly RemoteFile[]): RemoteFile[] {
  const { fs } = engine.world;
  const rest: RemoteFile[] = [];
  fs.makeDir(engine.layout.staging, 0o700);
  const staged: Staged[] = [];
  try {
    stage(engine, files, staged, rest);
    if (staged.length === 0) return rest;
    fs.syncTree(engine.layout.staging);
    // An edit made from here on has a time that the stat taken below cannot vouch for.
    const seenAtMs = engine.now();
    const placed = rename(engine, staged, rest);
    fs.syncTree(engine.mirror.root);
    remember(engine, placed, seenAtMs);
    return rest;
  } finally {
    for (const { temporary } of staged) fs.unlink(temporary);
  }
}

/** Writes every plain newcomer to a temporary file; makes the directories they need. */
function stage(engine: Engine, files: readonly RemoteFile[], staged: Staged[], rest: RemoteFile[]): void {
  const { fs } = engine.world;
  const known = new Set<string>();
  const made = new Set<string>();
  for (const file of files) {
    const rel = newcomer(engine, file.path);
    if (rel === null || !prepare(engine, rel, known, made)) {
      rest.push(file);
      continue;
    }
    const temporary = stagingName(engine.layout);
    const one = { file, rel, temporary };
    staged.push(one);
    try {
      fs.writeFile(temporary, file.bytes, { mode: modeOf(engine, file.path) });
    } catch (error) {
      if (isFatal(error)) throw error;
      fs.unlink(temporary);
      staged.pop();
      rest.push(file);
    }
  }
}

/** The local path of a remote one about which nothing is known; null when something is. */
function newcomer(engine: Engine, path: string): RelativeRemotePath | null {
  const { db, outbox } = engine;
  if (db.get(path) !== undefined || db.problems.has(path) || outbox.unsentFor(path) !== undefined)
    return null;
  if (engine.removedHere.has(path) || engine.deletedAtMs.has(path)) return null;
  const mapped = localOf(engine, path);
  return "problem" in mapped ? null : mapped.rel;
}

/** Sees to it that a directory is there and safe, once per directory, and that the name is free; false when it is not. */
function prepare(engine: Engine, rel: RelativeRemotePath, known: Set<string>, made: Set<string>): boolean {
  const { fs } = engine.world;
  const { mirror } = engine;
  const directory = rel.slice(0, Math.max(rel.lastIndexOf("/"), 0));
  try {
    if (!known.has(directory)) {
      if (mirror.problemAbove(rel) !== null) return false;
      if (directory !== "" && fs.lstat(`${mirror.root}/${directory}`) === null) {
        mirror.makeParents(rel);
        made.add(directory);
      }
      known.add(directory);
    }
    // In a directory that was made a moment ago nothing can be in the way; and if so, the rename tells.
    return made.has(directory) || fs.lstat(mirror.absolute(rel)) === null;
  } catch (error) {
    if (isFatal(error)) throw error;
    return false;
  }
}

/** Gives the staged files their names, looking at each directory once more; the others go to `rest`. */
function rename(engine: Engine, staged: Staged[], rest: RemoteFile[]): PlacedFile[] {
  const { fs } = engine.world;
  const { mirror } = engine;
  const known = new Set<string>();
  const placed: PlacedFile[] = [];
  const left: Staged[] = [];
  for (const one of staged.splice(0)) {
    const directory = one.rel.slice(0, Math.max(one.rel.lastIndexOf("/"), 0));
    try {
      const safe = known.has(directory) || mirror.problemAbove(one.rel) === null;
      known.add(directory);
      const target = mirror.absolute(one.rel);
      if (!safe || fs.renameNew(one.temporary, target) !== true) {
        left.push(one);
        continue;
      }
      const stat = fs.lstat(target);
      // Someone removed or replaced it already: without an entry it is looked at as what it is now.
      if (stat?.kind === "file" && stat.sizeBytes === one.file.bytes.byteLength)
        placed.push({ ...one, stat });
    } catch (error) {
      left.push(one);
      if (isFatal(error)) {
        staged.push(...left);
        throw error;
      }
      if (osCodeOf(error) === undefined) throw error;
    }
  }
  staged.push(...left);
  rest.push(...left.map(({ file }) => file));
  return placed;
}

function remember(engine: Engine, placed: readonly PlacedFile[], seenAtMs: number): void {
  engine.db.transaction(() => {
    for (const { file, rel, stat } of placed) {
      engine.db.put({
        ...blankEntry(file.path, rel),
        revision: file.revision,
        hash: file.hash,
        contentType: file.contentType,
        ...engine.mirror.seen(stat, file.hash),
        seenAtMs,
      });
    }
  });
}
