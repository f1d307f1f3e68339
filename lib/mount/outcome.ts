/** What the answer to an upload does to its record, its file and the index (spec mount-daemon 3.3). */

import { FILE_API } from "../limits.ts";
import { retryDelayMs } from "../sync/backoff.ts";
import { classifyFileError, classifyRequest, statusOfFileCode } from "../sync/classify.ts";
import { isTextType } from "../sync/content-type.ts";
import type { RelativeRemotePath } from "../sync/remote-path.ts";
import { invalidArtifact, resolveConflicts } from "./conflicts.ts";
import { causeCode, readDeadLetter, removeDeadLetter, writeDeadLetter } from "./dead-letter.ts";
import { logDenial } from "./denials.ts";
import { type Engine, noteError } from "./engine.ts";
import { blankEntry } from "./entry.ts";
import { secondsTimestamp, timestamp } from "./layout.ts";
import { isExhausted, type Pending } from "./outbox.ts";
import { parentDirectory, sameFile } from "./stage.ts";

/** Why one upload did not arrive. */
export interface Refusal {
  /** HTTP status, that of the per-file code, or null when no answer came. */
  readonly status: number | null;
  readonly code: string;
  readonly message: string;
  readonly body: string;
  /** Operation id named by the server, or null. */
  readonly opId: string | null;
  readonly retryAfterMs: number | null;
}

/** The server has the bytes: the path is clean at the new revision, and the receipt is awaited. */
export function accepted(
  engine: Engine,
  item: Pending,
  result: { readonly revision: string; readonly opId: string | null; readonly opDone: boolean },
): void {
  const { record } = item;
  const path = record.remotePath;
  const rel = (record.localRelativePath ?? engine.db.get(path)?.rel ?? path.slice(1)) as RelativeRemotePath;
  const before = engine.db.get(path) ?? blankEntry(path, rel);
  // A reply that came late, or a remote change that was passed over: what the server has now must be read.
  const unverified = engine.passedOver.delete(path) || item.inherited || record.attemptCount > 0;
  engine.db.put({
    ...before,
    unverified,
    revision: result.revision,
    hash: record.hash,
    contentType: record.contentType,
    readDenied: false,
    writeDenied: false,
    refusedHash: "",
    missingScans: 0,
  });
  keepMergeBase(engine, item, result.revision);
  engine.news.path({ what: "sent", path, revision: result.revision });
  trace(engine, "upload", Date.parse(record.firstSeenAt));
  engine.health.lastSuccessAtMs = engine.now();
  resolveConflicts(engine, rel);
  clearDeadLetter(engine, record.commandId);
  if (unverified) {
    engine.stale.add(path);
    engine.wake.pull.call();
  }
  // The file may have changed while its save was under way; it is looked at again either way.
  engine.suspects.add(rel);
  engine.wake.local.call();
  if (result.opId === null || result.opDone) settled(engine, item, result.opId);
  else {
    engine.outbox.update(record.commandId, {
      opId: result.opId,
      dispatchStatus: "pending",
      revision: result.revision,
      needsAttention: undefined,
      lastError: undefined,
    });
    engine.wake.receipts.call();
  }
}

/** How long one step of a change took, where that was asked for. */
export function trace(engine: Engine, stage: "upload" | "remote_event", startedAtMs: number): void {
  if (!engine.config.latencyTrace || Number.isNaN(startedAtMs)) return;
  engine.world.log.info("mount_latency", { stage, elapsed_ms: Math.max(0, engine.now() - startedAtMs) });
}

/** The bytes the server now holds are the base of the next edit of the same file. */
function keepMergeBase(engine: Engine, { record }: Pending, revision: string): void {
  if (!isTextType(record.contentType) || record.encoding !== undefined) return;
  const content = engine.outbox.content(record.commandId);
  if (content === null || content.length > FILE_API.mergeBytesMax) return;
  engine.db.keepBase(record.remotePath, revision, new TextEncoder().encode(content), engine.now());
}

/** The operation behind an accepted upload succeeded: nothing is left to do. */
export function settled(engine: Engine, item: Pending, opId: string | null): void {
  const { record } = item;
  engine.outbox.ack(record.commandId, "succeeded");
  clearDeadLetter(engine, record.commandId);
  if (opId !== null) clearDeadLetter(engine, opId);
  if (record.retryOf !== undefined) clearDeadLetter(engine, record.retryOf);
  const retried = /^(.*)#\d+$/.exec(record.commandId)?.[1];
  if (retried !== undefined) engine.outbox.resolveFailed(retried);
  dropObsolete(engine, record);
  engine.wake.state.call();
}

