/**
 * Every probe goes through here: one request, one recorded exchange, redacted before anything else sees it. Whatever the
 * server does (HTML, half JSON, an endless body, silence) ends in a bounded, classified answer and never in a throw.
 */

import { messageOf, osCodeOf } from "../../lib/errors.ts";
import { CLIENT } from "../../lib/limits.ts";
import type { Redactor } from "../../lib/model/redact.ts";
import type { Clock, Fetch } from "../../lib/ports.ts";
import type { AnswerKind, ProbeFact, Service, TransportClass } from "../facts.ts";
import { repeatAfterMs } from "../run/slow-down.ts";
import { curlArgv, type Exchange, shellLine, TOKEN_VARIABLES } from "./exchange.ts";
import { previewValue } from "./shape.ts";

/** Answer headers that are kept; all others are left out. */
const ANSWER_HEADERS = [
  "content-type",
  "content-length",
  "etag",
  "date",
  "server",
  "cf-ray",
  "retry-after",
  "x-request-id",
  "x-correlation-id",
  "age",
  "location",
  "allow",
];
const PREVIEW_CHARS_MAX = 4_096;
const PER_HOST_MAX = 8;

/** One request of a probe. */
export interface Probe {
  readonly service: Service;
  readonly baseUrl: string;
  readonly method?: "GET" | "POST" | "PUT" | "DELETE";
  /** Below the base URL, starting with a slash, already encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly credential?: keyof typeof TOKEN_VARIABLES | null;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly timeoutMs?: number;
  readonly effect?: "read" | "refresh" | "write";
}

/** What came back. Bodies are redacted. */
export interface Answer {
  readonly probe: ProbeFact;
  /** The parsed body when `probe.kind` is `json`, else undefined. */
  readonly json: unknown;
  readonly headers: Headers;
  /** Wall time when the request left and when the headers arrived, ms. */
  readonly sentAtMs: number;
  readonly answeredAtMs: number | null;
}

/** Where a recorder gets the world from. */
export interface RecorderOptions {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly redactor: Redactor;
  /** Part of every correlation id. */
  readonly runId: string;
  readonly tokens: {
    readonly workspace: string | null;
    readonly cloud: string | null;
    readonly provider?: string | null;
  };
  readonly signal: AbortSignal;
  /** Keep record bodies in previews. */
  readonly includeBodies: boolean;
  /** How long all probes together may wait because servers ask them to slow down, ms. Default 0: never. */
  readonly slowDownMs?: number;
  /** Called with every exchange when it is recorded. */
  readonly onExchange?: (exchange: Exchange) => void;
}

/** Sends probes and remembers every exchange in the order they were sent. */
export interface Recorder {
  send(probe: Probe): Promise<Answer>;
  readonly exchanges: readonly Exchange[];
}

/**
 * Makes a recorder. At most eight requests are in flight per host. A server that answers with Retry-After is asked again
 * after that time, within `slowDownMs`; every attempt is an exchange of its own and the last one is the answer.
 */
export function createRecorder(options: RecorderOptions): Recorder {
  const { clock, signal, onExchange } = options;
  const exchanges: Exchange[] = [];
  const gates = new Map<string, Gate>();
  let count = 0;
  let leftMs = options.slowDownMs ?? 0;
  const once = async (probe: Probe, number: number) => {
    const seq = ++count;
    const host = new URL(probe.baseUrl).host;
    const gate = gates.get(host) ?? makeGate(PER_HOST_MAX);
    gates.set(host, gate);
    await gate.enter();
    try {
      const { exchange, answer } = await attempt(options, probe, seq, number);
      exchanges.push(exchange);
      exchanges.sort((a, b) => a.seq - b.seq);
      onExchange?.(exchange);
      return answer;
    } finally {
      gate.leave();
    }
  };
  return {
    exchanges,
    async send(probe) {
      for (let number = 1; ; number++) {
        const answer = await once(probe, number);
        const { status, retryAfter } = answer.probe;
        const effect = probe.effect ?? "read";
        const waitMs = repeatAfterMs({
          attempt: number,
          status,
          retryAfter,
          nowMs: clock.now(),
          leftMs,
          effect,
        });
        if (waitMs === null || signal.aborted) return answer;
        leftMs -= waitMs;
        const rested = await clock.sleep(waitMs, signal).then(
          () => true,
          // The run ended while waiting: what the server said is the answer.
          () => false,
        );
        if (!rested) return answer;
      }
    },
  };
}

async function attempt(
  options: RecorderOptions,
  probe: Probe,
  seq: number,
  number: number,
): Promise<{ exchange: Exchange; answer: Answer }> {
  const { clock, redactor } = options;
  const method = probe.method ?? "GET";
  const budgetMs = probe.timeoutMs ?? CLIENT.requestTimeoutMs;
  const correlationId = `rfv_${options.runId}_${String(seq).padStart(2, "0")}`;
  const credential = probe.credential ?? null;
  const token = credential === null ? null : (options.tokens[credential] ?? null);
  const body = probe.body === undefined ? null : JSON.stringify(probe.body);
  const shown: Record<string, string> = {
    "X-Correlation-Id": correlationId,
    ...(body === null ? {} : { "Content-Type": "application/json" }),
    ...probe.headers,
  };
  const url = new URL(probe.baseUrl.replace(/\/+$/, "") + probe.path);
  const bare = url.toString();
  const query = Object.entries(probe.query ?? {}).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  for (const [name, value] of query) url.searchParams.append(name, value);

  const sentAtMs = clock.now();
  const started = clock.monotonicMs();
  const stop = new AbortController();
  const request = new Request(url.toString(), {
    method,
    headers: { ...shown, ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
    body,
    redirect: "manual",
    signal: stop.signal,
  });
  const deadline = raceAgainst(options, budgetMs, stop);
  let response: Response | null = null;
  let bytes: Uint8Array = new Uint8Array(0);
  let cut = false;
  let failure: { class: TransportClass; code: string; message: string } | null = null;
  let ttfbMs: number | null = null;
  try {
    response = await deadline.race(options.fetch(request));
    ttfbMs = round(clock.monotonicMs() - started);
    ({ bytes, cut } = await readBounded(response, CLIENT.probeAnswerBytesMax, deadline));
  } catch (thrown) {
    failure = classifyFailure(thrown, budgetMs);
  } finally {
    deadline.done();
    stop.abort();
  }
  const totalMs = round(clock.monotonicMs() - started);

  const read = failure === null ? classifyBody(response, bytes, cut) : NO_BODY;
  const json = read.kind === "json" ? redactor.json(read.json) : undefined;
  const message = failure?.message ?? textField(json, "message") ?? textField(json, "error");
  const argv = curlArgv({
    method,
    url: redactor.text(bare),
    query: query.map(([name, value]) => [name, redactor.text(value)] as const),
    headers: Object.fromEntries(
      Object.entries(shown).map(([name, value]) => [name, redactor.header(name, value)]),
    ),
    credential: token === null ? null : credential,
    body: body === null ? null : redactor.text(body),
    timeoutMs: budgetMs,
  });
  const id = `x${String(seq).padStart(3, "0")}`;
  const preview = previewOf(options, read, json, bytes);
  const exchange: Exchange = {
    id,
    seq,
    attempt: number,
    service: probe.service,
    correlationId,
    startedAt: new Date(sentAtMs).toISOString(),
    request: {
      method,
      url: redactor.text(url.toString()),
      headers: {
        ...Object.fromEntries(
          Object.entries(shown).map(([name, value]) => [name, redactor.header(name, value)]),
        ),
        ...(token === null || credential === null
          ? {}
          : { Authorization: `Bearer $${TOKEN_VARIABLES[credential]}` }),
      },
      bodyBytes: body === null ? 0 : new TextEncoder().encode(body).byteLength,
      ...(body === null ? {} : { bodyPreview: redactor.text(body).slice(0, PREVIEW_CHARS_MAX) }),
    },
    ...(response === null || failure !== null
      ? {}
      : {
          response: {
            status: response.status,
            headers: keptHeaders(response.headers, redactor),
            bodyBytes: bytes.byteLength,
            bodySha256: await sha256(bytes),
            ...(preview === null ? {} : { bodyPreview: preview.slice(0, PREVIEW_CHARS_MAX) }),
            truncated: cut || (preview?.length ?? 0) > PREVIEW_CHARS_MAX,
          },
        }),
    ...(failure === null ? {} : { error: { ...failure, message: redactor.text(failure.message) } }),
    timing: { ttfbMs, totalMs, budgetMs, budgetRatio: Math.round((totalMs / budgetMs) * 1000) / 1000 },
    repro: {
      curl: shellLine(argv),
      argv,
      needsEnv: token === null || credential === null ? [] : [TOKEN_VARIABLES[credential]],
      effect: probe.effect ?? "read",
    },
  };
  const fact: ProbeFact = {
    exchangeId: id,
    method,
    url: exchange.request.url,
    status: failure === null ? (response?.status ?? null) : null,
    kind: read.kind,
    code: textField(json, "code") ?? codeInError(json),
    message: message === null ? null : redactor.text(message).slice(0, 500),
    failure: failure?.class ?? null,
    totalMs,
    retryAfter: response?.headers.get("retry-after") ?? null,
    location: redactOr(redactor, response?.headers.get("location") ?? null),
  };
  const answer: Answer = {
    probe: fact,
    json,
    headers: response?.headers ?? new Headers(),
    sentAtMs,
    answeredAtMs: ttfbMs === null ? null : sentAtMs + ttfbMs,
  };
  return { exchange, answer };
}

/** A deadline that also ends when the whole run ends. Everything awaited goes through `race`. */
function raceAgainst(options: RecorderOptions, budgetMs: number, stop: AbortController) {
  let giveUp: (reason: unknown) => void = () => {};
  const ended = new Promise<never>((_, reject) => {
    giveUp = (reason) => {
      stop.abort(reason);
      reject(reason);
    };
  });
  ended.catch(() => {
    // Nothing may be waiting when the deadline passes, and that is fine.
  });
  const cancel = options.clock.after(budgetMs, () =>
    giveUp(new DOMException("no answer in time", "TimeoutError")),
  );
  const onAbort = () => giveUp(new DOMException("the run was stopped", "AbortError"));
  if (options.signal.aborted) onAbort();
  options.signal.addEventListener("abort", onAbort, { once: true });
  return {
    race: <T>(work: Promise<T>): Promise<T> => Promise.race([work, ended]),
    done() {
      cancel();
      options.signal.removeEventListener("abort", onAbort);
    },
  };
}

async function readBounded(
  response: Response,
  bytesMax: number,
  deadline: ReturnType<typeof raceAgainst>,
): Promise<{ bytes: Uint8Array; cut: boolean }> {
  if (response.body === null) return { bytes: new Uint8Array(0), cut: false };
  const reader = response.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  let cut = false;
  try {
    for (;;) {
      const { done, value } = await deadline.race(reader.read());
      if (done) break;
      chunks.push(value);
      size += value.byteLength;
      if (size > bytesMax) {
        cut = true;
        break;
      }
    }
  } finally {
    reader.cancel().catch(() => {
      // The rest of a body that is too large or too slow is not wanted; failing to cancel it changes nothing.
    });
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return { bytes, cut };
}

interface ReadBody {
  readonly kind: AnswerKind;
  readonly json: unknown;
  readonly text: string;
}
const NO_BODY: ReadBody = { kind: "none", json: undefined, text: "" };

/** Judges a body by its bytes and its content type. HTML is never parsed as JSON. */
function classifyBody(response: Response | null, bytes: Uint8Array, cut: boolean): ReadBody {
  if (cut) return { kind: "too-large", json: undefined, text: "" };
  if (bytes.byteLength === 0) return { kind: "empty", json: undefined, text: "" };
  const type = response?.headers.get("content-type")?.toLowerCase() ?? "";
  const text = new TextDecoder().decode(bytes);
  if (type.includes("html") || /^\s*<(?:!doctype|html)/i.test(text))
    return { kind: "html", json: undefined, text };
  const claimsJson = type.includes("json");
  try {
    const json: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return claimsJson ? { kind: "json", json, text } : { kind: "text", json: undefined, text };
  } catch {
    // Half JSON, invalid UTF-8 or plain text: told apart by what the server said it was.
    return { kind: claimsJson ? "invalid-json" : "text", json: undefined, text };
  }
}

function previewOf(
  options: RecorderOptions,
  read: ReadBody,
  json: unknown,
  bytes: Uint8Array,
): string | null {
  if (read.kind === "json") return JSON.stringify(options.includeBodies ? json : previewValue(json), null, 2);
  if (read.kind === "too-large") return `[more than ${bytes.byteLength - 1} bytes]`;
  return read.text === "" ? null : options.redactor.text(read.text.slice(0, PREVIEW_CHARS_MAX * 4));
}

function classifyFailure(
  thrown: unknown,
  budgetMs: number,
): { class: TransportClass; code: string; message: string } {
  const code = osCodeOf(thrown) ?? (thrown instanceof Error ? thrown.name : "unknown");
  if (code === "TimeoutError" || (thrown as Error)?.name === "TimeoutError") {
    return { class: "timeout", code: "TimeoutError", message: `no complete answer within ${budgetMs} ms` };
  }
  if ((thrown as Error)?.name === "AbortError")
    return { class: "aborted", code: "AbortError", message: "the run was stopped" };
  const text = `${code} ${messageOf(thrown)}`;
  const kind: TransportClass = /ENOTFOUND|EAI_|getaddrinfo|DNS/i.test(text)
    ? "dns"
    : /cert|TLS|SSL|ALTNAME/i.test(text)
      ? "tls"
      : /ECONNREFUSED|ConnectionRefused|EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|FailedToOpenSocket|Unable to connect/i.test(
            text,
          )
        ? "connect"
        : /ECONNRESET|ConnectionClosed|EPIPE|socket|closed/i.test(text)
          ? "reset"
          : "protocol";
  return { class: kind, code, message: failureWords(code, messageOf(thrown)) };
}

const FAILURE_WORDS: Readonly<Record<string, string>> = {
  ENOTFOUND: "the name does not resolve",
  ECONNREFUSED: "connection refused",
  ConnectionRefused: "connection refused",
  ECONNRESET: "connection reset",
  EHOSTUNREACH: "no route to the host",
  ENETUNREACH: "no route to the network",
  ETIMEDOUT: "the connection timed out",
};

/** What went wrong in few words, with its code; the runtime's own advice to the reader is left out. */
function failureWords(code: string, message: string): string {
  const known = FAILURE_WORDS[code];
  if (known !== undefined) return `${known} (${code})`;
  return message.replace(/\s*Is the computer able to access the url\?/i, "").replace(/\.$/, "");
}

function keptHeaders(headers: Headers, redactor: Redactor): Record<string, string> {
  return Object.fromEntries(
    ANSWER_HEADERS.flatMap((name) => {
      const value = headers.get(name);
      return value === null ? [] : [[name, redactor.header(name, value)]];
    }),
  );
}

function textField(value: unknown, name: string): string | null {
  const field = (value as Record<string, unknown> | null | undefined)?.[name];
  return typeof field === "string" && field !== "" ? field : null;
}

/** Some servers nest the error: `{error: {code, message}}`. */
function codeInError(value: unknown): string | null {
  const error = (value as { error?: unknown } | null | undefined)?.error;
  return typeof error === "object" ? textField(error, "code") : null;
}

function redactOr(redactor: Redactor, value: string | null): string | null {
  return value === null ? null : redactor.text(value);
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes as Uint8Array<ArrayBuffer>);
  return new Uint8Array(digest).toHex();
}

function round(ms: number): number {
  return Math.max(0, Math.round(ms));
}

interface Gate {
  enter(): Promise<void>;
  leave(): void;
}

function makeGate(limit: number): Gate {
  let free = limit;
  const waiting: (() => void)[] = [];
  return {
    enter() {
      if (free > 0) {
        free--;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave() {
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    },
  };
}
