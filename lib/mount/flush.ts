/**
 * One-shots for the end of a sandbox: send what waits, and before that record what was saved since the last daemon
 * (spec mount-daemon 5.8, W18). Nothing is pulled.
 */
import { fail } from "../errors.ts";
import { untilDueMs } from "../sync/backoff.ts";
import { listConflicts } from "./conflicts.ts";
import { listDeadLetters } from "./dead-letter.ts";
import { pendingDeletes } from "./deletes.ts";
import type { Engine } from "./engine.ts";
import { checkRoot } from "./guard.ts";
import { writePublicState } from "./public-state.ts";
import { newPushLane, pushDue } from "./push.ts";
import { pollReceipts, type ReceiptLane } from "./receipts.ts";
import { scan } from "./scan.ts";
import { announceCapabilities } from "./upkeep.ts";

/** What a flush left behind. */
export interface FlushReport {
  /** Saves accepted by the server in this run. */
  readonly sent: number;
  readonly pending: number;
  readonly needsAttention: number;
  readonly deadLetters: number;
  readonly conflicts: number;
  /** Nothing waits any more. */
  readonly drained: boolean;
}

/** Sends every waiting save, due or not, and waits for its operation. With `pushLocal` the mirror is walked first. */
export async function flushOnce(
  engine: Engine,
  options: { readonly pushLocal: boolean; readonly signal: AbortSignal },
): Promise<FlushReport> {
  const { config, outbox, world } = engine;
  if (config.syncMode === "pull-only") {
    fail("usage", "a pull-only mirror sends nothing", { hint: "Repeat with --sync-mode mirror" });
  }
  if (!checkRoot(engine)) {
    fail("mount_root_broken", `the mount root ${config.localRoot} is ${engine.health.rootProblem}`, {
      root: config.localRoot,
    });
  }
  announceCapabilities(engine);
  if (options.pushLocal) {
    for (let look = 0; look < 3 && scan(engine).unstable.length > 0; look++) {
      await world.clock.sleep(100, options.signal);
    }
  }
  const before = outbox.counts().acked;
  for (const { record } of outbox.pending.values()) {
    if (record.opId === undefined && !record.needsAttention) outbox.defer(record.commandId, 0);
  }
  await drain(engine, options.signal);
  writePublicState(engine, { pid: world.host.pid, running: false });
  const dead = listDeadLetters(world.fs, engine.layout.deadLetters);
  const counts = outbox.counts();
  const pending = counts.pending + pendingDeletes(engine).length;
  return {
    sent: counts.acked - before,
    pending,
    needsAttention: counts.needsAttention,
    deadLetters: dead.records.length + dead.malformed.length,
    conflicts: listConflicts(engine).length,
    drained: pending === 0 && counts.needsAttention === 0,
  };
}

/** Pushes and asks for receipts until nothing is left or the outbox timeout is over. */
async function drain(engine: Engine, signal: AbortSignal): Promise<void> {
  const { clock } = engine.world;
  const push = newPushLane();
  const receipts: ReceiptLane = new Map();
  const deadline = clock.monotonicMs() + engine.config.outboxTimeoutMs;
  while (!signal.aborted && clock.monotonicMs() < deadline) {
    const times = [await pushDue(engine, push, signal), await pollReceipts(engine, receipts, signal)];
    const due = times.filter((time): time is number => time !== null);
    if (due.length === 0) return;
    const waitMs = Math.max(untilDueMs(Math.min(...due), engine.now()), 1);
    if (clock.monotonicMs() + waitMs > deadline) return;
    await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}
