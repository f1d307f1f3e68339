/** Looks at local paths and turns what changed into durable outbox records or marked deletes. */
import { encodeContent } from "../model/file.ts";
import { ABSENT_REVISION } from "../model/revision.ts";
import { contentTypeOf } from "../sync/content-type.ts";
import { judgeLocal, type LocalVerdict } from "../sync/local-change.ts";
import { type RelativeRemotePath, relativePathProblem } from "../sync/remote-path.ts";
import type { PlacementProblem } from "../sync/safety.ts";
import { upExclusion } from "../sync/uploadable.ts";
import { logDenial } from "./denials.ts";
import { count, type Engine, isWritable, remoteOf } from "./engine.ts";
import { blankEntry, type Entry } from "./entry.ts";
import { timestamp } from "./layout.ts";
import { isTrusted, type LocalState } from "./mirror.ts";
import { mayHaveLanded, type OutboxRecord } from "./outbox.ts";
import { settlePlacing } from "./placing.ts";
import { noteStaying } from "./stays-here.ts";

/** What a look at some paths led to. */
export interface Examined {
  /** Outbox records written. */
  readonly saves: number;
  readonly deletes: number;
  /** Tracked files seen missing for the first time. */
  readonly missed: number;
  /** Paths that were changing while they were read; look again soon. */
  readonly unstable: readonly RelativeRemotePath[];
  /** Paths the system would not let us read; look again later. */
  readonly unreadable: readonly RelativeRemotePath[];
}

/** How many saves are written to the outbox with one sync. */
const SAVES_PER_SYNC = 256;

/**
 * How paths came here: a watcher told of them, a walk over everything met them, or the daemon itself wants to look
 * again. Only the first is a witness of a delete by itself.
 */
export type Trigger = "signal" | "scan" | "suspect";

/**
 * Examines paths. Saves are durable when this returns. Missing paths that must come back are added to `stale`.
 * Oversize, excluded and unreadable files are skipped, never an error for the others.
 */
export function examine(engine: Engine, paths: Iterable<RelativeRemotePath>, trigger: Trigger): Examined {
  const unstable: RelativeRemotePath[] = [];
  const unreadable: RelativeRemotePath[] = [];
  let records: OutboxRecord[] = [];
  let [saves, deletes, missed, restored] = [0, 0, 0, 0];
  const parents = new Set<string>();
  const flush = () => {
    if (records.length === 0) return;
    engine.outbox.add(records);
    saves += records.length;
    records = [];
    // What is recorded is sent, even where the disk fails from here on.
    engine.wake.push.call();
    engine.outbox.archiveReplaced();
  };
  engine.db.transaction(() => {
    // What a failing disk kept the index from hearing was placed by us, not written by a person.
    settlePlacing(engine);
    for (const rel of paths) {
      if (relativePathProblem(rel) !== null) continue;
      const path = remoteOf(engine, rel);
      let entry = engine.db.get(path);
      const local = lookAt(engine, rel, entry, parents);
      if (local === null) {
        unstable.push(rel);
        continue;
      }
      if (local === "unreadable") {
        unreadable.push(rel);
        continue;
      }
      if (local.kind === "file") {
        engine.removedHere.delete(path);
        engine.seenToGo.delete(path);
      } else if (
        trigger === "suspect" &&
        local !== REPLACED &&
        !engine.seenToGo.has(path) &&
        engine.health.watcher === "polling"
      ) {
        // Nobody watches, so the walks decide about what is missing.
        continue;
      }
      entry = arrived(engine, entry, local);
      // What stands in a file's place is a witness of its delete as good as a watcher.
      const witnessed = local === REPLACED ? "signal" : trigger;
      const verdict = judge(engine, { rel, path, entry, local, trigger: witnessed });
      noteStaying(engine, rel, local, verdict.kind === "oversize");
      if (verdict.kind === "save" && local.kind === "file") {
        const record = recordFor(engine, rel, path, entry, local.hash);
        if (record === null) unstable.push(rel);
        else records.push(record);
        if (entry?.deletePending) takeBackDelete(engine, path);
      } else if (verdict.kind === "delete" && engine.removedHere.has(path)) {
        engine.stale.add(path);
      } else if (verdict.kind === "delete") {
        deletes += markDeleted(engine, path) ? 1 : 0;
      } else {
        missed += verdict.kind === "missed" ? 1 : 0;
        restored += verdict.kind === "restore" && local.kind === "absent" ? 1 : 0;
        if (trigger === "signal" && local.kind === "absent" && engine.outbox.unsentFor(path) !== undefined)
          engine.seenToGo.add(path);
        note(engine, { rel, path, entry, local, verdict });
        // What was passed over because of a save that is not on its way any more can be read now.
        if (
          engine.passedOver.has(path) &&
          engine.outbox.unsentFor(path) === undefined &&
          !isRefused(entry, local)
        )
          engine.stale.add(path);
      }
      if (records.length >= SAVES_PER_SYNC) flush();
    }
  });
  flush();
  if (restored > 0)
    engine.world.log.info("files that went without anybody seeing it come back from the server", {
      files: restored,
    });
  if (saves > 0 || deletes > 0) {
    engine.wake.push.call();
    engine.wake.state.call();
  }
  if (engine.stale.size > 0) engine.wake.pull.call();
  return { saves, deletes, missed, unstable, unreadable };
}

