/** The pull lane: first the whole tree, then what changed, and now and then a second look at everything. */
import { isRelayfileError, messageOf } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import { eventNumber, type FeedEvent } from "../model/event.ts";
import { comparePaths, containsPath } from "../model/path.ts";
import { judgeAbsences, newestOf } from "./absences.ts";
import { type Attempt, attemptBootstrap, readPlace } from "./bootstrap.ts";
import { type Engine, localOf, noteError } from "./engine.ts";
import { hasVersion } from "./entry.ts";
import { copyByExport } from "./export-copy.ts";
import { noteUnmapped } from "./note-problem.ts";
import { isBootstrapped, PULL_META } from "./pull-meta.ts";
import { READ_BATCH, refreshPaths } from "./refresh.ts";
import { walkTree } from "./walk-tree.ts";

/** One pull: bootstrap, or events, or an audit when one is due. Throws typed errors; progress made is kept. */
export async function pull(engine: Engine, signal: AbortSignal): Promise<void> {
  await refreshStale(engine, signal);
  if (!isBootstrapped(engine)) return fullPull(engine, signal, "bootstrap");
  if (engine.wanted.audit || isAuditDue(engine)) await fullPull(engine, signal, "audit");
  engine.wanted.poll = false;
  await pullEvents(engine, signal);
  await refreshStale(engine, signal);
}

/** Reads paths that someone asked to look at again. */
export async function refreshStale(engine: Engine, signal: AbortSignal): Promise<void> {
  while (engine.stale.size > 0 && !signal.aborted) {
    const paths = [...engine.stale].slice(0, READ_BATCH.files);
    for (const path of paths) engine.stale.delete(path);
    try {
      const readOnly = paths.filter((path) => engine.db.get(path)?.writeDenied === true);
      await refreshPaths(engine, readOnly, { force: true, signal });
      await refreshPaths(
        engine,
        paths.filter((path) => !readOnly.includes(path)),
        { signal },
      );
    } catch (error) {
      for (const path of paths) engine.stale.add(path);
      throw error;
    }
    // Paths that keep moving would spin here; the next round of the lane takes them.
    if (paths.every((path) => engine.stale.has(path))) return;
  }
}

/**
 * Applies event pages until the tip. One small question tells that there is nothing new (E1), or that the feed was
 * replaced: a reset feed or an expired cursor leads to one full pull (E16).
 */
export async function pullEvents(engine: Engine, signal: AbortSignal): Promise<void> {
  const ours = eventNumber(engine.db.meta(PULL_META.cursor) ?? "");
  const tip = ours === null ? null : await newestEvent(engine, signal);
  const theirs = tip === null ? null : eventNumber(tip);
  if (ours !== null && theirs !== null && theirs <= ours) {
    engine.health.draining = false;
    if (theirs === ours) {
      engine.polls.quiet++;
      return;
    }
    engine.world.log.warn("the event feed was reset; reading the whole tree again", { ours, theirs });
    return fullPull(engine, signal, "expired");
  }
  for (;;) {
    // Without a cursor the feed is read from its oldest event: applying an old event again changes nothing.
    const from = engine.db.meta(PULL_META.cursor) ?? undefined;
    let page: Awaited<ReturnType<Engine["remote"]["api"]["events"]>>;
    try {
      page = await engine.remote.api.events(
        { cursor: from, limit: MOUNT.eventPageSize, provider: engine.config.provider ?? undefined },
        { signal, timeoutMs: engine.config.cursorTimeoutMs },
      );
    } catch (error) {
      if (!isExpiredCursor(error)) throw error;
      engine.world.log.warn("event cursor expired; reading the whole tree again", { cursor: from ?? null });
      return fullPull(engine, signal, "expired");
    }
    await applyEvents(engine, page.events, signal);
    const last = page.nextCursor ?? page.events.at(-1)?.eventId ?? null;
    if (last !== null) moveCursor(engine, last);
    engine.health.draining = page.nextCursor !== null;
    if (page.nextCursor === null) return;
  }
}

