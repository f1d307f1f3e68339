/**
 * Makes the disk agree with what the server said about some paths. The decision is `reconcilePath`; this carries it out
 * for a whole batch with one sync (spec mount-daemon 2.9).
 */
import { comparePaths } from "../model/path.ts";
import type { FileStat } from "../ports.ts";
import { reconcilePath, type Step } from "../sync/reconcile.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { conflictArtifact, revertedArtifact } from "./conflicts.ts";
import { type Engine, isWritable, localOf, modeOf, stageContext } from "./engine.ts";
import { blankEntry, type Entry } from "./entry.ts";
import { noteProblem, noteUnmapped } from "./note-problem.ts";
import { beginPlacing, endPlacing } from "./placing.ts";
import type { RemoteFile, RemoteState } from "./remote.ts";
import { type Placement, parentDirectory, placeAll, removeExpected, sameFile, syncParents } from "./stage.ts";

/** How to apply. `force`: the remote wins over any local state, without an artifact (read-only paths). */
export interface ApplyOptions {
  readonly force?: boolean;
  /** `not-ready`: a path that was announced and is not found is noted and asked for again, not taken as deleted. */
  readonly absence?: "apply" | "not-ready";
}

/** What happened to a batch. */
export interface Applied {
  /** Files written, adopted or removed. */
  readonly changed: number;
  /** Local bytes kept as artifacts. */
  readonly conflicts: number;
}

interface Job {
  readonly file: RemoteFile;
  readonly rel: RelativeRemotePath;
  readonly base: Entry | undefined;
  readonly stat: FileStat | null;
  /** Hash of the local bytes, or null when there are none. */
  readonly localHash: string | null;
  readonly step: Step;
  readonly keepAs: string | null;
}

/** Rounds of deciding again because the disk moved between the decision and the rename. */
export const ROUNDS_MAX = 5;

/** Applies remote states. Paths without a local counterpart are recorded as problems; the rest goes on. */
export function applyRemote(
  engine: Engine,
  states: ReadonlyMap<string, RemoteState>,
  options: ApplyOptions = {},
): Applied {
  let todo = [...states.keys()].sort(comparePaths);
  const total = { changed: 0, conflicts: 0 };
  for (let round = 0; todo.length > 0; round++) {
    const jobs: Job[] = [];
    const again: string[] = [];
    const parents = new Set<string>();
    const removed: RelativeRemotePath[] = [];
    engine.db.transaction(() => {
      for (const path of todo) {
        const state = states.get(path) as RemoteState;
        const outcome = decide(engine, path, state, { ...options, parents, removed });
        if (outcome === "again") again.push(path);
        else if (outcome === "changed") total.changed++;
        else if (outcome !== null) jobs.push(outcome);
      }
      // A removal that a power cut takes back, with an index that has forgotten the file, would look like a new file.
      syncParents(stageContext(engine), removed);
    });
    for (const path of todo) if (engine.db.get(path) === undefined) engine.removedHere.delete(path);
    again.push(...place(engine, jobs, total));
    if (round === ROUNDS_MAX) {
      // Someone writes faster than we can decide; the watcher will bring these paths back.
      for (const path of again) engine.stale.add(path);
      break;
    }
    todo = again;
  }
  if (total.changed > 0 || total.conflicts > 0) engine.wake.state.call();
  return total;
}

/** Decides one path and does what needs no placement. `again`: the file was changing while it was read. */
function decide(
  engine: Engine,
  path: string,
  state: RemoteState,
  options: ApplyOptions & { parents: Set<string>; removed: RelativeRemotePath[] },
): Job | "again" | "changed" | null {
  const mapped = localOf(engine, path);
  if ("problem" in mapped) {
    if (state.kind === "file") noteUnmapped(engine, path, mapped);
    else engine.db.clearProblem(path);
    return null;
  }
  const { rel } = mapped;
  const base = engine.db.get(path);
  // A path that may not be written always gets the remote bytes, once both sides have agreed on it.
  const force = options.force === true || (base?.revision != null && !isWritable(engine, path));
  const local = engine.mirror.inspect(rel, base, options.parents);
  if (local === null) return "again";
  if (local.kind === "blocked") {
    if (state.kind === "file") noteProblem(engine, path, "quarantined", local.problem);
    else {
      engine.db.clearProblem(path);
      engine.db.forget(path);
    }
    return null;
  }
  if (state.kind === "denied")
    return deny(engine, path, rel, base, local.kind === "file" ? local.hash : null);
  if (!force && isDirty(engine, path, base, local.kind === "file" ? local.hash : null)) {
    engine.passedOver.add(path);
    if (base !== undefined && !base.unverified) engine.db.patch(path, { unverified: true });
    return null;
  }
  const remote = state.kind === "file" ? { hash: state.file.hash, revision: state.file.revision } : null;
  const agreed =
    base?.revision == null || base.unplaced ? null : { hash: base.hash, revision: base.revision };
  const step = reconcilePath({ base: agreed, local: local.kind === "file" ? local : null, remote });
  const outcome = carryOut(engine, { path, rel, base, state, step, force, local });
  if (outcome === "changed" && local.kind === "file" && remote === null) options.removed.push(rel);
  return outcome;
}

