/**
 * Puts remote bytes at local paths: temporary files first, one sync for the batch, then renames that are checked
 * against the disk at the last moment (spec mount-daemon 8.5, design: durable without an fsync per file).
 */
import { fail, messageOf, osCodeOf } from "../errors.ts";
import type { FileStat, LocalFs } from "../ports.ts";
import type { Sha256 } from "../sync/names.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import type { RuntimeLayout } from "./layout.ts";
import { type Mirror, racyMs } from "./mirror.ts";

/** One file to place. */
export interface Placement {
  readonly rel: RelativeRemotePath;
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** What the decision was based on: the file must still look like this, or be absent when null. */
  readonly expect: FileStat | null;
  /** Hash of the bytes the decision was based on; decides where a timestamp is too fresh to prove anything. */
  readonly expectHash: string | null;
  /** Where to move what is there now (a conflict artifact), absolute; null overwrites. */
  readonly keepAs: string | null;
}

/** What became of one placement. */
export type Placed =
  | { readonly kind: "placed"; readonly stat: FileStat }
  /** The disk changed since the decision: decide again. */
  | { readonly kind: "changed" }
  /** This path cannot be written; others go on. */
  | { readonly kind: "refused"; readonly message: string };

/** Local failures that concern every path, not one: the cycle stops with them. */
const FATAL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO", "EROFS"]);

/** Batches of this size or more share one sync of the file system instead of one per file. */
const SHARED_SYNC_FROM = 4;

/** Names are not used twice in a row: making a name again that was just removed is slow on ext4. */
let serial = 0;

/** A temporary name nobody else uses. A file left there by a process that died is overwritten, never trusted. */
export function stagingName(layout: RuntimeLayout): string {
  return `${layout.staging}/${serial++}`;
}

/** True for a local failure that concerns every path: the cycle stops with it. */
export function isFatal(error: unknown): boolean {
  return FATAL.has(osCodeOf(error) ?? "");
}

/** The things staging needs. */
export interface StageContext {
  readonly fs: LocalFs;
  readonly mirror: Mirror;
  readonly layout: RuntimeLayout;
  readonly sha256: Sha256;
  /** Wall time in ms. */
  now(): number;
}

/**
 * Places a batch; the answer has one element per placement. Throws on a full disk or exhausted descriptors, with
 * nothing half written: temporary files are removed and renames are atomic.
 */
export function placeAll(context: StageContext, batch: readonly Placement[]): Placed[] {
  const { fs, layout } = context;
  if (batch.length === 0) return [];
  makeStaging(context);
  const nameOf = (index: number) => `${layout.staging}/${serial + index}`;
  const shared = batch.length >= SHARED_SYNC_FROM;
  const staged = new Set<string>();
  try {
    for (const [index, placement] of batch.entries()) {
      const temporary = nameOf(index);
      staged.add(temporary);
      // Left over from a process that died here: overwritten, never trusted.
      fs.writeFile(temporary, placement.bytes, { mode: placement.mode, sync: !shared });
    }
    if (shared) fs.syncTree(layout.staging);
    const parents = new Set<string>();
    const results = batch.map((placement, index) => {
      const temporary = nameOf(index);
      const placed = placeOne(context, placement, temporary, parents);
      if (placed.kind === "placed") staged.delete(temporary);
      return placed;
    });
    syncParents(
      context,
      batch.map(({ rel }) => rel),
    );
    return results;
  } finally {
    for (const temporary of staged) fs.unlink(temporary);
    serial += batch.length;
  }
}

/** The staging directory, in a runtime area that must be there: where it is not, this is not the root that was mounted. */
function makeStaging({ fs, layout }: StageContext): void {
  if (fs.lstat(layout.area)?.kind !== "directory") {
    fail("mount_root_broken", `the runtime area ${layout.area} is gone`, {
      path: layout.area,
      hint: "Put the mirror back, or mount again",
    });
  }
  fs.makeDir(layout.staging, 0o700);
}

/** Makes the names at some paths durable, created or removed: with one call when there are many. */
export function syncParents({ fs, mirror }: StageContext, rels: readonly RelativeRemotePath[]): void {
  if (rels.length >= SHARED_SYNC_FROM) {
    fs.syncTree(mirror.root);
    return;
  }
  const directories = new Set(rels.map((rel) => parentDirectory(mirror.absolute(rel))));
  for (const directory of directories) {
    // A parent that became empty went too; the next one that is left knows.
    let existing = directory;
    while (fs.lstat(existing) === null && existing.length > mirror.root.length)
      existing = parentDirectory(existing);
    if (fs.lstat(existing) !== null) fs.syncDir(existing);
  }
}