/** A directory in place of a file, or a file above it: somebody replaced it. A link may lead to it, so that says nothing. */
const REPLACING: ReadonlySet<PlacementProblem> = new Set(["target_directory", "parent_not_directory"]);
const REPLACED: LocalState = { kind: "absent" };

function lookAt(
  engine: Engine,
  rel: RelativeRemotePath,
  entry: Entry | undefined,
  parents: Set<string>,
): LocalState | "unreadable" | null {
  try {
    const local = engine.mirror.inspect(rel, entry, parents);
    return local?.kind === "blocked" && REPLACING.has(local.problem) ? REPLACED : local;
  } catch (error) {
    engine.world.log.warn("local file cannot be read", { path: rel, reason: String(error) });
    return "unreadable";
  }
}

interface Look {
  readonly rel: RelativeRemotePath;
  readonly path: string;
  readonly entry: Entry | undefined;
  readonly local: LocalState;
}

function judge(engine: Engine, { rel, path, entry, local, trigger }: Look & { trigger: Trigger }) {
  const pending = engine.outbox.unsentFor(path);
  const tracked = entry !== undefined && entry.revision !== null && !entry.unplaced;
  return judgeLocal({
    local: local.kind === "file" ? { hash: local.hash, sizeBytes: local.stat.sizeBytes } : local.kind,
    tracked,
    baseHash: entry?.hash ?? "",
    pendingHash: pending?.record.hash ?? null,
    pendingMayHaveLanded: pending !== undefined && (mayHaveLanded(pending) || engine.inFlight.has(path)),
    refusedHash: entry?.refusedHash ?? "",
    deletePending: entry?.deletePending ?? false,
    writable: isWritable(engine, path) || (entry?.writeDenied === true && local.kind === "file" && !tracked),
    readDenied: entry?.readDenied ?? false,
    excluded: upExclusion(rel, tracked, engine.names) !== null,
    bytesMax: engine.config.writebackBytesMax,
    trigger: trigger === "signal" || engine.seenToGo.has(path) ? "signal" : "scan",
    polling: engine.health.watcher === "polling" && !engine.firstWalk.isNext,
    missingScans: entry?.missingScans ?? 0,
  });
}

/** Notes what was seen for every verdict that is neither a save nor a delete. */
function note(engine: Engine, { rel, path, entry, local, verdict }: Look & { verdict: LocalVerdict }): void {
  switch (verdict.kind) {
    case "clean": {
      if (verdict.cancelPending) {
        const pending = engine.outbox.unsentFor(path);
        if (pending) engine.outbox.ack(pending.record.commandId, "superseded_by_base_content");
      }
      if (local.kind !== "file" || entry === undefined) return;
      const same =
        entry.seenHash === local.hash &&
        entry.mtimeMs === local.stat.mtimeMs &&
        entry.ctimeMs === local.stat.ctimeMs &&
        entry.inode === local.stat.inode;
      const settled = same && isTrusted(entry, local.stat);
      if (settled && !entry.deletePending && entry.missingScans === 0) return;
      engine.db.put({
        ...entry,
        ...engine.mirror.seen(local.stat, local.hash),
        deletePending: false,
        missingScans: 0,
      });
      engine.deletedAtMs.delete(path);
      return;
    }
    case "oversize":
      if (local.kind !== "file" || entry?.refusedHash === local.hash) return;
      count(engine, "skippedOversizeWriteback");
      engine.world.log.warn("file is larger than the upload limit and stays local", {
        path,
        bytes: local.stat.sizeBytes,
        limit: engine.config.writebackBytesMax,
      });
      engine.db.put({ ...(entry ?? blankEntry(path, rel)), refusedHash: local.hash });
      return;
    case "missed":
      engine.db.patch(path, { missingScans: (entry?.missingScans ?? 0) + 1 });
      return;
    case "restore":
      if (!isWritable(engine, path)) {
        const what = local.kind === "file" ? "changed" : "deleted";
        logDenial(engine, "WRITE_REVERTED", path, `${what} here, but the path may not be written`);
      }
      // Until it is back its absence is nobody's delete, however often it is looked for.
      if (local.kind === "absent") engine.removedHere.add(path);
      engine.stale.add(path);
      return;
    case "cancel": {
      const pending = engine.outbox.unsentFor(path);
      if (pending) engine.outbox.ack(pending.record.commandId, "canceled_by_local_delete");
      return;
    }
    default:
      return;
  }
}

