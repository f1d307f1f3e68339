/**
 * Local deletes on their way to the server. They wait a moment, are counted together, and a large number of them is a
 * question for a person, not a command (spec mount-daemon 4.9, I8).
 */
import { MOUNT } from "../limits.ts";
import { ancestorsOf } from "../model/path.ts";
import { circuitVerdict, countsForCircuit, isDue, retryDelayMs } from "../sync/backoff.ts";
import { classifyRequest } from "../sync/classify.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { deleteHold } from "../sync/safety.ts";
import { logDenial } from "./denials.ts";
import { type Engine, endProbe, noteAnswer, noteError } from "./engine.ts";
import type { Entry } from "./entry.ts";
import { checkRoot, hasRuntimeArea } from "./guard.ts";

/** State of the lane: when each failed delete is tried again. */
export type DeleteLane = Map<string, { attempts: number; dueMs: number }>;

/** Meta key: a person confirmed the deletes that were held. */
export const CONFIRMED_KEY = "deletesConfirmed";

/** Entries a person deleted here that the server still has, in path order. */
export function pendingDeletes(engine: Engine): Entry[] {
  return engine.db.flagged().filter((entry) => entry.deletePending && entry.revision !== null);
}

/**
 * Sends the deletes that may be sent. `holdMs` is the settle window; 0 sends at once. Resolves with when to come back in
 * ms, or null when nothing waits for time.
 */
export async function sendDeletes(
  engine: Engine,
  lane: DeleteLane,
  signal: AbortSignal,
  holdMs: number = MOUNT.deleteHoldMs,
): Promise<number | null> {
  if (engine.config.syncMode === "pull-only") return null;
  const waiting = pendingDeletes(engine);
  if (waiting.length === 0) {
    release(engine);
    return null;
  }
  const now = engine.now();
  const newest = Math.max(...waiting.map((entry) => engine.deletedAtMs.get(entry.remotePath) ?? 0));
  // The whole batch settles together: a recursive delete must be counted as one.
  if (now - newest < holdMs && now >= newest) return newest + holdMs;
  const confirmed = engine.db.meta(CONFIRMED_KEY) === "1";
  const hold = deleteHold({
    deletes: waiting.length,
    tracked: trackedFiles(engine),
    rootOk: checkRoot(engine),
    runtimeAreaPresent: hasRuntimeArea(engine),
  });
  if (hold !== null && !(confirmed && hold === "mass_delete")) {
    if (engine.health.heldDeletes?.paths !== waiting.length || engine.health.heldDeletes.reason !== hold) {
      engine.health.heldDeletes = { reason: hold, paths: waiting.length };
      engine.world.log.error("local deletes are held and need a decision", {
        reason: hold,
        paths: waiting.length,
        confirm: "relayfile mount resume --confirm-deletes",
        restore: "relayfile mount resume --restore",
      });
      engine.wake.state.call();
    }
    return null;
  }
  release(engine);
  let next: number | null = null;
  for (const entry of waiting) {
    const planned = lane.get(entry.remotePath)?.dueMs ?? 0;
    const due = isDue(planned, engine.now()) ? await sendOne(engine, lane, entry, signal) : planned;
    if (due !== null) next = next === null ? due : Math.min(next, due);
    if (signal.aborted) return next;
  }
  if (pendingDeletes(engine).length === 0) engine.db.setMeta(CONFIRMED_KEY, null);
  return next;
}

/** Takes back every unsent delete; the files come back from the server. */
export function restoreDeletes(engine: Engine): number {
  const waiting = pendingDeletes(engine);
  engine.db.transaction(() => {
    for (const entry of waiting) {
      engine.db.put({ ...entry, deletePending: false, missingScans: 0 });
      engine.deletedAtMs.delete(entry.remotePath);
      engine.stale.add(entry.remotePath);
    }
  });
  release(engine);
  engine.wake.pull.call();
  engine.wake.push.call();
  return waiting.length;
}

/**
 * Which saves must wait for deletes: where a file was replaced by a directory, or the reverse, the server has no room for
 * the new one before the old one is gone. A save of a path that is itself deleted waits for nothing.
 */
