/** The push lane: sends due outbox records, and nothing about one record can stop another. */

import { messageOf } from "../errors.ts";
import type { BulkResult } from "../model/file.ts";
import { ABSENT_REVISION } from "../model/revision.ts";
import { circuitVerdict, countsForCircuit, isDue } from "../sync/backoff.ts";
import { isDraftPath } from "../sync/drafts.ts";
import { waitsForDelete } from "./deletes.ts";
import { type Engine, endProbe, noteAnswer, noteError } from "./engine.ts";
import { identityOf, type Pending } from "./outbox.ts";
import {
  accepted,
  classify,
  deny,
  fileRefusal,
  type Refusal,
  refuse,
  rejectInvalid,
  retryLater,
} from "./outcome.ts";
import type { RemoteState, WriteAnswer } from "./remote.ts";
import { resolveUploadConflict } from "./resolve.ts";

/** How long the lane pauses after the server refused the credential, doubling. */
const AUTH_PAUSE_MS = { first: 30_000, cap: 600_000 } as const;

/** How soon saves that wait for a delete are looked at again. */
const DELETE_LOOK_MS = 200;

/** State of the lane between rounds. */
export interface PushLane {
  pausedUntilMs: number;
  authFailures: number;
}

/** A fresh lane. */
export function newPushLane(): PushLane {
  return { pausedUntilMs: 0, authFailures: 0 };
}

/**
 * Sends everything that is due, in batches, until nothing is or the lane must wait. Resolves with the time in ms at
 * which to come back, or null when only a wake-up can bring work. Aborting stops before the next request.
 */
export async function pushDue(engine: Engine, lane: PushLane, signal: AbortSignal): Promise<number | null> {
  if (engine.config.syncMode === "pull-only") return null;
  engine.outbox.archiveReplaced();
  while (!signal.aborted) {
    const now = engine.now();
    if (!isDue(lane.pausedUntilMs, now, AUTH_PAUSE_MS.cap))
      return engine.outbox.nextDueMs() === null ? null : lane.pausedUntilMs;
    const waits = waitsForDelete(engine);
    const ready = engine.outbox.due(now).filter((item) => !engine.inFlight.has(item.record.remotePath));
    const due = ready.filter((item) => !waits(item.record.remotePath));
    if (due.length === 0) {
      const next = engine.outbox.nextDueMs(waits);
      const isMoving = ready.length > 0 && engine.health.heldDeletes === null;
      return isMoving ? Math.min(next ?? Number.POSITIVE_INFINITY, now + DELETE_LOOK_MS) : next;
    }
    const verdict = circuitVerdict(engine.health.circuit, now, engine.config.circuit);
    if (verdict.kind === "open") return verdict.untilMs;
    if (verdict.kind === "probe") engine.health.circuit = { ...engine.health.circuit, probing: true };
    const batch =
      verdict.kind === "probe" ? due.slice(0, 1) : packBatch(due, engine.config.writebackBatchBytesMax);
    try {
      await sendBatch(engine, lane, batch, signal);
    } finally {
      endProbe(engine);
    }
  }
  return null;
}

/** The first records that fit one request, one path at most once. A single large one goes alone. */
function packBatch(due: readonly Pending[], bytesMax: number): Pending[] {
  const batch: Pending[] = [];
  const paths = new Set<string>();
  let bytes = 0;
  for (const item of due) {
    if (paths.has(item.record.remotePath)) continue;
    if (batch.length > 0 && bytes + item.wireBytes > bytesMax) break;
    batch.push(item);
    paths.add(item.record.remotePath);
    bytes += item.wireBytes;
  }
  return batch;
}

/** Sends one batch; a refusal of the whole is bisected until the file that caused it stands alone. */
async function sendBatch(
  engine: Engine,
  lane: PushLane,
  batch: readonly Pending[],
  signal: AbortSignal,
): Promise<void> {
  const ready = batch.flatMap((item) => {
    const content = engine.outbox.content(item.record.commandId);
    if (content === null) {
      engine.world.log.error("outbox record lost its body", { commandId: item.record.commandId });
      engine.outbox.fail(item.record.commandId, "the record on disk has no readable body", true);
      return [];
    }
    return [{ item, content }];
  });
  if (ready.length === 0) return;
  for (const { item } of ready) {
    engine.inFlight.add(item.record.remotePath);
    engine.outbox.markSent(item.record.commandId);
  }
  const first = ready[0]?.item.record;
  try {
    const answer = await engine.remote.bulk(
      ready.map(({ item: { record }, content }) => ({
        path: record.remotePath,
        content,
        contentType: record.contentType,
        ...(record.encoding === undefined ? {} : { encoding: record.encoding }),
        ifMatch: record.expectedRevision ?? ABSENT_REVISION,
        contentIdentity:
          isDraftPath(record.remotePath) && !record.commandId.includes("#")
            ? {
                kind: "mount-writeback-create-draft",
                key: `${record.workspaceId}:${record.remotePath}:${record.hash}`,
                ttlSeconds: 2_592_000,
              }
            : identityOf(record),
      })),
      { opId: first?.commandId ?? "", correlationId: ready.length === 1 ? first?.correlationId : undefined },
      signal,
    );
    noteAnswer(engine, answer.status, countsForCircuit(answer.status));
    await consume(
      engine,
      lane,
      ready.map(({ item }) => item),
      answer,
      signal,
    );
  } finally {
    for (const { item } of ready) engine.inFlight.delete(item.record.remotePath);
  }
}