function carryOut(
  engine: Engine,
  job: {
    path: string;
    rel: RelativeRemotePath;
    base: Entry | undefined;
    state: RemoteState;
    step: Step;
    force: boolean;
    local: { kind: "absent" } | { kind: "file"; stat: FileStat; hash: string };
  },
): Job | "changed" | null {
  const { path, rel, base, state, step, force, local } = job;
  const stat = local.kind === "file" ? local.stat : null;
  const localHash = local.kind === "file" ? local.hash : null;
  const file = state.kind === "file" ? state.file : null;
  const write = (keepAs: string | null): Job | null =>
    file === null ? null : { file, rel, base, stat, localHash, step, keepAs };
  switch (step.kind) {
    case "none":
      engine.db.clearProblem(path);
      verified(engine, base);
      return null;
    case "adopt":
      if (file !== null && local.kind === "file") remember(engine, path, rel, file, local.stat, local.hash);
      return "changed";
    case "forget":
      engine.db.forget(path);
      return "changed";
    case "remove":
      return removeLocal(engine, { path, rel, stat, localHash }) ? "changed" : null;
    case "write":
    case "restore":
      return write(null);
    case "conflict":
      return write(force ? revertedArtifact(engine, rel) : conflictArtifact(engine, rel, step.baseRevision));
    case "missing":
      // A file that is gone here without a person's delete comes back.
      return base?.deletePending ? null : write(null);
    case "upload":
      if (force) return write(revertedArtifact(engine, rel));
      // The same bytes under a newer revision: the edit is an edit of that one.
      if (file !== null && base !== undefined && base.revision !== file.revision)
        engine.db.patch(path, { revision: file.revision });
      verified(engine, engine.db.get(path));
      engine.suspects.add(rel);
      engine.wake.local.call();
      return null;
    case "recreate":
      if (force) return moveAside(engine, { path, rel, stat }) ? "changed" : null;
      engine.db.forget(path);
      engine.suspects.add(rel);
      engine.wake.local.call();
      return "changed";
  }
}

/** The server still has what the index says. */
function verified(engine: Engine, base: Entry | undefined): void {
  if (base?.unverified) engine.db.patch(base.remotePath, { unverified: false });
}

/** Places what must be written; answers with the paths to decide again. */
function place(
  engine: Engine,
  jobs: readonly Job[],
  total: { changed: number; conflicts: number },
): string[] {
  const placements: Placement[] = jobs.map(({ file, rel, stat, localHash, keepAs }) => ({
    rel,
    bytes: file.bytes,
    mode: modeOf(engine, file.path),
    expect: stat,
    expectHash: localHash,
    keepAs,
  }));
  // A file moved aside is missing until the other one is in its place, or for longer when the disk fails in between.
  for (const { file, keepAs } of jobs) if (keepAs !== null) engine.removedHere.add(file.path);
  // The index knows a new file before the disk does: after a crash in between it is read again, never sent as new.
  const newcomers = jobs.filter(({ base, stat }) => (base === undefined || base.unplaced) && stat === null);
  const overwritten = jobs.filter(({ stat }) => stat !== null);
  if (newcomers.length + overwritten.length > 0) {
    engine.db.transaction(() => {
      announce(engine, newcomers);
      beginPlacing(engine, overwritten);
    });
  }
  const results = placeAll(stageContext(engine), placements);
  const again: string[] = [];
  engine.db.transaction(() => {
    if (overwritten.length > 0) endPlacing(engine);
    for (const [index, job] of jobs.entries()) {
      const result = results[index];
      if (result?.kind !== "placed" && newcomers.includes(job)) engine.db.forget(job.file.path);
      if (result === undefined || result.kind === "changed") {
        again.push(job.file.path);
      } else if (result.kind === "refused") {
        noteProblem(engine, job.file.path, "skipped", result.message);
      } else {
        remember(engine, job.file.path, job.rel, job.file, result.stat, job.file.hash);
        total.changed++;
        engine.news.path({ what: "placed", path: job.file.path, revision: job.file.revision });
        if (job.keepAs !== null && job.step.kind === "conflict" && isWritable(engine, job.file.path)) {
          total.conflicts++;
          engine.news.path({ what: "conflict", path: job.file.path, artifact: job.keepAs });
          engine.world.log.warn("conflict: the local version was kept aside", {
            path: job.file.path,
            artifact: job.keepAs,
          });
        }
      }
    }
  });
  return again;
}

