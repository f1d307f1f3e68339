/**
 * The fast way for files nobody knows yet: no local state to compare, no decision to make. Written without a name, or
 * under one of our own where the system cannot; one sync; given names that must be free; one sync; remembered. Whatever
 * is not that simple is handed back for the ordinary way (decision 0311).
 */
import { osCodeOf } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import type { FileStat } from "../ports.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { type Engine, localOf, modeOf } from "./engine.ts";
import { blankEntry } from "./entry.ts";
import { racyMs } from "./mirror.ts";
import { beginPlacing, endPlacing } from "./placing.ts";
import type { RemoteFile } from "./remote.ts";
import { isFatal, parentDirectory, stagingName } from "./stage.ts";

interface Staged {
  readonly file: RemoteFile;
  readonly rel: RelativeRemotePath;
  /** A file without a name, by its handle, or the path of one with a temporary name. */
  readonly body: number | string;
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
    engine.db.transaction(() => beginPlacing(engine, staged));
    const renamedMs = engine.now();
    const placed = nameAll(engine, staged, rest);
    fs.syncTree(engine.mirror.root);
    remember(engine, placed, renamedMs);
    return rest;
  } finally {
    for (const { body } of staged) discard(engine, body);
  }
}

function discard(engine: Engine, body: Staged["body"]): void {
  if (typeof body === "number") engine.world.fs.dropUnnamed(body);
  else engine.world.fs.unlink(body);
}

/** Writes every plain newcomer to a temporary file; makes the directories they need. */
function stage(engine: Engine, files: readonly RemoteFile[], staged: Staged[], rest: RemoteFile[]): void {
  const deviceId = engine.world.fs.lstat(engine.mirror.root)?.deviceId;
  const directories: Directories = { known: new Set(), made: new Set(), deviceId };
  for (const file of files) {
    const rel = newcomer(engine, file.path);
    if (rel === null || !prepare(engine, rel, directories)) {
      rest.push(file);
      continue;
    }
    try {
      staged.push({ file, rel, body: write(engine, file, rel) });
    } catch (error) {
      if (isFatal(error)) throw error;
      rest.push(file);
    }
  }
}

/** The bytes on disk, near where they will be. */
function write(engine: Engine, file: RemoteFile, rel: RelativeRemotePath): Staged["body"] {
  const { fs } = engine.world;
  const mode = modeOf(engine, file.path);
  const handle = fs.writeUnnamed(parentDirectory(engine.mirror.absolute(rel)), file.bytes, mode);
  if (handle !== null) return handle;
  const temporary = stagingName(engine.layout);
  try {
    fs.writeFile(temporary, file.bytes, { mode });
  } catch (error) {
    fs.unlink(temporary);
    throw error;
  }
  return temporary;
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

/** Directories seen by one run without an await: safe ones, and those among them that were made just now. */
interface Directories {
  readonly known: Set<string>;
  readonly made: Set<string>;
  /** The file system of the root: the one that is synced. */
  readonly deviceId: number | undefined;
}

/** Sees to it that a directory is there and safe, once per directory, and that the name is free; false when it is not. */
function prepare(engine: Engine, rel: RelativeRemotePath, { known, made, deviceId }: Directories): boolean {
  const { fs } = engine.world;
  const { mirror } = engine;
  const directory = rel.slice(0, Math.max(rel.lastIndexOf("/"), 0));
  try {
    if (!known.has(directory)) {
      if (mirror.problemAbove(rel) !== null) return false;
      const path = parentDirectory(mirror.absolute(rel));
      const before = fs.lstat(path);
      if (before === null) {
        mirror.makeParents(rel);
        made.add(directory);
      }
      if ((before ?? fs.lstat(path))?.deviceId !== deviceId) return false;
      known.add(directory);
    }
    // In a directory that was made a moment ago nothing can be in the way; and if so, the rename tells.
    return made.has(directory) || fs.lstat(mirror.absolute(rel)) === null;
  } catch (error) {
    if (isFatal(error)) throw error;
    return false;
  }
}

/** True when the file has its name now; false when that is taken, null where the system cannot tell. */
function name(engine: Engine, body: Staged["body"], target: string): boolean | null {
  const { fs } = engine.world;
  return typeof body === "number" ? fs.nameUnnamed(body, target) : fs.renameNew(body, target);
}

/** Gives the staged files their names, looking at each directory once more; the others stay staged and go to `rest`. */
function nameAll(engine: Engine, staged: Staged[], rest: RemoteFile[]): PlacedFile[] {
  const known = new Set<string>();
  const placed: PlacedFile[] = [];
  const left: Staged[] = [];
  let next = 0;
  try {
    while (next < staged.length) {
      const one = staged[next] as Staged;
      const stat = nameOne(engine, one, known);
      next++;
      if (stat === null) left.push(one);
      else {
        if (typeof one.body === "number") engine.world.fs.dropUnnamed(one.body);
        // Someone removed or replaced it already: without an entry it is looked at as what it is now.
        if (stat !== "replaced") placed.push({ ...one, stat });
      }
    }
  } finally {
    staged.splice(0, next, ...left);
  }
  rest.push(...left.map(({ file }) => file));
  return placed;
}

/** The stat of one file under its name; null when it did not get it. */
function nameOne(
  engine: Engine,
  { file, rel, body }: Staged,
  known: Set<string>,
): FileStat | "replaced" | null {
  const { fs } = engine.world;
  const directory = rel.slice(0, Math.max(rel.lastIndexOf("/"), 0));
  try {
    if (!known.has(directory) && engine.mirror.problemAbove(rel) !== null) return null;
    known.add(directory);
    const target = engine.mirror.absolute(rel);
    if (name(engine, body, target) !== true) return null;
    const stat = fs.lstat(target);
    return stat?.kind === "file" && stat.sizeBytes === file.bytes.byteLength ? stat : "replaced";
  } catch (error) {
    if (isFatal(error) || osCodeOf(error) === undefined) throw error;
    return null;
  }
}

/**
 * The entries of placed files. Nobody could edit a file before it had its name, and an edit gives a new time; so where
 * the time is that of the staging, long enough before the names were given, the bytes are ours. Where it is not, the
 * stored hash is not to be trusted and the next look reads the file.
 */
function remember(engine: Engine, placed: readonly PlacedFile[], renamedMs: number): void {
  const entries = placed.map(({ file, rel, stat }) => {
    const ours = stat.mtimeMs + Math.min(racyMs(stat), MOUNT.clockStepMs) <= renamedMs;
    return {
      ...blankEntry(file.path, rel),
      revision: file.revision,
      hash: file.hash,
      contentType: file.contentType,
      ...engine.mirror.seen(stat, file.hash),
      seenAtMs: ours ? Math.max(stat.ctimeMs, stat.mtimeMs) + racyMs(stat) : renamedMs,
    };
  });
  engine.db.transaction(() => {
    engine.db.putAll(entries);
    endPlacing(engine);
  });
}