/** Checks the target a last time and puts the file there; no await can come between. */
function placeOne(
  context: StageContext,
  placement: Placement,
  temporary: string,
  parents: Set<string>,
): Placed {
  const { fs, mirror } = context;
  const { rel, expect, keepAs } = placement;
  try {
    const problem = mirror.problemAt(rel, parents);
    if (problem !== null) return { kind: "refused", message: problem };
    if (!parents.has(rel.slice(0, Math.max(rel.lastIndexOf("/"), 0)))) mirror.makeParents(rel);
    const target = mirror.absolute(rel);
    const now = fs.lstat(target);
    if (!sameFile(now, expect)) return { kind: "changed" };
    if (keepAs !== null && now !== null) {
      fs.makeDir(parentDirectory(keepAs));
      moveAway(fs, target, keepAs);
    }
    const replaces = keepAs === null ? expect : null;
    if (!putInto(context, { temporary, target, placement, replaces })) return { kind: "changed" };
    const stat = fs.lstat(target);
    return stat === null ? { kind: "changed" } : { kind: "placed", stat };
  } catch (error) {
    if (isFatal(error)) throw error;
    return { kind: "refused", message: messageOf(error) };
  }
}

/**
 * Moves the staged file to its place. Where the system can, the move itself proves that nothing a person just saved is
 * replaced: a new name must be free, and an old file is swapped out and looked at before it goes.
 */
function putInto(
  context: StageContext,
  move: { temporary: string; target: string; placement: Placement; replaces: FileStat | null },
): boolean {
  const { fs } = context;
  const { temporary, target, placement, replaces } = move;
  if (replaces === null) {
    const moved = fs.renameNew(temporary, target);
    if (moved !== null) return moved;
    moveInto(fs, temporary, target, placement);
    return true;
  }
  if (!fs.exchange(temporary, target)) {
    moveInto(fs, temporary, target, placement);
    return true;
  }
  if (isExpected(context, temporary, replaces, placement.expectHash)) {
    fs.unlink(temporary);
    return true;
  }
  // A person was faster: their file goes back, and the path is decided again.
  if (!fs.exchange(temporary, target)) fs.renameNew(temporary, target);
  return false;
}

/**
 * Removes a file that must still be the expected one: it is moved aside, looked at, and put back when it is not. False
 * when it was not removed.
 */
export function removeExpected(
  context: StageContext,
  rel: RelativeRemotePath,
  expect: FileStat | null,
  expectHash: string | null,
): boolean {
  const { fs, mirror, layout } = context;
  const target = mirror.absolute(rel);
  if (mirror.problemAt(rel) !== null || expect === null || !sameFile(fs.lstat(target), expect)) return false;
  makeStaging(context);
  const aside = `${layout.staging}/${serial++}`;
  try {
    fs.rename(target, aside);
  } catch (error) {
    if (osCodeOf(error) === "ENOENT") return true;
    if (osCodeOf(error) !== "EXDEV") throw error;
    return fs.unlink(target);
  }
  if (isExpected(context, aside, expect, expectHash)) {
    fs.unlink(aside);
    return true;
  }
  if (fs.renameNew(aside, target) === null) fs.rename(aside, target);
  return false;
}

/** A rename keeps whatever was written until this very moment, even by a program that still holds the file open. */
function moveAway(fs: LocalFs, target: string, keepAs: string): void {
  try {
    fs.rename(target, keepAs);
  } catch (error) {
    if (osCodeOf(error) !== "EXDEV") throw error;
    fs.writeFile(keepAs, fs.readFile(target), { sync: true });
    fs.unlink(target);
  }
}

/** A directory below the root may be another file system; then the temporary file goes beside the target. */
function moveInto(fs: LocalFs, temporary: string, target: string, { bytes, mode }: Placement): void {
  try {
    fs.rename(temporary, target);
  } catch (error) {
    if (osCodeOf(error) !== "EXDEV") throw error;
    const sibling = `${parentDirectory(target)}/.rf.tmp-${temporary.slice(temporary.lastIndexOf("/") + 1)}`;
    fs.unlink(sibling);
    try {
      fs.writeFile(sibling, bytes, { mode, exclusive: true, sync: true });
      fs.rename(sibling, target);
    } finally {
      fs.unlink(sibling);
    }
  }
}

/** True when a file is the one a decision was made for. A fresh timestamp proves nothing, so then the bytes decide. */
function isExpected(
  context: StageContext,
  path: string,
  expect: FileStat,
  expectHash: string | null,
): boolean {
  const stat = context.fs.lstat(path);
  if (stat === null || !sameFile(stat, expect)) return false;
  if (expectHash === null || context.now() - stat.mtimeMs > racyMs(stat)) return true;
  return context.sha256(context.fs.readFile(path)) === expectHash;
}

/** True when two stats describe the same unmodified file, or both are absent. */
export function sameFile(a: FileStat | null, b: FileStat | null): boolean {
  if (a === null || b === null) return a === b;
  return a.kind === b.kind && a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

/** The directory of an absolute path. */
export function parentDirectory(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}
