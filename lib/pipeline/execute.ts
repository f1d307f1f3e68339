/**
 * Performs one writeback op: route, validate, call the provider, bring its answer into the tree. After the provider
 * has confirmed, nothing may turn the op into a failure: repeating it would do the work twice.
 */
import { messageOf } from "../errors.ts";
import type { ChangeContext, TreeStore } from "../ports.ts";
import type {
  ProviderDefinition,
  ProviderRecord,
  ResourceDefinition,
  WriteInput,
  WriteRules,
} from "../providers/definition.ts";
import { providerById, resourceOf } from "../providers/registry.ts";
import { applyNormal } from "./apply.ts";
import type { PipelineDeps } from "./deps.ts";
import { fileMeant } from "./meant.ts";
import { type CallResult, callProvider } from "./provider-call.ts";
import { anchorPathOf } from "./pure/aliases.ts";
import { classifyWrite, type WriteRoute } from "./pure/classify.ts";
import { authoredSchema } from "./pure/discovery.ts";
import { isObject, parseJson, textOf } from "./pure/json.ts";
import { type NormalRecord, normalizeRecord } from "./pure/normalize.ts";
import { homeOf, recordFile } from "./pure/paths.ts";
import { isEnvelope, recordOfBytes } from "./pure/records.ts";
import { validateWrite } from "./pure/validate.ts";
import { isReceipt, writeReceipt } from "./receipts.ts";
import { resolveReferences } from "./references.ts";
import { collectionPath } from "./round.ts";

/** One op as the service hands it over. */
export interface WritebackRequest {
  readonly opId: string;
  readonly path: string;
  /** Revision of the write that made the op. */
  readonly revision: string;
  readonly action: "file_upsert" | "file_delete";
  readonly correlationId: string;
  /** Bytes of that revision; without them the file is read, and must still be at that revision. */
  readonly bytes?: Uint8Array;
  /** Idempotency identity of the write. The service deduplicates by it before it creates an op. */
  readonly contentIdentity?: { readonly kind: string; readonly key: string; readonly ttlSeconds?: number };
}

/** How an op ended. */
export type OpOutcome =
  | {
      readonly outcome: "succeeded";
      /** What the provider said, small; `local: true` when no provider was concerned. */
      readonly providerResult: Record<string, unknown>;
      readonly externalId?: string;
      readonly canonicalPath?: string;
    }
  /** Never attempted: no route, or the document is invalid. */
  | { readonly outcome: "failed"; readonly error: string; readonly code: string }
  | {
      readonly outcome: "retry";
      readonly error: string;
      readonly status?: number;
      readonly retryAfterMs?: number;
    }
  /** Refused by the provider for good. */
  | { readonly outcome: "rejected"; readonly error: string; readonly status: number; readonly body: string };

type Routed = Exclude<WriteRoute, { kind: "none" }>;

/** Everything known about an op once its route is. */
interface Job {
  readonly tree: TreeStore;
  readonly op: WritebackRequest;
  readonly deps: PipelineDeps;
  readonly provider: ProviderDefinition;
  readonly resource: ResourceDefinition;
  readonly write: WriteRules;
  readonly route: Routed;
  readonly context: ChangeContext;
}

/** Performs an op once. Fails only with errors of the store before the provider was called. */
export async function executeWriteback(
  tree: TreeStore,
  op: WritebackRequest,
  deps: PipelineDeps,
): Promise<OpOutcome> {
  const event = op.action === "file_delete" ? "delete" : "write";
  const route = classifyWrite(op.path, event, deps.era);
  if (route.kind === "none") return withoutRoute(tree, op, route, deps);
  const provider = providerById(route.provider);
  const resource = provider && resourceOf(provider, route.resource);
  if (provider === null || !resource?.write)
    return failed("no_rule", `No ${route.provider} writeback rule matched ${op.path}`);
  const access = deps.providerAccess(provider.id);
  if ("problem" in access) return failed("not_configured", access.problem);
  const context = {
    origin: "provider_sync",
    correlationId: op.correlationId,
    provider: provider.id,
  } as const;
  const job: Job = { tree, op, deps, provider, resource, write: resource.write, route, context };
  return route.kind === "delete" ? performDelete(job) : performWrite(job);
}