/** Applies one run of events: the last word on each path counts; changed paths first, then deleted ones. */
export async function applyEvents(
  engine: Engine,
  events: readonly FeedEvent[],
  signal: AbortSignal,
): Promise<void> {
  const lastWord = new Map<string, FeedEvent>();
  for (const event of events) {
    if (!event.type.startsWith("file.") || !containsPath(engine.config.remoteRoot, event.path)) continue;
    // A path that was never placed has nothing to remove, only something to forget.
    if (event.type === "file.deleted") engine.db.clearProblem(event.path);
    const mapped = localOf(engine, event.path);
    if ("problem" in mapped) {
      if (event.type !== "file.deleted") noteUnmapped(engine, event.path, mapped);
      continue;
    }
    lastWord.set(event.path, event);
    engine.health.lastEventAtMs = Date.parse(event.timestamp) || engine.now();
  }
  const changed: string[] = [];
  const deleted: string[] = [];
  for (const [path, event] of [...lastWord].sort(([a], [b]) => comparePaths(a, b))) {
    const entry = engine.db.get(path);
    if (event.type === "file.deleted") {
      if (entry !== undefined && !entry.readDenied) deleted.push(path);
      // A save on its way may be about to meet the file that is gone.
      else if (engine.outbox.unsentFor(path) !== undefined) engine.passedOver.add(path);
    } else if (
      entry?.readDenied !== true &&
      !(hasVersion(entry, event.revision) && entry.hash === event.contentHash)
    ) {
      changed.push(path);
    }
  }
  for (let at = 0; at < changed.length; at += READ_BATCH.files) {
    const paths = changed.slice(at, at + READ_BATCH.files);
    await refreshPaths(engine, paths, { signal, absence: "not-ready" });
  }
  // A delete is read too: the feed may be behind, and only the server knows whether the path is back.
  for (let at = 0; at < deleted.length; at += READ_BATCH.files) {
    await refreshPaths(engine, deleted.slice(at, at + READ_BATCH.files), { signal });
  }
}

/**
 * Asks again for paths that an event announced and a read did not find. Within the waiting time they are neither there
 * nor gone; after it, absent means deleted. Resolves with when to come back in ms, or null.
 */
export async function retryNotReady(engine: Engine, signal: AbortSignal): Promise<number | null> {
  const waiting = [...engine.db.problems.values()].filter(({ kind }) => kind === "not_ready");
  if (waiting.length === 0) return null;
  const ttlMs = engine.config.notReadyTtlMs ?? NOT_READY_MS;
  let next: number | null = null;
  for (const { remotePath, firstAtMs } of waiting) {
    const dueMs = firstAtMs + Math.min(ttlMs, NOT_READY_MS);
    if (engine.now() < dueMs) {
      next = next === null ? dueMs : Math.min(next, dueMs);
      continue;
    }
    const final = engine.now() >= firstAtMs + ttlMs || engine.now() < firstAtMs;
    if (final) engine.db.clearProblem(remotePath);
    await refreshPaths(engine, [remotePath], { signal, absence: final ? "apply" : "not-ready" });
    if (!final && engine.db.problems.has(remotePath)) next = engine.now() + NOT_READY_MS;
  }
  return next;
}

/** How long a path that an event announced may be unreadable before it counts as deleted again. */
const NOT_READY_MS = 2_000;

/** Walks the whole remote tree, reads what differs, and judges what is gone. */
async function fullPull(
  engine: Engine,
  signal: AbortSignal,
  reason: "bootstrap" | "audit" | "expired",
): Promise<void> {
  if (reason === "bootstrap") {
    await attemptBootstrap(engine, signal, (attempt) => bootstrapPull(engine, attempt));
    return;
  }
  // The cursor is taken before the walk, so nothing that changes during it is missed. One that expired is kept until
  // the walk ended: a walk that fails half way must be walked again.
  const takesTip = reason === "expired" || engine.db.meta(PULL_META.cursor) === null;
  const tip = takesTip ? await newestEvent(engine, signal) : null;
  if (tip !== null && reason === "audit") moveCursor(engine, tip, true);
  const listed = await walkTree(engine, { signal, tick: () => undefined, report: () => undefined }, null);
  completed(engine, reason === "expired" ? { cursor: tip } : {});
  judgeAbsences(engine, listed.paths, newestOf(listed.revisions));
}

