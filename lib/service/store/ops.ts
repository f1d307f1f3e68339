/** Writeback ops: rows, their identities, pages, and the few transitions they make. */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { ContentIdentity } from "../../model/file.ts";
import { OP_FINAL, type OpStatus } from "../../model/op-status.ts";
import type { OpAction, WritebackOp } from "../../model/writeback-op.ts";
import type { SqlDriver, SqlRow, SqlValue } from "../../ports.ts";
import type { Transaction } from "./store.ts";

/** One op. */
export interface OpRow {
  readonly seq: number;
  readonly path: string;
  readonly revision: string;
  readonly provider: string;
  readonly action: OpAction;
  readonly status: OpStatus;
  readonly attemptCount: number;
  readonly nextAttemptAt: number | null;
  readonly lastError: string | null;
  readonly lastStatus: number | null;
  readonly providerResult: Record<string, unknown> | null;
  readonly identity: ContentIdentity | null;
  readonly correlationId: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
}

/** Filters and place of a page of ops. */
export interface OpQuery {
  readonly status: string | null;
  readonly action: string | null;
  readonly provider: string | null;
  readonly cursor: string | null;
  readonly limit: number;
}

const COLUMNS = `seq, path, revision, provider, action, status, attempt_count, next_attempt_at, last_error, last_status,
  provider_result, identity, correlation_id, created_at, updated_at, completed_at`;

/** `op_<n>`. */
export function opIdOf(seq: number): string {
  return `op_${seq}`;
}

/** The op with this id, or null. */
export function findOp(sql: SqlDriver, opId: string): OpRow | null {
  const seq = /^op_(\d+)$/.exec(opId)?.[1];
  if (seq === undefined) return null;
  const [row] = sql.all(`SELECT ${COLUMNS} FROM operations WHERE seq = ?`, [Number(seq)]);
  return row === undefined ? null : opRowOf(row);
}

/** The oldest unexpired op with this identity, or null (spec file-api 4.7). */
export function findOpByIdentity(sql: SqlDriver, identity: ContentIdentity, now: number): OpRow | null {
  const [row] = sql.all(
    `SELECT ${COLUMNS} FROM operations WHERE identity IS NOT NULL AND identity = ?
       AND (identity_expires_at IS NULL OR identity_expires_at > ?) ORDER BY seq LIMIT 1`,
    [identityKey(identity), now],
  );
  return row === undefined ? null : opRowOf(row);
}

