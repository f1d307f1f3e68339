/**
 * Proof that a path is gone: a marker after the first look, a second look at least a minute later, and only then the
 * local file goes (spec mount-daemon 1.8, 4.5, I5).
 */
import { z } from "zod";
import { applyRemote } from "./apply.ts";
import { count, type Engine } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { readJson, writeJson } from "./json-file.ts";
import { timestamp } from "./layout.ts";

/** A marker as written. */
export const Tombstone = z.looseObject({
  path: z.string(),
  firstObservedAt: z.string(),
  lastObservedAt: z.string(),
  attempts: z.number().default(1),
  observedRevision: z.string().optional(),
});
/** A marker as written. */
export type Tombstone = z.infer<typeof Tombstone>;

const CONFIRM_AFTER_MS = 60_000;
const KEEP_MS = 7 * 86_400_000;

/** Notes that a listing did not show a tracked path. Nothing is deleted here. */
export function observeAbsent(engine: Engine, entry: Entry, observedRevision: string): void {
  const known = read(engine, entry.remotePath);
  const at = timestamp(engine.now());
  if (known !== null && engine.now() - Date.parse(known.firstObservedAt) <= KEEP_MS) {
    write(engine, { ...known, lastObservedAt: at, attempts: known.attempts + 1, observedRevision });
    return;
  }
  count(engine, known === null ? "tombstonesPending" : "tombstonesAgedOut");
  write(engine, {
    path: entry.remotePath,
    firstObservedAt: at,
    lastObservedAt: at,
    attempts: 1,
    observedRevision,
  });
  engine.wake.pull.call();
}

/** Removes the markers of paths that a listing shows again. */
export function clearReappeared(engine: Engine, listed: ReadonlySet<string>): void {
  for (const tombstone of list(engine)) if (listed.has(tombstone.path)) remove(engine, tombstone.path);
}

/**
 * Asks the server for every marked path that is old enough; a second absence removes the local copy, unless its bytes
 * are not those agreed on. Resolves with when the next one is due in ms, or null.
 */
export async function confirmTombstones(engine: Engine, signal: AbortSignal): Promise<number | null> {
  let next: number | null = null;
  for (const tombstone of list(engine)) {
    const dueMs = Date.parse(tombstone.firstObservedAt) + CONFIRM_AFTER_MS;
    if (engine.now() < dueMs && engine.now() >= Date.parse(tombstone.firstObservedAt)) {
      next = next === null ? dueMs : Math.min(next, dueMs);
      continue;
    }
    const before = engine.db.get(tombstone.path);
    if (before === undefined) {
      remove(engine, tombstone.path);
      continue;
    }
    const state = await engine.remote.read(tombstone.path, signal);
    if (signal.aborted) return next;
    if (engine.db.get(tombstone.path) !== before) continue;
    if (state.kind === "absent") {
      count(engine, "tombstonesConfirmed");
      // The confirmation is on disk before the file goes.
      write(engine, {
        ...tombstone,
        attempts: tombstone.attempts + 1,
        lastObservedAt: timestamp(engine.now()),
      });
    }
    applyRemote(engine, new Map([[tombstone.path, state]]));
    remove(engine, tombstone.path);
  }
  return next;
}

function fileOf(engine: Engine, path: string): string {
  return `${engine.layout.pendingDeletes}/${engine.world.sha256(path)}.json`;
}

function list(engine: Engine): Tombstone[] {
  const { fs } = engine.world;
  if (fs.lstat(engine.layout.pendingDeletes)?.kind !== "directory") return [];
  return fs.readDir(engine.layout.pendingDeletes).flatMap(({ name }) => {
    if (!name.endsWith(".json") || name.startsWith(".")) return [];
    const json = readJson(fs, `${engine.layout.pendingDeletes}/${name}`);
    const parsed = json !== null && "value" in json ? Tombstone.safeParse(json.value) : null;
    return parsed?.success ? [parsed.data] : [];
  });
}

function read(engine: Engine, path: string): Tombstone | null {
  const json = readJson(engine.world.fs, fileOf(engine, path));
  const parsed = json !== null && "value" in json ? Tombstone.safeParse(json.value) : null;
  return parsed?.success ? parsed.data : null;
}

function write(engine: Engine, tombstone: Tombstone): void {
  engine.world.fs.makeDir(engine.layout.pendingDeletes);
  writeJson(engine.world, fileOf(engine, tombstone.path), tombstone, { sync: true });
}

function remove(engine: Engine, path: string): void {
  engine.world.fs.unlink(fileOf(engine, path));
}