/** The first copy: by export where that is offered, else by listing; an interrupted one goes on where it was. */
async function bootstrapPull(engine: Engine, attempt: Attempt): Promise<void> {
  const place = readPlace(engine);
  if (place === null) {
    const tip = await newestEvent(engine, attempt.signal);
    if (tip !== null) moveCursor(engine, tip, true);
  }
  attempt.tick();
  const exported = await copyByExport(engine, attempt, place);
  const listed = exported ?? (await walkTree(engine, attempt, readPlace(engine)));
  // Only who saw everything in one go may conclude that something is gone (B10).
  if (place === null) judgeAbsences(engine, listed.paths, newestOf(listed.revisions));
  completed(engine, {});
}

/** Notes that everything was seen. */
function completed(engine: Engine, { cursor }: { cursor?: string | null }): void {
  engine.db.transaction(() => {
    engine.db.setMeta(PULL_META.complete, "1");
    engine.db.setMeta(PULL_META.bootstrap, null);
    engine.db.setMeta(PULL_META.lastAudit, String(engine.now()));
    if (cursor !== undefined) engine.db.setMeta(PULL_META.cursor, cursor);
  });
  engine.wanted.audit = false;
  engine.polls.quiet = 0;
  engine.wake.state.call();
}

/** True when the audit clock says so; a clock set back counts as due. */
export function isAuditDue(engine: Engine): boolean {
  const { auditIntervalMs, auditEveryPolls } = engine.config;
  if (auditEveryPolls !== null) return engine.polls.quiet >= auditEveryPolls;
  if (auditIntervalMs === null) return false;
  const last = Number(engine.db.meta(PULL_META.lastAudit) ?? "0");
  const now = engine.now();
  return now - last >= auditIntervalMs || now < last;
}

async function newestEvent(engine: Engine, signal: AbortSignal): Promise<string | null> {
  try {
    const page = await engine.remote.api.events(
      { direction: "desc", limit: 1, provider: engine.config.provider ?? undefined },
      { signal, timeoutMs: engine.config.cursorTimeoutMs },
    );
    return page.events[0]?.eventId ?? null;
  } catch (error) {
    if (isRelayfileError(error) && (error.details.status === 400 || error.details.status === 404))
      return null;
    throw error;
  }
}

/** `evt_<n>` cursors only move up, except when the feed itself was found to be a new one. */
export function moveCursor(engine: Engine, next: string, reset = false): void {
  const [before, after] = [eventNumber(engine.db.meta(PULL_META.cursor) ?? ""), eventNumber(next)];
  if (!reset && before !== null && after !== null && after < before) return;
  engine.db.setMeta(PULL_META.cursor, next);
}

function isExpiredCursor(error: unknown): boolean {
  if (!isRelayfileError(error)) return false;
  const { status } = error.details;
  if (status === 404 || status === 410) return true;
  return status === 400 && /cursor/i.test(`${error.code} ${error.message}`);
}

/** Runs a pull and records how it ended; true when it succeeded. Offline is a state, not a crash. */
export async function pullOnce(engine: Engine, signal: AbortSignal): Promise<boolean> {
  engine.health.lastReconcileAtMs = engine.now();
  try {
    if (engine.config.syncMode !== "write-only") await pull(engine, signal);
    const { health } = engine;
    health.lastSuccessAtMs = engine.now();
    health.readAuthProblem = null;
    health.faults.delete("answers");
    const { kind } = health.lastError ?? {};
    if (kind === "offline" || kind === "error" || (kind === "auth" && health.authProblem === null))
      health.lastError = null;
    engine.wake.state.call();
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    const auth = isRelayfileError(error) && error.next === "sign-in";
    const status =
      isRelayfileError(error) && typeof error.details.status === "number" ? error.details.status : undefined;
    const offline = isRelayfileError(error) && error.retryable;
    if (auth) engine.health.readAuthProblem = messageOf(error);
    noteError(engine, {
      kind: auth ? "auth" : offline ? "offline" : "error",
      ...(status === undefined ? {} : { statusCode: status }),
      ...(isRelayfileError(error) ? { code: error.code } : {}),
      message: messageOf(error),
    });
    // What is not the server's doing is told by the lane.
    if (!isRelayfileError(error)) throw error;
    if (!auth && !offline)
      engine.health.faults.set("answers", `the server cannot be read: ${messageOf(error)}`);
    engine.world.log.warn("mount sync cycle failed:", { reason: messageOf(error) });
    return false;
  }
}
