/**
 * The file API as the mount uses it. Writes come back as answers, never as exceptions, because every status has its own
 * consequence; each refused one is logged in the line that operators grep for (design decision 18, S34).
 */

import { type BulkFile, fileApi } from "../client/file-api.ts";
import { type ServiceTarget, send } from "../client/http.ts";
import { fail, isRelayfileError, messageOf } from "../errors.ts";
import { MOUNT } from "../limits.ts";
import { BulkResult, decodeContent, type FileDocument, WriteResult } from "../model/file.ts";
import { createRedactor } from "../model/redact.ts";
import type { Clock, Log } from "../ports.ts";
import { parseRetryAfter } from "../sync/backoff.ts";
import type { Sha256 } from "../sync/names.ts";

/** A file as the server has it. */
export interface RemoteFile {
  readonly path: string;
  readonly revision: string;
  readonly hash: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
}

/** What reading one path found. */
export type RemoteState =
  | { readonly kind: "file"; readonly file: RemoteFile }
  | { readonly kind: "absent" }
  | { readonly kind: "denied" };

/** Any answer to a write, or the lack of one. */
export interface WriteAnswer<T> {
  /** Null when no answer came back: the write may or may not have happened. */
  readonly status: number | null;
  /** The parsed body of a 2xx answer of the right shape, else null. */
  readonly result: T | null;
  /** Error code of the body, or empty. */
  readonly code: string;
  readonly message: string;
  /** First 1024 bytes of the body as received, without secrets. */
  readonly body: string;
  /** Operation id the answer names, or null. */
  readonly opId: string | null;
  readonly correlationId: string;
  readonly retryAfterMs: number | null;
  readonly details: Readonly<Record<string, unknown>>;
}

/** The remote side of one mount. */
export type Remote = ReturnType<typeof openRemote>;

/** What the remote needs besides where to call. */
export interface RemoteContext {
  readonly target: ServiceTarget;
  readonly workspaceId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly sha256: Sha256;
  readonly timeoutMs: number;
  /** Called for every refused PUT or bulk answer: the lifetime counter of `failedWritebacks`. */
  onRefusedWrite(): void;
}

