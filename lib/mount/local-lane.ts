/** The local lane: watcher events settle into batches, scans fill in where nobody watched (spec mount-daemon 2.8). */
import { messageOf } from "../errors.ts";
import type { FileStat, Watcher } from "../ports.ts";
import { isDue, untilDueMs } from "../sync/backoff.ts";
import { type RelativeRemotePath, toRemotePath } from "../sync/remote-path.ts";
import {
  batchDueMs,
  type ChangeSignal,
  onSignals,
  SETTLED,
  type Settling,
  takeSettled,
} from "../sync/settle.ts";
import { isPrunedDirectory } from "../sync/uploadable.ts";
import type { Engine } from "./engine.ts";
import { isClean } from "./entry.ts";
import { type Examined, examine } from "./examine.ts";
import { expand, isTracked } from "./expand.ts";
import { isTrusted } from "./mirror.ts";
import { isBootstrapped } from "./pull-meta.ts";
import { scan } from "./scan.ts";

/** The lane's handle. */
export interface LocalLane {
  /** One round: handle what settled, then wait. */
  round(signal: AbortSignal): Promise<void>;
  /** Asks for a walk over everything at the next round. */
  requestScan(): void;
  /** Examines everything that is pending, settled or not: the end of the daemon. */
  flush(): void;
  close(): void;
}

/**
 * How soon a file that was changing while read is looked at again, one that could not be read at all, and a lost watcher
 * is started again.
 */
const UNSTABLE_MS = 100;
const UNREADABLE_MS = 5_000;
const REWATCH_MS = 5_000;