/** Spends an attempt and plans the next; after five a person is told, but trying goes on (class Retry). */
export function retryLater(engine: Engine, item: Pending, refusal: Refusal): void {
  const { record } = item;
  const attemptCount = record.attemptCount + 1;
  const dueMs = engine.now() + retryDelayMs(attemptCount, refusal.retryAfterMs);
  const exhausted = isExhausted(attemptCount);
  engine.outbox.update(
    record.commandId,
    {
      attemptCount,
      lastAttemptAt: timestamp(engine.now()),
      lastError: `${refusal.status ?? "network"}: ${refusal.message}`,
      ...(exhausted ? { needsAttention: true } : {}),
    },
    dueMs,
  );
  if (exhausted) {
    engine.outbox.markAttention(record.commandId);
    // No answer at all is an outage, not a rejection: it is shown as attention, never as a dead letter.
    if (refusal.status !== null) deadLetter(engine, item, refusal, attemptCount);
  }
  noteError(engine, {
    kind: "offline",
    ...(refusal.status === null ? {} : { statusCode: refusal.status }),
    code: refusal.code,
    message: refusal.message,
  });
}

/** A save ended without arriving: what the server has now, and was passed over meanwhile, is read. */
export function readPassedOver(engine: Engine, path: string): void {
  if (!engine.passedOver.delete(path)) return;
  engine.stale.add(path);
  engine.wake.pull.call();
}

/** The server will never take these bytes: dead letter, local file stays, not sent again until it changes. */
export function refuse(engine: Engine, item: Pending, refusal: Refusal): void {
  const { record } = item;
  const attempts = record.attemptCount + 1;
  deadLetter(engine, item, refusal, attempts);
  rememberRefused(engine, item);
  engine.outbox.update(record.commandId, { attemptCount: attempts, lastAttemptAt: timestamp(engine.now()) });
  engine.outbox.fail(record.commandId, `${refusal.status}: ${refusal.message}`, true);
  readPassedOver(engine, record.remotePath);
  noteError(engine, {
    kind: "http",
    ...(refusal.status === null ? {} : { statusCode: refusal.status }),
    code: refusal.code,
    message: `${record.remotePath}: ${refusal.message}`,
  });
}

/** The server forbids writing the path: a new file stays as it is, a known one gets the server's bytes back. */
export function deny(engine: Engine, item: Pending, refusal: Refusal): void {
  const { record } = item;
  const entry = rememberRefused(engine, item);
  engine.db.put({ ...entry, writeDenied: true });
  engine.outbox.fail(record.commandId, `${refusal.status}: ${refusal.message}`, false);
  readPassedOver(engine, record.remotePath);
  logDenial(
    engine,
    entry.revision === null ? "WRITE_DENIED" : "WRITE_REVERTED",
    record.remotePath,
    refusal.message,
  );
  if (entry.revision !== null) engine.stale.add(record.remotePath);
  engine.wake.pull.call();
}

/** The body violates the schema: it is kept aside, and the server's version returns, or the file goes. */
export function rejectInvalid(engine: Engine, item: Pending, refusal: Refusal): void {
  const { record } = item;
  const { fs } = engine.world;
  const rel = (record.localRelativePath ?? record.remotePath.slice(1)) as RelativeRemotePath;
  const entry = engine.db.get(record.remotePath);
  deadLetter(engine, item, refusal, record.attemptCount + 1);
  const read = engine.mirror.read(rel);
  // A newer save of the same path is a new question for the server; it is not touched.
  if (
    read !== null &&
    engine.world.sha256(read.bytes) === record.hash &&
    sameFile(engine.mirror.statOf(rel), read.stat)
  ) {
    const aside = invalidArtifact(engine, rel);
    fs.makeDir(parentDirectory(aside));
    engine.removedHere.add(record.remotePath);
    fs.rename(engine.mirror.absolute(rel), aside);
    engine.world.log.warn("schema violation: the local version was kept aside", {
      path: record.remotePath,
      artifact: aside,
    });
  }
  engine.outbox.fail(record.commandId, `${refusal.status}: ${refusal.message}`, false);
  readPassedOver(engine, record.remotePath);
  if (entry?.revision != null) engine.stale.add(record.remotePath);
  engine.wake.pull.call();
}

