/**
 * Everything the lanes share about one mount. The lanes are plain functions over this object; none holds state of its
 * own that another needs.
 */
import type { MountState } from "../model/mount-state.ts";
import { circuitFailed, circuitSucceeded } from "../sync/backoff.ts";
import { localRelOf } from "../sync/names.ts";
import { belowRemoteRoot, type Mapped, type RelativeRemotePath, toRemotePath } from "../sync/remote-path.ts";
import { mayWrite } from "../sync/scopes.ts";
import { downExclusion, type MountNames } from "../sync/uploadable.ts";
import type { MountConfig } from "./config.ts";
import type { FlushInbox } from "./flush-signal.ts";
import { type Counter, type Health, type LastError, newHealth } from "./health.ts";
import { type RuntimeLayout, runtimeLayout } from "./layout.ts";
import { type Mirror, openMirror } from "./mirror.ts";
import { type MountNews, silentNews } from "./news.ts";
import { type Outbox, openOutbox } from "./outbox.ts";
import type { Remote } from "./remote.ts";
import type { StageContext } from "./stage.ts";
import { openStateDb, type StateDb } from "./state-db.ts";
import { Wake } from "./wake.ts";
import type { MountWorld, StateDatabase } from "./world.ts";

/** One mount at work. */
export interface Engine {
  readonly config: MountConfig;
  readonly world: MountWorld;
  readonly layout: RuntimeLayout;
  readonly names: MountNames;
  readonly db: StateDb;
  readonly mirror: Mirror;
  readonly outbox: Outbox;
  readonly remote: Remote;
  readonly health: Health;
  /** Told what happens; silent unless a command listens. */
  readonly news: MountNews;
  readonly wake: { readonly [K in "local" | "push" | "pull" | "receipts" | "state"]: Wake };
  /** Local paths that must be looked at again, whatever the watcher says. */
  readonly suspects: Set<RelativeRemotePath>;
  /** Remote paths that must be read again. */
  readonly stale: Set<string>;
  /** Paths whose remote change was not applied because a save was on its way; read again when it has arrived. */
  readonly passedOver: Set<string>;
  /**
   * What is to be done at the next occasion: look at everything on the server; read the feed, whatever comes live; wait
   * for the runtime area to come back; walk the disk.
   */
  readonly wanted: { audit: boolean; poll: boolean; area: boolean; walk: boolean };
  /** Polls in a row that found nothing new. */
  readonly polls: { quiet: number };
  /** Paths whose local file the daemon itself removed, until the index knows: not a person's delete. */
  readonly removedHere: Set<string>;
  /**
   * True while a daemon has not walked the disk yet. What is missing then went while nobody ran: no delete, whether
   * somebody watches now or not.
   */
  readonly firstWalk: { isNext: boolean };
  /** Paths seen to go while their first save was under way: a person's delete once the server has the file. */
  readonly seenToGo: Set<string>;
  /** Paths with a request under way; nothing else may send for them. */
  readonly inFlight: Set<string>;
  /** When a local delete was first seen, by remote path, in ms. */
  readonly deletedAtMs: Map<string, number>;
  /** Rounds that other processes ask for by signal. */
  readonly flushInbox: FlushInbox;
  /** Who owns a local name on a disk that folds case, by its lower-case form. */
  readonly claims: Map<string, { readonly remotePath: string; readonly atMs: number }>;
  now(): number;
}

/** Builds the engine of a mount over its open index. The runtime area must exist. */
export function openEngine(
  config: MountConfig,
  world: MountWorld,
  parts: {
    database: StateDatabase;
    previous: MountState | null;
    remote(onRefusedWrite: () => void): Remote;
    foldsCase: boolean;
    afterCrash: boolean;
    flushInbox: FlushInbox;
  },
): Engine {
  const layout = runtimeLayout(config.localRoot);
  const now = () => world.clock.now();
  const health = newHealth(parts.previous);
  const rootName = config.localRoot.slice(config.localRoot.lastIndexOf("/") + 1);
  const db = openStateDb(parts.database);
  const outbox = openOutbox({ fs: world.fs, random: world.random, now }, layout);
  const stateWake = new Wake(world.clock);
  return {
    config,
    world,
    layout,
    names: { remoteRoot: config.remoteRoot, rootName, foldsCase: parts.foldsCase },
    db,
    mirror: openMirror(config.localRoot, world.fs, world.sha256, now),
    outbox,
    remote: parts.remote(() => {
      health.failedWritebacks++;
      stateWake.call();
    }),
    health,
    news: silentNews(),
    wake: {
      local: new Wake(world.clock),
      push: new Wake(world.clock),
      pull: new Wake(world.clock),
      receipts: new Wake(world.clock),
      state: stateWake,
    },
    suspects: new Set(),
    stale: new Set(
      db
        .flagged()
        .filter((entry) => entry.unverified)
        .map((entry) => entry.remotePath),
    ),
    passedOver: new Set(),
    // The last moments of a process that died may be missing in the index, and what was passed over for a save is only
    // known by the process that did.
    wanted: {
      audit: parts.afterCrash || config.fullReconcile || outbox.pending.size > 0,
      poll: false,
      area: false,
      walk: false,
    },
    polls: { quiet: 0 },
    removedHere: new Set(),
    firstWalk: { isNext: false },
    seenToGo: new Set(),
    inFlight: new Set(),
    deletedAtMs: new Map(),
    flushInbox: parts.flushInbox,
    claims: new Map(),
    now,
  };
}

