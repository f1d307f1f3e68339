/** Webhook envelopes: claimed once per delivery id, kept for inspection and replay, pruned oldest first. */
import { PIPELINE } from "../../limits.ts";
import type { RejectionCode } from "../../model/rejection.ts";
import type { SqlDriver, SqlRow } from "../../ports.ts";
import type { IngestInput } from "../pipeline.ts";
import type { Transaction } from "./store.ts";

/** State of an envelope. */
export type EnvelopeStatus = "open" | "processed" | "failed";

/** One delivery as received and what became of it. */
export interface EnvelopeRow {
  readonly seq: number;
  /** `env_<n>`. */
  readonly envelopeId: string;
  readonly provider: string;
  readonly deliveryId: string;
  readonly correlationId: string;
  readonly receivedAt: number;
  /**
   * `provider`: as a provider sends it. `file`: names the file it is about. `source`: a webhook of the sync source.
   * `record`: one record of a batch that could not be used, payload `{model, record}`.
   */
  readonly kind: "provider" | "file" | "source" | "record";
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
  readonly status: EnvelopeStatus;
  readonly attempts: number;
  /** `applied`, `stale`, ...; of a failed one the typed reason, null when it failed by an error; null while open. */
  readonly outcome: string | null;
  readonly lastError: string | null;
  readonly finishedAt: number | null;
}

const COLUMNS = `seq, envelope_id, provider, delivery_id, correlation_id, received_at, kind, headers, payload, status,
  attempts, outcome, last_error, finished_at`;

/**
 * Longer payloads are kept in parts: a Durable Object takes rows up to 2 MB, and a part of this many UTF-16 units is at
 * most 1.5 MB of UTF-8.
 */
const PART_CHARS = 512 * 1024;

/** The envelope of a delivery, or null. */
export function findDelivery(sql: SqlDriver, provider: string, deliveryId: string): EnvelopeRow | null {
  return first(
    sql,
    sql.all(`SELECT ${COLUMNS} FROM webhook_envelopes WHERE provider = ? AND delivery_id = ?`, [
      provider,
      deliveryId,
    ]),
  );
}

/** An envelope by id, or null. */
export function findEnvelope(sql: SqlDriver, envelopeId: string): EnvelopeRow | null {
  return first(sql, sql.all(`SELECT ${COLUMNS} FROM webhook_envelopes WHERE envelope_id = ?`, [envelopeId]));
}

/** Records a delivery as being processed and counts it. Processed envelopes above the kept number go, oldest first. */
export function insertEnvelope(tx: Transaction, input: IngestInput, kind: EnvelopeRow["kind"]): EnvelopeRow {
  const seq = tx.next("envelope");
  const envelopeId = `env_${seq}`;
  const payload = JSON.stringify(input.payload ?? null);
  const inParts = payload.length > PART_CHARS;
  tx.sql.run(
    `INSERT INTO webhook_envelopes (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 'open', 0, NULL, NULL, NULL)`,
    [
      seq,
      envelopeId,
      input.provider,
      input.deliveryId,
      input.correlationId,
      input.receivedAtMs,
      kind,
      JSON.stringify(input.headers),
      inParts ? "" : payload,
    ],
  );
  if (inParts) {
    for (const [part, text] of partsOf(payload).entries()) {
      tx.sql.run("INSERT INTO envelope_parts (envelope, part, text) VALUES (?, ?, ?)", [seq, part, text]);
    }
  }
  count(tx, input.provider, "accepted");
  if (seq % 100 === 0) {
    const kept = seq - PIPELINE.envelopesKeptMax;
    tx.sql.run("DELETE FROM webhook_envelopes WHERE status = 'processed' AND seq <= ?", [kept]);
    tx.sql.run(
      "DELETE FROM envelope_parts WHERE envelope <= ? AND envelope NOT IN (SELECT seq FROM webhook_envelopes)",
      [kept],
    );
  }
  return findEnvelope(tx.sql, envelopeId) as EnvelopeRow;
}

/** Ends one attempt. */
export function finishEnvelope(
  tx: Transaction,
  envelope: EnvelopeRow,
  end: { status: EnvelopeStatus; outcome: string | null; error: string | null },
): void {
  tx.sql.run(
    `UPDATE webhook_envelopes SET status = ?, attempts = attempts + 1, outcome = ?, last_error = ?, finished_at = ?
     WHERE seq = ?`,
    [end.status, end.outcome, end.error, tx.now, envelope.seq],
  );
  if (end.outcome === "stale" || end.outcome === "duplicate") {
    count(tx, envelope.provider, end.outcome === "stale" ? "stale" : "deduped");
  }
}

/** Keeps something that cannot be used as a dead letter from the start; a delivery known already is left as it is. */
export function insertRefused(
  tx: Transaction,
  input: IngestInput,
  kind: EnvelopeRow["kind"],
  why: { code: RejectionCode; reason: string },
): EnvelopeRow {
  const known = findDelivery(tx.sql, input.provider, input.deliveryId);
  if (known !== null) return known;
  const envelope = insertEnvelope(tx, input, kind);
  finishEnvelope(tx, envelope, { status: "failed", outcome: why.code, error: why.reason });
  return findEnvelope(tx.sql, envelope.envelopeId) as EnvelopeRow;
}

/** Envelopes nobody has finished yet, oldest first. */
export function openEnvelopes(sql: SqlDriver, limit: number): EnvelopeRow[] {
  return sql
    .all(`SELECT ${COLUMNS} FROM webhook_envelopes WHERE status = 'open' ORDER BY seq LIMIT ?`, [limit])
    .map((row) => envelopeOf(sql, row));
}