async function consume(
  engine: Engine,
  lane: PushLane,
  batch: readonly Pending[],
  answer: WriteAnswer<BulkResult>,
  signal: AbortSignal,
): Promise<void> {
  const whole: Refusal = answer;
  const kind = answer.result === null ? classify(whole, batch.length, false, false) : "accepted";
  if (kind === "auth") return pauseForAuth(engine, lane, batch, whole);
  if (kind !== "retry") {
    lane.authFailures = 0;
    engine.health.authProblem = null;
  }
  if (kind === "retry") {
    for (const item of batch) retryLater(engine, item, whole);
    return;
  }
  if (kind === "split") {
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      if (!signal.aborted) await sendBatch(engine, lane, half, signal);
    }
    return;
  }
  if (answer.result === null) {
    for (const item of batch) await oneRefused(engine, item, whole, kind);
    return;
  }
  const results = new Map((answer.result.results ?? []).map((result) => [result.path, result]));
  const errors = new Map(answer.result.errors.map((error) => [error.path, error]));
  const unanswered: Pending[] = [];
  for (const item of batch) {
    const { remotePath, expectedRevision = ABSENT_REVISION } = item.record;
    const result = results.get(remotePath);
    const error = errors.get(remotePath);
    if (result !== undefined) {
      const opDone = result.writeback?.state === "succeeded";
      accepted(engine, item, { revision: result.revision, opId: result.opId || null, opDone });
    } else if (error !== undefined) {
      const refusal = fileRefusal(error);
      engine.world.log.warn("writeback refused", {
        path: remotePath,
        code: error.code,
        message: error.message,
      });
      await oneRefused(
        engine,
        item,
        refusal,
        classify(refusal, 1, true, expectedRevision !== ABSENT_REVISION),
      );
    } else unanswered.push(item);
  }
  // A server that reports no revision per file is asked for it.
  for (const item of unanswered) await readBack(engine, item, signal);
}

async function oneRefused(
  engine: Engine,
  item: Pending,
  refusal: Refusal,
  kind: ReturnType<typeof classify>,
): Promise<void> {
  if (kind === "conflict") return resolveUploadConflict(engine, item, refusal);
  if (kind === "denied") return deny(engine, item, refusal);
  if (kind === "invalid") return rejectInvalid(engine, item, refusal);
  return kind === "retry" ? retryLater(engine, item, refusal) : refuse(engine, item, refusal);
}

/** The credential was refused even after a refresh: everything waits, no attempt is spent, no dead letter is written. */
function pauseForAuth(engine: Engine, lane: PushLane, batch: readonly Pending[], refusal: Refusal): void {
  lane.authFailures++;
  const pauseMs = Math.min(AUTH_PAUSE_MS.first * 2 ** (lane.authFailures - 1), AUTH_PAUSE_MS.cap);
  lane.pausedUntilMs = engine.now() + pauseMs;
  for (const item of batch) engine.outbox.defer(item.record.commandId, lane.pausedUntilMs);
  engine.health.authProblem = refusal.message;
  noteError(engine, {
    kind: "auth",
    statusCode: refusal.status ?? 401,
    code: refusal.code,
    message: refusal.message,
  });
}

async function readBack(engine: Engine, item: Pending, signal: AbortSignal): Promise<void> {
  let state: RemoteState;
  try {
    state = await engine.remote.read(item.record.remotePath, signal);
  } catch (error) {
    retryLater(engine, item, {
      status: null,
      code: "network_unreachable",
      message: messageOf(error),
      body: "",
      opId: null,
      retryAfterMs: null,
    });
    return;
  }
  if (state.kind === "file" && state.file.hash === item.record.hash) {
    accepted(engine, item, { revision: state.file.revision, opId: null, opDone: true });
  } else {
    retryLater(engine, item, {
      status: 502,
      code: "unexpected_answer",
      message: "the answer names neither result nor error for the file",
      body: "",
      opId: null,
      retryAfterMs: null,
    });
  }
}
