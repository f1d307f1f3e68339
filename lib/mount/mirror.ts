/**
 * The mount root as the daemon may touch it: typed relative paths in, every parent looked at without following links
 * before anything is written. Nothing else in the daemon builds a path below the root (I1, spec mount-daemon 2.14).
 */
import { osCodeOf } from "../errors.ts";
import type { FileStat, LocalFs } from "../ports.ts";
import type { Sha256 } from "../sync/names.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { type PlacementProblem, placementProblem } from "../sync/safety.ts";
import type { Entry } from "./entry.ts";

/**
 * A modification this close to the moment of hashing could hide behind an equal timestamp: a few scheduler ticks, or
 * two seconds on file systems that keep whole seconds.
 */
const RACY_MS = { fine: 50, coarse: 2_000 } as const;

/** What is at a path. `blocked`: something that is not ours to read or replace. */
export type LocalState =
  | { readonly kind: "absent" }
  | { readonly kind: "file"; readonly stat: FileStat; readonly hash: string }
  | { readonly kind: "blocked"; readonly problem: PlacementProblem };

/** Safe access to one mount root. */
export type Mirror = ReturnType<typeof openMirror>;

/** Opens the root; `now` is wall time in ms. */
export function openMirror(localRoot: string, fs: LocalFs, sha256: Sha256, now: () => number) {
  const absolute = (rel: RelativeRemotePath) => `${localRoot}/${rel}`;

  /** Entries of the parents from the root down, up to the first that is no directory; links not followed. */
  const above = (rel: RelativeRemotePath): (FileStat | null)[] => {
    const parents: (FileStat | null)[] = [];
    for (let cut = rel.indexOf("/"); cut !== -1; cut = rel.indexOf("/", cut + 1)) {
      const stat = fs.lstat(`${localRoot}/${rel.slice(0, cut)}`);
      parents.push(stat);
      if (stat === null || stat.kind !== "directory") break;
    }
    return parents;
  };

  /** Entries of every parent from the root down, then of the target. */
  const look = (
    rel: RelativeRemotePath,
    known?: Set<string>,
  ): { problem: PlacementProblem | null; stat: FileStat | null } => {
    if (known?.has(rel.slice(0, Math.max(rel.lastIndexOf("/"), 0)))) {
      const stat = fs.lstat(absolute(rel));
      return { problem: placementProblem([], stat), stat };
    }
    const parents = above(rel);
    const reachable = parents.every((stat) => stat?.kind === "directory");
    const stat = reachable ? fs.lstat(absolute(rel)) : null;
    const problem = placementProblem(parents, stat);
    if (reachable) known?.add(rel.slice(0, Math.max(rel.lastIndexOf("/"), 0)));
    return { problem, stat };
  };

  return {
    root: localRoot,
    absolute,

    /**
     * Why a file cannot be placed here, or null. A link anywhere on the way refuses. `known` remembers parents that were
     * found to be directories, for one run of calls without an await between them.
     */
    problemAt: (rel: RelativeRemotePath, known?: Set<string>) => look(rel, known).problem,

    /** Why nothing can be placed in the directory of a path, or null. Missing parents are fine. */
    problemAbove: (rel: RelativeRemotePath) => placementProblem(above(rel), null),

    statOf: (rel: RelativeRemotePath, known?: Set<string>) => look(rel, known).stat,

    /**
     * The local file and the hash of its bytes. The stored hash is trusted while size, times and inode are those seen
     * then and the file was not modified around the moment it was hashed. Null means: it changed while being read.
     */
    inspect(rel: RelativeRemotePath, entry: Entry | undefined, known?: Set<string>): LocalState | null {
      const { problem, stat } = look(rel, known);
      if (problem !== null) return { kind: "blocked", problem };
      if (stat === null) return { kind: "absent" };
      if (entry !== undefined && isTrusted(entry, stat)) return { kind: "file", stat, hash: entry.seenHash };
      const read = readStable(rel, stat);
      return read === null ? null : { kind: "file", stat, hash: sha256(read) };
    },

    /** The bytes at a path with the stat they belong to; null when absent, not a file, or changing right now. */
    read(rel: RelativeRemotePath): { bytes: Uint8Array; stat: FileStat } | null {
      const { problem, stat } = look(rel);
      if (problem !== null || stat === null) return null;
      const bytes = readStable(rel, stat);
      return bytes === null ? null : { bytes, stat };
    },

    /** Creates the parents of a path. Call only after `problemAt` said null. */
    makeParents(rel: RelativeRemotePath): void {
      const slash = rel.lastIndexOf("/");
      if (slash > 0) fs.makeDir(`${localRoot}/${rel.slice(0, slash)}`);
    },

    /** Removes parents that became empty, innermost first, never the root. */
    pruneParents(rel: RelativeRemotePath): void {
      for (let cut = rel.lastIndexOf("/"); cut > 0; cut = rel.lastIndexOf("/", cut - 1)) {
        try {
          fs.removeDir(`${localRoot}/${rel.slice(0, cut)}`);
        } catch {
          // Not empty, or someone else was faster: either way this is where to stop.
          return;
        }
      }
    },

    /** The parts of an entry that say what was seen on disk. */
    seen: (stat: FileStat, hash: string) => ({
      sizeBytes: stat.sizeBytes,
      mtimeMs: stat.mtimeMs,
      ctimeMs: stat.ctimeMs,
      inode: stat.inode,
      seenHash: hash,
      seenAtMs: now(),
    }),
  };

  /** Bytes of a file that did not change while they were read. */
  function readStable(rel: RelativeRemotePath, before: FileStat): Uint8Array | null {
    try {
      const bytes = fs.readFile(absolute(rel));
      const after = fs.lstat(absolute(rel));
      const same =
        after !== null &&
        after.kind === "file" &&
        after.inode === before.inode &&
        after.mtimeMs === before.mtimeMs &&
        after.sizeBytes === before.sizeBytes &&
        bytes.byteLength === after.sizeBytes;
      return same ? bytes : null;
    } catch (error) {
      if (osCodeOf(error) === "ENOENT") return null;
      throw error;
    }
  }
}

/** True when a stat is the one the entry's hash was computed for. */
export function isTrusted(entry: Entry, stat: FileStat): boolean {
  return (
    entry.seenHash !== "" &&
    entry.inode === stat.inode &&
    entry.sizeBytes === stat.sizeBytes &&
    entry.mtimeMs === stat.mtimeMs &&
    entry.ctimeMs === stat.ctimeMs &&
    Math.max(stat.mtimeMs, stat.ctimeMs) + racyMs(stat) <= entry.seenAtMs
  );
}

/** How long after a modification a second one could look the same. */
export function racyMs(stat: FileStat): number {
  return Number.isInteger(stat.mtimeMs / 1_000) ? RACY_MS.coarse : RACY_MS.fine;
}
