/**
 * The running daemon: independent loops over one engine. Each waits for its own work, each fails alone, and the end of
 * all of them is one flush (spec mount-daemon 2, 5.4).
 */
import { isRelayfileError, messageOf, type RelayfileError } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import { jittered } from "../sync/backoff.ts";
import { type RoundFacts, type Unsettled, unsettledBy } from "../sync/unsettled.ts";
import { stalledBootstrap } from "./bootstrap.ts";
import { listConflicts } from "./conflicts.ts";
import { serveControl } from "./control.ts";
import { listDeadLetters } from "./dead-letter.ts";
import { CONFIRMED_KEY, type DeleteLane, pendingDeletes, restoreDeletes, sendDeletes } from "./deletes.ts";
import { dropDeadLetter } from "./drop.ts";
import { type Engine, noteError } from "./engine.ts";
import { serveFlush } from "./flush-signal.ts";
import { checkRoot } from "./guard.ts";
import { exportIndex } from "./legacy-state.ts";
import { type LiveFeed, startLive } from "./live.ts";
import { localFault } from "./local-fault.ts";
import { type LocalLane, startLocal } from "./local-lane.ts";
import { retrySkipped } from "./problems.ts";
import { writePublicState } from "./public-state.ts";
import { pullOnce, retryNotReady } from "./pull.ts";
import { isBootstrapped, PULL_META } from "./pull-meta.ts";
import { newPushLane, pushDue } from "./push.ts";
import { pollReceipts, type ReceiptLane } from "./receipts.ts";
import { resolveConflict } from "./resolve.ts";
import { retryDeadLetter } from "./retry.ts";
import { skipStuck } from "./skip-stuck.ts";
import { confirmTombstones } from "./tombstones.ts";
import { UPKEEP_EVERY_MS, upkeepRound } from "./upkeep.ts";
import type { Wake } from "./wake.ts";

/** What the process around the daemon knows. */
export interface DaemonOptions {
  readonly stateDir: string;
  readonly logFile?: string;
  /** Stops the daemon: final flush, then the promise resolves. */
  readonly signal: AbortSignal;
  /** False: no requests of other processes are served. */
  readonly control?: boolean;
  /** Called once when the first pull ended, well or not. */
  onReady?(): void;
}

const STATE_DEBOUNCE_MS = 250;
const LAST_EVENTS_MS = 25;
const LANE_RESTART_MS = { first: 1_000, cap: 30_000 } as const;
/** How often the log repeats what still fails for the same reason. */
const SAY_AGAIN_MS = 600_000;
const ROOT_LOOK_MS = 1_000;
const RETRY_WAIT_MS = 60_000;
const REQUESTED_ROUND_MS = 10_000;
const REQUESTED_LOOK_MS = 25;

/** Runs until the signal aborts; resolves after the final flush. Fails only for faults no loop can live with. */
export async function runDaemon(engine: Engine, options: DaemonOptions): Promise<void> {
  // Ends the daemon from inside: a first copy that was given up is no state to wait in.
  const over = new AbortController();
  const stopping = AbortSignal.any([options.signal, over.signal]);
  // Uploads under way may finish inside the flush window; everything else stops at once.
  const hard = new AbortController();
  const daemon = { pid: engine.world.host.pid, logFile: options.logFile };
  const saveState = (running: boolean) => writePublicState(engine, { ...daemon, running });
  const push = newPushLane();
  const deletes: DeleteLane = new Map();
  const receipts: ReceiptLane = new Map();
  const local = startLocal(engine);
  const live = startLive(engine, stopping);
  const asked: Asked = [];
  checkRoot(engine);
  saveState(true);

  const lanes = [
    lane(engine, "push", stopping, { idle: engine.wake.push }, async () => {
      const next = await pushDue(engine, push, hard.signal);
      const nextDelete = await sendDeletes(engine, deletes, hard.signal);
      await engine.wake.push.wait(waitUntil(engine, next, nextDelete), stopping);
    }),
    lane(engine, "pull", stopping, { idle: engine.wake.pull }, async () => {
      const stalled = await pullRound(engine, { live, local, asked }, stopping, options);
      if (stalled !== null) over.abort(stalled);
    }),
    lane(engine, "local", stopping, { idle: engine.wake.local }, () => local.round(stopping)),
    lane(engine, "receipts", stopping, { idle: engine.wake.receipts }, async () => {
      const next = await pollReceipts(engine, receipts, stopping);
      await engine.wake.receipts.wait(waitUntil(engine, next), stopping);
    }),
    lane(engine, "state", stopping, {}, async () => {
      await engine.wake.state.wait(engine.config.intervalMs, stopping);
      await engine.world.clock.sleep(STATE_DEBOUNCE_MS, stopping).catch(() => undefined);
      if (!stopping.aborted) saveState(true);
    }),
    lane(engine, "upkeep", stopping, { everyMs: UPKEEP_EVERY_MS }, () => upkeepRound(engine, stopping)),
    lane(engine, "flush", stopping, { onRequest: true }, () =>
      serveFlush(engine, stopping, async () => {
        const unsettled = await reconcileNow(engine, local, asked, stopping);
        // Who asked may look at the state next, and must find there what the round found.
        saveState(true);
        return unsettled;
      }),
    ),
    options.control === false
      ? Promise.resolve()
      : lane(engine, "control", stopping, { onRequest: true }, () =>
          serveControl(
            engine.world,
            `${options.stateDir}/control`,
            (request) => handleControl(engine, request, stopping),
            stopping,
          ),
        ),
  ];
  await aborted(stopping);
  const giveUp = engine.world.clock.after(MOUNT.stopFlushMs, () => hard.abort());
  // On a full disk one step may fail and the next succeed; what went wrong first is how the daemon ends.
  let trouble: unknown = null;
  const lastly = async (step: () => unknown) => {
    try {
      await step();
    } catch (error) {
      trouble ??= localFault(error, engine.config.localRoot) ?? error;
    }
  };
  live.close();
  await Promise.all(lanes);
  // A save of this very moment is still on its way from the watcher.
  await engine.world.clock.sleep(LAST_EVENTS_MS);
  local.close();
  await lastly(async () => {
    if (engine.health.rootProblem !== null || !checkRoot(engine)) return;
    local.flush();
    if (!hard.signal.aborted) await pushDue(engine, push, hard.signal).catch(() => null);
  });
  giveUp();
  await lastly(() => exportIndex(engine));
  await lastly(() => saveState(false));
  if (trouble !== null)
    engine.world.log.error("the daemon could not finish its last steps", { reason: messageOf(trouble) });
  if (over.signal.aborted) throw over.signal.reason;
  if (trouble !== null) throw trouble;
}

