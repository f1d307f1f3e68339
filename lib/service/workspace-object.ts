/**
 * One workspace: its tree, event feed, ops and providers behind asynchronous methods with plain values, so that a
 * process or a Durable Object can host it. Scopes of routes are judged before; what a caller may see is judged here.
 */

import { messageOf } from "../errors.ts";
import type { RejectionCode } from "../model/rejection.ts";
import type { BodyStore, Clock, Database, Log, Random, TreeStore } from "../ports.ts";
import type { Caller } from "./auth/acl.ts";
import type { IngestInput, IngestResult, Pipeline, RecordsInput, RecordsResult } from "./pipeline.ts";
import { type EnvelopeRow, findEnvelope, insertRefused, reopenEnvelope } from "./store/envelopes.ts";
import { type OpQuery, opPage, wireOp } from "./store/ops.ts";
import { migrate } from "./store/schema.ts";
import { type EventListener, WorkspaceStore } from "./store/store.ts";
import type { Sha256, WorkspaceContext } from "./workspace/context.ts";
import { DeleteBreaker } from "./workspace/delete-breaker.ts";
import { claimDelivery, type Delivered, ingestDelivery, processEnvelope } from "./workspace/deliveries.ts";
import { DeliveryQueue } from "./workspace/delivery-queue.ts";
import { DigestKeeper } from "./workspace/digests.ts";
import { collectGarbage } from "./workspace/garbage.ts";
import { ingressOf } from "./workspace/ingress.ts";
import { eventsPage, type FileQuery, queryFiles, readFile, treePage } from "./workspace/reads.ts";
import { sweepExpiredReceipts } from "./workspace/receipts.ts";
import { hasWaitingRefresh, queueRefresh, runRefreshes } from "./workspace/refresh-jobs.ts";
import { applyBatch } from "./workspace/source-envelope.ts";
import {
  type Connection,
  connections,
  connectProvider,
  disconnectProvider,
  refreshProvider,
  syncStatus,
} from "./workspace/sync.ts";
import { treeStoreOf } from "./workspace/tree-store.ts";
import {
  type Acknowledgement,
  acknowledgeOp,
  nextDueOp,
  replayOp,
  requeueInterrupted,
  runDueOps,
} from "./workspace/writeback.ts";
import { type BatchItem, type ClientWrite, putFile, removeFile, writeBatch } from "./workspace/writes.ts";

/** What a workspace needs from its runtime. */
export interface WorkspaceDeps {
  readonly db: Database;
  readonly bodies: BodyStore;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly sha256: Sha256;
  readonly pipeline: Pipeline;
  /** Asks for `runDue` at about this time (ms). */
  wake(atMs: number): void;
}

/** One workspace. */
export class WorkspaceObject {
  /** The tree without scopes and ops, for the pipeline. */
  readonly tree: TreeStore;
  private readonly digests: DigestKeeper;
  private readonly queue: DeliveryQueue;
  private dueRun: Promise<number | null> | null = null;
  private readonly deletes = new DeleteBreaker();
  private readonly initialSyncs = new Map<string, Promise<number>>();

  private constructor(
    readonly context: WorkspaceContext,
    private readonly db: Database,
  ) {
    this.tree = treeStoreOf(context);
    this.digests = new DigestKeeper(context, this.tree);
    this.queue = new DeliveryQueue(context, this.tree);
    context.store.subscribe((events) => this.digests.notice(events));
    this.digests.recover();
  }

  /** Opens a workspace: migrates its tables and queues what was interrupted. */
  static async open(workspaceId: string, deps: WorkspaceDeps): Promise<WorkspaceObject> {
    await migrate(deps.db);
    const store = new WorkspaceStore(workspaceId, deps.db, deps.bodies, deps.clock);
    const { clock, random, log, sha256, pipeline } = deps;
    const context = {
      store,
      clock,
      random,
      log,
      sha256,
      pipeline,
      inFlight: new Set<string>(),
      wake: (at: number) => deps.wake(at),
    };
    await requeueInterrupted(context);
    return new WorkspaceObject(context, deps.db);
  }

  /** The id in file API paths. */
  get workspaceId(): string {
    return this.context.store.workspaceId;
  }

  /** A page of the tree. */
  async treePage(
    caller: Caller,
    query: { path: string; depth: number; cursor: string; excludeRuntime: boolean },
  ) {
    return treePage(this.context, caller, query);
  }

