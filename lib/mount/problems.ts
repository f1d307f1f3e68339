/** Paths the disk or the server refused: asked for again while the trouble may be over, without asking all the time. */
import { isDue, retryDelayMs } from "../sync/backoff.ts";
import { type Engine, localOf } from "./engine.ts";
import { refreshPaths } from "./refresh.ts";

/** Between attempts for one path: doubling from half a minute to an hour. */
const RETRY = { baseMs: 30_000, capMs: 3_600_000 } as const;
/** Between questions for a file that may not be read: rights come back without an event. */
const DENIED_MS = 1_800_000;

/** When each path that could not be placed is tried again. */
const plans = new WeakMap<Engine, Map<string, number>>();

/**
 * Reads and places again what could not be placed: everything at the first call, then each in its time; and asks for
 * what could not be read. A name that has no place here at all is left to the audits. Resolves with when to come back in
 * ms.
 */
export async function retrySkipped(engine: Engine, signal: AbortSignal): Promise<number> {
  const now = engine.now();
  const known = plans.get(engine);
  const plan = known ?? new Map<string, number>();
  plans.set(engine, plan);
  const due: string[] = [];
  let next = now + DENIED_MS;
  for (const { remotePath, readDenied, seenAtMs } of engine.db.flagged()) {
    if (!readDenied) continue;
    if (isDue(seenAtMs + DENIED_MS, now, DENIED_MS)) due.push(remotePath);
    else next = Math.min(next, seenAtMs + DENIED_MS);
  }
  const waiting = new Set<string>();
  for (const { remotePath, kind, attempts } of engine.db.problems.values()) {
    if (kind === "not_ready" || "problem" in localOf(engine, remotePath)) continue;
    waiting.add(remotePath);
    const at = plan.get(remotePath);
    const isTime = at === undefined ? known === undefined : isDue(at, now, RETRY.capMs);
    if (isTime) due.push(remotePath);
    const again = at === undefined || isTime ? now + retryDelayMs(attempts, null, RETRY) : at;
    plan.set(remotePath, again);
    next = Math.min(next, again);
  }
  for (const path of plan.keys()) if (!waiting.has(path)) plan.delete(path);
  if (due.length > 0) await refreshPaths(engine, due, { signal });
  return next;
}
