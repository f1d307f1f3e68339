/**
 * What a workspace needs from the providers, in one interface: the store and the API are tested without any provider,
 * and `live-pipeline.ts` is the only file of the service that knows the real modules.
 */

import type { ContentIdentity } from "../model/file.ts";
import type { RefreshedProvider } from "../model/integration.ts";
import type { RejectedItem, RejectionCode } from "../model/rejection.ts";
import type { RefusedRecord, SourceEvent, SyncJob } from "../model/sync-source.ts";
import type { OpAction } from "../model/writeback-op.ts";
import type { SqlValue, TreeStore } from "../ports.ts";

/** What became of one webhook delivery. */
export interface IngestResult {
  readonly status: "applied" | "duplicate" | "stale" | "not_applicable" | "rejected";
  readonly reason?: string | undefined;
  /** Only of `rejected`. */
  readonly code?: RejectionCode | undefined;
  readonly written: readonly string[];
  readonly deleted: readonly string[];
}

/** One delivery, as received. */
export interface IngestInput {
  readonly provider: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly payload: unknown;
  readonly receivedAtMs: number;
  readonly deliveryId: string;
  readonly correlationId: string;
}

/** Raw records of one model, as a source or a file holds them. */
export interface RecordsInput {
  readonly provider: string;
  readonly model: string;
  readonly records: readonly unknown[];
  readonly correlationId: string;
}

/** What a batch did; the counts add up to the number of records. */
export interface RecordsResult {
  readonly applied: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly stale: number;
  readonly rejected: number;
  readonly rejects: readonly RejectedItem[];
  readonly written: readonly string[];
  readonly removed: readonly string[];
}

/** What fetching the records of a sync did. */
export interface SourceSyncResult {
  readonly records: number;
  readonly applied: number;
  readonly deleted: number;
  readonly stale: number;
  readonly refused: readonly RefusedRecord[];
}

/** An op on its way to a provider. */
export interface ExecutableOp {
  readonly opId: string;
  readonly path: string;
  readonly revision: string;
  readonly action: OpAction;
  readonly correlationId: string;
  readonly contentIdentity?: ContentIdentity;
  /** Content of that revision; absent for a delete, and when it is no longer kept. */
  readonly bytes?: Uint8Array;
}

/** The connection an op goes over. */
export interface OpConnection {
  readonly backend: string;
  readonly connectionId: string | null;
  /** The connection's metadata. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** How one attempt ended (design decision 8). */
export type ExecutionResult =
  | {
      readonly outcome: "succeeded";
      readonly providerResult: Record<string, unknown>;
      readonly externalId?: string | undefined;
      readonly canonicalPath?: string | undefined;
    }
  /** Routing or validation: no provider was asked. */
  | { readonly outcome: "failed"; readonly error: string }
  | {
      readonly outcome: "retry";
      readonly error: string;
      readonly status?: number | undefined;
      readonly retryAfterMs?: number | undefined;
    }
  /** The provider refused for good. `body` is the start of its answer. */
  | { readonly outcome: "rejected"; readonly error: string; readonly status: number; readonly body?: string };

/** A provider as the catalog lists it. */
export interface CatalogEntry {
  readonly id: string;
  readonly displayName: string;
  readonly vfsRoot: string;
}

/** The providers, as one workspace sees them. */
export interface Pipeline {
  readonly catalog: readonly CatalogEntry[];
  /** The provider's id for an id or connection key, or null when there is none. */
  idOf(name: string): string | null;
  /** The provider a path belongs to; empty when none. */
  providerOf(path: string): string;
  /** True when ops of the provider are executed here; false leaves them to an external consumer. */
  canExecute(provider: string, backend: string): boolean;
  /** Why a provider cannot be connected over a backend on request, and what to do; null when it can. */
  connectProblem(
    provider: string,
    backend: string,
  ): { readonly problem: string; readonly hint: string } | null;
  ingest(tree: TreeStore, input: IngestInput): Promise<IngestResult>;
  /** Applies raw records; afterwards the simulated provider, if that is the backend, has them too. */
  applyRecords(tree: TreeStore, input: RecordsInput): Promise<RecordsResult>;
  /** True when the provider has records under this model name. */
  hasModel(provider: string, model: string): boolean;
  /** True when the provider writes a schema for a resource of this name. */
  hasSchema(provider: string, resource: string): boolean;
  /** The usual model names of a provider's records. */
  modelsOf(provider: string): readonly string[];
  /** Reads a webhook of the sync source. */
  readSource(payload: unknown): SourceEvent;
  /** Fetches and applies the records of a sync. The signal ends it between two pages. */
  syncSource(tree: TreeStore, job: SyncJob, signal: AbortSignal): Promise<SourceSyncResult>;
  /** Removes the receipts among `paths` that are older than a day; what was removed. */
  sweepReceipts(tree: TreeStore, paths: readonly string[], now: number): Promise<readonly string[]>;
  /** LAYOUT.md and discovery files of a provider. */
  materialize(tree: TreeStore, provider: string): Promise<void>;
  /** Reads all records of a provider's backend and applies them. The number of records read; 0 of one that sends them by itself. */
  initialSync(tree: TreeStore, provider: string, backend: string): Promise<number>;
  /** Writes discovery anew. Schemas of the resources named in `reset` forget what earlier samples taught them. */
  refresh(tree: TreeStore, provider: string, reset?: readonly string[]): Promise<RefreshedProvider>;
  /** Performs an op once, over the connection of its provider. */
  execute(tree: TreeStore, op: ExecutableOp, connection: OpConnection): Promise<ExecutionResult>;
  /** Time zone of digest windows, IANA name. */
  readonly timeZone: string;
  /** Said in every digest; null when the zone is the one that was asked for. */
  readonly timeZoneWarning: "timezone_invalid" | null;
  /** SQL over column `path` that is true for records, and the same as a predicate that is true for what is internal. */
  digestClause(): { readonly sql: string; readonly params: readonly SqlValue[] };
  isInternal(path: string): boolean;
  /** The provider's own name of a record, or null. */
  digestNameOf(path: string): string | null;
}
