/** One complete pass without a daemon: what `mount --once` does, and how a command works on a mount nobody runs. */

import { untilDueMs } from "../sync/backoff.ts";
import { listConflicts } from "./conflicts.ts";
import { listDeadLetters } from "./dead-letter.ts";
import { type DeleteLane, pendingDeletes, sendDeletes } from "./deletes.ts";
import type { Engine } from "./engine.ts";
import { examine } from "./examine.ts";
import { checkRoot } from "./guard.ts";
import { exportIndex } from "./legacy-state.ts";
import { retrySkipped } from "./problems.ts";
import { writePublicState } from "./public-state.ts";
import { pullOnce, refreshStale, retryNotReady } from "./pull.ts";
import { isBootstrapped } from "./pull-meta.ts";
import { newPushLane, type PushLane, pushDue } from "./push.ts";
import { pollReceipts, type ReceiptLane } from "./receipts.ts";
import { scan } from "./scan.ts";

/** How a pass ended. */
export interface OnceReport {
  /** Everything agreed at the end: nothing waits, nothing was refused, the pull succeeded. */
  readonly converged: boolean;
  readonly pulled: boolean;
  readonly trackedFiles: number;
  readonly pending: number;
  readonly heldDeletes: number;
  readonly deadLetters: number;
  readonly conflicts: number;
  /** Paths that could not be placed. */
  readonly problems: number;
  readonly error: { readonly kind: string; readonly code: string | null; readonly message: string } | null;
}

/** How long one pass waits for operations to end, and for saves to be tried again. */
const SETTLE_MS = 30_000;

/** Runs one pass. Throws only for faults that are not the server's; those are in the report. */
export async function runOnce(engine: Engine, signal: AbortSignal): Promise<OnceReport> {
  const push = newPushLane();
  const receipts: ReceiptLane = new Map();
  const deletes: DeleteLane = new Map();
  if (!checkRoot(engine)) return report(engine, false);
  const uploads = engine.config.syncMode !== "pull-only";
  if (uploads) await pushDue(engine, push, signal);
  const early = isBootstrapped(engine) && uploads ? scan(engine) : null;
  if (early !== null) await pushDue(engine, push, signal);
  let pulled = await pullOnce(engine, signal);
  // What is refused again stays a problem and is in the report; a server that went away is noticed by the next pull.
  if (pulled) await retrySkipped(engine, signal).catch(() => null);
  if (pulled && uploads) {
    // A second walk is the second witness of a missing file, and the first after a first copy.
    if (early === null || early.missed > 0 || early.unstable.length > 0) scan(engine);
    await settle(engine, { push, receipts, deletes }, signal);
    pulled = await pullOnce(engine, signal);
    examineSuspects(engine);
    await settle(engine, { push, receipts, deletes }, signal);
  }
  const done = report(engine, pulled);
  exportIndex(engine);
  writePublicState(engine, { pid: engine.world.host.pid, running: false });
  return done;
}

/** Sends and waits until nothing is left to wait for, or the time is over. */
export async function settle(
  engine: Engine,
  lanes: { push: PushLane; receipts: ReceiptLane; deletes: DeleteLane },
  signal: AbortSignal,
): Promise<void> {
  const { clock } = engine.world;
  const deadline = clock.monotonicMs() + SETTLE_MS;
  while (!signal.aborted && clock.monotonicMs() < deadline) {
    const times = [
      await pushDue(engine, lanes.push, signal),
      await sendDeletes(engine, lanes.deletes, signal, 0),
      await pollReceipts(engine, lanes.receipts, signal),
      await retryNotReady(engine, signal),
    ];
    await refreshStale(engine, signal);
    if (examineSuspects(engine) > 0) continue;
    const due = times.filter((time): time is number => time !== null);
    if (due.length === 0) return;
    const waitMs = Math.max(untilDueMs(Math.min(...due), engine.now()), 1);
    if (clock.monotonicMs() + waitMs > deadline) return;
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

/** Looks again at paths the lanes asked about; answers with the number of new saves. */
export function examineSuspects(engine: Engine): number {
  const paths = [...engine.suspects];
  engine.suspects.clear();
  const { saves, deletes, unstable } = examine(engine, paths, "suspect");
  for (const rel of unstable) engine.suspects.add(rel);
  return saves + deletes;
}

function report(engine: Engine, pulled: boolean): OnceReport {
  const dead = listDeadLetters(engine.world.fs, engine.layout.deadLetters);
  const { lastError } = engine.health;
  const pending = engine.outbox.pending.size + pendingDeletes(engine).length;
  const deadLetters = dead.records.length + dead.malformed.length;
  const heldDeletes = engine.health.heldDeletes?.paths ?? 0;
  return {
    converged: pulled && pending === 0 && deadLetters === 0 && heldDeletes === 0 && isBootstrapped(engine),
    pulled,
    trackedFiles: engine.db.entries.size,
    pending,
    heldDeletes,
    deadLetters,
    conflicts: listConflicts(engine).length,
    problems: engine.db.problems.size,
    error:
      lastError === null
        ? null
        : { kind: lastError.kind, code: lastError.code ?? null, message: lastError.message },
  };
}