/** Opens a failed envelope again. */
export function reopenEnvelope(tx: Transaction, envelope: EnvelopeRow): void {
  tx.sql.run(
    "UPDATE webhook_envelopes SET status = 'open', attempts = 0, outcome = NULL, finished_at = NULL WHERE seq = ?",
    [envelope.seq],
  );
}

/** Forgets a failed envelope somebody looked at; its delivery id stays known, so the delivery is not applied later. */
export function acknowledgeEnvelope(tx: Transaction, envelope: EnvelopeRow): void {
  tx.sql.run("UPDATE webhook_envelopes SET status = 'processed', outcome = 'acknowledged' WHERE seq = ?", [
    envelope.seq,
  ]);
}

/** Counters of `sync/ingress` by provider and name. */
export function ingressCounts(sql: SqlDriver): { provider: string; name: string; total: number }[] {
  return sql.all<{ provider: string; name: string; total: number }>(
    "SELECT provider, name, total FROM ingress",
  );
}

/** Adds one to a counter of `sync/ingress`. */
export function count(tx: Transaction, provider: string, name: string): void {
  tx.sql.run(
    "INSERT INTO ingress (provider, name, total) VALUES (?, ?, 1) ON CONFLICT (provider, name) DO UPDATE SET total = total + 1",
    [provider, name],
  );
}

/** The newest processed envelope of a provider, or null. */
export function newestProcessed(sql: SqlDriver, provider: string): EnvelopeRow | null {
  return first(
    sql,
    sql.all(
      `SELECT ${COLUMNS} FROM webhook_envelopes WHERE provider = ? AND status = 'processed' ORDER BY seq DESC LIMIT 1`,
      [provider],
    ),
  );
}

/** When the oldest unprocessed envelope of a provider arrived, ms, or null. */
export function oldestOpen(sql: SqlDriver, provider: string): number | null {
  const [row] = sql.all<{ at: number | null }>(
    "SELECT MIN(received_at) AS at FROM webhook_envelopes WHERE provider = ? AND status = 'open'",
    [provider],
  );
  return row?.at ?? null;
}

/** Every provider that ever delivered something still kept, sorted; one look at the index each. */
export function deliveringProviders(sql: SqlDriver): string[] {
  const found: string[] = [];
  for (;;) {
    const [row] = sql.all<{ provider: string }>(
      "SELECT provider FROM webhook_envelopes WHERE provider > ? ORDER BY provider LIMIT 1",
      [found.at(-1) ?? ""],
    );
    if (row === undefined) return found;
    found.push(row.provider);
  }
}

/** How many envelopes of a provider are in a state. */
export function countEnvelopes(sql: SqlDriver, provider: string, status: EnvelopeStatus): number {
  const [row] = sql.all<{ n: number }>(
    "SELECT COUNT(*) AS n FROM webhook_envelopes WHERE provider = ? AND status = ?",
    [provider, status],
  );
  return row?.n ?? 0;
}

/** The error of a provider's newest failed envelope, or null. */
export function lastEnvelopeError(sql: SqlDriver, provider: string): string | null {
  const [row] = sql.all<{ last_error: string | null }>(
    "SELECT last_error FROM webhook_envelopes WHERE provider = ? AND status = 'failed' ORDER BY seq DESC LIMIT 1",
    [provider],
  );
  return row?.last_error ?? null;
}

/** Failed envelopes, newest first, for the dead-letter list. */
export function failedEnvelopes(
  sql: SqlDriver,
  query: { provider: string | null; before: number | null; limit: number },
): EnvelopeRow[] {
  const conditions = ["status = 'failed'"];
  const params: (string | number)[] = [];
  if (query.provider !== null) {
    conditions.push("provider = ?");
    params.push(query.provider);
  }
  if (query.before !== null) {
    conditions.push("seq < ?");
    params.push(query.before);
  }
  return sql
    .all(
      `SELECT ${COLUMNS} FROM webhook_envelopes WHERE ${conditions.join(" AND ")} ORDER BY seq DESC LIMIT ?`,
      [...params, query.limit],
    )
    .map((row) => envelopeOf(sql, row));
}

/** A text in pieces that concatenate to it; no surrogate pair is cut, because half of one does not survive storage. */
function partsOf(text: string): string[] {
  const parts: string[] = [];
  for (let from = 0; from < text.length; ) {
    const end = Math.min(text.length, from + PART_CHARS);
    const cutsPair = end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800;
    parts.push(text.slice(from, cutsPair ? end - 1 : end));
    from = cutsPair ? end - 1 : end;
  }
  return parts;
}

function joinedParts(sql: SqlDriver, envelope: number): string {
  return sql
    .all<{ text: string }>("SELECT text FROM envelope_parts WHERE envelope = ? ORDER BY part", [envelope])
    .map(({ text }) => text)
    .join("");
}

function first(sql: SqlDriver, rows: SqlRow[]): EnvelopeRow | null {
  const [row] = rows;
  return row === undefined ? null : envelopeOf(sql, row);
}

function envelopeOf(sql: SqlDriver, row: SqlRow): EnvelopeRow {
  return {
    seq: row.seq as number,
    envelopeId: row.envelope_id as string,
    provider: row.provider as string,
    deliveryId: row.delivery_id as string,
    correlationId: row.correlation_id as string,
    receivedAt: row.received_at as number,
    kind: row.kind as EnvelopeRow["kind"],
    headers: JSON.parse(row.headers as string),
    payload: JSON.parse((row.payload as string) || joinedParts(sql, row.seq as number)),
    status: row.status as EnvelopeStatus,
    attempts: row.attempts as number,
    outcome: row.outcome as string | null,
    lastError: row.last_error as string | null,
    finishedAt: row.finished_at as number | null,
  };
}
