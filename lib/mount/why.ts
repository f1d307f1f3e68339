/** Everything known about one path, in the order in which a person would ask. */
import { type RelativeRemotePath, relativePathProblem, toRemotePath } from "../sync/remote-path.ts";
import { upExclusion } from "../sync/uploadable.ts";
import { listConflicts } from "./conflicts.ts";
import { listDeadLetters } from "./dead-letter.ts";
import type { RuntimeLayout } from "./layout.ts";
import { openMirror } from "./mirror.ts";
import { listPending } from "./pending-list.ts";
import { openStateDb } from "./state-db.ts";
import type { MountWorld } from "./world.ts";

/** What is known about a path. Null means "not known" or "does not apply". */
export interface PathStory {
  readonly path: string;
  readonly remotePath: string;
  /** One word for the state. */
  readonly state:
    | "in-step"
    | "pending"
    | "refused"
    | "conflict"
    | "excluded"
    | "not-placed"
    | "missing"
    | "unknown";
  /** Why, in one sentence. */
  readonly because: string;
  readonly local: { readonly hash: string; readonly bytes: number } | null;
  readonly revision: string | null;
  readonly agreedHash: string | null;
  readonly deadLetters: readonly string[];
  /** Commands that a person would run next; `safe`: it can lose nothing. */
  readonly next: readonly { readonly argv: readonly string[]; readonly safe: boolean }[];
}

/** Tells the story of one path below a mirror. Reads only. */
export function whyPath(
  world: MountWorld,
  mount: { dir: string; layout: RuntimeLayout; remoteRoot: string; index: string },
  rel: string,
): PathStory {
  const remotePath = toRemotePath(mount.remoteRoot, rel as RelativeRemotePath);
  const told = (state: PathStory["state"], because: string, next: PathStory["next"] = []) => ({
    ...facts(world, mount, rel, remotePath),
    state,
    because,
    next,
  });
  const problem = relativePathProblem(rel);
  if (problem !== null) return told("excluded", problem);
  const names = {
    remoteRoot: mount.remoteRoot,
    rootName: mount.dir.slice(mount.dir.lastIndexOf("/") + 1),
    foldsCase: false,
  };
  const excluded = upExclusion(rel as RelativeRemotePath, false, names);
  if (excluded !== null) return told("excluded", `names like this are never uploaded (${excluded})`);
  const letters = lettersOf(world, mount.layout, remotePath);
  if (letters.length > 0)
    return told("refused", "a save of it was refused", [
      { argv: ["relayfile", "writeback", "show", "--opId", letters[0] ?? ""], safe: true },
      { argv: ["relayfile", "writeback", "retry", "--opId", letters[0] ?? ""], safe: false },
    ]);
  if (listConflicts({ world, layout: mount.layout }).some((artifact) => artifact.rel === rel))
    return told("conflict", "it changed on both sides and both versions are kept", [
      { argv: ["relayfile", "conflicts", "--path", rel], safe: true },
    ]);
  const stuck = problemOf(world, mount.index, remotePath);
  if (stuck !== null) return told("not-placed", stuck);
  const pending = listPending(world, mount).find((row) => row.path === remotePath);
  if (pending !== undefined)
    return told("pending", PENDING[pending.why] + (pending.error === null ? "" : `: ${pending.error}`));
  const known = facts(world, mount, rel, remotePath);
  if (known.local === null && known.revision === null)
    return told("unknown", "neither side is known to have it");
  if (known.local === null) return told("missing", "the server has it and it is not here");
  return told("in-step", "both sides have the same bytes");
}

const PENDING = {
  queued: "a save of it is in the outbox",
  accepted: "the server has it and its operation has not ended",
  drifted: "it changed here and has not been picked up yet",
  untracked: "it is new here and has not been picked up yet",
  missing: "it is gone here and the server still has it",
} as const;

function facts(
  world: MountWorld,
  mount: { dir: string; layout: RuntimeLayout; index: string },
  rel: string,
  remotePath: string,
) {
  const mirror = openMirror(mount.dir, world.fs, world.sha256, () => world.clock.now());
  const local = relativePathProblem(rel) === null ? mirror.read(rel as RelativeRemotePath) : null;
  const entry = withIndex(world, mount.index, (db) => db.get(remotePath)) ?? null;
  return {
    path: rel,
    remotePath,
    local: local === null ? null : { hash: world.sha256(local.bytes), bytes: local.bytes.byteLength },
    revision: entry?.revision ?? null,
    agreedHash: entry?.hash || null,
    deadLetters: lettersOf(world, mount.layout, remotePath),
  };
}

function lettersOf(world: MountWorld, layout: RuntimeLayout, remotePath: string): string[] {
  return listDeadLetters(world.fs, layout.deadLetters)
    .records.filter((record) => record.path === remotePath || record.path.split(",").includes(remotePath))
    .map((record) => record.opId);
}

function problemOf(world: MountWorld, index: string, remotePath: string): string | null {
  const problem = withIndex(world, index, (db) => db.problems.get(remotePath));
  return problem === null || problem === undefined ? null : `it cannot be placed here: ${problem.message}`;
}

function withIndex<T>(
  world: MountWorld,
  index: string,
  use: (db: ReturnType<typeof openStateDb>) => T,
): T | null {
  if (world.fs.lstat(index) === null) return null;
  const db = openStateDb(world.openDatabase(index));
  try {
    return use(db);
  } finally {
    db.close();
  }
}
