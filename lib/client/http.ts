/**
 * One HTTP call to one of the two services: JSON in, JSON out, every failure a typed error.
 * Retries, refresh and redirects are decisions of the caller and never happen here.
 */
import { createFetch, FetchError } from "ofetch";
import {
  ERRORS,
  type ErrorCode,
  fail,
  isRelayfileError,
  messageOf,
  osCodeOf,
  RelayfileError,
} from "../errors.ts";
import { CLIENT } from "../limits.ts";
import { createRedactor } from "../model/redact.ts";
import { tokenKind } from "../model/token.ts";
import type { Fetch, Random } from "../ports.ts";

/** Which of the two services a base URL is meant to name. */
export type ServiceName = "file-api" | "control-plane";

/** Where and as whom to call. */
export interface ServiceTarget {
  readonly service: ServiceName;
  /** Without trailing slash; may have a path (`/cloud`). */
  readonly baseUrl: string;
  /** Asked before each call, so a rotated token is picked up; null sends no credential. */
  token(): string | null | Promise<string | null>;
  readonly fetch: Fetch;
  readonly random: Random;
  /** Prefix of correlation ids, for example `mount` or `cli`. */
  readonly correlationPrefix?: string;
}

/** One call. */
export interface ServiceCall {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  /** Path below the base URL, starting with a slash, already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON when present; `rawBody` is sent as it is. */
  readonly body?: unknown;
  readonly rawBody?: Uint8Array | string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly correlationId?: string;
}

/** An answer whatever its status. */
export interface ServiceAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  readonly correlationId: string;
  /** Final URL asked, without secrets. */
  readonly url: string;
}

/** Base URL joined with a path and query; a path prefix of the base survives. */
export function serviceUrl(baseUrl: string, path: string, query: ServiceCall["query"] = {}): string {
  const url = new URL(baseUrl.replace(/\/+$/, "") + path);
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  return url.toString();
}

/** Sends one request; resolves for every status. Fails with `network_unreachable` or `request_timeout`. */
export async function send(target: ServiceTarget, call: ServiceCall): Promise<ServiceAnswer> {
  const correlationId = call.correlationId ?? correlationIdFor(target);
  const url = serviceUrl(target.baseUrl, call.path, call.query);
  const headers = await callHeaders(target, call, correlationId);
  const timeoutMs = call.timeoutMs ?? CLIENT.requestTimeoutMs;
  const viaPort = (input: string | URL | Request, init?: RequestInit) =>
    target.fetch(input instanceof Request ? new Request(input, init) : new Request(String(input), init));
  const request = createFetch({ fetch: viaPort as typeof fetch });
  // Not ofetch's own timeout, which ends with the headers: a body that stalls must not hold a caller for ever.
  const deadline = deadlineIn(timeoutMs, call.signal);
  try {
    const response = await request.raw(url, {
      method: call.method,
      headers,
      body: call.body === undefined ? (call.rawBody as RequestInit["body"]) : JSON.stringify(call.body),
      responseType: "stream",
      ignoreResponseError: true,
      redirect: "manual",
      retry: 0,
      signal: deadline.signal,
    });
    const bytes = await readBounded(response, url);
    return { status: response.status, headers: response.headers, bytes, correlationId, url };
  } catch (thrown) {
    throw transportError(thrown, url, timeoutMs, call.signal);
  } finally {
    deadline.cancel();
  }
}

/** The headers every call carries, with the credential of the target. */
async function callHeaders(
  target: ServiceTarget,
  call: ServiceCall,
  correlationId: string,
): Promise<Record<string, string>> {
  const token = await target.token();
  return {
    "X-Correlation-Id": correlationId,
    ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    ...(call.body === undefined ? {} : { "Content-Type": "application/json" }),
    ...call.headers,
  };
}

/**
 * Sends one request and returns the 2xx answer with its body still streaming; other statuses fail as in `sendJson`.
 * The timeout covers the time to the headers; `signal` covers the whole body.
 */