/** The class of a whole-request refusal, or of one file's refusal inside a 202. */
export function classify(refusal: Refusal, files: number, perFile: boolean, hasBase: boolean) {
  return perFile
    ? classifyFileError(refusal.code, hasBase)
    : classifyRequest(refusal.status, refusal.code, files);
}

/** A per-file error of a bulk answer as a refusal. */
export function fileRefusal(error: { readonly code: string; readonly message: string }): Refusal {
  return {
    status: statusOfFileCode(error.code),
    code: error.code,
    message: error.message,
    body: JSON.stringify(error).slice(0, 1_024),
    opId: null,
    retryAfterMs: null,
  };
}

/** Writes the dead letter of an upload: one per file, under the server's op id or our own command id. */
export function deadLetter(engine: Engine, item: Pending, refusal: Refusal, attempts: number): void {
  const { record } = item;
  const opId = record.retryOf ?? refusal.opId ?? record.commandId.replace(/#/g, "-");
  const at = secondsTimestamp(engine.now());
  const first = Date.parse(record.firstSeenAt);
  const earlier = readDeadLetter(engine.world.fs, engine.layout.deadLetters, opId);
  // A retry goes on counting where the first record stopped; further attempts of one command are counted by it.
  const before =
    record.retryOf !== undefined && earlier !== null && "record" in earlier ? earlier.record.attempts : 0;
  writeDeadLetter(
    engine.world,
    engine.layout.deadLetters,
    {
      opId,
      path: record.remotePath,
      attempts: before + attempts,
      ...(refusal.status === null ? {} : { lastStatus: refusal.status }),
      lastBody: refusal.body,
      ts: at,
      stage: "upload",
      baseRevision: record.expectedRevision ?? "0",
      commandId: record.commandId,
      code: refusal.code,
      message: refusal.message,
      hash: record.hash,
    },
    {
      code: causeCode(refusal.status, refusal.code.includes("schema") || refusal.code === "validation_error"),
      message: refusal.message,
      ...(refusal.status === null ? {} : { providerStatus: refusal.status }),
      ...(refusal.body === "" ? {} : { providerResponse: responseOf(refusal.body) }),
      firstAttemptAt: secondsTimestamp(Number.isNaN(first) ? engine.now() : first),
      lastAttemptAt: at,
    },
  );
  engine.news.path({ what: "refused", path: record.remotePath, opId });
  engine.world.log.error("write was refused and is now a dead letter", {
    opId,
    path: record.remotePath,
    status: refusal.status,
    retry: `relayfile writeback retry --opId ${opId}`,
  });
  engine.wake.state.call();
}

/** The body of a sidecar: an object or array as it is, anything else wrapped. */
export function responseOf(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    if (typeof value === "object" && value !== null) return value;
  } catch {
    // Not JSON: wrapped below.
  }
  return { raw: body, truncated: new TextEncoder().encode(body).byteLength >= 1_024 };
}

/** These bytes of the path are not sent again until they change. */
export function rememberRefused(engine: Engine, item: Pending) {
  const { record } = item;
  const path = record.remotePath;
  const rel = record.localRelativePath ?? path.slice(1);
  const entry = { ...(engine.db.get(path) ?? blankEntry(path, rel)), refusedHash: record.hash };
  engine.db.put(entry);
  return entry;
}

function clearDeadLetter(engine: Engine, opId: string): void {
  if (removeDeadLetter(engine.world.fs, engine.layout.deadLetters, opId.replace(/#/g, "-")))
    engine.wake.state.call();
}

/** A later save of the path arrived, so the refused one the daemon wrote a letter about has been replaced by its author. */
function dropObsolete(engine: Engine, { remotePath, firstSeenAt }: Pending["record"]): void {
  const { fs } = engine.world;
  const directory = engine.layout.deadLetters;
  if (fs.lstat(directory)?.kind !== "directory") return;
  for (const { name } of fs.readDir(directory)) {
    if (!name.endsWith(".json") || name.endsWith(".error.json")) continue;
    const opId = name.slice(0, -5);
    const read = readDeadLetter(fs, directory, opId);
    if (read === null || !("record" in read) || read.record.path !== remotePath) continue;
    const { commandId } = read.record;
    if (commandId === undefined) continue;
    // The one that arrived may be the older: a refusal of the newer stays.
    const failed = engine.outbox.failed(commandId);
    if (failed !== null && failed.firstSeenAt > firstSeenAt) continue;
    removeDeadLetter(fs, directory, opId);
    engine.outbox.resolveFailed(commandId);
  }
}
