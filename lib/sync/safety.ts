/**
 * Disasters by name. Each is a predicate over facts, none can be switched off silently, and every one has a way out
 * that a person must ask for (spec mount-daemon 4).
 */
import { MOUNT } from "../limits.ts";
import { revisionNumber } from "../model/revision.ts";
import type { FileStat } from "../ports.ts";

/** What is wrong with a mount root, or null when it is a real directory (I2). */
export type RootProblem = "missing" | "regular_file" | "symlink" | "other";

/** Judges the root's own `lstat`. */
export function rootProblem(stat: Pick<FileStat, "kind"> | null): RootProblem | null {
  if (stat === null) return "missing";
  if (stat.kind === "directory") return null;
  if (stat.kind === "file") return "regular_file";
  return stat.kind === "symlink" ? "symlink" : "other";
}

/** Why deletes seen on the disk are held instead of sent (I8). */
export type DeleteHold = "root_broken" | "runtime_area_gone" | "mass_delete";

/** Facts about a batch of local deletes. */
export interface DeleteBatch {
  /** Files that would be deleted on the server, earlier unsent ones included. */
  readonly deletes: number;
  readonly tracked: number;
  readonly rootOk: boolean;
  /** True while `.relay` exists below the root. */
  readonly runtimeAreaPresent: boolean;
}

/** The most deletes that go out without a person's word: max(10, 25 % of the tracked files). */
export function deletesAllowed(tracked: number): number {
  return Math.max(MOUNT.massDeleteFloor, Math.floor(tracked * MOUNT.massDeleteRatio));
}

/** Judges a batch of local deletes; null when it may be sent. Emptying the whole mirror is never a small batch. */
export function deleteHold(batch: DeleteBatch): DeleteHold | null {
  if (!batch.rootOk) return "root_broken";
  if (!batch.runtimeAreaPresent) return "runtime_area_gone";
  return batch.deletes > deletesAllowed(batch.tracked) ? "mass_delete" : null;
}

/** True when a fresh listing is too small to be authority for deletes (I7). `known`: clean tracked files. */
export function isShrunkenListing(
  known: number,
  listed: number,
  minRatio: number = MOUNT.snapshotDeleteMinRatio,
): boolean {
  if (known > 0 && listed === 0) return true;
  return known >= MOUNT.snapshotDeleteFloor && listed < known * minRatio;
}

/**
 * True when a snapshot is strictly newer than the last applied one (I4). `rev_<n>` compares by number; other forms
 * have no order, so they count as newer only when they differ and the event cursor advanced.
 */
export function isNewerSnapshot(last: string, observed: string, cursorAdvanced: boolean): boolean {
  if (observed === "") return false;
  if (last === "") return true;
  const [a, b] = [revisionNumber(last), revisionNumber(observed)];
  if (a !== null && b !== null) return b > a;
  return observed !== last && cursorAdvanced;
}

/** What stands in the way of a write at a path: a parent that is no directory, or a target that is one. */
export type PlacementProblem =
  | "parent_not_directory"
  | "parent_symlink"
  | "target_directory"
  | "target_not_regular";

/**
 * Judges the entries from the root down to the target, each read without following links. Missing parents are fine:
 * they will be created. `target` is null when it does not exist.
 */
export function placementProblem(
  parents: readonly (Pick<FileStat, "kind"> | null)[],
  target: Pick<FileStat, "kind"> | null,
): PlacementProblem | null {
  for (const parent of parents) {
    if (parent === null) break;
    if (parent.kind === "symlink") return "parent_symlink";
    if (parent.kind !== "directory") return "parent_not_directory";
  }
  if (target === null || target.kind === "file") return null;
  return target.kind === "directory" ? "target_directory" : "target_not_regular";
}
