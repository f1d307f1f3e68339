/** Ops on their way to providers: executing what is due, acknowledgements of external executors, replay. */
import { fail, messageOf } from "../../errors.ts";
import { PIPELINE } from "../../limits.ts";
import { OP_FINAL } from "../../model/op-status.ts";
import { revisionNumber } from "../../model/revision.ts";
import type { TreeStore } from "../../ports.ts";
import type { ExecutionResult } from "../pipeline.ts";
import { findFile, readBody } from "../store/files.ts";
import {
  dueOps,
  findOp,
  nextOpDueAt,
  type OpChange,
  type OpRow,
  opIdOf,
  runningOps,
  updateOp,
} from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";
import { prepareBody, type WorkspaceContext } from "./context.ts";
import { type DraftOutcome, reconcileDraft } from "./drafts.ts";
import { keepRefused } from "./losers.ts";
import { type Connection, connections } from "./sync.ts";

const DUE_BATCH = 32;

/** Key of a merge's own data in an op's result (spec file-api 6.1). */
export const MERGE_NOTE = "goal_b_merge";

/** Executes every op that is due, one at a time per provider. */
export async function runDueOps(context: WorkspaceContext, tree: TreeStore, now: number): Promise<void> {
  for (let due = executable(context, now); due.length > 0; due = executable(context, now)) {
    await Promise.all(
      due.map(async ({ connection, ops }) => {
        for (const op of ops) await executeOne(context, tree, op, connection);
      }),
    );
  }
}

/** When the next op that is executed here is due, ms, or null. */
export function nextDueOp(context: WorkspaceContext): number | null {
  return nextOpDueAt(
    context.store.sql,
    executedHere(context).map(({ provider }) => provider),
  );
}

/** Ops that were being executed when the process ended are due again: at least once. */
export async function requeueInterrupted(context: WorkspaceContext): Promise<void> {
  if (runningOps(context.store.sql).length === 0) return;
  await context.store.commit((tx) => {
    for (const op of runningOps(tx.sql)) updateOp(tx, op, { status: "pending", nextAttemptAt: tx.now });
  });
}

/** What an external executor reports. */
export interface Acknowledgement {
  readonly success: boolean;
  readonly error: string | null;
  readonly externalId: string | null;
  /** Preferred final path of a draft. */
  readonly canonicalPath: string | null;
  readonly providerResult: Record<string, unknown> | null;
}

/** An acknowledged op, and what became of its draft when the provider named its object. */
export interface Acknowledged {
  readonly op: OpRow;
  readonly draft: DraftOutcome | null;
}

/** Ends an op from outside. Fails with `not_found`, and with `invalid_state` when it ended otherwise before. */
export async function acknowledgeOp(
  context: WorkspaceContext,
  opId: string,
  ack: Acknowledgement,
): Promise<Acknowledged> {
  const { store } = context;
  const row = findFile(store.sql, requireOp(context, opId).path);
  const bytes = row === null ? null : await readBody(store.sql, store.bodies, row.revision);
  const body = row === null || bytes === null ? null : await prepareBody(context, row.path, bytes);
  const acknowledged = await store.commit((tx): Acknowledged => {
    const op = requireOp(context, opId);
    const outcome = ack.success ? "succeeded" : "dead_lettered";
    const draftOf = () => {
      if (!ack.success || ack.externalId === null) return null;
      // A change that came in between wins: its bytes are not those read above.
      const same = findFile(tx.sql, op.path)?.revision === row?.revision;
      return reconcileDraft(
        tx,
        op,
        { externalId: ack.externalId, canonicalPath: ack.canonicalPath },
        same ? body : null,
      );
    };
    if (OP_FINAL.includes(op.status)) {
      if (op.status === outcome) return { op, draft: draftOf() };
      fail("invalid_state", `op ${opId} is ${op.status} already`, { status: op.status });
    }
    if (!ack.success) {
      const lastError = ack.error ?? "refused by the executor";
      return { op: giveUp(tx, op, { status: "dead_lettered", lastError }), draft: null };
    }
    const externalId = ack.externalId === null ? {} : { externalId: ack.externalId };
    return { op: succeed(tx, op, { ...ack.providerResult, ...externalId }), draft: draftOf() };
  });
  await keepRefused(context, acknowledged.op);
  return acknowledged;
}

/** Queues an ended op again. Fails with `not_found`, or `invalid_state` unless it is dead-lettered, failed or canceled. */
export async function replayOp(
  context: WorkspaceContext,
  opId: string,
  correlationId: string,
): Promise<OpRow> {
  const op = await context.store.commit((tx) => {
    const found = requireOp(context, opId);
    if (!["dead_lettered", "failed", "canceled"].includes(found.status)) {
      fail("invalid_state", `op ${opId} is ${found.status}; only ended, unsuccessful ops are replayed`, {
        status: found.status,
      });
    }
    return updateOp(tx, found, {
      status: "pending",
      attemptCount: 0,
      nextAttemptAt: tx.now,
      lastError: null,
      lastStatus: null,
      correlationId,
    });
  });
  context.wake(context.clock.now());
  return op;
}

/** The op, or `not_found`. */
export function requireOp(context: WorkspaceContext, opId: string): OpRow {
  return findOp(context.store.sql, opId) ?? noOp(opId);
}

