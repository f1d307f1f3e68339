/** Sends raw records to the control plane in batches that fit, and adds up what became of them. */
import { CLIENT, PIPELINE } from "../limits.ts";
import { type IngestTarget, type IngestWorld, patiently } from "./ingest.ts";
import type { RecordFile } from "./record-files.ts";

/** One record that could not be used. */
export interface RefusedSlot {
  /** Its place in the source, from 0. */
  readonly index: number;
  readonly code: string;
  readonly reason: string;
}

/** What became of the records of one source. */
export interface IngestedRecords {
  readonly source: string;
  readonly model: string;
  /** `applied + deleted + unchanged + stale + rejected`. */
  readonly records: number;
  readonly applied: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly rejected: number;
  /** The first hundred of the rejected ones. */
  readonly rejects: readonly RefusedSlot[];
  readonly filesWritten: number;
  readonly filesDeleted: number;
}

const BATCH_BYTES_MAX = 8 * 1024 * 1024;
const REJECTS_LISTED_MAX = 100;

interface Slot {
  readonly index: number;
  readonly record: unknown;
}

/** Sends the files in order; one result per file. Progress goes to the log. The last batch asks for finished digests. */
export async function ingestRecords(
  target: IngestTarget,
  files: readonly RecordFile[],
  world: IngestWorld,
): Promise<IngestedRecords[]> {
  const total = files.reduce((sum, file) => sum + file.slots.length, 0);
  const planned = files.map((file) => ({ file, ...planOf(file) }));
  const last = planned.findLastIndex(({ batches }) => batches.length > 0);
  const results: IngestedRecords[] = [];
  let sent = 0;
  for (const [at, { file, batches, refused }] of planned.entries()) {
    let sum = emptyResult(file, refused);
    sent += refused.length;
    for (const [number, batch] of batches.entries()) {
      world.signal?.throwIfAborted();
      const flush = at === last && number === batches.length - 1;
      sum = added(sum, await sendBatch(target, { file, batch, flush }, world), batch);
      sent += batch.length;
      world.log.info(`sent ${sent} of ${total} records`, { source: file.source, model: file.model });
    }
    results.push({
      ...sum,
      rejects: sum.rejects.toSorted((a, b) => a.index - b.index).slice(0, REJECTS_LISTED_MAX),
    });
  }
  return results;
}

/** Batches of at most a thousand records and 8 MiB; what is larger than a record may be is refused here. */
function planOf(file: RecordFile): { batches: Slot[][]; refused: RefusedSlot[] } {
  const batches: Slot[][] = [];
  const refused: RefusedSlot[] = [];
  let batch: Slot[] = [];
  let bytes = 0;
  for (const [index, slot] of file.slots.entries()) {
    if (slot.kind === "problem") {
      refused.push({ index, code: slot.code, reason: slot.reason });
      continue;
    }
    if (slot.bytes > PIPELINE.recordBytesMax) {
      const reason = `the record is ${slot.bytes} bytes, the limit is ${PIPELINE.recordBytesMax}`;
      refused.push({ index, code: "record_too_large", reason });
      continue;
    }
    if (
      batch.length === PIPELINE.batchRecordsMax ||
      (batch.length > 0 && bytes + slot.bytes > BATCH_BYTES_MAX)
    ) {
      batches.push(batch);
      batch = [];
      bytes = 0;
    }
    batch.push({ index, record: slot.record });
    bytes += slot.bytes;
  }
  if (batch.length > 0) batches.push(batch);
  return { batches, refused };
}

function sendBatch(
  target: IngestTarget,
  { file, batch, flush }: { file: RecordFile; batch: readonly Slot[]; flush: boolean },
  world: IngestWorld,
) {
  const body = { model: file.model, records: batch.map(({ record }) => record), flush };
  const options = { signal: world.signal, timeoutMs: CLIENT.joinTimeoutMs };
  return patiently(world, () => target.api.records(target.workspaceId, target.provider, body, options));
}

function emptyResult(file: RecordFile, refused: readonly RefusedSlot[]): IngestedRecords {
  return {
    source: file.source,
    model: file.model,
    records: file.slots.length,
    applied: 0,
    deleted: 0,
    unchanged: 0,
    stale: 0,
    rejected: refused.length,
    rejects: refused,
    filesWritten: 0,
    filesDeleted: 0,
  };
}

function added(
  sum: IngestedRecords,
  outcome: Awaited<ReturnType<typeof sendBatch>>,
  batch: readonly Slot[],
): IngestedRecords {
  const rejects = outcome.rejects.map(({ index, code, reason }) => ({
    index: batch[index]?.index ?? index,
    code,
    reason,
  }));
  return {
    ...sum,
    applied: sum.applied + outcome.applied,
    deleted: sum.deleted + outcome.deleted,
    unchanged: sum.unchanged + outcome.unchanged,
    stale: sum.stale + outcome.stale,
    rejected: sum.rejected + outcome.rejected,
    rejects: [...sum.rejects, ...rejects],
    filesWritten: sum.filesWritten + outcome.filesWritten,
    filesDeleted: sum.filesDeleted + outcome.filesDeleted,
  };
}