/** Entries for files that are about to be placed: agreed on, never seen. */
function announce(engine: Engine, newcomers: readonly Job[]): void {
  for (const { file, rel } of newcomers) {
    const { revision, hash, contentType } = file;
    engine.db.put({ ...blankEntry(file.path, rel), revision, hash, contentType, unplaced: true });
  }
}

/** True while local bytes of the path are on their way, were refused and wait, or the path is being deleted. */
function isDirty(engine: Engine, path: string, base: Entry | undefined, localHash: string | null): boolean {
  if (engine.outbox.unsentFor(path) !== undefined) return true;
  if (base?.deletePending === true && localHash === null) return true;
  return base !== undefined && base.refusedHash !== "" && base.refusedHash === localHash;
}

/** The server refuses reading: the local copy goes, unless it holds something the server never had. */
function deny(
  engine: Engine,
  path: string,
  rel: RelativeRemotePath,
  base: Entry | undefined,
  localHash: string | null,
): "changed" | null {
  engine.db.clearProblem(path);
  const seenAtMs = engine.now();
  if (base?.readDenied) {
    engine.db.patch(path, { seenAtMs });
    return null;
  }
  if (base !== undefined && localHash !== null && localHash === base.hash) {
    engine.removedHere.add(path);
    engine.world.fs.unlink(engine.mirror.absolute(rel));
    engine.mirror.pruneParents(rel);
  }
  engine.db.put({ ...(base ?? blankEntry(path, rel)), readDenied: true, seenAtMs });
  engine.world.log.warn("reading is denied", { path });
  return "changed";
}

/** Keeps what a person wrote where they may not, when the server has nothing to put in its place. */
function moveAside(
  engine: Engine,
  { path, rel, stat }: { path: string; rel: RelativeRemotePath } & Pick<Job, "stat">,
): boolean {
  const { fs } = engine.world;
  const target = engine.mirror.absolute(rel);
  if (stat === null || engine.mirror.problemAt(rel) !== null || !sameFile(fs.lstat(target), stat)) {
    engine.stale.add(path);
    return false;
  }
  const aside = revertedArtifact(engine, rel);
  fs.makeDir(parentDirectory(aside));
  engine.removedHere.add(path);
  fs.rename(target, aside);
  engine.mirror.pruneParents(rel);
  engine.db.forget(path);
  return true;
}

/** Removes a file whose bytes are still those agreed on; false when the disk moved meanwhile. */
function removeLocal(
  engine: Engine,
  { path, rel, stat, localHash }: { path: string; rel: RelativeRemotePath } & Pick<Job, "stat" | "localHash">,
): boolean {
  engine.removedHere.add(path);
  if (!removeExpected(stageContext(engine), rel, stat, localHash)) {
    engine.removedHere.delete(path);
    engine.stale.add(path);
    return false;
  }
  engine.mirror.pruneParents(rel);
  engine.db.forget(path);
  engine.news.path({ what: "removed", path });
  return true;
}

function remember(
  engine: Engine,
  path: string,
  rel: RelativeRemotePath,
  file: Pick<RemoteFile, "revision" | "hash" | "contentType">,
  stat: FileStat,
  localHash: string,
): void {
  const before = engine.db.get(path) ?? blankEntry(path, rel);
  engine.db.put({
    ...before,
    revision: file.revision,
    hash: file.hash,
    contentType: file.contentType,
    ...engine.mirror.seen(stat, localHash),
    deletePending: false,
    readDenied: false,
    unverified: false,
    unplaced: false,
    refusedHash: "",
    missingScans: 0,
  });
  engine.db.clearProblem(path);
  engine.deletedAtMs.delete(path);
  engine.removedHere.delete(path);
  const mode = modeOf(engine, path);
  if ((stat.mode & 0o222) === 0 && isWritable(engine, path))
    engine.world.fs.chmod(engine.mirror.absolute(rel), mode);
}