/** The answer for an op that is not there, or not for this caller. */
export function noOp(opId: string): never {
  return fail("not_found", `no op ${opId}`, { opId, hint: "relayfile ops list WORKSPACE" });
}

/** Connections whose ops are executed here; those of the others wait for an acknowledgement. */
function executedHere(context: WorkspaceContext): Connection[] {
  return connections(context).filter(({ provider, backend }) =>
    context.pipeline.canExecute(provider, backend),
  );
}

/** The oldest due ops that are executed here, by their connection. */
function executable(
  context: WorkspaceContext,
  now: number,
): { readonly connection: Connection; readonly ops: readonly OpRow[] }[] {
  const here = executedHere(context);
  const providers = here.map(({ provider }) => provider);
  const byProvider = Map.groupBy(
    dueOps(context.store.sql, providers, now, DUE_BATCH),
    ({ provider }) => provider,
  );
  return here.flatMap((connection) => {
    const ops = byProvider.get(connection.provider);
    return ops === undefined ? [] : [{ connection, ops }];
  });
}

async function executeOne(
  context: WorkspaceContext,
  tree: TreeStore,
  due: OpRow,
  connection: Connection,
): Promise<void> {
  const op = await context.store.commit((tx) =>
    updateOp(tx, due, { status: "running", nextAttemptAt: null }),
  );
  let result: ExecutionResult;
  try {
    const revision = revisionNumber(op.revision);
    const deleted = op.action === "file_delete" || revision === null;
    const bytes = deleted ? null : await readBody(context.store.sql, context.store.bodies, revision);
    const executable = {
      opId: opIdOf(op.seq),
      path: op.path,
      revision: op.revision,
      action: op.action,
      correlationId: op.correlationId,
      ...(op.identity === null ? {} : { contentIdentity: op.identity }),
      ...(bytes === null ? {} : { bytes }),
    };
    result = await context.pipeline.execute(tree, executable, connection);
  } catch (thrown) {
    // A defect of an executor must not leave the op running for ever: it is retried like a failing provider.
    context.log.error("writeback executor failed", { op: opIdOf(op.seq), error: messageOf(thrown) });
    result = { outcome: "retry", error: messageOf(thrown) };
  }
  const ended = await context.store.commit((tx) => settle(context, tx, op, result));
  await keepRefused(context, ended);
  context.log.debug("writeback", {
    op: opIdOf(op.seq),
    path: op.path,
    status: ended.status,
    attempts: ended.attemptCount,
    error: ended.lastError,
  });
  if (ended.nextAttemptAt !== null) context.wake(ended.nextAttemptAt);
}

/** Design decision 8: `failed` was never attempted, `dead_lettered` was refused for good or ran out of attempts. */
function settle(context: WorkspaceContext, tx: Transaction, op: OpRow, result: ExecutionResult): OpRow {
  if (result.outcome === "succeeded") {
    const { externalId, canonicalPath } = result;
    return succeed(
      tx,
      { ...op, attemptCount: op.attemptCount + 1 },
      {
        ...result.providerResult,
        ...(externalId === undefined ? {} : { externalId }),
        ...(canonicalPath === undefined ? {} : { canonicalPath }),
      },
    );
  }
  if (result.outcome === "failed") return giveUp(tx, op, { status: "failed", lastError: result.error });
  const attemptCount = op.attemptCount + 1;
  const lastStatus = result.status ?? null;
  if (result.outcome === "rejected" || attemptCount >= PIPELINE.writebackAttemptsMax) {
    const body = result.outcome === "rejected" ? result.body : undefined;
    return giveUp(tx, op, {
      status: "dead_lettered",
      attemptCount,
      lastError: result.error,
      lastStatus,
      ...(body === undefined ? {} : { providerResult: { ...noteOf(op), status: lastStatus, body } }),
    });
  }
  const delayMs =
    PIPELINE.writebackRetryBaseMs * 2 ** (attemptCount - 1) * (0.9 + 0.2 * context.random.float());
  return updateOp(tx, op, {
    status: "pending",
    attemptCount,
    nextAttemptAt: tx.now + Math.round(Math.max(result.retryAfterMs ?? 0, delayMs)),
    lastError: result.error,
    lastStatus,
  });
}

function succeed(tx: Transaction, op: OpRow, providerResult: Record<string, unknown>): OpRow {
  const row = updateOp(tx, op, {
    status: "succeeded",
    attemptCount: op.attemptCount,
    nextAttemptAt: null,
    lastError: null,
    providerResult: { ...noteOf(op), ...providerResult, providerRevision: op.revision },
  });
  report(tx, row, "writeback.succeeded", null);
  return row;
}

/** What a merge kept with its op survives every outcome. */
function noteOf(op: OpRow): Record<string, unknown> {
  const merge = op.providerResult?.[MERGE_NOTE];
  return merge === undefined ? {} : { [MERGE_NOTE]: merge };
}

function giveUp(tx: Transaction, op: OpRow, change: OpChange & { lastError: string }): OpRow {
  const row = updateOp(tx, op, { ...change, nextAttemptAt: null });
  report(tx, row, "writeback.failed", change.lastError);
  return row;
}

function report(
  tx: Transaction,
  op: OpRow,
  type: "writeback.succeeded" | "writeback.failed",
  detail: string | null,
): void {
  tx.emit({
    type,
    path: op.path,
    revision: op.revision,
    origin: "system",
    provider: op.provider,
    correlationId: op.correlationId,
    detail,
  });
}
