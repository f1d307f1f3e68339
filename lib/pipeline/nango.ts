/**
 * A Nango-style sync source: its webhooks say that a connection was made or that records are ready, and the records
 * are fetched page by page from its API.
 */
import { fail, messageOf } from "../errors.ts";
import { PIPELINE } from "../limits.ts";
import type { RejectionCode } from "../model/rejection.ts";
import type { RefusedRecord, SourceEvent, SyncJob } from "../model/sync-source.ts";
import type { TreeStore } from "../ports.ts";
import { providerById } from "../providers/registry.ts";
import { applyRecords, type BatchOutcome } from "./apply.ts";
import { materializeContract } from "./contract.ts";
import type { PipelineDeps } from "./deps.ts";
import { isObject, parseJson } from "./pure/json.ts";

/** Reads a webhook of the source. */
export function readSourceWebhook(body: unknown): SourceEvent {
  const rejected = (code: RejectionCode, reason: string) => ({ kind: "rejected", code, reason }) as const;
  if (!isObject(body)) return rejected("malformed_payload", "the body is not a JSON object");
  const text = (key: string) => (typeof body[key] === "string" ? body[key] : "");
  const providerConfigKey = text("providerConfigKey") || text("from");
  const provider = providerById(providerConfigKey)?.id;
  if (provider === undefined)
    return rejected("unknown_provider", `no provider for the key ${providerConfigKey || "(none)"}`);
  const connectionId = text("connectionId");
  const type = text("type");
  if (type === "forward") {
    const headers = isObject(body.headers)
      ? Object.entries(body.headers).filter(([, value]) => typeof value === "string")
      : [];
    return {
      kind: "forward",
      provider,
      connectionId: connectionId || null,
      payload: body.payload,
      headers: Object.fromEntries(headers) as Record<string, string>,
    };
  }
  if (connectionId === "") return rejected("unreadable_payload", "the webhook names no connectionId");
  if (type === "auth") {
    if (body.success === false)
      return { kind: "not_applicable", reason: "the authorization did not succeed" };
    if (text("operation") === "deletion") return { kind: "disconnected", provider, connectionId };
    return { kind: "connected", provider, connectionId, providerConfigKey };
  }
  if (type !== "sync")
    return { kind: "not_applicable", reason: `events of type ${type || "(none)"} carry no records` };
  if (body.success === false) {
    const reason = isObject(body.error)
      ? String(body.error.description ?? body.error.type ?? "sync failed")
      : "sync failed";
    return { kind: "sync_failed", provider, connectionId, reason };
  }
  const model = text("model");
  if (model === "") return rejected("unreadable_payload", "a sync webhook names its model");
  const modifiedAfter = text("modifiedAfter") || null;
  const syncName = text("syncName");
  return {
    kind: "sync",
    provider,
    connectionId,
    job: { provider, providerConfigKey, connectionId, syncName, model, modifiedAfter, cursor: null },
  };
}

/** Where the source's API is, and the secret for it. */
export interface SourceAccess {
  /** Without trailing slash. */
  readonly baseUrl: string;
  readonly secretKey: string;
}

/** What a sync did. */
export interface SyncOutcome extends Omit<BatchOutcome, "written" | "removed" | "errorSamples" | "rejects"> {
  readonly records: number;
  readonly pages: number;
  readonly errorSamples: readonly string[];
  /** The records that could not be used, whole. */
  readonly refused: readonly RefusedRecord[];
  /** Where the next sync continues; null when the last page gave no cursor. */
  readonly cursor: string | null;
}

const PAGE_RECORDS = 100;
const APPLY_RECORDS = 1_000;
const ATTEMPTS_MAX = 5;
const RETRY_BASE_MS = 500;
const PAGES_MAX = 10_000;

/**
 * Fetches all pages of a job and applies them. The contract files are written first, also when there is no record.
 * Fails with `rate_limited` or `unavailable` when a page cannot be had in five attempts; pages before it stay applied,
 * and repeating the job applies nothing twice.
 */