export async function sendStream(target: ServiceTarget, call: ServiceCall): Promise<Response> {
  const correlationId = call.correlationId ?? correlationIdFor(target);
  const url = serviceUrl(target.baseUrl, call.path, call.query);
  const timeoutMs = call.timeoutMs ?? CLIENT.requestTimeoutMs;
  const headers = await callHeaders(target, call, correlationId);
  const deadline = deadlineIn(timeoutMs, call.signal);
  try {
    const request = new Request(url, {
      method: call.method,
      headers,
      redirect: "manual",
      signal: deadline.signal,
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
    });
    const response = await target.fetch(request);
    if (response.ok) return response;
    const bytes = await readBounded(response, url);
    const answer = { status: response.status, headers: response.headers, bytes, correlationId, url };
    throw answerError(target, answer, jsonOf(target, answer));
  } catch (thrown) {
    throw transportError(thrown, url, timeoutMs, call.signal);
  } finally {
    deadline.cancel();
  }
}

/** Sends one request and returns its JSON; any other outcome is a typed error carrying `status` and `correlationId`. */
export async function sendJson<T>(
  target: ServiceTarget,
  call: ServiceCall,
  parse: (value: unknown) => T,
): Promise<T> {
  const answer = await send(target, call);
  const value = jsonOf(target, answer);
  if (answer.status < 200 || answer.status > 299) throw answerError(target, answer, value);
  return parseAnswer(target, call, answer, value, parse);
}

/** Reads an answer's JSON as what the caller expects; another shape fails with `unexpected_answer`. */
export function parseAnswer<T>(
  target: Pick<ServiceTarget, "service" | "baseUrl">,
  call: Pick<ServiceCall, "method" | "path">,
  answer: ServiceAnswer,
  value: unknown,
  parse: (value: unknown) => T,
): T {
  try {
    return parse(value);
  } catch (cause) {
    if (isRelayfileError(cause)) throw cause;
    return fail(
      "unexpected_answer",
      `the ${nameOf(target.service)} at ${target.baseUrl} answered ${call.method} ${call.path} with JSON of another shape`,
      { status: answer.status, correlationId: answer.correlationId, service: target.service },
      { cause },
    );
  }
}

/** The JSON of an answer. HTML or half JSON fails with `unexpected_answer`; HTML is never parsed. */
export function jsonOf(target: Pick<ServiceTarget, "service" | "baseUrl">, answer: ServiceAnswer): unknown {
  const type = answer.headers.get("content-type") ?? "none";
  if (answer.bytes.byteLength === 0 && (answer.status === 204 || answer.status >= 400)) return null;
  // A gateway in between speaks for itself in HTML: that is trouble on the way, not a wrong address.
  if (!type.includes("json") && (answer.status >= 500 || answer.status === 429)) {
    throw answerError(target, answer, null);
  }
  if (!type.includes("json")) {
    const wrong = type.includes("html") ? "an HTML page" : `content type ${type}`;
    fail(
      "unexpected_answer",
      `${target.baseUrl} answered ${answer.status} with ${wrong}: this is not the ${nameOf(target.service)}`,
      {
        status: answer.status,
        correlationId: answer.correlationId,
        service: target.service,
      },
    );
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(answer.bytes));
  } catch (cause) {
    return fail(
      "unexpected_answer",
      `the ${nameOf(target.service)} at ${target.baseUrl} answered ${answer.status} with invalid JSON (${messageOf(cause)})`,
      { status: answer.status, correlationId: answer.correlationId, service: target.service },
      { cause },
    );
  }
}

/** The typed error of a non-2xx answer. What a server quotes of our credentials, or tells of its own, is left out. */
export function answerError(
  target: Pick<ServiceTarget, "service" | "baseUrl">,
  answer: ServiceAnswer,
  value: unknown,
): RelayfileError {
  const told = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const body = createRedactor().json(told);
  const text = `${firstString(body.message, body.error) ?? `status ${answer.status}`}${revisionsOf(body)}`;
  const code = codeFor(answer.status, firstString(body.code, body.error));
  const extra =
    typeof body.details === "object" && body.details !== null
      ? (body.details as Record<string, unknown>)
      : {};
  const { code: _code, message: _message, error: _error, details: _details, ...rest } = body;
  return new RelayfileError(code, `${nameOf(target.service)}: ${text}`, {
    ...rest,
    ...extra,
    service: target.service,
    status: answer.status,
    correlationId: answer.correlationId,
    ...(typeof extra.hint === "string" ? { hint: extra.hint } : {}),
    ...(answer.headers.get("retry-after") === null ? {} : { retryAfter: answer.headers.get("retry-after") }),
  });
}

