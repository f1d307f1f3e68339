/** What changes when a mirror is mounted in another mode than the last time (spec mount-daemon 2.11, C11). */
import { messageOf } from "../errors.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { type Engine, modeOf } from "./engine.ts";
import { PULL_META } from "./pull-meta.ts";

const MODE_KEY = "syncMode";

/**
 * Adapts the mirror to its mode. Permissions follow the mode and the scopes; a mirror that never pulled begins with a
 * first copy. The mode counts as taken over only when every file could be changed, so a failure is tried again.
 */
export function enterMode(engine: Engine): void {
  const { db, config, world } = engine;
  const before = db.meta(MODE_KEY) ?? "mirror";
  const now = config.syncMode;
  if (before === now) return;
  if (now === "write-only") {
    db.setMeta(PULL_META.complete, "1");
  } else if (before === "write-only") {
    for (const key of [PULL_META.complete, PULL_META.bootstrap, PULL_META.cursor]) db.setMeta(key, null);
  }
  let failed = 0;
  for (const entry of db.entries.values()) {
    const stat = engine.mirror.statOf(entry.rel as RelativeRemotePath);
    const wanted = modeOf(engine, entry.remotePath);
    if (stat?.kind !== "file" || (stat.mode & 0o222) === (wanted & 0o222)) continue;
    try {
      world.fs.chmod(engine.mirror.absolute(entry.rel as RelativeRemotePath), wanted);
    } catch (error) {
      failed++;
      world.log.warn("the mode of a file cannot be changed", {
        path: entry.remotePath,
        reason: messageOf(error),
      });
    }
  }
  if (failed === 0) db.setMeta(MODE_KEY, now);
}