/** A file that was placed just before a crash is as agreed; other bytes at its path are somebody's own. */
function arrived(engine: Engine, entry: Entry | undefined, local: LocalState): Entry | undefined {
  if (!entry?.unplaced || local.kind !== "file" || local.hash !== entry.hash) return entry;
  engine.db.put({ ...entry, ...engine.mirror.seen(local.stat, local.hash), unplaced: false });
  return engine.db.get(entry.remotePath);
}

/** True when the local bytes are the ones the server refused: then they stay, whatever the server has. */
function isRefused(entry: Entry | undefined, local: LocalState): boolean {
  return local.kind === "file" && entry?.refusedHash === local.hash;
}

/** Marks a confirmed file as deleted here; the push lane decides when, and whether, the server hears of it. */
function markDeleted(engine: Engine, path: string): boolean {
  const pending = engine.outbox.unsentFor(path);
  if (pending !== undefined && !mayHaveLanded(pending))
    engine.outbox.ack(pending.record.commandId, "superseded_by_local_delete");
  if (!engine.deletedAtMs.has(path)) engine.deletedAtMs.set(path, engine.now());
  if (engine.db.get(path)?.deletePending) return false;
  engine.db.patch(path, { deletePending: true });
  return true;
}

/** The file is there again: it was not deleted after all. */
function takeBackDelete(engine: Engine, path: string): void {
  engine.db.patch(path, { deletePending: false, missingScans: 0 });
  engine.deletedAtMs.delete(path);
}

/** The outbox record of a save; null when the file changed again since it was judged. */
function recordFor(
  engine: Engine,
  rel: RelativeRemotePath,
  path: string,
  entry: Entry | undefined,
  hash: string,
): OutboxRecord | null {
  const read = engine.mirror.read(rel);
  if (read === null || engine.world.sha256(read.bytes) !== hash) return null;
  const pending = engine.outbox.unsentFor(path);
  const inFlight = engine.inFlight.has(path);
  // A save under way ends first; afterwards the path is looked at again.
  if (inFlight) return null;
  // Nobody edits what nobody here has seen.
  const base = entry?.unplaced ? null : (entry?.revision ?? null);
  const sent = pending !== undefined && !pending.neverSent;
  const supersedes = [...(pending?.record.supersedes ?? []), ...(sent ? [pending.record.hash] : [])];
  return newRecord(engine, {
    rel,
    path,
    bytes: read.bytes,
    hash,
    exists: base !== null,
    expectedRevision: pending?.record.expectedRevision ?? base ?? ABSENT_REVISION,
    supersedes,
  });
}

/** Builds a record for one save; the command id is stable for its life. */
export function newRecord(
  engine: Engine,
  save: {
    rel: RelativeRemotePath;
    path: string;
    bytes: Uint8Array;
    hash: string;
    exists: boolean;
    expectedRevision: string;
    supersedes?: readonly string[];
    commandId?: string;
    retryOf?: string;
  },
): OutboxRecord {
  const firstSeenAt = timestamp(engine.outbox.saveTimeMs());
  const { workspaceId } = engine.config;
  const seed = [workspaceId, save.path, save.hash, firstSeenAt, save.expectedRevision].join("\0");
  const commandId = save.commandId ?? `mountcmd_${engine.world.sha256(seed).slice(0, 32)}`;
  const { content, encoding } = encodeContent(save.bytes);
  return {
    commandId,
    workspaceId,
    remotePath: save.path,
    contentType: contentTypeOf(save.path),
    content,
    ...(encoding === undefined ? {} : { encoding }),
    hash: save.hash,
    exists: save.exists,
    status: "pending",
    firstSeenAt,
    attemptCount: 0,
    correlationId: commandId,
    localRelativePath: save.rel,
    expectedRevision: save.expectedRevision,
    ...(save.supersedes?.length ? { supersedes: [...save.supersedes] } : {}),
    ...(save.retryOf === undefined ? {} : { retryOf: save.retryOf }),
  };
}