/** Which revisions a conflict is between, where the answer names them. */
function revisionsOf({ expectedRevision, currentRevision }: Record<string, unknown>): string {
  if (typeof expectedRevision !== "string" || typeof currentRevision !== "string") return "";
  return `: expected ${expectedRevision}, it is at ${currentRevision}`;
}

/** The name of a service in messages. */
export function nameOf(service: ServiceName): string {
  return service === "file-api" ? "file API" : "control plane";
}

/** A credential of the wrong kind is refused here, before it can reach the wrong host. */
export function requireTokenFor(service: ServiceName, token: string, source: string): string {
  const kind = tokenKind(token);
  if (service === "file-api" && kind !== "workspace-jwt" && kind !== "unknown") {
    fail("wrong_token_kind", `${source} holds a ${kind} token, the file API needs a workspace token`, {
      kind,
      source,
    });
  }
  return token;
}

/** The whole body; one larger than the limit fails with `unexpected_answer` before it is in memory. */
async function readBounded(response: Response, url: string): Promise<Uint8Array> {
  const declared = Number(response.headers.get("content-length") ?? Number.NaN);
  if (declared <= CLIENT.answerBytesMax) return new Uint8Array(await response.arrayBuffer());
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of response.body ?? []) {
    size += chunk.byteLength;
    if (size > CLIENT.answerBytesMax || declared > CLIENT.answerBytesMax) {
      fail(
        "unexpected_answer",
        `the answer of ${url} is larger than the limit of ${CLIENT.answerBytesMax} bytes`,
      );
    }
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

/** A signal that aborts when the caller's does or after `timeoutMs`, whichever comes first. */
function deadlineIn(timeoutMs: number, signal: AbortSignal | undefined) {
  const late = new AbortController();
  const timer = setTimeout(
    () => late.abort(new DOMException("no answer in time", "TimeoutError")),
    timeoutMs,
  );
  const both = signal === undefined ? late.signal : AbortSignal.any([late.signal, signal]);
  return { signal: both, cancel: () => clearTimeout(timer) };
}

function correlationIdFor(target: ServiceTarget): string {
  return `${target.correlationPrefix ?? "rf"}_${target.random.uuid().replaceAll("-", "").slice(0, 20)}`;
}

function codeFor(status: number, sent: string | undefined): ErrorCode {
  if (sent !== undefined && Object.hasOwn(ERRORS, sent) && ERRORS[sent as ErrorCode].status !== null)
    return sent as ErrorCode;
  if (status === 401) return "unauthorized";
  if (status === 403) return "forbidden";
  if (status === 404 || status === 405 || status === 410) return "not_found";
  if (status === 409) return "invalid_state";
  if (status === 412) return "precondition_failed";
  if (status === 413) return "payload_too_large";
  if (status === 429) return "rate_limited";
  if (status >= 500) return status === 500 ? "internal_error" : "unavailable";
  return status >= 300 && status < 400 ? "unexpected_answer" : "bad_request";
}

function transportError(
  thrown: unknown,
  url: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): unknown {
  if (isRelayfileError(thrown)) return thrown;
  if (signal?.aborted) return signal.reason ?? thrown;
  const cause = thrown instanceof FetchError ? (thrown.cause ?? thrown) : thrown;
  if (isRelayfileError(cause)) return cause;
  const name = cause instanceof Error ? cause.name : "";
  if (name === "TimeoutError" || name === "AbortError") {
    return new RelayfileError(
      "request_timeout",
      `${url} did not answer within ${timeoutMs} ms`,
      { timeoutMs },
      { cause },
    );
  }
  const os = osCodeOf(cause) ?? name;
  return new RelayfileError(
    "network_unreachable",
    `cannot reach ${new URL(url).origin} (${os || messageOf(cause)})`,
    { os },
    { cause },
  );
}

function firstString(...values: unknown[]): string | undefined {
  return values.find((v): v is string => typeof v === "string" && v !== "");
}