/** Adds an op. */
export function insertOp(
  tx: Transaction,
  op: Pick<OpRow, "path" | "revision" | "provider" | "action" | "status" | "identity" | "correlationId"> & {
    providerResult?: Record<string, unknown>;
    /** A number taken before, when the file row had to name the op. */
    seq?: number;
  },
): OpRow {
  const seq = op.seq ?? tx.next("op");
  const final = OP_FINAL.includes(op.status);
  const row: OpRow = {
    ...op,
    seq,
    attemptCount: 0,
    nextAttemptAt: op.status === "pending" ? tx.now : null,
    lastError: null,
    lastStatus: null,
    providerResult: op.providerResult ?? null,
    createdAt: tx.now,
    updatedAt: tx.now,
    completedAt: final ? tx.now : null,
  };
  const ttlSeconds = op.identity?.ttlSeconds ?? 0;
  tx.sql.run(
    `INSERT INTO operations (${COLUMNS}, identity_expires_at, attention)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      seq,
      row.path,
      row.revision,
      row.provider === "" ? null : row.provider,
      row.action,
      row.status,
      0,
      row.nextAttemptAt,
      null,
      null,
      row.providerResult === null ? null : JSON.stringify(row.providerResult),
      op.identity === null ? null : identityKey(op.identity),
      row.correlationId,
      tx.now,
      tx.now,
      row.completedAt,
      ttlSeconds > 0 ? tx.now + ttlSeconds * 1_000 : null,
      attentionOf(row),
    ],
  );
  return row;
}

/** What a transition may change; everything else stays. */
export type OpChange = Partial<
  Pick<
    OpRow,
    | "status"
    | "attemptCount"
    | "nextAttemptAt"
    | "lastError"
    | "lastStatus"
    | "providerResult"
    | "correlationId"
  >
>;

/** Applies a transition; the completion time follows from the status. */
export function updateOp(tx: Transaction, op: OpRow, change: OpChange): OpRow {
  const next: OpRow = { ...op, ...change, updatedAt: tx.now };
  const final = OP_FINAL.includes(next.status);
  const row: OpRow = { ...next, completedAt: final ? tx.now : null };
  tx.sql.run(
    `UPDATE operations SET status = ?, attempt_count = ?, next_attempt_at = ?, last_error = ?, last_status = ?,
       provider_result = ?, correlation_id = ?, updated_at = ?, completed_at = ?, attention = ? WHERE seq = ?`,
    [
      row.status,
      row.attemptCount,
      row.nextAttemptAt,
      row.lastError,
      row.lastStatus,
      row.providerResult === null ? null : JSON.stringify(row.providerResult),
      row.correlationId,
      row.updatedAt,
      row.completedAt,
      attentionOf(row),
      op.seq,
    ],
  );
  return row;
}

/** How many ops a page looks at when no index answers its filters; then it ends early, with a cursor to go on. */
const OPS_LOOK_MAX = 10_000;

/** A page of ops, newest first. May be short and still have a cursor. A cursor that is no op id fails with `bad_request`. */
export function opPage(sql: SqlDriver, query: OpQuery): { ops: OpRow[]; nextCursor: string | null } {
  const waits = query.status !== null && query.status !== "succeeded";
  const filters = Object.entries({
    [waits ? "attention" : "status"]: query.status,
    provider: query.provider,
    action: query.action,
  }).filter((filter): filter is [string, string] => filter[1] !== null);
  // One of them is an index; the others are compared row by row.
  const indexed = filters.find(([column]) => column === "attention" || column === "provider");
  const rest = filters.filter((filter) => filter !== indexed);
  const before = query.cursor === null ? Number.MAX_SAFE_INTEGER : opCursor(query.cursor);
  const base = indexed === undefined ? "seq < ?" : `${indexed[0]} = ? AND seq < ?`;
  const baseParams: SqlValue[] = indexed === undefined ? [before] : [indexed[1], before];
  const edge = rest.length === 0 ? null : edgeOf(sql, base, baseParams);
  const where = [base, "seq > ?", ...rest.map(([column]) => `+${column} = ?`)].join(" AND ");
  const rows = sql
    .all(`SELECT ${COLUMNS} FROM operations WHERE ${where} ORDER BY seq DESC LIMIT ?`, [
      ...baseParams,
      edge ?? 0,
      ...rest.map(([, value]) => value),
      query.limit + 1,
    ])
    .map(opRowOf);
  const ops = rows.slice(0, query.limit);
  if (rows.length > query.limit) return { ops, nextCursor: opIdOf(ops.at(-1)?.seq ?? 0) };
  return { ops, nextCursor: edge === null ? null : opIdOf(edge + 1) };
}

/** The number of the last op a page may look at; null when there are not that many. */
function edgeOf(sql: SqlDriver, where: string, params: readonly SqlValue[]): number | null {
  const [row] = sql.all<{ seq: number }>(
    `SELECT seq FROM operations WHERE ${where} ORDER BY seq DESC LIMIT 1 OFFSET ?`,
    [...params, OPS_LOOK_MAX],
  );
  return row?.seq ?? null;
}

/** Pending ops of some providers whose time has come, oldest first. */
export function dueOps(sql: SqlDriver, providers: readonly string[], now: number, limit: number): OpRow[] {
  return sql
    .all(
      `SELECT ${COLUMNS} FROM operations WHERE next_attempt_at IS NOT NULL AND next_attempt_at <= ?
         AND status = 'pending' AND provider IN (${marks(providers)}) ORDER BY next_attempt_at, seq LIMIT ?`,
      [now, ...providers, limit],
    )
    .map(opRowOf);
}

/** When the next pending op of some providers is due, or null. */
export function nextOpDueAt(sql: SqlDriver, providers: readonly string[]): number | null {
  const [row] = sql.all<{ at: number | null }>(
    `SELECT MIN(next_attempt_at) AS at FROM operations WHERE next_attempt_at IS NOT NULL
       AND provider IN (${marks(providers)})`,
    [...providers],
  );
  return row?.at ?? null;
}

function marks(values: readonly unknown[]): string {
  return values.map(() => "?").join(", ");
}

/** Ops in one of two unfinished states after a number, oldest first, at most `limit`. */
export function openOps(sql: SqlDriver, after: number, limit: number): OpRow[] {
  // One seek per state: asking for both at once would sort everything that waits.
  return (["pending", "running"] as const)
    .flatMap((status) =>
      sql.all(`SELECT ${COLUMNS} FROM operations WHERE attention = ? AND seq > ? ORDER BY seq LIMIT ?`, [
        status,
        after,
        limit,
      ]),
    )
    .map(opRowOf)
    .sort((a, b) => a.seq - b.seq)
    .slice(0, limit);
}

/** Paths of all unfinished ops. */
export function openOpPaths(sql: SqlDriver): Set<string> {
  const rows = sql.all<{ path: string }>(
    "SELECT DISTINCT path FROM operations WHERE attention IN ('pending', 'running')",
  );
  return new Set(rows.map(({ path }) => path));
}

/** Every op that was being executed, oldest first. */
export function runningOps(sql: SqlDriver): OpRow[] {
  return sql.all(`SELECT ${COLUMNS} FROM operations WHERE attention = 'running' ORDER BY seq`).map(opRowOf);
}

/** The number of an op id. Fails with `bad_request` for any other text. */
export function opCursor(cursor: string): number {
  const seq = /^op_(\d+)$/.exec(cursor)?.[1];
  return seq === undefined ? fail("bad_request", `invalid cursor ${JSON.stringify(cursor)}`) : Number(seq);
}

/** How many ops of a provider are in a status other than `succeeded`. */
export function countOps(sql: SqlDriver, provider: string, status: OpStatus): number {
  const [row] = sql.all<{ n: number }>(
    "SELECT COUNT(*) AS n FROM operations INDEXED BY operations_attention WHERE provider = ? AND attention = ?",
    [provider, status],
  );
  return row?.n ?? 0;
}

/** An op as the wire shows it. */
export function wireOp(op: OpRow): WritebackOp {
  const iso = (at: number) => new Date(at).toISOString();
  return {
    opId: opIdOf(op.seq),
    path: op.path,
    revision: op.revision,
    ...(op.provider === "" ? {} : { provider: op.provider }),
    action: op.action,
    status: op.status,
    attemptCount: op.attemptCount,
    ...(op.status === "pending" && op.attemptCount > 0 && op.nextAttemptAt !== null
      ? { nextAttemptAt: iso(op.nextAttemptAt) }
      : {}),
    ...(op.lastError === null ? {} : { lastError: op.lastError }),
    ...(op.lastStatus === null ? {} : { lastStatus: op.lastStatus }),
    ...(op.providerResult === null ? {} : { providerResult: op.providerResult }),
    ...(op.identity === null ? {} : { contentIdentity: op.identity }),
    correlationId: op.correlationId,
    createdAt: iso(op.createdAt),
    updatedAt: iso(op.updatedAt),
    ...(op.completedAt === null ? {} : { completedAt: iso(op.completedAt) }),
  };
}

/**
 * Removes ops that succeeded long ago, beyond the kept count, and whose identity nobody can repeat any more. Those of a
 * provider that was not connected stay: they tell an edit that no provider has. Looks at the oldest few thousand only,
 * so that a run costs the same in a workspace of any age. How many went, at most `limit`.
 */
export function pruneOps(tx: Transaction, newest: number, limit: number): number {
  const gone = tx.sql.all<{ seq: number }>(
    `SELECT seq FROM (SELECT * FROM operations WHERE seq <= ? ORDER BY seq LIMIT ?)
     WHERE attention IS NULL AND updated_at < ? AND (identity IS NULL OR identity_expires_at <= ?)
       AND (provider IS NULL OR instr(COALESCE(provider_result, ''), '"local":true') = 0) LIMIT ?`,
    [newest - FILE_API.opsKeptMin, 5 * limit, tx.now - FILE_API.opsKeptMs, tx.now, limit],
  );
  for (const { seq } of gone) tx.sql.run("DELETE FROM operations WHERE seq = ?", [seq]);
  return gone.length;
}

/** The status of an op that has not succeeded; null otherwise, so that the index holds only what somebody waits for. */
function attentionOf(op: Pick<OpRow, "status">): string | null {
  return op.status === "succeeded" ? null : op.status;
}

/** Kind and key in one text that no pair of others can produce; the wire form is read back from it. */
function identityKey({ kind, key }: ContentIdentity): string {
  return JSON.stringify([kind, key]);
}

function opRowOf(row: SqlRow): OpRow {
  const identity = row.identity === null ? null : (JSON.parse(row.identity as string) as [string, string]);
  return {
    seq: row.seq as number,
    path: row.path as string,
    revision: row.revision as string,
    provider: (row.provider as string | null) ?? "",
    action: row.action as OpAction,
    status: row.status as OpStatus,
    attemptCount: row.attempt_count as number,
    nextAttemptAt: row.next_attempt_at as number | null,
    lastError: row.last_error as string | null,
    lastStatus: row.last_status as number | null,
    providerResult: row.provider_result === null ? null : JSON.parse(row.provider_result as string),
    identity: identity === null ? null : { kind: identity[0], key: identity[1] },
    correlationId: row.correlation_id as string,
    createdAt: row.created_at as number,
    updatedAt: row.updated_at as number,
    completedAt: row.completed_at as number | null,
  };
}
