/** One HTTP call to a provider, and what its answer means for the op: done, try again, or refused for good. */
import { isRelayfileError, messageOf } from "../errors.ts";
import type { ProviderDefinition, ProviderRecord, ProviderRequest } from "../providers/definition.ts";
import type { PipelineDeps } from "./deps.ts";
import type { ProviderAccess } from "./provider-access.ts";
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
/** Shorter ones, such as the word `Bearer`, are no secrets. */
const SECRET_CHARS_MIN = 8;
const RETRYABLE_STATUSES = new Set([408, 425, 429]);

/** Calls the provider once. Never throws for anything the network or the provider does. */
export async function callProvider(
  provider: ProviderDefinition,
  request: ProviderRequest,
  correlationId: string,
  deps: PipelineDeps,
): Promise<CallResult> {
  const access = deps.providerAccess(provider.id);
  if ("problem" in access) return { kind: "retry", error: access.problem };
  const abort = new AbortController();
  const cancel = deps.clock.after(TIMEOUT_MS, () => abort.abort());
  try {
    const response = await deps.fetch(httpRequest(access, provider, request, correlationId, abort.signal));
    const text = await response.text();
    const result =
      request.kind === "graphql"
        ? readGraphql(request, response, text, deps.clock.now())
        : readRest(response, text, deps.clock.now());
    return withoutSecrets(result, access.secrets);
  } catch (error) {
    if (isRelayfileError(error)) throw error;
    const reason = abort.signal.aborted ? `no answer within ${TIMEOUT_MS / 1000} s` : messageOf(error);
    const unreached: CallResult = { kind: "retry", error: `${provider.id} could not be reached: ${reason}` };
    return withoutSecrets(unreached, access.secrets);
  } finally {
    cancel();
  }
}

function httpRequest(
  access: ProviderAccess,
  provider: ProviderDefinition,
  request: ProviderRequest,
  correlationId: string,
  signal: AbortSignal,
): Request {
  const own = { accept: "application/json", "user-agent": "relayfile", ...provider.headers };
  const headers = new Headers({ "x-correlation-id": correlationId, ...access.headers });
  for (const [name, value] of Object.entries(own)) headers.set(`${access.forwardPrefix}${name}`, value);
  const isRest = request.kind === "rest";
  const path = isRest ? request.path : "/graphql";
  const body = isRest ? request.body : { query: request.query, variables: request.variables };
  if (body !== undefined) headers.set("content-type", "application/json");
  return new Request(`${access.baseUrl}${path}`, {
    method: isRest ? request.method : "POST",
    headers,
    redirect: "manual",
    signal,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** An answer may repeat what was sent to it; what is told about it goes into logs, ops and dead letters. */
function withoutSecrets(result: CallResult, secrets: readonly string[]): CallResult {
  if (result.kind === "ok") return result;
  const clean = (text: string) =>
    secrets
      .filter((secret) => secret.length >= SECRET_CHARS_MIN)
      .reduce((all, secret) => all.replaceAll(secret, "[redacted]"), text);
  const error = clean(result.error);
  return result.kind === "rejected" ? { ...result, error, body: clean(result.body) } : { ...result, error };
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
    // A proxy wraps its own complaints: `{"error": {"code", "message"}}`.
    const given = value[key];
    const found = textOf(isObject(given) ? (given.message ?? given.code) : given);
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