/** Opens the remote side. */
export function openRemote(context: RemoteContext) {
  const { target, workspaceId, clock, log } = context;
  const api = fileApi(target, workspaceId);
  const base = `/v1/workspaces/${encodeURIComponent(workspaceId)}`;
  const redactor = createRedactor();
  let bulkReadOffered = true;

  /** One write request; `paths` and `commandIds` are for the log line. */
  async function write<T>(
    call: {
      method: "POST" | "DELETE";
      path: string;
      query?: Record<string, string>;
      body?: unknown;
      headers?: Record<string, string>;
    },
    about: { path: string; opId: string; correlationId?: string },
    parse: (value: unknown) => T,
    signal?: AbortSignal,
  ): Promise<WriteAnswer<T>> {
    const correlationId = about.correlationId ?? `mount_${Math.round(clock.now() * 1e6)}`;
    try {
      const answer = await send(target, { ...call, correlationId, timeoutMs: context.timeoutMs, signal });
      const text = new TextDecoder().decode(answer.bytes.subarray(0, 65_536));
      const value = parseObject(new TextDecoder().decode(answer.bytes));
      const good = answer.status >= 200 && answer.status < 300;
      const result = good ? attempt(() => parse(value)) : null;
      const opId = opIdOf(answer.headers, value);
      const body = redactor.text(
        new TextDecoder().decode(answer.bytes.subarray(0, MOUNT.deadLetterBodyBytesMax)),
      );
      if (!good) {
        log.warn("writeback_http", {
          status: answer.status,
          method: call.method,
          path: about.path,
          opId: opId ?? about.opId,
          correlationId: answer.correlationId,
          body,
        });
        if (call.method === "POST") context.onRefusedWrite();
      }
      return {
        status: good && result === null ? 502 : answer.status,
        result,
        code: textOf(value?.code) ?? textOf(value?.error) ?? "",
        message:
          good && result === null
            ? "the answer is not a write result"
            : (textOf(value?.message) ?? text.slice(0, 200)),
        body,
        opId,
        correlationId: answer.correlationId,
        retryAfterMs: parseRetryAfter(answer.headers.get("retry-after"), clock.now()),
        details: value ?? {},
      };
    } catch (error) {
      if (signal?.aborted) throw error;
      const refusal = isRelayfileError(
        error,
        "not_signed_in",
        "token_expired",
        "wrong_token_kind",
        "unauthorized",
        "forbidden",
      );
      log.warn("writeback_http", {
        status: refusal ? 401 : 0,
        method: call.method,
        path: about.path,
        opId: about.opId,
        correlationId,
        body: redactor.text(messageOf(error)),
      });
      return {
        status: refusal ? 401 : null,
        result: null,
        code: isRelayfileError(error) ? error.code : "network_unreachable",
        message: messageOf(error),
        body: "",
        opId: null,
        correlationId,
        retryAfterMs: null,
        details: {},
      };
    }
  }

  /** A document as bytes; content that does not match its own hash is refused, never written. */
  function fileOf(document: FileDocument): RemoteFile {
    const bytes = decodeContent(document.content, document.encoding);
    if (bytes === undefined) fail("unexpected_answer", `content of ${document.path} is not valid base64`, {});
    const hash = context.sha256(bytes);
    if (document.contentHash !== undefined && document.contentHash !== "" && document.contentHash !== hash) {
      fail("unexpected_answer", `content of ${document.path} does not match its hash`, {
        path: document.path,
        expected: document.contentHash,
        actual: hash,
      });
    }
    return {
      path: document.path,
      revision: document.revision,
      hash,
      bytes,
      contentType: document.contentType,
    };
  }

  /** One entry of a bulk answer; null when it says neither what the file is nor that there is none. */
  function stateOf(entry: { readonly path: string; readonly [key: string]: unknown }): RemoteState | null {
    if (typeof entry.content === "string" && typeof entry.revision === "string") {
      return { kind: "file", file: fileOf(entry as unknown as FileDocument) };
    }
    const code = (entry.error as { code?: unknown } | undefined)?.code;
    if (code === "not_found") return { kind: "absent" };
    return code === "forbidden" ? { kind: "denied" } : null;
  }

  async function read(path: string, signal?: AbortSignal): Promise<RemoteState> {
    try {
      const document = await api.readFile(path, { signal, timeoutMs: context.timeoutMs });
      if (document.path !== path)
        fail("unexpected_answer", `asked for ${path}, the answer is about ${document.path}`, { path });
      return { kind: "file", file: fileOf(document) };
    } catch (error) {
      if (isRelayfileError(error) && error.details.status === 404) return { kind: "absent" };
      // A refusal for this one path; a token that opens nothing is noticed by the listing before any read.
      if (isRelayfileError(error) && error.details.status === 403) return { kind: "denied" };
      throw error;
    }
  }

  return {
    target,
    api,
    read,
    fileOf,
    /** Whether an export of everything is worth asking for: until the server says that it has none. */
    exports: { offered: true },

    /**
     * Many paths at once: bulk where the server offers it, else parallel single reads. Paths a bulk answer says nothing
     * about are asked for one by one, so absence is only ever concluded from an answer about that path.
     */
    async readAll(
      paths: readonly string[],
      concurrency: number,
      signal?: AbortSignal,
    ): Promise<Map<string, RemoteState>> {
      const found = new Map<string, RemoteState>();
      if (bulkReadOffered && paths.length > 1) {
        try {
          const answer = await api.bulkRead(paths, { signal, timeoutMs: context.timeoutMs });
          const wanted = new Set(paths);
          for (const entry of answer) {
            if (!wanted.has(entry.path)) continue;
            const state = stateOf(entry);
            if (state !== null) found.set(entry.path, state);
          }
        } catch (error) {
          if (signal?.aborted || !isRelayfileError(error)) throw error;
          const status = error.details.status;
          if (status !== 404 && status !== 400 && status !== 413) throw error;
          if (status === 404) bulkReadOffered = false;
        }
      }
      const rest = paths.filter((path) => !found.has(path));
      await inParallel(rest, concurrency, async (path) => {
        found.set(path, await read(path, signal));
      });
      return found;
    },

    /** Uploads a batch in one request. */
    bulk(files: readonly BulkFile[], about: { opId: string; correlationId?: string }, signal?: AbortSignal) {
      const path = files.length === 1 ? (files[0]?.path ?? "") : `${files[0]?.path} (+${files.length - 1})`;
      return write(
        { method: "POST", path: `${base}/fs/bulk`, body: { files } },
        { path, ...about },
        (value) => BulkResult.parse(value),
        signal,
      );
    },

    /** Deletes one file against its base revision. */
    remove(path: string, ifMatch: string, signal?: AbortSignal) {
      return write(
        { method: "DELETE", path: `${base}/fs/file`, query: { path }, headers: { "If-Match": ifMatch } },
        { path, opId: "" },
        (value) => WriteResult.parse(value),
        signal,
      );
    },
  };
}

/** Runs `work` for each item, at most `limit` at a time. The first failure rejects after running ones ended. */
export async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  let failure: { error: unknown } | null = null;
  const worker = async () => {
    while (next < items.length && failure === null) {
      const item = items[next++] as T;
      try {
        await work(item);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failure !== null) throw (failure as { error: unknown }).error;
}

/** The operation id of a refused write, as dead letters name it (spec mount-daemon 3.5). */
function opIdOf(headers: Headers, body: Record<string, unknown> | null): string | null {
  const candidates = [
    headers.get("x-relayfile-op-id"),
    headers.get("x-operation-id"),
    headers.get("x-op-id"),
    body?.opId,
    body?.opID,
    body?.operationId,
    body?.id,
  ];
  for (const value of candidates) {
    if (typeof value === "string" && value !== "" && !/[/\\]/.test(value) && value !== "." && value !== "..")
      return value;
  }
  return null;
}

function parseObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    // Not JSON: the text itself is kept in the dead letter.
    return null;
  }
}

function attempt<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    // A 2xx answer of another shape is no acceptance; the caller sees a missing result.
    return null;
  }
}

function textOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
