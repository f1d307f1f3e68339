/** The local lane: watcher events settle into batches, scans fill in where nobody watched (spec mount-daemon 2.8). */
import { messageOf } from "../errors.ts";
import type { Watcher } from "../ports.ts";
import { type RelativeRemotePath, relativePathProblem } from "../sync/remote-path.ts";
import { nextDueMs, onSignal, SETTLED, type Settling, takeSettled } from "../sync/settle.ts";
import { isPrunedDirectory } from "../sync/uploadable.ts";
import type { Engine } from "./engine.ts";
import { examine } from "./examine.ts";
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

/** How soon a file that was changing while read is looked at again, and a lost watcher is started again. */
const UNSTABLE_MS = 100;
const REWATCH_MS = 5_000;

/** Starts watching, unless the mode never uploads. */
export function startLocal(engine: Engine): LocalLane {
  const { config, health, world } = engine;
  let settling: Settling = SETTLED;
  let watcher: Watcher | null = null;
  let scanWanted = false;
  let rewatchAtMs: number | null = null;
  const uploads = config.syncMode !== "pull-only";

  const startWatch = () => {
    rewatchAtMs = null;
    try {
      watcher = world.watch(config.localRoot, { onChange, onError });
      health.watcher = "watching";
    } catch (error) {
      onError(error instanceof Error ? error : new Error(String(error)));
    }
  };
  const onError = (error: Error) => {
    watcher?.close();
    watcher = null;
    health.watcher = "polling";
    scanWanted = true;
    rewatchAtMs = engine.now() + REWATCH_MS;
    world.log.warn("watching failed; scanning instead", { reason: messageOf(error) });
    engine.wake.local.call();
    engine.wake.state.call();
  };
  const onChange = (rel: string | null, kind?: "rename" | "change") => {
    if (rel === null) {
      scanWanted = true;
    } else {
      const top = rel.split("/", 1)[0] ?? "";
      if (isPrunedDirectory(top, 0, engine.names)) return;
      const gone = world.fs.lstat(`${config.localRoot}/${rel}`) === null;
      const before = nextDueMs(settling);
      settling = onSignal(
        settling,
        { path: rel, kind: kind ?? "change", gone, atMs: engine.now() },
        config.settle,
      );
      const after = nextDueMs(settling);
      if (before !== null && after !== null && after >= before) return;
    }
    engine.wake.local.call();
  };

  const take = (flush: boolean): RelativeRemotePath[] => {
    const settled = takeSettled(settling, engine.now(), flush);
    settling = settled.rest;
    const paths = new Set<RelativeRemotePath>(engine.suspects);
    engine.suspects.clear();
    for (const path of settled.paths) for (const rel of expand(engine, path)) paths.add(rel);
    return [...paths];
  };
  const look = (paths: readonly RelativeRemotePath[]) => {
    if (!uploads || paths.length === 0) return;
    for (const rel of examine(engine, paths, "signal").unstable) revisit(rel);
  };
  const revisit = (rel: RelativeRemotePath) => {
    const bursts = new Map(settling.bursts);
    bursts.set(rel, { path: rel, dueMs: engine.now() + UNSTABLE_MS, committed: false });
    settling = { ...settling, bursts };
  };

  if (uploads) startWatch();
  return {
    requestScan() {
      scanWanted = true;
      engine.wake.local.call();
    },
    async round(signal) {
      if (rewatchAtMs !== null && engine.now() >= rewatchAtMs && uploads) startWatch();
      look(take(false));
      if (scanWanted && uploads) {
        scanWanted = false;
        for (const rel of scan(engine).unstable) revisit(rel);
      }
      const due = nextDueMs(settling);
      const times = [due === null ? null : due + config.settle.batchWindowMs, rewatchAtMs];
      if (uploads && health.watcher === "polling") times.push(engine.now() + config.intervalMs);
      const known = times.filter((time): time is number => time !== null);
      const ms = known.length === 0 ? null : Math.max(0, Math.min(...known) - engine.now());
      if (engine.suspects.size > 0 || scanWanted) return;
      await engine.wake.local.wait(ms, signal);
      if (health.watcher === "polling" && !signal.aborted) scanWanted = uploads;
    },
    flush() {
      look(take(true));
      if (scanWanted && uploads) scan(engine);
    },
    close() {
      watcher?.close();
      watcher = null;
    },
  };
}

/** The files an event may be about: the path itself, or everything below a directory that came or went. */
function expand(engine: Engine, path: string): RelativeRemotePath[] {
  if (relativePathProblem(path) !== null) return [];
  const { fs } = engine.world;
  const stat = fs.lstat(`${engine.config.localRoot}/${path}`);
  if (stat?.kind === "directory") {
    const found: RelativeRemotePath[] = [];
    const walk = (rel: string) => {
      for (const { name, kind } of fs.readDir(`${engine.config.localRoot}/${rel}`)) {
        const child = `${rel}/${name}`;
        if (kind === "directory") {
          if (!isPrunedDirectory(name, child.split("/").length - 1, engine.names)) walk(child);
        } else if (kind === "file") found.push(child as RelativeRemotePath);
      }
    };
    walk(path);
    return found;
  }
  const own = path as RelativeRemotePath;
  if (stat !== null || engine.db.remoteOfRel(path) !== null) return [own];
  const prefix = `${path}/`;
  const below = [...engine.db.entries.values()].filter((entry) => entry.rel.startsWith(prefix));
  return below.length === 0 ? [own] : below.map((entry) => entry.rel as RelativeRemotePath);
}
