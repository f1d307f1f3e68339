/**
 * Base, local and remote in; a plan out. The same rule decides one path of an event, one entry of a listing and a whole
 * audit, so the lanes cannot disagree (spec mount-daemon 2.8, 2.9).
 */
import { comparePaths } from "../model/path.ts";
import { type Leaf, pathsOf, sameBytes, type Tree } from "./tree.ts";

/** What is known of one path. Absent sides are null. */
export interface PathStates {
  /** What both sides last agreed on. */
  readonly base: Leaf | null;
  /** The disk. */
  readonly local: Pick<Leaf, "hash"> | null;
  readonly remote: Leaf | null;
}

/** What to do about one path. */
export type Step =
  /** Both sides already agree on these bytes: remember the revision, write nothing. */
  | { readonly kind: "adopt" }
  /** Neither side has it any more. */
  | { readonly kind: "forget" }
  /** Nothing changed. */
  | { readonly kind: "none" }
  /** The remote changed and the disk is as agreed: write the remote bytes. */
  | { readonly kind: "write" }
  /** The remote is gone and the disk is as agreed: remove the file. */
  | { readonly kind: "remove" }
  /** Only the disk changed: send it against the base revision. */
  | { readonly kind: "upload"; readonly ifRevision: string }
  /** Only the disk lost it: delete on the server, or restore when no person deleted it. */
  | { readonly kind: "missing" }
  /** Both changed: keep the local bytes as an artifact, then write the remote. */
  | { readonly kind: "conflict"; readonly baseRevision: string }
  /** The remote deleted what the disk changed: the survivor goes up again as a new file. */
  | { readonly kind: "recreate" }
  /** The disk lost what the remote changed: the remote wins. */
  | { readonly kind: "restore" };

/** The decision table for one path. Total: every combination has one answer. */
export function reconcilePath({ base, local, remote }: PathStates): Step {
  if (base === null) {
    if (local === null) return remote === null ? { kind: "none" } : { kind: "write" };
    if (remote === null) return { kind: "upload", ifRevision: "0" };
    return sameBytes(local, remote) ? { kind: "adopt" } : { kind: "conflict", baseRevision: "0" };
  }
  const localChanged = local === null || !sameBytes(local, base);
  const remoteChanged = remote === null || !sameBytes(remote, base);
  if (local === null && remote === null) return { kind: "forget" };
  if (!localChanged && !remoteChanged) {
    return remote?.revision === base.revision ? { kind: "none" } : { kind: "adopt" };
  }
  if (!localChanged) return remote === null ? { kind: "remove" } : { kind: "write" };
  if (!remoteChanged) {
    return local === null ? { kind: "missing" } : { kind: "upload", ifRevision: base.revision ?? "0" };
  }
  if (remote === null) return { kind: "recreate" };
  if (local === null) return { kind: "restore" };
  if (sameBytes(local, remote)) return { kind: "adopt" };
  return { kind: "conflict", baseRevision: base.revision ?? "0" };
}

/** One entry of a plan. */
export interface PlannedStep {
  readonly path: string;
  readonly step: Step;
}

/** What a whole comparison decided: work in path order, and conflicts apart because a person may have to look. */
export interface Plan {
  readonly steps: readonly PlannedStep[];
  readonly conflicts: readonly PlannedStep[];
}

/** Compares three trees. Paths with nothing to do are not listed. */
export function reconcile(base: Tree, local: Tree, remote: Tree): Plan {
  const steps: PlannedStep[] = [];
  const conflicts: PlannedStep[] = [];
  for (const path of pathsOf(base, local, remote)) {
    const step = reconcilePath({
      base: base.get(path) ?? null,
      local: local.get(path) ?? null,
      remote: remote.get(path) ?? null,
    });
    if (step.kind === "none") continue;
    (step.kind === "conflict" ? conflicts : steps).push({ path, step });
  }
  const byPath = (a: PlannedStep, b: PlannedStep) => comparePaths(a.path, b.path);
  return { steps: steps.sort(byPath), conflicts: conflicts.sort(byPath) };
}