/** The local path of a remote one, or why it has none. Counts refused root targets. */
export function localOf(engine: Engine, remotePath: string): Mapped {
  const known = engine.db.get(remotePath);
  if (known !== undefined) return { rel: known.rel as RelativeRemotePath };
  const mapped = belowRemoteRoot(engine.config.remoteRoot, engine.names.rootName, remotePath);
  if ("problem" in mapped) {
    if (mapped.problem.includes("mount root")) count(engine, "deniedRootTarget");
    return mapped;
  }
  const excluded = downExclusion(mapped.rel, engine.names);
  if (excluded !== null) return { problem: `reserved name (${excluded})`, excluded: true };
  const rel = localRelOf(mapped.rel, engine.world.sha256);
  const owner = ownerOf(engine, rel);
  if (owner !== null && owner !== remotePath)
    return { problem: `local name is taken by ${owner}`, taken: true };
  return engine.names.foldsCase ? claimFolded(engine, rel, remotePath) : { rel };
}

/** The known remote path of a local name: one whose long name was shortened to it, or the one that is named so (P10). */
function ownerOf(engine: Engine, rel: RelativeRemotePath): string | null {
  const shortened = engine.db.remoteOfRel(rel);
  if (shortened !== null) return shortened;
  const literal = toRemotePath(engine.config.remoteRoot, rel);
  return engine.db.get(literal)?.rel === rel ? literal : null;
}

/** How long a path that is about to be placed holds its folded name without being in the index. */
const CLAIM_MS = 60_000;

/** Where names fold case, the first of several spellings owns the local name; the others have none (P15). */
function claimFolded(engine: Engine, rel: RelativeRemotePath, remotePath: string): Mapped {
  const { claims, db } = engine;
  if (claims.size === 0) {
    for (const entry of db.entries.values())
      claims.set(entry.rel.toLowerCase(), { remotePath: entry.remotePath, atMs: 0 });
  }
  const folded = rel.toLowerCase();
  const owner = claims.get(folded);
  const isHeld =
    owner !== undefined &&
    (db.get(owner.remotePath) !== undefined || Math.abs(engine.now() - owner.atMs) < CLAIM_MS);
  if (isHeld && owner.remotePath !== remotePath)
    return { problem: `this disk does not tell its name from that of ${owner.remotePath}`, taken: true };
  claims.set(folded, { remotePath, atMs: engine.now() });
  return { rel };
}

/** The remote path that a local path stands for. */
export function remoteOf(engine: Engine, rel: RelativeRemotePath): string {
  return engine.db.remoteOfRel(rel) ?? toRemotePath(engine.config.remoteRoot, rel);
}

/** True when local edits of the path may be sent as far as we can tell. */
export function isWritable(engine: Engine, remotePath: string): boolean {
  if (engine.config.syncMode === "pull-only") return false;
  if (engine.db.get(remotePath)?.writeDenied === true) return false;
  return mayWrite(engine.config.scopes, remotePath) !== false;
}

/** Mode of a mirrored file. */
export function modeOf(engine: Engine, remotePath: string): number {
  return isWritable(engine, remotePath) ? 0o644 : 0o444;
}

/** Raises a lifetime counter. */
export function count(engine: Engine, counter: Counter): void {
  engine.health.counters[counter]++;
  engine.wake.state.call();
}

/** Remembers what went wrong last; shown until the next success of the same lane. */
export function noteError(engine: Engine, error: Omit<LastError, "atMs">): void {
  engine.health.lastError = { ...error, atMs: engine.now() };
  engine.wake.state.call();
}

/** Tells the breaker how a request ended: `status` null means no answer. */
export function noteAnswer(engine: Engine, status: number | null, counts: boolean): void {
  const before = engine.health.circuit;
  engine.health.circuit = counts
    ? circuitFailed(before, engine.now(), engine.config.circuit)
    : circuitSucceeded(before, engine.now(), engine.config.circuit);
  if (engine.health.circuit.openEvents > before.openEvents) {
    engine.health.counters.circuitOpenEvents = engine.health.circuit.openEvents;
    engine.world.log.warn("circuit opened: uploads and deletes wait, reads go on", { status });
  }
  if (before !== engine.health.circuit) engine.wake.state.call();
}

/** The one request of a half-open circuit is over. When it never left, because the disk failed first, another may. */
export function endProbe(engine: Engine): void {
  const { circuit } = engine.health;
  if (circuit.probing) engine.health.circuit = { ...circuit, probing: false };
}

/** What staging needs of an engine. */
export function stageContext(engine: Engine): StageContext {
  const { fs, sha256 } = engine.world;
  return { fs, sha256, mirror: engine.mirror, layout: engine.layout, now: engine.now };
}