  /** A file's current version. */
  readFile(path: string) {
    return readFile(this.context, path);
  }

  /** Writes one file. */
  putFile(write: ClientWrite) {
    return putFile(this.context, write);
  }

  /** Deletes one file. Fails with `delete_storm_rejected` when too many go in a short time. */
  async deleteFile(target: { path: string; ifMatch: string; correlationId: string; caller?: Caller }) {
    this.deletes.take(this.context.clock.now());
    return removeFile(this.context, target);
  }

  /** Writes many files, each for itself. */
  writeBatch(caller: Caller, items: readonly BatchItem[]) {
    return writeBatch(this.context, caller, items);
  }

  /** Files by metadata. */
  async queryFiles(caller: Caller, query: FileQuery) {
    return queryFiles(this.context, caller, query);
  }

  /** A page of the event feed. */
  async eventsPage(
    caller: Caller,
    query: { cursor: string | null; limit: number; direction: "asc" | "desc"; provider: string | null },
  ) {
    return eventsPage(this.context, caller, query);
  }

  /** Hears durable events until the returned function is called. */
  subscribe(listener: EventListener): () => void {
    return this.context.store.subscribe(listener);
  }

  /** A page of ops, newest first. */
  async opsPage(query: OpQuery) {
    const { ops, nextCursor } = opPage(this.context.store.sql, query);
    return { items: ops.map(wireOp), nextCursor };
  }

  /** Queues an ended op again. */
  replayOp(opId: string, correlationId: string) {
    return replayOp(this.context, opId, correlationId);
  }

  /** Ends an op on behalf of an external executor. */
  acknowledgeOp(opId: string, ack: Acknowledgement) {
    return acknowledgeOp(this.context, opId, ack);
  }

  /** State of each provider's sync. */
  async syncStatus(provider: string | null) {
    return syncStatus(this.context, provider);
  }

  /** Counters of what was taken in; with a provider, of that one alone. */
  async ingress(provider: string | null) {
    return ingressOf(this.context, provider);
  }

  /** Connected providers. */
  async connections(): Promise<Connection[]> {
    return connections(this.context);
  }

  /** Connects a provider without reading its records: they arrive by themselves. */
  link(
    provider: string,
    backend: string,
    connectionId: string,
    settings?: Readonly<Record<string, unknown>>,
  ): Promise<void> {
    const change = { backend, connectionId, ...(settings === undefined ? {} : { settings }) };
    return connectProvider(this.context, this.tree, provider, change);
  }

  /** Connects a provider and reads all its records; concurrent calls share one sync (cloud#775). The number of records. */
  async connect(provider: string, backend: string, connectionId: string | null = null): Promise<number> {
    await connectProvider(this.context, this.tree, provider, { backend, connectionId });
    if (!this.context.pipeline.canExecute(provider, backend)) return 0;
    const running = this.initialSyncs.get(provider);
    if (running !== undefined) return running;
    const sync = this.context.pipeline
      .initialSync(this.tree, provider, backend)
      .finally(() => this.initialSyncs.delete(provider));
    this.initialSyncs.set(provider, sync);
    const records = await sync;
    await this.digests.flush();
    return records;
  }

  /** True while records of a provider are being read for the first time. */
  isSyncing(provider: string): boolean {
    return this.initialSyncs.has(provider);
  }

  /** Disconnects a provider; its files stay. */
  disconnect(provider: string): Promise<void> {
    return disconnectProvider(this.context, provider);
  }

  /** Applies one webhook delivery, connecting its provider first (cloud#736). With `flush` the digests tell of it when this resolves. */
  async ingest(input: IngestInput, flush = false): Promise<IngestResult> {
    if (!connections(this.context).some(({ provider }) => provider === input.provider)) {
      await connectProvider(this.context, this.tree, input.provider, { backend: "simulator" });
    }
    const { result } = await ingestDelivery(this.context, this.tree, input);
    if (flush) await this.digests.flush();
    return result;
  }

  /** Queues a webhook of the sync source; due work fetches what it tells of. False when the delivery was seen before. */
  async queueSource(input: IngestInput): Promise<{ envelopeId: string; fresh: boolean }> {
    const { store, clock } = this.context;
    const { envelope, fresh } = await store.commit((tx) => claimDelivery(tx, input, "source"));
    this.context.wake(clock.now());
    return { envelopeId: envelope.envelopeId, fresh };
  }

