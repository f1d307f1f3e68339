/** The receipt lane: an accepted write is not done until its operation ended (spec mount-daemon 3.2). */
import { isRelayfileError } from "../errors.ts";
import type { WritebackOp } from "../model/writeback-op.ts";
import { isDue, retryDelayMs } from "../sync/backoff.ts";
import { classifyOp } from "../sync/classify.ts";
import { writeDeadLetter } from "./dead-letter.ts";
import { type Engine, noteError } from "./engine.ts";
import { secondsTimestamp } from "./layout.ts";
import type { Pending } from "./outbox.ts";
import { responseOf, settled } from "./outcome.ts";
import { inParallel } from "./remote.ts";

/** Receipts asked for at the same time. */
const WORKERS = 16;
/** How soon a pending operation is asked about again: doubling up to the cap. */
const POLL = { baseMs: 100, capMs: 10_000 } as const;

/** When each operation is asked about next, and how often it was. */
export type ReceiptLane = Map<string, { dueMs: number; polls: number }>;

/** Asks about every operation that is due. Resolves with when to come back in ms, or null when nothing is awaited. */
export async function pollReceipts(
  engine: Engine,
  lane: ReceiptLane,
  signal: AbortSignal,
): Promise<number | null> {
  const now = engine.now();
  const records = engine.outbox.awaitingReceipt();
  const deletes = engine.db.receipts();
  const open = new Set([
    ...records.map(({ record }) => record.opId as string),
    ...deletes.map(({ opId }) => opId),
  ]);
  for (const opId of lane.keys()) if (!open.has(opId)) lane.delete(opId);
  const due = [...open].filter((opId) => isDue(lane.get(opId)?.dueMs ?? 0, now));
  await inParallel(due, WORKERS, async (opId) => {
    if (signal.aborted) return;
    const done = await pollOne(engine, opId, records, signal);
    if (done) lane.delete(opId);
    else {
      const polls = (lane.get(opId)?.polls ?? 0) + 1;
      lane.set(opId, { polls, dueMs: engine.now() + retryDelayMs(polls, null, POLL) });
    }
  });
  let next: number | null = null;
  for (const { dueMs } of lane.values()) next = next === null ? dueMs : Math.min(next, dueMs);
  return next;
}

/** True when the operation ended and everything about it is settled. */
async function pollOne(
  engine: Engine,
  opId: string,
  records: readonly Pending[],
  signal: AbortSignal,
): Promise<boolean> {
  let op: WritebackOp;
  try {
    op = await engine.remote.api.op(opId, { signal, timeoutMs: engine.config.cycleTimeoutMs });
  } catch (error) {
    // Not visible yet, or no answer: neither says anything about the write, so no attempt is spent.
    if (!isRelayfileError(error)) throw error;
    return false;
  }
  const state = classifyOp(op.status);
  if (state === "pending") return false;
  const item = records.find(({ record }) => record.opId === opId);
  if (item !== undefined) {
    if (state === "succeeded") settled(engine, item, opId);
    else operationFailed(engine, { op, path: item.record.remotePath, item });
    return true;
  }
  const receipt = engine.db.receipts().find((candidate) => candidate.opId === opId);
  if (receipt !== undefined) {
    if (state === "failed")
      operationFailed(engine, { op, path: receipt.remotePath, item: null, revision: receipt.revision });
    engine.db.dropReceipt(opId);
  }
  return true;
}

/** The provider refused what the file API had accepted: a dead letter of stage `op`. */
function operationFailed(
  engine: Engine,
  { op, path, item, revision }: { op: WritebackOp; path: string; item: Pending | null; revision?: string },
): void {
  const opId = item?.record.retryOf ?? op.opId;
  const status = op.lastStatus ?? statusIn(op.lastError ?? "");
  const message = op.lastError ?? `operation ended as ${op.status}`;
  const at = secondsTimestamp(engine.now());
  const attempts = Math.max(op.attemptCount, 0);
  writeDeadLetter(
    engine.world,
    engine.layout.deadLetters,
    {
      opId,
      path,
      attempts,
      ...(status === undefined ? {} : { lastStatus: status }),
      lastBody: bodyOf(op).slice(0, 1_024),
      ts: at,
      stage: "op",
      baseRevision: item?.record.revision ?? op.revision ?? revision ?? "0",
      ...(item === null ? {} : { commandId: item.record.commandId, hash: item.record.hash }),
      code: op.status,
      message,
    },
    {
      code: status === undefined || status < 500 ? "provider_4xx" : "provider_5xx_exhausted",
      message,
      ...(status === undefined ? {} : { providerStatus: status }),
      providerResponse: op.providerResult ?? responseOf(bodyOf(op)),
      firstAttemptAt:
        item === null ? at : secondsTimestamp(Date.parse(item.record.firstSeenAt) || engine.now()),
      lastAttemptAt: at,
    },
  );
  if (item !== null) {
    engine.outbox.update(item.record.commandId, { dispatchStatus: op.status });
    engine.outbox.fail(item.record.commandId, message, true);
  }
  engine.news.path({ what: "refused", path, opId });
  engine.world.log.error("the provider refused a write; it is now a dead letter", {
    opId,
    path,
    status: status ?? null,
    reason: message,
    retry: `relayfile writeback retry --opId ${opId}`,
  });
  noteError(engine, {
    kind: "http",
    ...(status === undefined ? {} : { statusCode: status }),
    code: op.status,
    message: `${path}: ${message}`,
  });
}

/** What the provider said, as far as the operation tells. */
function bodyOf(op: WritebackOp): string {
  const raw = op.providerResult?.body ?? op.providerResult?.error;
  if (typeof raw === "string") return raw;
  return raw === undefined ? (op.lastError ?? "") : JSON.stringify(raw);
}

/** A provider status mentioned in an error text (`... 400 ...`), when the operation has no field for it. */
function statusIn(text: string): number | undefined {
  const match = /\b([45]\d\d)\b/.exec(text);
  return match ? Number(match[1]) : undefined;
}
