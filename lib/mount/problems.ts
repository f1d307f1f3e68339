/** Paths the disk or the server refused: asked for again while the trouble may be over, without asking all the time. */
import { isDue, retryDelayMs } from "../sync/backoff.ts";
import { refreshPaths } from "./apply.ts";
import { type Engine, localOf } from "./engine.ts";

/** Between attempts for one path: doubling from half a minute to an hour. */
const RETRY = { baseMs: 30_000, capMs: 3_600_000 } as const;

interface Plan {
  /** When each path that could not be placed is tried again. */
  readonly dueMs: Map<string, number>;
  /** When the files that may not be read are asked for again: rights come back without an event. */
  deniedDueMs: number;
}

const plans = new WeakMap<Engine, Plan>();

/**
 * Reads and places again what could not be placed, and asks for what could not be read: everything at the first call,
 * then each in its time. A name that has no place here at all is left to the audits. Resolves with when to come back in
 * ms.
 */
export async function retrySkipped(engine: Engine, signal: AbortSignal): Promise<number> {
  const now = engine.now();
  const known = plans.get(engine);
  const plan = known ?? { dueMs: new Map(), deniedDueMs: now };
  plans.set(engine, plan);
  const due: string[] = [];
  if (isDue(plan.deniedDueMs, now, RETRY.capMs)) {
    plan.deniedDueMs = now + RETRY.capMs;
    for (const { remotePath, readDenied } of engine.db.entries.values()) if (readDenied) due.push(remotePath);
  }
  let next = plan.deniedDueMs;
  const waiting = new Set<string>();
  for (const { remotePath, kind, attempts } of engine.db.problems.values()) {
    if (kind === "not_ready" || "problem" in localOf(engine, remotePath)) continue;
    waiting.add(remotePath);
    const at = plan.dueMs.get(remotePath);
    const isTime = at === undefined ? known === undefined : isDue(at, now, RETRY.capMs);
    if (isTime) due.push(remotePath);
    const again = at === undefined || isTime ? now + retryDelayMs(attempts, null, RETRY) : at;
    plan.dueMs.set(remotePath, again);
    next = Math.min(next, again);
  }
  for (const path of plan.dueMs.keys()) if (!waiting.has(path)) plan.dueMs.delete(path);
  if (due.length > 0) await refreshPaths(engine, due, { signal });
  return next;
}
