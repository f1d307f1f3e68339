/** From a resolved configuration to an engine that may work: root checked, locks held, index open. */

import type { ServiceTarget } from "../client/http.ts";
import { fail, isRelayfileError } from "../errors.ts";
import type { MountConfig } from "./config.ts";
import { type Engine, openEngine } from "./engine.ts";
import { openFlushInbox } from "./flush-signal.ts";
import { foreignWorkspace, prepareRoot } from "./guard.ts";
import { writeAtomic } from "./json-file.ts";
import { artifactStamp, privatePaths, requireStateDir, runtimeLayout } from "./layout.ts";
import { importIndex } from "./legacy-state.ts";
import { lockMount } from "./lock.ts";
import { enterMode } from "./modes.ts";
import { readPublicState } from "./public-state.ts";
import { openRemote } from "./remote.ts";
import type { Lease, MountWorld, StateDatabase } from "./world.ts";

/** An open mount. `close` releases everything; the engine is spent. */
export interface OpenMount {
  readonly engine: Engine;
  /** Directory of this mount's private state. */
  readonly stateDir: string;
  close(): void;
}

/** What an opening may insist on. */
export interface OpenOptions {
  /** Fail where files were mirrored before and their directory was emptied, instead of beginning anew. */
  readonly mustBeWhole?: boolean;
}

/**
 * Opens a mount for work. Fails with `mount_root_broken`, `lock_held`, `state_corrupt` or `usage`; nothing below the
 * root is changed before the root was checked and the locks are held.
 */
export function openMount(
  world: MountWorld,
  config: MountConfig,
  target: ServiceTarget,
  options: OpenOptions = {},
): OpenMount {
  const { fs } = world;
  const { dir: stateDir, database: databaseFile } = privatePaths(config, world.sha256);
  requireStateDir(stateDir, config.localRoot);
  const existed = fs.lstat(databaseFile) !== null;
  if (existed && config.stateFile !== undefined) requireIndex(world, databaseFile);
  fs.makeDir(stateDir, 0o700);
  const known = existed ? knownFiles(world, databaseFile) : 0;
  const { restored } = prepareRoot(world, config, { trackedFiles: known });
  const layout = runtimeLayout(config.localRoot);
  const areaExisted = fs.lstat(layout.area) !== null;
  if (options.mustBeWhole && known > 0 && !areaExisted) {
    fail("mount_root_broken", `${config.localRoot} was emptied: ${known} files were mirrored there before`, {
      root: config.localRoot,
      hint: "Mirror again first: relayfile mount WORKSPACE DIR",
    });
  }
  fs.makeDir(layout.area);
  // Before the lease names this process: whoever reads it may send the signal at once.
  const flushInbox = openFlushInbox(world);
  let lock: Lease;
  try {
    lock = lockMount(world, config);
  } catch (error) {
    flushInbox.close();
    throw error;
  }
  let database: StateDatabase | null = null;
  try {
    const found = readPublicState(fs, layout.state);
    const previous = found.kind === "ok" ? found.state : null;
    const foreign = foreignWorkspace(previous, config.workspaceId);
    if (foreign !== null) {
      fail("usage", `${config.localRoot} mirrors workspace ${foreign}, not ${config.workspaceId}`, {
        hint: "Choose another directory",
      });
    }
    if (found.kind === "damaged") setAside(world, layout.state, found.reason);
    const opened = openIndex(world, databaseFile);
    database = opened;
    const running = `${stateDir}/running`;
    const afterCrash = fs.lstat(running) !== null;
    if (!afterCrash)
      writeAtomic(world, running, new TextEncoder().encode(`${world.host.pid}\n`), { sync: true });
    const engine = openEngine(config, world, {
      database: opened,
      previous,
      afterCrash,
      flushInbox,
      foldsCase: foldsCase(world, layout.area),
      remote: (onRefusedWrite) =>
        openRemote({
          target,
          workspaceId: config.workspaceId,
          clock: world.clock,
          log: world.log,
          sha256: world.sha256,
          timeoutMs: config.outboxTimeoutMs,
          onRefusedWrite,
        }),
    });
    // An index that remembers files and a mirror without its runtime area: the files were removed, not deleted one by one.
    if (restored || (!areaExisted && engine.db.entries.size > 0)) engine.db.forgetAll();
    else importIndex(engine, stateDir, `${config.stateDir}/quarantine`);
    enterMode(engine);
    return {
      engine,
      stateDir,
      close() {
        engine.db.close();
        // Only now everything is on disk; a marker that stays costs one look at everything.
        fs.unlink(running);
        lock.release();
        flushInbox.close();
      },
    };
  } catch (error) {
    database?.close();
    lock.release();
    flushInbox.close();
    throw error;
  }
}

/** An index that was named by hand must be one, or a new file: anything else that is there is somebody's. */
function requireIndex({ fs }: MountWorld, file: string): void {
  const stat = fs.lstat(file);
  const head = stat?.kind === "file" ? new TextDecoder().decode(fs.readFile(file).subarray(0, 15)) : "";
  if (stat?.kind === "file" && (stat.sizeBytes === 0 || head === "SQLite format 3")) return;
  fail("usage", `--state-file ${file} is not an index of this daemon`, {
    hint: "Name a new file; the state of an older daemon is taken over from the mirror itself",
  });
}

/** Opens the index; a damaged one is moved aside and a new one begins with a bootstrap. */
function openIndex(world: MountWorld, file: string): StateDatabase {
  try {
    return world.openDatabase(file);
  } catch (error) {
    if (!isRelayfileError(error, "state_corrupt")) throw error;
    for (const suffix of ["", "-wal", "-shm"]) setAside(world, `${file}${suffix}`, error.message);
    return world.openDatabase(file);
  }
}

function knownFiles(world: MountWorld, file: string): number {
  try {
    const database = world.openDatabase(file);
    try {
      return Number(
        database.sql.all("SELECT count(*) AS n FROM files WHERE revision IS NOT NULL")[0]?.n ?? 0,
      );
    } finally {
      database.close();
    }
  } catch (error) {
    world.log.warn("the index of an earlier mount cannot be read", { file, reason: String(error) });
    return 0;
  }
}

/** Keeps a damaged file for a person to look at. */
function setAside(world: MountWorld, file: string, reason: string): void {
  if (world.fs.lstat(file) === null) return;
  const aside = `${file}.damaged-${artifactStamp(world.clock.now())}`;
  world.fs.rename(file, aside);
  world.log.warn("a damaged state file was moved aside", { file, aside, reason });
}

/** True when the file system below the root does not tell upper from lower case. */
function foldsCase(world: MountWorld, area: string): boolean {
  const own = world.fs.lstat(area);
  const other = world.fs.lstat(area.replace(/\.relay$/, ".RELAY"));
  return own !== null && other !== null && own.inode === other.inode && own.deviceId === other.deviceId;
}