function failed(code: string, error: string): OpOutcome {
  return { outcome: "failed", code, error };
}

/** Removing a draft, a receipt or a temporary file concerns nobody; every other pathless op is a failure. */
async function withoutRoute(
  tree: TreeStore,
  op: WritebackRequest,
  route: Extract<WriteRoute, { kind: "none" }>,
  deps: PipelineDeps,
): Promise<OpOutcome> {
  if (op.action === "file_delete") {
    const asWrite = classifyWrite(op.path, "write", deps.era);
    const harmless =
      asWrite.kind === "create" || route.reason === "reserved_name" || route.reason === "not_a_provider";
    if (harmless) return { outcome: "succeeded", providerResult: { local: true, ignored: route.message } };
  }
  const file = route.meant === undefined ? null : await fileMeant(tree, route.meant);
  const hint = file === null ? route.hint : `Write ${file} instead`;
  return failed(route.reason, hint === null ? route.message : `${route.message}. ${hint}`);
}

async function performWrite(job: Job): Promise<OpOutcome> {
  const { tree, op, deps, provider, resource, write, route } = job;
  const text = await textOfOp(tree, op);
  if (text === null)
    return failed("superseded", `${op.path} changed again before revision ${op.revision} was sent`);
  const parsed = op.path.endsWith(".md") ? { markdown: text } : parseJson(text);
  if (isReceipt(parsed))
    return { outcome: "succeeded", providerResult: { local: true, ignored: "the file is a receipt" } };

  const kind = route.kind === "edit" ? "edit" : "create";
  const current = kind === "edit" ? await currentRecord(job, parsed) : null;
  const schema = schemaOf(provider, resource, write);
  const checked = validateWrite(provider.id, resource.name, kind, parsed, schema, current);
  if (!checked.ok) {
    const code = checked.code === "readOnly" ? "READ_ONLY_FIELD" : "VALIDATION_FAILED";
    return failed(code, `${code} ${checked.message}`);
  }
  const resolved = await resolveReferences(tree, provider, write.references ?? [], checked.body);
  if ("problem" in resolved) return failed("VALIDATION_FAILED", `VALIDATION_FAILED ${resolved.problem}`);

  const operation = kind === "edit" ? write.update : write.create;
  if (operation === undefined)
    return failed("no_rule", `No ${provider.id} writeback rule matched ${op.path}`);
  const input: WriteInput = {
    params: route.params,
    id: kind === "edit" ? route.id : "",
    body: resolved.body,
    current,
  };
  const result = await callProvider(provider, operation(input), op.correlationId, deps);
  if (result.kind !== "ok") return unsuccessful(result);
  const refused = refusedByAnswer(write, result, "write");
  if (refused !== null) return refused;
  const answer =
    write.recordFrom === undefined ? result.answer : (write.recordFrom(result.answer, input) ?? {});
  return kind === "edit" ? afterUpdate(job, answer, result.status) : afterCreate(job, answer, result.status);
}

/** The text of the op's own revision; null when it is no longer there. */
async function textOfOp(tree: TreeStore, op: WritebackRequest): Promise<string | null> {
  if (op.bytes !== undefined) return textOf(op.bytes);
  const file = await tree.read(op.path);
  return file === null || file.revision !== op.revision ? null : textOf(file.bytes);
}

/** An answer that looks like a success and is none; null when it is one. */
function refusedByAnswer(
  write: WriteRules,
  { answer, status }: Extract<CallResult, { kind: "ok" }>,
  operation: "write" | "delete",
): OpOutcome | null {
  const found = write.answerProblem?.(answer, operation) ?? null;
  if (found === null) return null;
  if (found.passes) return { outcome: "retry", error: found.problem, status };
  return { outcome: "rejected", error: found.problem, status, body: JSON.stringify(answer).slice(0, 1_000) };
}

function unsuccessful(result: Exclude<CallResult, { kind: "ok" }>): OpOutcome {
  if (result.kind === "rejected") {
    return { outcome: "rejected", error: result.error, status: result.status, body: result.body };
  }
  const { kind: _kind, ...rest } = result;
  return { outcome: "retry", ...rest };
}

const SCHEMAS = new WeakMap<ResourceDefinition, ReturnType<typeof authoredSchema>>();

