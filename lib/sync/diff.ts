/** What turns one tree into another. `apply(base, diff(base, x))` equals `x`. */
import { type Leaf, pathsOf, type Tree } from "./tree.ts";

/** One path that differs. `before` or `after` is null when the file does not exist on that side. */
export interface Change {
  readonly path: string;
  readonly before: Leaf | null;
  readonly after: Leaf | null;
}

/** Changes from `from` to `to`, in path order; a change of revision alone counts. */
export function diff(from: Tree, to: Tree): Change[] {
  const changes: Change[] = [];
  for (const path of pathsOf(from, to)) {
    const before = from.get(path) ?? null;
    const after = to.get(path) ?? null;
    if (before?.hash === after?.hash && before?.revision === after?.revision) continue;
    changes.push({ path, before, after });
  }
  return changes;
}
