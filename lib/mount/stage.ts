/**
 * Puts remote bytes at local paths: temporary files first, one sync for the batch, then renames that are checked
 * against the disk at the last moment (spec mount-daemon 8.5, design: durable without an fsync per file).
 */
import { messageOf, osCodeOf } from "../errors.ts";
import type { FileStat, LocalFs } from "../ports.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import type { RuntimeLayout } from "./layout.ts";
import type { Mirror } from "./mirror.ts";

/** One file to place. */
export interface Placement {
  readonly rel: RelativeRemotePath;
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** What the decision was based on: the file must still look like this, or be absent when null. */
  readonly expect: FileStat | null;
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
const FATAL: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EMFILE", "ENFILE", "EIO"]);

/** Batches of this size or more share one sync of the file system instead of one per file. */
const SHARED_SYNC_FROM = 4;

/** The things staging needs. */
export interface StageContext {
  readonly fs: LocalFs;
  readonly mirror: Mirror;
  readonly layout: RuntimeLayout;
}

/**
 * Places a batch; the answer has one element per placement. Throws on a full disk or exhausted descriptors, with
 * nothing half written: temporary files are removed and renames are atomic.
 */
export function placeAll(context: StageContext, batch: readonly Placement[]): Placed[] {
  const { fs, layout } = context;
  if (batch.length === 0) return [];
  fs.makeDir(layout.staging, 0o700);
  const shared = batch.length >= SHARED_SYNC_FROM;
  const staged: (string | null)[] = [];
  try {
    for (const [index, placement] of batch.entries()) {
      const temporary = `${layout.staging}/${index}`;
      fs.unlink(temporary);
      staged.push(temporary);
      fs.writeFile(temporary, placement.bytes, { mode: placement.mode, exclusive: true, sync: !shared });
    }
    if (shared) fs.syncTree(layout.staging);
    const results = batch.map((placement, index) => placeOne(context, placement, staged[index] as string));
    const touched = new Set(batch.map(({ rel }) => parentDirectory(context.mirror.absolute(rel))));
    if (shared) fs.syncTree(context.mirror.root);
    else for (const directory of touched) if (fs.lstat(directory) !== null) fs.syncDir(directory);
    return results;
  } finally {
    for (const temporary of staged) if (temporary !== null) fs.unlink(temporary);
  }
}

/** Checks the target a last time and renames; no await can come between. */
function placeOne({ fs, mirror }: StageContext, placement: Placement, temporary: string): Placed {
  const { rel, expect, keepAs } = placement;
  try {
    const problem = mirror.problemAt(rel);
    if (problem !== null) return { kind: "refused", message: problem };
    mirror.makeParents(rel);
    const target = mirror.absolute(rel);
    const now = fs.lstat(target);
    if (!sameFile(now, expect)) return { kind: "changed" };
    if (keepAs !== null && now !== null) {
      fs.makeDir(parentDirectory(keepAs));
      moveAway(fs, target, keepAs);
    }
    moveInto(fs, temporary, target, placement);
    const stat = fs.lstat(target);
    return stat === null ? { kind: "changed" } : { kind: "placed", stat };
  } catch (error) {
    if (FATAL.has(osCodeOf(error) ?? "")) throw error;
    return { kind: "refused", message: messageOf(error) };
  }
}

/** A rename keeps whatever was written until this very moment, even by a program that still holds the file open. */
function moveAway(fs: LocalFs, target: string, keepAs: string): void {
  try {
    fs.rename(target, keepAs);
  } catch (error) {
    if (osCodeOf(error) !== "EXDEV") throw error;
    fs.writeFile(keepAs, fs.readFile(target), { sync: true });
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

/** True when two stats describe the same unmodified file, or both are absent. */
export function sameFile(a: FileStat | null, b: FileStat | null): boolean {
  if (a === null || b === null) return a === b;
  return a.kind === b.kind && a.inode === b.inode && a.sizeBytes === b.sizeBytes && a.mtimeMs === b.mtimeMs;
}

/** The directory of an absolute path. */
export function parentDirectory(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("/"), 1));
}
