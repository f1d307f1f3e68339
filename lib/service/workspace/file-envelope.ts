/** The generic webhook: an envelope that names a file, applied as it says (spec file-api 7.4). */

import { fail } from "../../errors.ts";
import { PIPELINE } from "../../limits.ts";
import { decodeContent } from "../../model/content.ts";
import type { EventType } from "../../model/event.ts";
import type { Semantics } from "../../model/file.ts";
import { requireWritablePath } from "../../model/path.ts";
import type { IngestResult } from "../pipeline.ts";
import { count, type EnvelopeRow } from "../store/envelopes.ts";
import { deleteFile, writeFile } from "../store/files.ts";
import type { Transaction } from "../store/store.ts";
import { prepareBody, type WorkspaceContext } from "./context.ts";
import { keepingLosers } from "./losers.ts";

/** What an envelope's payload holds. */
export interface FileEnvelope {
  readonly eventType: string;
  readonly path: string;
  /** When it happened at the provider, ms; never later than its arrival. */
  readonly happenedAtMs: number;
  readonly content: string;
  readonly encoding: string | undefined;
  readonly contentType: string;
  readonly objectId: string | null;
  readonly semantics: Semantics | undefined;
  /** `relayfile` for echoes of our own writes. */
  readonly origin: string | null;
  readonly opId: string | null;
}

/** Applies one file envelope. Fails with `invalid_path` or `bad_request`, which makes it a dead letter. */
export async function applyFileEnvelope(
  context: WorkspaceContext,
  envelope: EnvelopeRow,
  file: FileEnvelope,
): Promise<IngestResult> {
  const nothing = { written: [], deleted: [] };
  const ignore = (type: EventType, status: IngestResult["status"], reason: string) =>
    context.store.commit((tx): IngestResult => {
      if (type === "sync.suppressed") count(tx, envelope.provider, "suppressed");
      tx.emit({ ...eventBase(envelope), type, path: file.path, revision: "", detail: reason });
      return { status, reason, ...nothing };
    });
  if (isEcho(context, envelope, file))
    return ignore("sync.suppressed", "not_applicable", "echo of our own write");
  const upsert = file.eventType === "file.created" || file.eventType === "file.updated";
  if (!upsert && file.eventType !== "file.deleted") {
    return ignore("sync.ignored", "not_applicable", `event type ${file.eventType} is not understood`);
  }
  const path = requireWritablePath(file.path);
  const bytes = decodeContent(file.content, file.encoding);
  if (bytes === undefined) return fail("bad_request", "content is not valid base64");
  const body = upsert ? await prepareBody(context, path, bytes) : null;
  const applied = await keepingLosers(
    context,
    envelope.correlationId,
    (tx, announce): IngestResult | null => {
      if (!advanceWatermark(tx, envelope.provider, file.objectId ?? path, file.happenedAtMs)) return null;
      const by = { origin: "provider_sync" as const, correlationId: envelope.correlationId };
      const moved = file.objectId === null ? [] : movedFrom(tx, envelope.provider, file.objectId, path);
      for (const old of moved) announce(old, null);
      announce(path, body?.hash ?? null);
      const deleted = moved.filter((old) => deleteFile(tx, { path: old, ifRevision: null, ...by }) !== null);
      if (body === null) {
        const gone = deleteFile(tx, { path, ifRevision: null, ...by });
        return { status: "applied", written: [], deleted: gone === null ? deleted : [...deleted, path] };
      }
      writeFile(tx, {
        ...by,
        path,
        body,
        contentType: file.contentType,
        ifRevision: null,
        provider: envelope.provider,
        ...(file.objectId === null ? {} : { objectId: file.objectId }),
        semantics: file.semantics,
      });
      return { status: "applied", written: [path], deleted };
    },
  );
  return applied ?? ignore("sync.stale", "stale", "older than what is stored");
}

/** Object ids beat paths: where the same object lies elsewhere, it is gone from there. */
function movedFrom(tx: Transaction, provider: string, objectId: string, path: string): string[] {
  return tx.sql
    .all<{ path: string }>("SELECT path FROM files WHERE provider = ? AND object_id = ? AND path <> ?", [
      provider,
      objectId,
      path,
    ])
    .map((row) => row.path);
}

function advanceWatermark(tx: Transaction, provider: string, object: string, atMs: number): boolean {
  const at = Math.min(atMs, tx.now);
  const [row] = tx.sql.all<{ at: number }>("SELECT at FROM watermarks WHERE provider = ? AND object = ?", [
    provider,
    object,
  ]);
  if (row !== undefined && at < row.at) return false;
  tx.sql.run("INSERT OR REPLACE INTO watermarks (provider, object, at) VALUES (?, ?, ?)", [
    provider,
    object,
    at,
  ]);
  return true;
}

/** A delivery that only tells of a write we made ourselves within the last two minutes. */
function isEcho(context: WorkspaceContext, envelope: EnvelopeRow, file: FileEnvelope): boolean {
  if (file.origin !== "relayfile") return false;
  const seq = /^op_(\d+)$/.exec(file.opId ?? "")?.[1];
  const since = context.clock.now() - PIPELINE.suppressionWindowMs;
  const found = context.store.sql.all(
    "SELECT 1 FROM operations WHERE seq = ? AND status = 'succeeded' AND completed_at >= ?",
    [seq === undefined ? -1 : Number(seq), since],
  );
  if (found.length > 0) return true;
  const recent = context.store.sql.all<{ id: string }>(
    "SELECT correlation_id AS id FROM operations WHERE status = 'succeeded' AND completed_at >= ? ORDER BY seq DESC LIMIT 1000",
    [since],
  );
  return envelope.correlationId !== "" && recent.some(({ id }) => id === envelope.correlationId);
}

function eventBase(envelope: EnvelopeRow) {
  return {
    origin: "provider_sync" as const,
    provider: envelope.provider,
    correlationId: envelope.correlationId,
  };
}
