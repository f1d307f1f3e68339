/**
 * Saves on their way to the server, as files that survive anything: each record is on disk, synced, before the network
 * hears of it, and leaves `pending/` only when the server's operation ended (spec mount-daemon 1.7, W1-W6).
 */
import { z } from "zod";
import { MOUNT } from "../limits.ts";
import type { ContentIdentity } from "../model/file.ts";
import { comparePaths, utf8Length } from "../model/path.ts";
import type { LocalFs, Random } from "../ports.ts";
import { isDue } from "../sync/backoff.ts";
import { readJson, writeJson } from "./json-file.ts";
import type { RuntimeLayout } from "./layout.ts";
import { timestamp } from "./layout.ts";

/** A record as written; unknown fields survive. Content is wire content. */
export const OutboxRecord = z.looseObject({
  commandId: z.string().min(1),
  workspaceId: z.string(),
  remotePath: z.string().min(1),
  contentType: z.string().default("text/plain"),
  content: z.string().optional(),
  encoding: z.string().optional(),
  hash: z.string(),
  exists: z.boolean().default(false),
  status: z.string(),
  firstSeenAt: z.string(),
  lastAttemptAt: z.string().optional(),
  nextAttemptAt: z.string().optional(),
  ackedAt: z.string().optional(),
  attemptCount: z.number().default(0),
  receiptPollCount: z.number().optional(),
  lastError: z.string().optional(),
  needsAttention: z.boolean().optional(),
  opId: z.string().optional(),
  dispatchStatus: z.string().optional(),
  revision: z.string().optional(),
  correlationId: z.string().optional(),
  localRelativePath: z.string().optional(),
  expectedRevision: z.string().optional(),
  /** Hashes of earlier saves of this path whose fate was unknown when this one replaced them. */
  supersedes: z.array(z.string()).optional(),
  /** The dead letter this record retries. */
  retryOf: z.string().optional(),
});
/** A record as written. */
export type OutboxRecord = z.infer<typeof OutboxRecord>;

/** A pending record in memory: everything but its body, and when it is due. */
export interface Pending {
  readonly record: OutboxRecord;
  /** Wall time in ms of the next upload attempt. */
  readonly dueMs: number;
  /** Bytes of its entry in a bulk request, estimated. */
  readonly wireBytes: number;
  /** False once a request with it has left: its fate may be unknown. Records found at start count as sent. */
  readonly neverSent: boolean;
  /** True for a record of an earlier process. */
  readonly inherited: boolean;
}

/** Counts for the public state. */
export interface OutboxCounts {
  readonly pending: number;
  readonly needsAttention: number;
  readonly failed: number;
  readonly acked: number;
}

/** The longest a record is put off: while the credential is refused. */
const PAUSE_MS_MAX = 600_000;
const KEEP_ACKED_MS = 7 * 86_400_000;
const KEEP_ACKED_MAX = 1_000;
const ERROR_CHARS_MAX = 500;

/** The outbox of one mount. */
export type Outbox = ReturnType<typeof openOutbox>;

