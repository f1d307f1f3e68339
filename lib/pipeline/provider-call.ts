/** One HTTP call to a provider, and what its answer means for the op: done, try again, or refused for good. */
import { isRelayfileError, messageOf } from "../errors.ts";
import type { ProviderDefinition, ProviderRecord, ProviderRequest } from "../providers/definition.ts";
import type { PipelineDeps } from "./deps.ts";
import { isObject, parseJson } from "./pure/json.ts";

/** What a provider call came to. */
export type CallResult =
  | {
      readonly kind: "ok";
      readonly status: number;
      /** The record or object in the answer; empty when there was none. */
      readonly answer: ProviderRecord;
    }
  /** Worth repeating: no connection, 408, 425, 429, 5xx, or a rate limit by another name. */
  | {
      readonly kind: "retry";
      readonly error: string;
      readonly status?: number;
      readonly retryAfterMs?: number;
    }
  /** Refused: repeating the same request cannot help. */
  | { readonly kind: "rejected"; readonly error: string; readonly status: number; readonly body: string };

const TIMEOUT_MS = 30_000;
const ERROR_BODY_CHARS = 1_000;
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

/** Calls the provider once. Never throws for anything the network or the provider does. */
export async function callProvider(
  provider: ProviderDefinition,
  request: ProviderRequest,
  correlationId: string,
  deps: PipelineDeps,
): Promise<CallResult> {
  const base = deps.providerBaseUrl(provider.id);
  if (base === null) return { kind: "retry", error: `${provider.id} is not connected` };
  const abort = new AbortController();
  const cancel = deps.clock.after(TIMEOUT_MS, () => abort.abort());
  try {
    const response = await deps.fetch(
      httpRequest(base, provider, request, correlationId, deps, abort.signal),
    );
    const text = await response.text();
    return request.kind === "graphql"
      ? readGraphql(request, response, text, deps.clock.now())
      : readRest(response, text, deps.clock.now());
  } catch (error) {
    if (isRelayfileError(error)) throw error;
    const reason = abort.signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : messageOf(error);
    return { kind: "retry", error: `${provider.id} could not be reached: ${reason}` };
  } finally {
    cancel();
  }
}

function httpRequest(
  base: string,
  provider: ProviderDefinition,
  request: ProviderRequest,
  correlationId: string,
  deps: PipelineDeps,
  signal: AbortSignal,
): Request {
  const headers = new Headers({
    accept: "application/json",
    ...provider.headers,
    "x-correlation-id": correlationId,
  });
  const token = deps.providerToken(provider.id);
  if (token !== null) headers.set("authorization", `Bearer ${token}`);
  const isRest = request.kind === "rest";
  const path = isRest ? request.path : "/graphql";
  const body = isRest ? request.body : { query: request.query, variables: request.variables };
  if (body !== undefined) headers.set("content-type", "application/json");
  return new Request(`${base}${path}`, {
    method: isRest ? request.method : "POST",
    headers,
    redirect: "manual",
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

function readRest(response: Response, text: string, nowMs: number): CallResult {
  if (!response.ok) return refusal(response, text, nowMs);
  if (text === "") return { kind: "ok", status: response.status, answer: {} };
  const value = parseJson(text);
  if (value === undefined) return { kind: "retry", error: "the answer is not JSON", status: response.status };
  return { kind: "ok", status: response.status, answer: isObject(value) ? value : {} };
}

/** GraphQL answers 200 for failures too: only `success` (or the queried object) counts. */
function readGraphql(
  request: Extract<ProviderRequest, { kind: "graphql" }>,
  response: Response,
  text: string,
  nowMs: number,
): CallResult {
  const value = parseJson(text);
  const errors = isObject(value) && Array.isArray(value.errors) ? value.errors.filter(isObject) : [];
  const [first] = errors;
  if (first !== undefined) {
    const extensions = isObject(first.extensions) ? first.extensions : {};
    const code = String(extensions.code ?? extensions.type ?? "").toUpperCase();
    const error = `the provider refused: ${textOf(extensions.userPresentableMessage) ?? textOf(first.message) ?? "unknown error"}`;
    if (code === "RATELIMITED" || code === "INTERNAL_SERVER_ERROR" || response.status >= 500) {
      return { kind: "retry", error, status: response.status, ...waitOf(response, nowMs) };
    }
    return { kind: "rejected", error, status: response.status, body: text.slice(0, ERROR_BODY_CHARS) };
  }
  if (!response.ok) return refusal(response, text, nowMs);
  const data = isObject(value) && isObject(value.data) ? value.data[request.root] : undefined;
  if (!isObject(data)) return { kind: "retry", error: "the answer is not GraphQL", status: response.status };
  const isMutation = request.query.startsWith("mutation");
  if (isMutation && data.success !== true) {
    const error = `${request.root} answered success: ${String(data.success)}`;
    return { kind: "rejected", error, status: response.status, body: text.slice(0, ERROR_BODY_CHARS) };
  }
  // A mutation without a selected record answers only that it worked.
  const entity = request.entity !== undefined ? data[request.entity] : isMutation ? {} : data;
  return { kind: "ok", status: response.status, answer: isObject(entity) ? entity : {} };
}

function refusal(response: Response, text: string, nowMs: number): CallResult {
  const { status } = response;
  const error = `the provider answered ${status}: ${summaryOf(text)}`;
  const limited =
    status === 403 &&
    (response.headers.get("x-ratelimit-remaining") === "0" || response.headers.has("retry-after"));
  if (status >= 500 || RETRYABLE_STATUSES.has(status) || limited) {
    return { kind: "retry", error, status, ...waitOf(response, nowMs) };
  }
  return { kind: "rejected", error, status, body: text.slice(0, ERROR_BODY_CHARS) };
}

/** How long the provider asks to wait, from Retry-After (seconds or a date) or the rate limit's reset. */
function waitOf(response: Response, nowMs: number): { retryAfterMs?: number } {
  const retryAfter = response.headers.get("retry-after");
  const reset = response.headers.get("x-ratelimit-reset");
  const exhausted = response.headers.get("x-ratelimit-remaining") === "0";
  let waitMs = Number.NaN;
  if (retryAfter !== null) {
    waitMs = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1_000 : Date.parse(retryAfter) - nowMs;
  } else if (reset !== null && exhausted) waitMs = Number(reset) * 1_000 - nowMs;
  return Number.isNaN(waitMs) ? {} : { retryAfterMs: Math.max(0, waitMs) };
}

/** The telling part of an error body: GitHub's message and errors, Jira's errorMessages and errors, else the text. */
function summaryOf(text: string): string {
  const value = parseJson(text);
  if (!isObject(value)) return text.replace(/\s+/g, " ").trim().slice(0, 200) || "no body";
  const parts: string[] = [];
  for (const key of ["message", "error", "error_description"]) {
    const found = textOf(value[key]);
    if (found !== undefined) parts.push(found);
  }
  if (Array.isArray(value.errorMessages)) parts.push(...value.errorMessages.map(String));
  if (Array.isArray(value.errors)) parts.push(...value.errors.map(detailOf));
  else if (isObject(value.errors))
    parts.push(...Object.entries(value.errors).map(([field, why]) => `${field}: ${String(why)}`));
  return parts.join("; ") || text.slice(0, 200);
}

function detailOf(error: unknown): string {
  if (!isObject(error)) return String(error);
  const place = [error.resource, error.field].filter((part) => typeof part === "string").join(".");
  const why = textOf(error.message) ?? textOf(error.title) ?? textOf(error.code) ?? "invalid";
  return place === "" ? why : `${place}: ${why}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}