function schemaOf(provider: ProviderDefinition, resource: ResourceDefinition, write: WriteRules) {
  const known = SCHEMAS.get(resource) ?? authoredSchema(provider, resource, write.schema);
  SCHEMAS.set(resource, known);
  return known;
}

/**
 * The record as last synced, from the alias that nobody edits. Resources without such an alias ask the provider, but
 * only when the document holds more than writable fields.
 */
async function currentRecord(job: Job, body: unknown): Promise<ProviderRecord | null> {
  const { tree, deps, provider, resource, route, write, op } = job;
  const rules = resource.records;
  if (rules === undefined) return null;
  const home = await collectionPath(tree, provider, resource, route.params, deps);
  const anchor = anchorPathOf(home, rules, route.id, { id: route.id }, deps.era.emission);
  const file = anchor === null ? null : await tree.read(anchor);
  const record = file === null ? null : recordOfBytes(file.bytes);
  if (record !== null) return record;
  const keys = isObject(body) ? Object.keys(body) : [];
  const isWide = isEnvelope(body) || keys.some((key) => !(key in write.schema.properties));
  if (!isWide || write.read === undefined) return null;
  const result = await callProvider(
    provider,
    write.read({ params: route.params, id: route.id }),
    op.correlationId,
    deps,
  );
  return result.kind === "ok" ? (provider.redact?.(result.answer, resource.name) ?? result.answer) : null;
}

async function afterUpdate(job: Job, answer: ProviderRecord, status: number): Promise<OpOutcome> {
  const { route } = job;
  const produced = producedBy(job);
  const record = produced === null ? null : await recordAfter(job, produced, answer, route.id);
  const canonicalPath = record === null ? null : await settle(job, record);
  return succeeded({ status, id: route.id, url: urlOf(answer) }, route.id, canonicalPath);
}

async function afterCreate(job: Job, answer: ProviderRecord, status: number): Promise<OpOutcome> {
  const { op, route, write, deps, tree } = job;
  const produced = producedBy(job);
  const answered = answer.id === undefined || answer.id === null ? null : String(answer.id);
  const record = produced === null ? null : await recordAfter(job, produced, answer, answered ?? "");
  const canonicalPath = record === null ? null : await settle(job, record);
  if (write.refreshesParent === true) await refreshParent(job);
  const externalId = record?.id ?? answered;
  const url = urlOf(record?.payload ?? answer);
  const at = new Date(deps.clock.now()).toISOString();
  const receipt = {
    kind: "relayfile.receipt",
    created: externalId,
    path: canonicalPath,
    url,
    opId: op.opId,
    at,
  } as const;
  const context = { ...job.context, origin: "system" } as const;
  await afterwards(job, "receipt", () => writeReceipt(tree, op.path, op.revision, receipt, context));
  const extras = Object.fromEntries(
    ["merged", "sha", "ts"].flatMap((key) => (key in answer ? [[key, answer[key]]] : [])),
  );
  return succeeded({ ...route.params, status, id: externalId, url, ...extras }, externalId, canonicalPath);
}

/** The resource whose record a write leaves behind; null for actions. */
function producedBy({ provider, resource, write }: Job): ResourceDefinition | null {
  if (write.produces === undefined) return resource.records === undefined ? null : resource;
  return write.produces === null ? null : resourceOf(provider, write.produces);
}

function succeeded(
  result: Record<string, unknown>,
  externalId: string | null,
  canonicalPath: string | null,
): OpOutcome {
  const providerResult = Object.fromEntries(
    Object.entries(result).filter(([, value]) => value !== null && value !== undefined),
  );
  return {
    outcome: "succeeded",
    providerResult: { ...providerResult, ...(canonicalPath === null ? {} : { path: canonicalPath }) },
    ...(externalId === null ? {} : { externalId }),
    ...(canonicalPath === null ? {} : { canonicalPath }),
  };
}