  /** Applies a webhook of the sync source at once. */
  async ingestSource(input: IngestInput): Promise<Delivered> {
    return ingestDelivery(this.context, this.tree, input, "source");
  }

  /** Keeps a delivery that cannot be used as a dead letter; its id. */
  async refuse(input: IngestInput, code: RejectionCode, reason: string): Promise<string> {
    const { store } = this.context;
    const envelope = await store.commit((tx) => insertRefused(tx, input, "provider", { code, reason }));
    return envelope.envelopeId;
  }

  /** Applies raw records; those that cannot be used become dead letters. With `flush` the digests tell of it when this resolves. */
  async applyRecords(input: RecordsInput, flush = false): Promise<RecordsResult> {
    const result = await applyBatch(this.context, this.tree, input);
    if (flush) await this.digests.flush();
    return result;
  }

  /** Resolves when no queued delivery is being worked on. */
  deliveriesIdle(): Promise<void> {
    return this.queue.idle();
  }

  /** Applies one delivery of the generic webhook route; the payload is a `FileEnvelope`. */
  ingestFile(input: IngestInput): Promise<Delivered> {
    return ingestDelivery(this.context, this.tree, input, "file");
  }

  /** Replays the envelope with this id; false when there is none. */
  async replayEnvelopeById(envelopeId: string): Promise<boolean> {
    const envelope = findEnvelope(this.context.store.sql, envelopeId);
    if (envelope === null) return false;
    await this.replayEnvelope(envelope);
    return true;
  }

  /** Processes a failed envelope again; one of the sync source, which may take long, as due work. */
  async replayEnvelope(envelope: EnvelopeRow): Promise<void> {
    const { store, clock, inFlight } = this.context;
    const queued = envelope.kind === "source";
    await store.commit((tx) => {
      reopenEnvelope(tx, envelope);
      if (!queued) inFlight.add(envelope.envelopeId);
    });
    if (queued) return this.context.wake(clock.now());
    try {
      await processEnvelope(this.context, this.tree, envelope);
    } catch (thrown) {
      // It is a dead letter again, with the new error: that is the answer, not a failure of the replay.
      this.context.log.debug("replayed envelope failed again", {
        envelope: envelope.envelopeId,
        error: messageOf(thrown),
      });
    }
  }

  /** Writes discovery of one connected provider anew; schemas of the resources in `reset` start from records alone. */
  async refresh(provider: string, reset: readonly string[] = []) {
    const report = await refreshProvider(this.context, this.tree, provider, reset);
    await this.digests.flush();
    return report;
  }

  /** Asks for a refresh of one provider as due work; the id of the job. An unconnected provider is accepted and does nothing. */
  queueRefresh(provider: string): Promise<string> {
    return queueRefresh(this.context, provider);
  }

  /** Does what is due and resolves with the time of the next work (ms), or null. Concurrent calls share one run. */
  runDue(now: number): Promise<number | null> {
    this.dueRun ??= this.doDue(now).finally(() => {
      this.dueRun = null;
    });
    return this.dueRun;
  }

  /** Writes digests that are behind, for shutdown. */
  flushDigests(): Promise<void> {
    return this.digests.flush();
  }

  /** Resolves when everything is on disk. */
  async close(): Promise<void> {
    await this.dueRun;
    await this.queue.stop();
    await this.digests.flush();
    await this.db.close();
  }

  private async doDue(now: number): Promise<number | null> {
    await runRefreshes(this.context, this.tree);
    this.queue.start();
    await runDueOps(this.context, this.tree, now);
    await this.digests.runDue(now);
    const nextReceipt = await sweepExpiredReceipts(this.context, this.tree, now);
    const more = await collectGarbage(this.context);
    // What was asked for while this run was under way joined it and would otherwise be forgotten.
    this.queue.start();
    const asked = hasWaitingRefresh(this.context) ? now : null;
    const goesOn = more ? now : null;
    const due = [nextDueOp(this.context), nextReceipt, asked, goesOn, this.digests.dueAt()].filter(
      (at) => at !== null,
    );
    return due.length === 0 ? null : Math.min(...due);
  }
}
