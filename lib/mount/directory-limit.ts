/**
 * The brake on a first copy without end: more directories than a workspace can reasonably have end it with the name of
 * the first one too many, for good, until a person allows more (spec mount-daemon 2.5, B9).
 */
import { RelayfileError } from "../errors.ts";
import type { Engine } from "./engine.ts";

const BLOCKED_KEY = "bootstrapBlocked";

/** Adds the directories of some files to those seen in this attempt; fails with `bootstrap_stalled` above the limit. */
export function requireDirectories(
  engine: Engine,
  seen: Set<string>,
  files: Iterable<{ readonly path: string }>,
): void {
  const limit = engine.config.bootstrapDirectoriesMax;
  for (const { path } of files) {
    for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1)) {
      const directory = path.slice(0, cut);
      if (seen.has(directory)) break;
      seen.add(directory);
      if (seen.size <= limit) continue;
      engine.db.setMeta(BLOCKED_KEY, JSON.stringify({ path: directory, limit }));
      throw blocked(directory, limit);
    }
  }
}

/** The error of a copy that met the limit earlier, unless more is allowed now; null when nothing is in the way. */
export function blockedByDirectories(engine: Engine): RelayfileError | null {
  const text = engine.db.meta(BLOCKED_KEY);
  if (text === null) return null;
  const { path, limit } = JSON.parse(text) as { path: string; limit: number };
  if (engine.config.bootstrapDirectoriesMax <= limit) return blocked(path, limit);
  engine.db.setMeta(BLOCKED_KEY, null);
  return null;
}

function blocked(path: string, limit: number): RelayfileError {
  return new RelayfileError(
    "bootstrap_stalled",
    `the workspace has more than ${limit} directories; ${path} is the first one too many`,
    {
      path,
      limit,
      hint: "Mount a smaller part with --remote-path, or raise RELAYFILE_BOOTSTRAP_MAX_DIRECTORIES",
    },
  );
}
