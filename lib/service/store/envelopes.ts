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

/** The envelope of a delivery, or null. */
export function findDelivery(sql: SqlDriver, provider: string, deliveryId: string): EnvelopeRow | null {
  return first(
    sql.all(`SELECT ${COLUMNS} FROM webhook_envelopes WHERE provider = ? AND delivery_id = ?`, [
      provider,
      deliveryId,
    ]),
  );
}

/** An envelope by id, or null. */
export function findEnvelope(sql: SqlDriver, envelopeId: string): EnvelopeRow | null {
  return first(sql.all(`SELECT ${COLUMNS} FROM webhook_envelopes WHERE envelope_id = ?`, [envelopeId]));
}

/** Records a delivery as being processed and counts it. Processed envelopes above the kept number go, oldest first. */
export function insertEnvelope(tx: Transaction, input: IngestInput, kind: EnvelopeRow["kind"]): EnvelopeRow {
  const seq = tx.next("envelope");
  const envelopeId = `env_${seq}`;
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
      JSON.stringify(input.payload ?? null),
    ],
  );
  count(tx, input.provider, "accepted");
  if (seq % 100 === 0) {
    tx.sql.run("DELETE FROM webhook_envelopes WHERE status = 'processed' AND seq <= ?", [
      seq - PIPELINE.envelopesKeptMax,
    ]);
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
    .map(envelopeOf);
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

/** The newest provider envelopes that changed files, oldest of them first. */
export function appliedEnvelopes(sql: SqlDriver, limit: number): EnvelopeRow[] {
  return sql
    .all(
      `SELECT ${COLUMNS} FROM webhook_envelopes WHERE kind = 'provider' AND outcome = 'applied' ORDER BY seq DESC LIMIT ?`,
      [limit],
    )
    .map(envelopeOf)
    .reverse();
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
    .map(envelopeOf);
}

function first(rows: SqlRow[]): EnvelopeRow | null {
  const [row] = rows;
  return row === undefined ? null : envelopeOf(row);
}

function envelopeOf(row: SqlRow): EnvelopeRow {
  return {
    seq: row.seq as number,
    envelopeId: row.envelope_id as string,
    provider: row.provider as string,
    deliveryId: row.delivery_id as string,
    correlationId: row.correlation_id as string,
    receivedAt: row.received_at as number,
    kind: row.kind as EnvelopeRow["kind"],
    headers: JSON.parse(row.headers as string),
    payload: JSON.parse(row.payload as string),
    status: row.status as EnvelopeStatus,
    attempts: row.attempts as number,
    outcome: row.outcome as string | null,
    lastError: row.last_error as string | null,
    finishedAt: row.finished_at as number | null,
  };
}