async function performDelete(job: Job): Promise<OpOutcome> {
  const { op, deps, provider, resource, write, route, tree } = job;
  const current = await currentRecord(job, null);
  if (write.delete === undefined)
    return failed("no_rule", `No ${provider.id} writeback rule matched ${op.path}`);
  const request = write.delete({ params: route.params, id: route.id, body: {}, current });
  const result = await callProvider(provider, request, op.correlationId, deps);
  const gone = result.kind === "rejected" && (result.status === 404 || result.status === 410);
  if (result.kind !== "ok" && !gone) return unsuccessful(result);
  const refused = result.kind === "ok" ? refusedByAnswer(write, result, "delete") : null;
  if (refused !== null) return refused;
  const known = current === null ? null : normalizeRecord(provider, resource, current, { deleted: true });
  const record =
    known === null || "rejected" in known
      ? {
          resource,
          id: route.id,
          deleted: true,
          onlyIfAbsent: false,
          params: route.params,
          title: "",
          label: "",
          updated: "",
          payload: {},
        }
      : known;
  await afterwards(job, "delete", () =>
    applyNormal(tree, provider, [record], { context: job.context }, deps),
  );
  return succeeded({ status: result.status, id: route.id, deleted: true }, route.id, null);
}

/** The record as the provider now has it: from the answer, or read again; null when neither gives one. */
async function recordAfter(
  job: Job,
  resource: ResourceDefinition,
  answer: ProviderRecord,
  id: string,
): Promise<NormalRecord | null> {
  const { provider, write, op, deps, route } = job;
  const read = resource.write?.read;
  let found = answer;
  if (write.answerIsRecord === false || Object.keys(answer).length === 0) {
    if (read === undefined || id === "") return null;
    const result = await callProvider(provider, read({ params: route.params, id }), op.correlationId, deps);
    if (result.kind !== "ok") {
      deps.log.warn("the record could not be read after a write", {
        path: op.path,
        opId: op.opId,
        error: result.error,
      });
      return null;
    }
    found = result.answer;
  }
  const normal = normalizeRecord(provider, resource, found);
  if (!("rejected" in normal)) return normal;
  deps.log.warn("the provider's answer is no record", {
    path: op.path,
    opId: op.opId,
    reason: normal.rejected,
  });
  return null;
}

/** Stores the record and removes a stray file that the edit was written to. Null when the store refused. */
async function settle(job: Job, record: NormalRecord): Promise<string | null> {
  const { tree, provider, deps, op, route } = job;
  const rules = record.resource.records;
  if (rules === undefined) return null;
  const stored = await afterwards(job, "record", () =>
    applyNormal(tree, provider, [record], { context: job.context, force: true }, deps),
  );
  if (!stored) return null;
  const collection = await collectionPath(tree, provider, record.resource, record.params, deps);
  const home = homeOf(rules, collection, record.params);
  const canonicalPath = `${home}/${recordFile(rules, record.id, record.label, record.params)}`;
  if (route.kind === "edit" && job.resource === record.resource && canonicalPath !== op.path) {
    const stray = { kind: "delete", path: op.path, ifRevision: op.revision } as const;
    const left = await tree.read(op.path);
    if (left?.revision === op.revision)
      await afterwards(job, "stray file", () => tree.apply([stray], job.context));
  }
  return canonicalPath;
}

/** Reads a changed parent again, for actions such as a merge or a transition. */
async function refreshParent(job: Job): Promise<void> {
  const { provider, resource, route, op, deps } = job;
  const parent = resource.parent === undefined ? null : resourceOf(provider, resource.parent.resource);
  const id = route.params[resource.parent?.param ?? ""];
  if (parent?.write?.read === undefined || id === undefined) return;
  const result = await callProvider(
    provider,
    parent.write.read({ params: route.params, id }),
    op.correlationId,
    deps,
  );
  const normal = result.kind === "ok" ? normalizeRecord(provider, parent, result.answer) : null;
  if (normal !== null && !("rejected" in normal))
    await settle({ ...job, route: { ...route, kind: "create" } }, normal);
}

/** Runs a step that may fail without undoing the provider's success; true when it worked. */
async function afterwards(job: Job, step: string, run: () => Promise<unknown>): Promise<boolean> {
  try {
    await run();
    return true;
  } catch (error) {
    // The provider has confirmed; the next sync repairs the tree. A failure here must not repeat the call.
    job.deps.log.warn("step after a confirmed write failed", {
      step,
      path: job.op.path,
      opId: job.op.opId,
      error: messageOf(error),
    });
    return false;
  }
}

function urlOf(record: ProviderRecord): string | null {
  const found = [record.html_url, record.url, record.self].find((value) => typeof value === "string");
  return typeof found === "string" ? found : null;
}