/** Opens the outbox and reads what is pending. Files that do not parse stay where they are and are reported. */
export function openOutbox(ports: { fs: LocalFs; random: Random; now(): number }, layout: RuntimeLayout) {
  const { fs } = ports;
  const directory = (name: "pending" | "acked" | "failed" | "attention") => `${layout.outbox}/${name}`;
  for (const name of ["pending", "acked", "failed", "attention"] as const) fs.makeDir(directory(name));
  const file = (name: "pending" | "acked" | "failed", commandId: string) =>
    `${directory(name)}/${commandId}.json`;
  const pending = new Map<string, Pending>();
  /** Remote path to the command that has not been accepted yet. */
  const unsent = new Map<string, string>();
  let lastSaveMs = 0;
  /** Files of records that could not be written whole and that nobody holds. */
  const leftovers = new Set<string>();
  const malformed: { file: string; reason: string }[] = [];
  for (const { name } of fs.readDir(directory("pending"))) {
    // Half-written by a process that died; the record itself is the file without the suffix.
    if (/^\..*\.tmp-[0-9a-f]+$/.test(name)) fs.unlink(`${directory("pending")}/${name}`);
    if (!name.endsWith(".json") || name.startsWith(".")) continue;
    const read = readJson(fs, `${directory("pending")}/${name}`);
    if (read === null) continue;
    const parsed = "value" in read ? OutboxRecord.safeParse(read.value) : null;
    if (parsed?.success && parsed.data.content !== undefined) {
      hold(parsed.data, Date.parse(parsed.data.nextAttemptAt ?? "") || 0, false, true);
    } else {
      malformed.push({ file: name, reason: "problem" in read ? read.problem : "not an outbox record" });
    }
  }
  // A crash between writing a newer save and archiving the older one leaves two; the newer knows the older's hash. And a
  // record that the disk would not let go may hold a save that was recorded once more and has arrived.
  const arrived = unsent.size === 0 ? new Map<string, string>() : savesAcked();
  unsent.clear();
  for (const { record } of [...pending.values()].sort(bySave)) {
    const hasArrived = (arrived.get(saveOf(record)) ?? "") > record.firstSeenAt;
    if (record.opId === undefined && !hasArrived) unsent.set(record.remotePath, record.commandId);
  }
  const counts = {
    failed: countFiles(directory("failed")),
    acked: countFiles(directory("acked")),
    attention: countFiles(directory("attention"), ".marker"),
  };

  function hold(record: OutboxRecord, dueMs: number, neverSent: boolean, inherited = false): void {
    const { content = "", ...rest } = record;
    lastSaveMs = Math.max(lastSaveMs, Date.parse(record.firstSeenAt) || 0);
    if (record.opId === undefined) unsent.set(record.remotePath, record.commandId);
    else if (unsent.get(record.remotePath) === record.commandId) unsent.delete(record.remotePath);
    pending.set(record.commandId, {
      record: rest,
      dueMs,
      neverSent,
      inherited,
      wireBytes: utf8Length(content) + utf8Length(record.remotePath) + 400,
    });
  }

  /** Every save that arrived, or was replaced, and when it was made last. */
  function savesAcked(): Map<string, string> {
    const newest = new Map<string, string>();
    for (const { name } of fs.readDir(directory("acked"))) {
      if (!name.endsWith(".json") || name.startsWith(".")) continue;
      const read = readJson(fs, `${directory("acked")}/${name}`);
      const parsed = read !== null && "value" in read ? OutboxRecord.safeParse(read.value) : null;
      if (!parsed?.success) continue;
      const { firstSeenAt } = parsed.data;
      const save = saveOf(parsed.data);
      if ((newest.get(save) ?? "") < firstSeenAt) newest.set(save, firstSeenAt);
    }
    return newest;
  }

  function countFiles(path: string, suffix = ".json"): number {
    return fs.lstat(path) === null ? 0 : fs.readDir(path).filter(({ name }) => name.endsWith(suffix)).length;
  }

  const outbox = {
    malformed: malformed as readonly { file: string; reason: string }[],
    pending: pending as ReadonlyMap<string, Pending>,

    /** The pending record of a path that is not accepted yet, or undefined. At most one exists. */
    unsentFor(remotePath: string): Pending | undefined {
      const commandId = unsent.get(remotePath);
      return commandId === undefined ? undefined : pending.get(commandId);
    },

    /** When a save noticed now was made: always after the last one, so that saves of one moment have an order. */
    saveTimeMs(): number {
      lastSaveMs = Math.max(ports.now(), lastSaveMs + 1);
      return lastSaveMs;
    },

    /** Writes new records durably, all or none: one sync for all of them, before this returns. */
    add(records: readonly OutboxRecord[]): void {
      if (records.length === 0) return;
      const shared = records.length > 3;
      try {
        for (const record of records) {
          writeJson(ports, file("pending", record.commandId), record, { mode: 0o600, sync: !shared });
        }
        if (shared) fs.syncTree(directory("pending"));
      } catch (error) {
        for (const record of records) discard(file("pending", record.commandId));
        throw error;
      }
      for (const record of records) hold(record, 0, true);
    },

    /** The wire content of a pending record, from disk; null when the file was removed or damaged meanwhile. */
    content(commandId: string): string | null {
      const read = readJson(fs, file("pending", commandId));
      const value = read !== null && "value" in read ? (read.value as { content?: unknown }) : null;
      return typeof value?.content === "string" ? value.content : null;
    },

    /** Notes that a request with this record is about to leave. Memory only: restarts assume it for every record. */
    markSent(commandId: string): void {
      const item = pending.get(commandId);
      if (item !== undefined) pending.set(commandId, { ...item, neverSent: false });
    },

    /** Rewrites a pending record with changes; the body stays. */
    update(commandId: string, changes: Partial<OutboxRecord>, dueMs?: number): void {
      const item = pending.get(commandId);
      const content = outbox.content(commandId);
      if (item === undefined || content === null) return;
      const record = { ...item.record, ...changes, content } as OutboxRecord;
      if (record.lastError !== undefined) record.lastError = record.lastError.slice(0, ERROR_CHARS_MAX);
      if (dueMs !== undefined) record.nextAttemptAt = timestamp(dueMs);
      writeJson(ports, file("pending", commandId), record, { mode: 0o600, sync: "bytes" });
      if (item.record.needsAttention && !record.needsAttention) unmark(commandId);
      hold(record, dueMs ?? item.dueMs, item.neverSent, item.inherited);
    },

    /** Changes when a record is due without spending an attempt. Memory only. */
    defer(commandId: string, dueMs: number): void {
      const item = pending.get(commandId);
      if (item !== undefined) pending.set(commandId, { ...item, dueMs });
    },

    /** Ends a record well: moved to `acked/` without its body. */
    ack(commandId: string, dispatchStatus: string): void {
      const item = pending.get(commandId);
      if (item === undefined) return;
      const ackedAt = timestamp(ports.now());
      writeJson(ports, file("acked", commandId), {
        ...item.record,
        status: "acked",
        ackedAt,
        dispatchStatus,
      });
      drop(commandId);
      counts.acked++;
    },

    /**
     * Ends the records that newer saves of their paths have replaced, and removes those that were never held. What the disk
     * refuses is done with the next call.
     */
    archiveReplaced(): void {
      for (const path of leftovers) {
        fs.unlink(path);
        leftovers.delete(path);
      }
      for (const item of [...pending.values()])
        if (isReplaced(item)) outbox.ack(item.record.commandId, "superseded_by_newer_local_content");
    },

    /** Ends a record badly: moved to `failed/` with its body, marked when a person must look. */
    fail(commandId: string, lastError: string, attention: boolean): void {
      const item = pending.get(commandId);
      if (item === undefined) return;
      const record = {
        ...item.record,
        content: outbox.content(commandId) ?? undefined,
        status: "failed",
        lastError: lastError.slice(0, ERROR_CHARS_MAX),
        needsAttention: attention || undefined,
      };
      writeJson(ports, file("failed", commandId), record, { mode: 0o600, sync: true });
      if (attention) outbox.markAttention(commandId);
      drop(commandId);
      counts.failed++;
    },

    /** A failed record with its body, or null. */
    failed(commandId: string): OutboxRecord | null {
      const read = readJson(fs, file("failed", commandId));
      const parsed = read !== null && "value" in read ? OutboxRecord.safeParse(read.value) : null;
      return parsed?.success ? parsed.data : null;
    },

    /** Settles a failed record whose retry succeeded. */
    resolveFailed(commandId: string): void {
      const record = outbox.failed(commandId);
      unmark(commandId);
      if (record === null) return;
      const { content: _content, needsAttention: _attention, ...rest } = record;
      const ackedAt = timestamp(ports.now());
      writeJson(ports, file("acked", commandId), {
        ...rest,
        status: "acked",
        ackedAt,
        dispatchStatus: "retried",
      });
      fs.unlink(file("failed", commandId));
      counts.failed--;
      counts.acked++;
    },

    markAttention(commandId: string): void {
      const marker = `${directory("attention")}/${commandId}.marker`;
      if (fs.lstat(marker) !== null) return;
      fs.writeFile(marker, new TextEncoder().encode("attention\n"));
      counts.attention++;
    },

    /** A person has looked. */
    unmark,

    /** Records that may be sent now, oldest save first. Records with a receipt are not among them. */
    due(nowMs: number): Pending[] {
      return [...pending.values()]
        .filter((item) => isCurrent(item) && isDue(item.dueMs, nowMs, PAUSE_MS_MAX))
        .sort(bySave);
    },

    /** When the next record becomes due, or null when nothing is to be done about any; some paths wait for something else. */
    nextDueMs(waits: (remotePath: string) => boolean = () => false): number | null {
      let next: number | null = leftovers.size === 0 ? null : 0;
      for (const item of pending.values()) {
        if (waits(item.record.remotePath)) continue;
        // A replaced one that the disk would not let end is work, too.
        const dueMs = isReplaced(item) ? 0 : item.record.opId === undefined ? item.dueMs : null;
        if (dueMs !== null && (next === null || dueMs < next)) next = dueMs;
      }
      return next;
    },

    /** Records accepted by the server whose operation has not ended. */
    awaitingReceipt(): Pending[] {
      return [...pending.values()].filter((item) => item.record.opId !== undefined).sort(bySave);
    },

    counts(): OutboxCounts {
      return {
        pending: pending.size,
        needsAttention: counts.attention,
        failed: counts.failed,
        acked: counts.acked,
      };
    },

    /** Removes acknowledged records past their keeping time or number. */
    prune(): void {
      const names = fs
        .readDir(directory("acked"))
        .filter(({ name, kind }) => kind === "file" && name.endsWith(".json"));
      const dated = names
        .map(({ name }) => ({ name, at: fs.lstat(`${directory("acked")}/${name}`)?.mtimeMs ?? 0 }))
        .sort((a, b) => b.at - a.at);
      for (const [index, { name, at }] of dated.entries()) {
        if (index < KEEP_ACKED_MAX && ports.now() - at < KEEP_ACKED_MS) continue;
        if (fs.unlink(`${directory("acked")}/${name}`)) counts.acked--;
      }
    },
  };

  /** A record nobody holds would be sent after a restart, behind newer saves. */
  function discard(path: string): void {
    try {
      fs.unlink(path);
    } catch {
      // The disk refuses even that.
      leftovers.add(path);
    }
  }

  /** True while a save waits to be sent. */
  function isCurrent({ record }: Pending): boolean {
    return record.opId === undefined && unsent.get(record.remotePath) === record.commandId;
  }

  /** True for a save that was never accepted and has a successor. */
  function isReplaced(item: Pending): boolean {
    return item.record.opId === undefined && !isCurrent(item);
  }

  function drop(commandId: string): void {
    fs.unlink(file("pending", commandId));
    const before = pending.get(commandId)?.record;
    pending.delete(commandId);
    if (before !== undefined && unsent.get(before.remotePath) === commandId) unsent.delete(before.remotePath);
    if (before?.needsAttention && fs.lstat(file("failed", commandId)) === null) unmark(commandId);
  }

  function unmark(commandId: string): void {
    if (fs.unlink(`${directory("attention")}/${commandId}.marker`)) counts.attention--;
  }

  outbox.archiveReplaced();
  return outbox;
}

/** One content of one path. */
function saveOf({ remotePath, hash }: Pick<OutboxRecord, "remotePath" | "hash">): string {
  return `${remotePath}\0${hash}`;
}

/** The identity a server deduplicates by: a repeated request is the same operation (spec file-api 4.7). */
export function identityOf(record: Pick<OutboxRecord, "commandId">): ContentIdentity {
  return { kind: "mount-command", key: record.commandId, ttlSeconds: 604_800 };
}

/** True when the server may hold this save, or an earlier one that it replaced: then it must end, not vanish. */
export function mayHaveLanded(item: Pending): boolean {
  return !item.neverSent || (item.record.supersedes?.length ?? 0) > 0;
}

/** True when five attempts failed and a person should know, although trying goes on. */
export function isExhausted(attempts: number): boolean {
  return attempts >= MOUNT.outboxAttemptsMax;
}

function bySave(a: Pending, b: Pending): number {
  return (
    comparePaths(a.record.firstSeenAt, b.record.firstSeenAt) ||
    comparePaths(a.record.commandId, b.record.commandId)
  );
}