export async function runSyncJob(
  tree: TreeStore,
  job: SyncJob,
  access: SourceAccess,
  deps: PipelineDeps,
): Promise<SyncOutcome> {
  await materializeContract(tree, job.provider, deps);
  const correlationId = `nango-sync:${job.provider}:${job.connectionId}:${job.syncName}:${job.model}`;
  const seen = new Set<string>();
  let outcome: SyncOutcome = {
    records: 0,
    pages: 0,
    applied: 0,
    deleted: 0,
    unchanged: 0,
    stale: 0,
    rejected: 0,
    errorSamples: [],
    refused: [],
    cursor: job.cursor,
  };
  let pending: unknown[] = [];
  const flush = async () => {
    if (pending.length === 0) return;
    const batch = { model: job.model, records: pending, correlationId };
    const result = await applyRecords(tree, job.provider, batch, deps);
    const counted = result.applied + result.deleted + result.unchanged + result.stale + result.rejected;
    // A page that does not add up is retried as a whole rather than believed.
    if (counted !== pending.length)
      fail("internal_error", `${pending.length} records were sent and ${counted} are accounted for`);
    const refused = result.rejects.map(({ index, code, reason }) => ({
      model: job.model,
      record: pending[index],
      code,
      reason,
    }));
    outcome = { ...added(outcome, result), refused: [...outcome.refused, ...refused] };
    pending = [];
  };
  let cursor = job.cursor;
  do {
    deps.signal?.throwIfAborted();
    const page = await fetchPage(job, cursor, access, deps);
    pending.push(...page.records);
    outcome = { ...outcome, pages: outcome.pages + 1, records: outcome.records + page.records.length };
    cursor = page.nextCursor;
    if (cursor !== null && (seen.has(cursor) || outcome.pages >= PAGES_MAX)) {
      fail("unexpected_answer", `the source repeats the cursor ${cursor}`, {
        provider: job.provider,
        model: job.model,
      });
    }
    if (cursor !== null) seen.add(cursor);
    if (pending.length >= APPLY_RECORDS) await flush();
  } while (cursor !== null);
  await flush();
  return { ...outcome, cursor };
}

function added(all: SyncOutcome, next: BatchOutcome): SyncOutcome {
  return {
    ...all,
    applied: all.applied + next.applied,
    deleted: all.deleted + next.deleted,
    unchanged: all.unchanged + next.unchanged,
    stale: all.stale + next.stale,
    rejected: all.rejected + next.rejected,
    errorSamples: [...all.errorSamples, ...next.errorSamples].slice(0, 5),
  };
}

interface Page {
  readonly records: readonly unknown[];
  readonly nextCursor: string | null;
}

async function fetchPage(
  job: SyncJob,
  cursor: string | null,
  access: SourceAccess,
  deps: PipelineDeps,
): Promise<Page> {
  const url = new URL(`${access.baseUrl}/records`);
  url.searchParams.set("model", job.model);
  url.searchParams.set("limit", String(PAGE_RECORDS));
  if (cursor !== null) url.searchParams.set("cursor", cursor);
  if (job.modifiedAfter !== null) url.searchParams.set("modified_after", job.modifiedAfter);
  const headers = {
    authorization: `Bearer ${access.secretKey}`,
    "connection-id": job.connectionId,
    "provider-config-key": job.providerConfigKey,
  };
  let trouble = "";
  let limited = false;
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    let waitMs = RETRY_BASE_MS * 2 ** (attempt - 1);
    try {
      const response = await deps.fetch(new Request(url.toString(), { headers, redirect: "manual" }));
      const body = parseJson(await response.text());
      if (response.ok && isObject(body) && Array.isArray(body.records)) {
        const next = body.next_cursor;
        return { records: body.records, nextCursor: typeof next === "string" && next !== "" ? next : null };
      }
      limited = response.status === 429;
      trouble = response.ok ? "the answer is no page of records" : `the source answered ${response.status}`;
      const isFinal = !limited && response.status >= 400 && response.status < 500 && response.status !== 408;
      if (isFinal)
        fail("unexpected_answer", `${trouble} for ${job.model}`, {
          provider: job.provider,
          status: response.status,
        });
      const retryAfter = Number(response.headers.get("retry-after") ?? Number.NaN);
      if (!Number.isNaN(retryAfter)) waitMs = Math.max(waitMs, retryAfter * 1_000);
    } catch (error) {
      if (error instanceof Error && error.name === "RelayfileError") throw error;
      trouble = `the source could not be reached: ${messageOf(error)}`;
    }
    if (attempt < ATTEMPTS_MAX)
      await deps.clock.sleep(Math.min(waitMs, PIPELINE.refreshTotalTimeoutMs), deps.signal);
  }
  return fail(
    limited ? "rate_limited" : "unavailable",
    `${trouble} for ${job.model} after ${ATTEMPTS_MAX} attempts`,
    { provider: job.provider },
  );
}
