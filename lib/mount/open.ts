/** From a resolved configuration to an engine that may work: root checked, locks held, index open. */

import type { ServiceTarget } from "../client/http.ts";
import { fail, isRelayfileError, messageOf } from "../errors.ts";
import { clearArea, clearState, setAside } from "./area.ts";
import type { MountConfig } from "./config.ts";
import { type Engine, openEngine } from "./engine.ts";
import { openFlushInbox } from "./flush-signal.ts";
import { foreignWorkspace, prepareRoot } from "./guard.ts";
import { writeAtomic } from "./json-file.ts";
import { privatePaths, requireStateDir, runtimeLayout } from "./layout.ts";
import { importIndex } from "./legacy-state.ts";
import { lockMount } from "./lock.ts";
import { enterMode } from "./modes.ts";
import { settlePlacing } from "./placing.ts";
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
  if (config.stateFile === undefined) clearState(world, stateDir, databaseFile);
  const existed = fs.lstat(databaseFile) !== null;
  if (existed && config.stateFile !== undefined) requireIndex(world, databaseFile);
  fs.makeDir(stateDir, 0o700);
  const known = existed ? knownFiles(world, databaseFile) : 0;
  const { restored } = prepareRoot(world, config, { trackedFiles: known });
  const layout = runtimeLayout(config.localRoot);
  const areaExisted = hasHistory(world, layout.area);
  if (options.mustBeWhole && known > 0 && !areaExisted) {
    fail("mount_root_broken", `${config.localRoot} was emptied: ${known} files were mirrored there before`, {
      root: config.localRoot,
      hint: "Mirror again first: relayfile mount WORKSPACE DIR",
    });
  }
  clearArea(world, layout);
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
  const held: { database: StateDatabase | null } = { database: null };
  try {
    const found = readPublicState(fs, layout.state);
    const previous = found.kind === "ok" ? found.state : null;
    const foreign = foreignWorkspace(previous, config.workspaceId);
    if (foreign !== null) {
      fail("usage", `${config.localRoot} mirrors workspace ${foreign}, not ${config.workspaceId}`, {
        hint: "Choose another directory",
      });
    }
    const mirrored = previous?.remoteRoot;
    if (mirrored !== undefined && mirrored !== config.remoteRoot) {
      // Under another remote path every file here would be new there.
      fail("usage", `${config.localRoot} mirrors ${mirrored}, not ${config.remoteRoot}`, {
        hint: `Repeat with --remote-path ${mirrored}, or choose another directory`,
      });
    }
    if (found.kind === "damaged") setAside(world, layout.state, found.reason);
    const running = `${stateDir}/running`;
    const afterCrash = fs.lstat(running) !== null;
    if (!afterCrash)
      writeAtomic(world, running, new TextEncoder().encode(`${world.host.pid}\n`), { sync: true });
    const build = (opened: StateDatabase) => {
      held.database = opened;
      return openEngine(config, world, {
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
    };
    const engine = withIndex(world, databaseFile, build);
    // An index that remembers files and a mirror without its runtime area: the files were removed, not deleted one by one.
    if (restored || (!areaExisted && engine.db.entries.size > 0)) engine.db.forgetAll();
    else importIndex(engine, stateDir, `${config.stateDir}/quarantine`);
    settlePlacing(engine);
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
    closeDamaged(held.database);
    lock.release();
    flushInbox.close();
    throw error;
  }
}

/** Files mirrored by the last mount of this root, as its index remembers; 0 without one. */
export function mirroredBefore(world: MountWorld, config: MountConfig): number {
  const { database } = privatePaths(config, world.sha256);
  return world.fs.lstat(database) === null ? 0 : knownFiles(world, database);
}

/**
 * True when a runtime area was left by a mount that worked. What a start in the background makes before the daemon runs,
 * its pid record and its log, says nothing: a mirror that was removed would look like one whose files were deleted.
 */
function hasHistory({ fs }: MountWorld, area: string): boolean {
  const kind = fs.lstat(area)?.kind;
  if (kind !== "directory") return kind !== undefined;
  return fs.readDir(area).some(({ name }) => !/^mount\.(pid|log)/.test(name));
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

/** Opens the index for `use`; one that is damaged anywhere is moved aside and a new one begins with a bootstrap. */
function withIndex<T>(world: MountWorld, file: string, use: (database: StateDatabase) => T): T {
  let opened: StateDatabase | null = null;
  try {
    opened = world.openDatabase(file);
    return use(opened);
  } catch (error) {
    const code = String((error as { code?: unknown }).code);
    if (!isRelayfileError(error, "state_corrupt") && !/^SQLITE_(CORRUPT|NOTADB)/.test(code)) throw error;
    closeDamaged(opened);
    for (const suffix of ["", "-wal", "-shm"]) setAside(world, `${file}${suffix}`, messageOf(error));
    return use(world.openDatabase(file));
  }
}

function closeDamaged(database: StateDatabase | null): void {
  try {
    database?.close();
  } catch {
    // Closed already, or it cannot be checkpointed any more; the file is kept as it is.
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

/** True when the file system below the root does not tell upper from lower case. */
function foldsCase(world: MountWorld, area: string): boolean {
  const own = world.fs.lstat(area);
  const other = world.fs.lstat(area.replace(/\.relay$/, ".RELAY"));
  return own !== null && other !== null && own.inode === other.inode && own.deviceId === other.deviceId;
}
