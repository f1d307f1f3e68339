/**
 * Giving up on announced files that cannot be read: what `writeback skip-stuck` asks for when an event names a path that
 * the server will never show (spec mount-daemon 2.6, 3.7, E9).
 */
import { fail } from "../errors.ts";
import { comparePaths } from "../model/path.ts";
import type { Engine } from "./engine.ts";
import { refreshPaths } from "./refresh.ts";

/** What was given up. */
export interface SkippedStuck {
  readonly skipped: number;
  /** Announced paths that are still waited for. */
  readonly backlogRemaining: number;
}

const busy = new WeakSet<Engine>();

/**
 * Reads the paths waited for once more, at most `max` (null: all), oldest first; those that are still absent count as
 * deleted. A second call while one is under way fails with `lock_held`.
 */
export async function skipStuck(
  engine: Engine,
  max: number | null,
  signal: AbortSignal,
): Promise<SkippedStuck> {
  if (busy.has(engine)) fail("lock_held", "stuck events of this mirror are being skipped already");
  busy.add(engine);
  try {
    const waiting = [...engine.db.problems.values()]
      .filter(({ kind }) => kind === "not_ready")
      .sort((a, b) => a.firstAtMs - b.firstAtMs || comparePaths(a.remotePath, b.remotePath))
      .slice(0, max ?? Number.POSITIVE_INFINITY);
    for (const { remotePath } of waiting) {
      if (signal.aborted) break;
      await refreshPaths(engine, [remotePath], { signal, absence: "apply" });
      engine.db.clearProblem(remotePath);
    }
    engine.wake.state.call();
    const left = [...engine.db.problems.values()].filter(({ kind }) => kind === "not_ready").length;
    return { skipped: waiting.length, backlogRemaining: left };
  } finally {
    busy.delete(engine);
  }
}
