/** What a listing did not show, and whether that is to be believed. */
import { circuitVerdict } from "../sync/backoff.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { isNewerSnapshot, isShrunkenListing } from "../sync/safety.ts";
import { count, type Engine } from "./engine.ts";
import { type Entry, isClean } from "./entry.ts";
import { PULL_META } from "./pull-meta.ts";
import { clearReappeared, observeAbsent } from "./tombstones.ts";

/** What the listing did not show: two observations, a newer snapshot, and no brake, before a file goes (I4 to I7). */
export function judgeAbsences(engine: Engine, listed: ReadonlySet<string>, observed: string): void {
  const { db, config } = engine;
  const held = [...db.entries.values()].filter(
    (entry) => entry.revision !== null && !entry.readDenied && (isClean(entry) || entry.seenHash === ""),
  );
  clearReappeared(engine, listed);
  for (const { remotePath, kind } of [...db.problems.values()])
    if (kind !== "not_ready" && !listed.has(remotePath)) db.clearProblem(remotePath);
  const missing = held.filter((entry) => !listed.has(entry.remotePath) && isUntouched(engine, entry));
  if (missing.length === 0) {
    if (observed !== "") db.setMeta(PULL_META.lastRevision, observed);
    return;
  }
  const open = circuitVerdict(engine.health.circuit, engine.now(), config.circuit).kind !== "closed";
  const last = db.meta(PULL_META.lastRevision) ?? "";
  const refused = open
    ? "circuit_open"
    : isShrunkenListing(held.length, held.length - missing.length, config.snapshotDeleteMinRatio)
      ? "shrunken_listing"
      : !isNewerSnapshot(last, observed, true) &&
          last !== observed &&
          !showsAllWeHold(engine, listed, observed)
        ? "older_snapshot"
        : null;
  if (refused !== null) {
    count(engine, "snapshotDeleteBlocked");
    // A server in trouble is asked again when it is well; the other reasons wait for the next audit.
    if (open) engine.wanted.audit = true;
    engine.world.log.warn("deletes of a listing were not believed", {
      reason: refused,
      missing: missing.length,
    });
    return;
  }
  for (const entry of missing) observeAbsent(engine, entry, observed);
  db.setMeta(PULL_META.lastRevision, observed);
}

/** True when no local edit would go with the file. What was never looked at, as in an index just taken over, is now. */
function isUntouched(engine: Engine, entry: Entry): boolean {
  if (entry.seenHash !== "") return isClean(entry);
  const local = engine.mirror.inspect(entry.rel as RelativeRemotePath, entry);
  return local?.kind === "absent" || (local?.kind === "file" && local.hash === entry.hash);
}

/**
 * True when a listing is at least as new as every file it shares with the index. Where the newest files were deleted,
 * what is left is older than the last listing and yet the truth.
 */
function showsAllWeHold(engine: Engine, listed: ReadonlySet<string>, observed: string): boolean {
  if (observed === "") return false;
  for (const { remotePath, revision } of engine.db.entries.values()) {
    if (revision === null || !listed.has(remotePath)) continue;
    if (revision !== observed && !isNewerSnapshot(revision, observed, true)) return false;
  }
  return true;
}

/** The newest of some revisions where they have an order, else the last. */
export function newestOf(revisions: Iterable<string>): string {
  let newest = "";
  for (const revision of revisions) if (isNewerSnapshot(newest, revision, true)) newest = revision;
  return newest;
}
