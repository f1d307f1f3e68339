/** Carries changes out on a snapshot: the pure twin of what the daemon does on disk. */
import type { Change } from "./diff.ts";
import type { Leaf, Tree } from "./tree.ts";

/** The tree after the changes. `before` is not checked: the daemon checks it against the disk. */
export function apply(tree: Tree, changes: readonly Change[]): Tree {
  const next = new Map<string, Leaf>(tree);
  for (const { path, after } of changes) {
    if (after === null) next.delete(path);
    else next.set(path, after);
  }
  return next;
}