/** Who waits for the next pull, told whether it succeeded. */
type Asked = ((ok: boolean) => void)[];

/** One round on request: all that is noticed or on disk is recorded and sent, the server is asked. Null: nothing waits. */
async function reconcileNow(
  engine: Engine,
  local: LocalLane,
  asked: Asked,
  signal: AbortSignal,
): Promise<Unsettled | null> {
  local.requestScan();
  local.flush();
  engine.wake.push.call();
  const pulled = new Promise<boolean>((resolve) => asked.push(resolve));
  engine.wake.pull.call();
  const ok = await Promise.race([pulled, aborted(signal).then(() => false)]);
  const { clock } = engine.world;
  // Its lane notes of what a pull failed a moment after it did.
  if (!ok) await clock.sleep(REQUESTED_LOOK_MS, signal).catch(() => undefined);
  const deadline = clock.monotonicMs() + REQUESTED_ROUND_MS;
  while (ok && !signal.aborted && clock.monotonicMs() < deadline) {
    if (!isMoving(engine, deadline - clock.monotonicMs())) break;
    await clock.sleep(REQUESTED_LOOK_MS, signal).catch(() => undefined);
  }
  return unsettledBy(roundFacts(engine, ok));
}

/** True while something that waits may still end within `ms`. Held deletes wait for a person, however long. */
function isMoving(engine: Engine, ms: number): boolean {
  const { health, inFlight, outbox } = engine;
  if (inFlight.size > 0 || outbox.awaitingReceipt().length > 0) return true;
  const next = outbox.nextDueMs();
  if (next !== null && next <= engine.now() + ms) return true;
  return health.heldDeletes === null && pendingDeletes(engine).length > 0;
}

function roundFacts(engine: Engine, pulled: boolean): RoundFacts {
  const { config, health, outbox, stale, world } = engine;
  const dead = listDeadLetters(world.fs, engine.layout.deadLetters);
  return {
    workspaceId: config.workspaceId,
    rootProblem: health.rootProblem,
    fault: health.faults.values().next().value ?? null,
    authProblem: health.authProblem ?? health.readAuthProblem,
    heldDeletes: health.heldDeletes?.paths ?? 0,
    deadLetters: dead.records.length + dead.malformed.length + outbox.malformed.length,
    conflicts: listConflicts(engine).length,
    pulled,
    pullProblem: pulled ? null : (health.lastError?.message ?? null),
    bootstrapped: isBootstrapped(engine),
    pendingSaves: outbox.pending.size,
    pendingDeletes: pendingDeletes(engine).length,
    unread: stale.size,
  };
}

/**
 * One round of the pull lane: pull, then wait for the interval, the live feed or a wake-up. Resolves with the reason when
 * the first copy was given up for good, else null.
 */