/** Starts watching, unless the mode never uploads. */
export function startLocal(engine: Engine): LocalLane {
  const { config, health, world } = engine;
  let settling: Settling = SETTLED;
  // Events come in crowds; they are taken in together, so that a thousand cost no more than each its own.
  const arrived: ChangeSignal[] = [];
  let watcher: Watcher | null = null;
  let scanWanted = false;
  let rewatchAtMs: number | null = null;
  let said = "";
  const uploads = config.syncMode !== "pull-only";

  const startWatch = () => {
    rewatchAtMs = null;
    const limit = config.watchDirectoriesMax;
    if (limit !== null && hasMoreDirectories(engine, limit)) {
      onError(new Error(`the mirror has more than ${limit} directories`));
      rewatchAtMs = null;
      return;
    }
    try {
      watcher = world.watch(config.localRoot, { onChange, onError });
      health.watcher = "watching";
      said = "";
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const onError = (error: Error) => {
    watcher?.close();
    watcher = null;
    health.watcher = "polling";
    scanWanted = uploads;
    rewatchAtMs = engine.now() + REWATCH_MS;
    // A system that never lets us watch is asked again and again; people need to hear of it once.
    const reason = messageOf(error);
    if (reason !== said) world.log.warn("watching failed; scanning instead", { reason });
    said = reason;
    engine.wake.local.call();
    engine.wake.state.call();
  };
  const onChange = (rel: string | null, kind?: "rename" | "change") => {
    if (rel === null) {
      scanWanted = uploads;
    } else {
      const top = rel.split("/", 1)[0] ?? "";
      if (isPrunedDirectory(top, 0, engine.names) && !isTracked(engine, rel)) return;
      const stat = world.fs.lstat(`${config.localRoot}/${rel}`);
      if (stat !== null && isOwnEcho(engine, rel, stat)) return;
      // A write to what has no name, or none any more: a file that was deleted has told so by another event.
      if (stat === null && kind === "change" && !settling.bursts.has(rel) && !isTracked(engine, rel)) return;
      arrived.push({ path: rel, kind: kind ?? "change", gone: stat === null, atMs: engine.now() });
      if (arrived.length > 1) return;
    }
    engine.wake.local.call();
  };

  // What was noticed stays noticed until it was handled: on a full disk nothing can be recorded, but nothing is forgotten.
  const look = (flush: boolean) => {
    if (arrived.length > 0) settling = onSignals(settling, arrived.splice(0), config.settle);
    const due = batchDueMs(settling, config.settle.batchWindowMs);
    const isTime = flush || (due !== null && isDue(due, engine.now()));
    const settled = isTime ? takeSettled(settling, engine.now(), flush) : nothingSettled(settling);
    const suspects = [...engine.suspects];
    settling = settled.rest;
    engine.suspects.clear();
    if (!uploads || settled.paths.length + suspects.length === 0) return;
    try {
      const { found, lost } = expand(engine, settled.paths, settled.vanished);
      if (found.size > 0) again(examine(engine, found, "signal"));
      scanWanted ||= lost;
      const others = suspects.filter((rel) => !found.has(rel));
      if (others.length > 0) again(examine(engine, others, "suspect"));
    } catch (error) {
      for (const path of suspects) engine.suspects.add(path);
      for (const path of settled.paths) revisit(path, UNSTABLE_MS, settled.vanished.has(path));
      throw error;
    }
  };
  const walk = () => {
    scanWanted = false;
    try {
      again(scan(engine));
      engine.firstWalk.isNext = false;
    } catch (error) {
      scanWanted = true;
      throw error;
    }
  };
  // Before the first copy every file would look new; when it ends, a walk is asked for.
  const mustWalk = () => scanWanted && uploads && isBootstrapped(engine);
  const again = ({ unstable, unreadable }: Examined) => {
    for (const rel of unstable) revisit(rel, UNSTABLE_MS);
    for (const rel of unreadable) revisit(rel, UNREADABLE_MS);
  };
  const revisit = (path: string, delayMs: number, vanished = false) => {
    const bursts = new Map(settling.bursts);
    bursts.set(path, { path, dueMs: engine.now() + delayMs, committed: false, vanished });
    settling = { ...settling, bursts };
  };

  engine.firstWalk.isNext = true;
  if (uploads) startWatch();
  return {
    requestScan() {
      // A mirror that sends nothing has nothing to look for; a wish nobody fulfils would keep the lane spinning.
      if (!uploads) return;
      scanWanted = true;
      engine.wake.local.call();
    },
    async round(signal) {
      if (rewatchAtMs !== null && isDue(rewatchAtMs, engine.now()) && uploads) startWatch();
      if (engine.wanted.walk) scanWanted = true;
      engine.wanted.walk = false;
      // A walk takes a missing file for lost unless its delete was noticed before, so that comes first.
      look(scanWanted);
      if (mustWalk()) {
        look(true);
        walk();
      }
      const times = [batchDueMs(settling, config.settle.batchWindowMs), rewatchAtMs];
      if (uploads && health.watcher === "polling") times.push(engine.now() + config.intervalMs);
      const known = times.filter((time): time is number => time !== null);
      const ms = known.length === 0 ? null : Math.min(...known.map((at) => untilDueMs(at, engine.now())));
      if (engine.suspects.size > 0 || mustWalk()) return;
      await engine.wake.local.wait(ms, signal);
      if (health.watcher === "polling" && !signal.aborted) scanWanted = uploads;
    },
    flush() {
      look(true);
      if (mustWalk()) walk();
    },
    close() {
      watcher?.close();
      watcher = null;
    },
  };
}

/** True for what the daemon itself put there: the file is as the index has it, and nothing of it is on its way. */
function isOwnEcho(engine: Engine, rel: string, stat: FileStat): boolean {
  const path =
    engine.db.remoteOfRel(rel) ?? toRemotePath(engine.config.remoteRoot, rel as RelativeRemotePath);
  const entry = engine.db.get(path);
  if (entry === undefined || entry.rel !== rel || !isClean(entry) || !isTrusted(entry, stat)) return false;
  if (entry.deletePending || entry.missingScans > 0 || engine.removedHere.has(path)) return false;
  return engine.outbox.unsentFor(path) === undefined;
}

/** True when the mirror has more directories than a limit; stops counting there. */
function hasMoreDirectories({ world, mirror, names }: Engine, limit: number): boolean {
  let left = limit;
  const walk = (directory: string, depth: number): boolean =>
    world.fs
      .readDir(directory)
      .some(
        ({ name, kind }) =>
          kind === "directory" &&
          !isPrunedDirectory(name, depth, names) &&
          (--left < 0 || walk(`${directory}/${name}`, depth + 1)),
      );
  return walk(mirror.root, 0);
}

function nothingSettled(rest: Settling): ReturnType<typeof takeSettled> {
  return { paths: [], vanished: new Set(), rest };
}
