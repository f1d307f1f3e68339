/** A snapshot of one side: path to entry. The unit that diff, apply, reconcile and the brakes work on. */
import { comparePaths } from "../model/path.ts";

/** One file of a snapshot. */
export interface Leaf {
  /** SHA-256 of the bytes, lower-case hex. */
  readonly hash: string;
  /** Revision on the server; null on the local side and for entries the server never confirmed. */
  readonly revision: string | null;
}

/** Path (below the root) to file. Directories exist only through their files. */
export type Tree = ReadonlyMap<string, Leaf>;

/** A tree from a plain object of path to hash, or to leaf. */
export function treeOf(files: Readonly<Record<string, string | Leaf>>): Tree {
  return new Map(
    Object.entries(files).map(([path, leaf]) => [
      path,
      typeof leaf === "string" ? { hash: leaf, revision: null } : leaf,
    ]),
  );
}

/** Paths of several trees, each once, in path order. */
export function pathsOf(...trees: readonly Tree[]): string[] {
  const all = new Set<string>();
  for (const tree of trees) for (const path of tree.keys()) all.add(path);
  return [...all].sort(comparePaths);
}

/** True when both leaves hold the same bytes, or both are absent. */
export function sameBytes(a: Pick<Leaf, "hash"> | undefined, b: Pick<Leaf, "hash"> | undefined): boolean {
  return a?.hash === b?.hash;
}

/**
 * Names that are a file on one path and a directory on another (`a` and `a/b`). A file system can hold only one of
 * them, so the shorter path is quarantined. Sorted.
 */
export function fileDirectoryCollisions(paths: Iterable<string>): string[] {
  const all = new Set(paths);
  const hit = new Set<string>();
  for (const path of all) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) {
      const parent = path.slice(0, cut);
      if (all.has(parent)) hit.add(parent);
    }
  }
  return [...hit].sort(comparePaths);
}
