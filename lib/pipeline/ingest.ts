/** One webhook, from the provider's raw body to files. */
import { messageOf } from "../errors.ts";
import type { RejectedItem, RejectionCode } from "../model/rejection.ts";
import type { TreeStore } from "../ports.ts";
import { providerById, resourceOf } from "../providers/registry.ts";
import { applyNormal } from "./apply.ts";
import { materializeContract } from "./contract.ts";
import type { PipelineDeps } from "./deps.ts";
import { isObject } from "./pure/json.ts";
import { type NormalRecord, normalizeRecord } from "./pure/normalize.ts";

export { applyRecords, type BatchOutcome, type RecordBatch } from "./apply.ts";
export type { PipelineDeps } from "./deps.ts";

/** A webhook as received. */
export interface WebhookInput {
  /** Provider id or connection key. */
  readonly provider: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The parsed body. */
  readonly payload: unknown;
  readonly receivedAtMs: number;
  readonly deliveryId: string;
  readonly correlationId: string;
}

/** What became of a webhook. */
export interface IngestOutcome {
  /**
   * `applied`: files changed. `duplicate`: everything was stored already. `stale`: newer records are stored.
   * `not_applicable`: understood, without files. `rejected`: cannot be used; `reason` says why.
   */
  readonly status: "applied" | "duplicate" | "stale" | "not_applicable" | "rejected";
  readonly reason?: string;
  /** Only of `rejected`. */
  readonly code?: RejectionCode;
  readonly written: string[];
  readonly deleted: string[];
}

/**
 * Reads a webhook and applies its records. The contract files come first, whatever the webhook holds. Store errors and
 * `revision_conflict` after five attempts are thrown, so that the caller can retry the envelope.
 */
export async function ingestWebhook(
  tree: TreeStore,
  input: WebhookInput,
  deps: PipelineDeps,
): Promise<IngestOutcome> {
  const provider = providerById(input.provider);
  const nothing = { written: [], deleted: [] };
  const rejected = (code: RejectionCode, reason: string) =>
    ({ status: "rejected", code, reason, ...nothing }) as const;
  if (provider === null) return rejected("unknown_provider", `unknown provider ${input.provider}`);
  await materializeContract(tree, provider.id, deps);
  if (!isObject(input.payload)) return rejected("malformed_payload", "the body is not a JSON object");

  const headers = Object.fromEntries(
    Object.entries(input.headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const reading = readSafely(() => provider.webhook(input.payload as Record<string, unknown>, headers));
  if (reading.kind === "rejected") return rejected("unreadable_payload", reading.reason);
  if (reading.kind !== "records") return { status: reading.kind, reason: reading.reason, ...nothing };

  const records: NormalRecord[] = [];
  const refused: RejectedItem[] = [];
  for (const [index, { resource: name, record, deleted, onlyIfAbsent }] of reading.records.entries()) {
    const resource = resourceOf(provider, name);
    if (resource === null) continue;
    const hints = { deleted: deleted === true, onlyIfAbsent: onlyIfAbsent === true };
    const normal = normalizeRecord(provider, resource, record, hints);
    if ("rejected" in normal) refused.push({ index, code: normal.code, reason: normal.rejected });
    else records.push(normal);
  }
  // A record that cannot be used rejects the webhook as a whole: half of an event is worse than none.
  const [first] = refused;
  if (first !== undefined) return rejected(first.code, refused.map(({ reason }) => reason).join("; "));

  const context = {
    origin: "provider_sync",
    correlationId: input.correlationId,
    provider: provider.id,
  } as const;
  const outcome = await applyNormal(tree, provider, records, { context }, deps);
  const changed = { written: [...outcome.written], deleted: [...outcome.removed] };
  const [worst] = outcome.rejects;
  if (worst !== undefined) return { ...rejected(worst.code, worst.reason), ...changed };
  if (outcome.applied + outcome.deleted > 0) return { status: "applied", ...changed };
  if (outcome.stale > 0) return { status: "stale", reason: "a newer record is stored", ...changed };
  return { status: "duplicate", reason: "everything it carries is stored already", ...changed };
}

function readSafely<T>(read: () => T): T | { kind: "rejected"; reason: string } {
  try {
    return read();
  } catch (error) {
    // A payload of an unforeseen shape must become a typed reason, never a crash of the service.
    return { kind: "rejected", reason: `the payload cannot be read: ${messageOf(error)}` };
  }
}