export function waitsForDelete(engine: Engine): (remotePath: string) => boolean {
  const gone = new Set(pendingDeletes(engine).map(({ remotePath }) => remotePath));
  if (gone.size === 0) return () => false;
  const above = new Set([...gone].flatMap(ancestorsOf));
  return (path) => !gone.has(path) && (above.has(path) || ancestorsOf(path).some((one) => gone.has(one)));
}

/** One delete; answers with when to try again in ms, or null when the path is settled or waits for another lane. */
async function sendOne(
  engine: Engine,
  lane: DeleteLane,
  entry: Entry,
  signal: AbortSignal,
): Promise<number | null> {
  const path = entry.remotePath;
  const current = engine.db.get(path);
  if (current === undefined || !current.deletePending || current.revision === null) return null;
  // The disk has the last word: a file that is back is not deleted. A directory in its place is no such file.
  const there = engine.mirror.statOf(current.rel as RelativeRemotePath);
  if (there !== null && there.kind !== "directory") {
    engine.db.patch(path, { deletePending: false, missingScans: 0 });
    engine.deletedAtMs.delete(path);
    engine.suspects.add(current.rel as RelativeRemotePath);
    engine.wake.local.call();
    return null;
  }
  // A save of the path is still on its way: it ends first, the delete follows on its revision.
  if (engine.outbox.unsentFor(path) !== undefined || engine.inFlight.has(path)) return engine.now() + 200;
  const verdict = circuitVerdict(engine.health.circuit, engine.now(), engine.config.circuit);
  if (verdict.kind === "open") return verdict.untilMs;
  if (verdict.kind === "probe") engine.health.circuit = { ...engine.health.circuit, probing: true };
  engine.inFlight.add(path);
  try {
    const answer = await engine.remote.remove(path, current.revision, signal);
    noteAnswer(engine, answer.status, countsForCircuit(answer.status));
    if (answer.result !== null || answer.status === 404) {
      engine.db.transaction(() => {
        if (
          answer.result !== null &&
          answer.result.writeback.state !== "succeeded" &&
          answer.result.opId !== ""
        ) {
          engine.db.addReceipt({
            opId: answer.result.opId,
            remotePath: path,
            revision: answer.result.targetRevision,
          });
        }
        engine.db.forget(path);
      });
      engine.deletedAtMs.delete(path);
      lane.delete(path);
      // What others made of the path while the delete was under way was passed over.
      if (engine.passedOver.delete(path) || current.unverified) {
        engine.stale.add(path);
        engine.wake.pull.call();
      }
      engine.news.path({ what: "deleted", path });
      engine.health.lastSuccessAtMs = engine.now();
      engine.wake.receipts.call();
      engine.wake.state.call();
      // A save may have waited for the place.
      engine.wake.push.call();
      return null;
    }
    const kind = classifyRequest(answer.status, answer.code, 1);
    if (kind === "retry" || kind === "auth") {
      const attempts = (lane.get(path)?.attempts ?? 0) + 1;
      const dueMs = engine.now() + retryDelayMs(attempts, answer.retryAfterMs);
      lane.set(path, { attempts, dueMs });
      noteError(engine, {
        kind: kind === "auth" ? "auth" : "offline",
        code: answer.code,
        message: answer.message,
      });
      return dueMs;
    }
    // Changed there since, or not ours to delete: the file comes back.
    if (answer.status === 403) {
      engine.db.patch(path, { writeDenied: true });
      logDenial(engine, "WRITE_REVERTED", path, answer.message);
    }
    engine.db.patch(path, { deletePending: false, missingScans: 0 });
    engine.deletedAtMs.delete(path);
    lane.delete(path);
    engine.stale.add(path);
    engine.wake.pull.call();
    return null;
  } finally {
    endProbe(engine);
    engine.inFlight.delete(path);
  }
}

/** Files both sides have or had. */
export function trackedFiles(engine: Engine): number {
  return engine.db.confirmedFiles();
}

function release(engine: Engine): void {
  if (engine.health.heldDeletes === null) return;
  engine.health.heldDeletes = null;
  engine.wake.state.call();
}