async function pullRound(
  engine: Engine,
  { live, local, asked }: { live: LiveFeed; local: LocalLane; asked: Asked },
  signal: AbortSignal,
  options: DaemonOptions,
): Promise<RelayfileError | null> {
  const first = engine.health.lastReconcileAtMs === null;
  const complete = isBootstrapped(engine);
  // Saves recorded before a crash go out before anything is pulled (W3); the push lane is already at it.
  if (first && engine.outbox.nextDueMs() !== null)
    await engine.world.clock.sleep(50, signal).catch(() => undefined);
  if (first && complete) local.requestScan();
  const waiting = asked.splice(0);
  if (waiting.length > 0) engine.wanted.poll = true;
  const events = engine.wanted.audit ? null : live.takeEvents();
  const audited = engine.db.meta(PULL_META.lastAudit);
  let ok = false;
  try {
    ok = events === null ? await pullOnce(engine, signal) : await live.apply(events, signal);
  } finally {
    for (const tell of waiting) tell(ok);
  }
  // The first walk over the disk waits for the first copy: before it every file would look new.
  // Later, an audit is the moment to look for changes that no watcher told of.
  if (engine.db.meta(PULL_META.lastAudit) !== audited) local.requestScan();
  if (first) options.onReady?.();
  if (!ok && !isBootstrapped(engine)) {
    const stalled = stalledBootstrap(engine);
    if (stalled !== null) return stalled;
  }
  const soon = ok ? await followUp(engine, signal) : null;
  const interval = jittered(
    engine.config.intervalMs,
    engine.config.intervalJitter,
    engine.world.random.float(),
  );
  const ms = Math.max(interval, MOUNT.intervalFloorMs);
  const due = engine.now() + (ok ? ms : Math.min(ms, 5_000));
  await engine.wake.pull.wait(waitUntil(engine, due, soon), signal);
  return null;
}

/** Small questions left by a pull: announced files that were not there yet, what the disk refused, second looks at absences. */
async function followUp(engine: Engine, signal: AbortSignal): Promise<number | null> {
  if (engine.config.syncMode === "write-only") return null;
  const times = [
    await retryNotReady(engine, signal),
    await retrySkipped(engine, signal),
    await confirmTombstones(engine, signal),
  ].filter((time): time is number => time !== null);
  return times.length === 0 ? null : Math.min(...times);
}

async function handleControl(
  engine: Engine,
  request: Parameters<Parameters<typeof serveControl>[2]>[0],
  signal: AbortSignal,
): Promise<unknown> {
  switch (request.kind) {
    case "retry":
      return retryDeadLetter(engine, request.opId, { timeoutMs: RETRY_WAIT_MS, signal });
    case "drop":
      return dropDeadLetter(engine, request.opId);
    case "resume": {
      if (request.deletes === "restore") return { restored: restoreDeletes(engine) };
      engine.db.setMeta(CONFIRMED_KEY, "1");
      engine.wake.push.call();
      return { confirmed: engine.health.heldDeletes?.paths ?? 0 };
    }
    case "skip-stuck":
      return skipStuck(engine, request.max, signal);
    case "resolve":
      return resolveConflict(engine, request.path, request.keep);
  }
}

/**
 * Repeats `round` until the signal aborts. While the root is broken nothing runs. A failure is noted and the lane goes
 * on after a pause: one lane's trouble never stops another's. It has worked when it begins to wait on `idle`, or when a
 * round ends, after which it pauses for `everyMs`. Trouble of a lane that only works `onRequest` is no state to be in.
 */
async function lane(
  engine: Engine,
  name: string,
  signal: AbortSignal,
  how: { readonly idle?: Wake; readonly everyMs?: number; readonly onRequest?: boolean },
  round: () => Promise<void>,
): Promise<void> {
  const { clock, log } = engine.world;
  const { faults } = engine.health;
  const pause = (ms: number) => clock.sleep(ms, signal).catch(() => undefined);
  let failures = 0;
  let isTold = false;
  let said: { readonly what: string; readonly atMs: number } | undefined;
  const worked = () => {
    failures = 0;
    if (isTold) log.info("a part of the daemon works again", { lane: name });
    isTold = false;
    if (faults.delete(name)) engine.wake.state.call();
  };
  if (how.idle !== undefined) how.idle.onWait = worked;
  while (!signal.aborted) {
    try {
      if (name !== "state" && name !== "control" && !checkRoot(engine)) {
        await pause(ROOT_LOOK_MS);
        continue;
      }
      await round();
      worked();
      if (how.everyMs !== undefined) await pause(how.everyMs);
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      const fault = localFault(error, engine.config.localRoot);
      const reason = messageOf(fault ?? error);
      if (!how.onRequest) faults.set(name, fault === null ? `its ${name} lane fails: ${reason}` : reason);
      const code = fault?.code ?? (isRelayfileError(error) ? error.code : undefined);
      noteError(engine, { kind: "error", ...(code === undefined ? {} : { code }), message: reason });
      // A fault that lasts is told when it begins, and now and then.
      const what = fault === null ? reason : String(fault.details.os ?? reason);
      if (said?.what !== what || clock.monotonicMs() - said.atMs >= SAY_AGAIN_MS) {
        said = { what, atMs: clock.monotonicMs() };
        isTold = true;
        log.error("a part of the daemon failed and will be tried again", {
          lane: name,
          reason,
          stack:
            fault !== null || isRelayfileError(error) || !(error instanceof Error) ? undefined : error.stack,
        });
      }
      await pause(Math.min(LANE_RESTART_MS.first * 2 ** (failures - 1), LANE_RESTART_MS.cap));
    }
  }
}

/** Milliseconds from now to the earliest of some times; null when there is none. Never negative. */
function waitUntil(engine: Engine, ...times: (number | null)[]): number | null {
  const known = times.filter((time): time is number => time !== null);
  return known.length === 0 ? null : Math.max(0, Math.min(...known) - engine.now());
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
