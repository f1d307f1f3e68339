/** Paths the disk refused: asked for again while the trouble may be over, without asking all the time. */
import { isDue, retryDelayMs } from "../sync/backoff.ts";
import { refreshPaths } from "./apply.ts";
import { type Engine, localOf } from "./engine.ts";

/** Between attempts for one path: doubling from half a minute to an hour. */
const RETRY = { baseMs: 30_000, capMs: 3_600_000 } as const;

const planned = new WeakMap<Engine, Map<string, number>>();

/**
 * Reads and places again what could not be placed: everything at the first call, then each path in its time. A name that
 * has no place here at all is left to the audits. Resolves with when to come back in ms, or null when nothing waits.
 */
export async function retrySkipped(engine: Engine, signal: AbortSignal): Promise<number | null> {
  const first = !planned.has(engine);
  const plan = planned.get(engine) ?? new Map<string, number>();
  planned.set(engine, plan);
  const waiting = [...engine.db.problems.values()].filter(
    ({ kind, remotePath }) => kind !== "not_ready" && !("problem" in localOf(engine, remotePath)),
  );
  const open = new Set(waiting.map(({ remotePath }) => remotePath));
  for (const path of plan.keys()) if (!open.has(path)) plan.delete(path);
  const due: string[] = [];
  let next: number | null = null;
  for (const { remotePath, attempts } of waiting) {
    const now = engine.now();
    const at = plan.get(remotePath);
    const isTime = at === undefined ? first : isDue(at, now, RETRY.capMs);
    if (isTime) due.push(remotePath);
    const again = at === undefined || isTime ? now + retryDelayMs(attempts, null, RETRY) : at;
    plan.set(remotePath, again);
    next = next === null ? again : Math.min(next, again);
  }
  if (due.length > 0) await refreshPaths(engine, due, { signal });
  return next;
}
