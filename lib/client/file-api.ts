/** The file API, one method per route. Paths are remote paths; answers are parsed; failures are typed. */

import { EventPage } from "../model/event.ts";
import {
  BulkReadResult,
  BulkResult,
  type ContentIdentity,
  FileDocument,
  MergeResult,
  QueryPage,
  SweptDrafts,
  TreePage,
  WriteResult,
} from "../model/file.ts";
import { DeadLetterPage, QueuedRefresh, SyncStatus } from "../model/integration.ts";
import { OpPage, WritebackOp } from "../model/writeback-op.ts";
import { type ServiceTarget, sendJson, sendStream } from "./http.ts";

/** The only merge this tool asks for. */
const MERGE_STRATEGY = "three-way-lines-v1";

/** One file of a bulk write. Without `ifMatch` it overwrites. */
export interface BulkFile {
  readonly path: string;
  readonly content: string;
  readonly contentType?: string;
  readonly encoding?: string;
  readonly ifMatch?: string;
  readonly contentIdentity?: ContentIdentity;
}

/** Per-call options. */
export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  readonly correlationId?: string;
}

/** A client of one workspace. */
export type FileApi = ReturnType<typeof fileApi>;

/** Builds a client of one workspace of the file API. */
export function fileApi(target: ServiceTarget, workspaceId: string) {
  const base = `/v1/workspaces/${encodeURIComponent(workspaceId)}`;
  return {
    workspaceId,

    /** One page, sorted by path; an unknown path or workspace is an empty page. */
    tree(
      query: { path?: string; depth?: number; cursor?: string; excludeMountRuntime?: boolean },
      options: CallOptions = {},
    ) {
      return sendJson(target, { method: "GET", path: `${base}/fs/tree`, query, ...options }, (v) =>
        TreePage.parse(v),
      );
    },

    /** The file's current version; `not_found` when absent. */
    readFile(path: string, options: CallOptions = {}) {
      return sendJson(target, { method: "GET", path: `${base}/fs/file`, query: { path }, ...options }, (v) =>
        FileDocument.parse(v),
      );
    },

    /** Writes one file against a base revision: `0` creates, `*` overwrites. */
    putFile(
      path: string,
      body: { content: string; contentType?: string; encoding?: string; contentIdentity?: ContentIdentity },
      ifMatch: string,
      options: CallOptions = {},
    ) {
      const headers = { "If-Match": ifMatch };
      return sendJson(
        target,
        { method: "PUT", path: `${base}/fs/file`, query: { path }, headers, body, ...options },
        (v) => WriteResult.parse(v),
      );
    },

    /** Deletes one file against a base revision. */
    deleteFile(path: string, ifMatch: string, options: CallOptions = {}) {
      const headers = { "If-Match": ifMatch };
      return sendJson(
        target,
        { method: "DELETE", path: `${base}/fs/file`, query: { path }, headers, ...options },
        (v) => WriteResult.parse(v),
      );
    },

    /** Writes many files, each for itself; refusals are listed per file in `errors`. */
    bulk(files: readonly BulkFile[], options: CallOptions = {}) {
      return sendJson(target, { method: "POST", path: `${base}/fs/bulk`, body: { files }, ...options }, (v) =>
        BulkResult.parse(v),
      );
    },

    /** Events after a cursor, oldest first unless `direction` is `desc`. */
    events(
      query: { cursor?: string; limit?: number; direction?: "asc" | "desc"; provider?: string },
      options: CallOptions = {},
    ) {
      return sendJson(target, { method: "GET", path: `${base}/fs/events`, query, ...options }, (v) =>
        EventPage.parse(v),
      );
    },

    /** One writeback op; `not_found` while it is not visible. */
    op(opId: string, options: CallOptions = {}) {
      return sendJson(
        target,
        { method: "GET", path: `${base}/ops/${encodeURIComponent(opId)}`, ...options },
        (v) => WritebackOp.parse(v),
      );
    },

    /** Ops, newest first. */
    ops(
      query: { status?: string; provider?: string; action?: string; cursor?: string; limit?: number },
      options: CallOptions = {},
    ) {
      return sendJson(target, { method: "GET", path: `${base}/ops`, query, ...options }, (v) =>
        OpPage.parse(v),
      );
    },

    /** Queues a dead-lettered op again. */
    replayOp(opId: string, options: CallOptions = {}) {
      return sendJson(
        target,
        { method: "POST", path: `${base}/ops/${encodeURIComponent(opId)}/replay`, ...options },
        (v) => QueuedRefresh.parse(v),
      );
    },

    /** Files by metadata, sorted by path, without content. `property.<key>` filters on one property. */
    query(query: Readonly<Record<string, string | number | undefined>>, options: CallOptions = {}) {
      return sendJson(target, { method: "GET", path: `${base}/fs/query`, query, ...options }, (v) =>
        QueryPage.parse(v),
      );
    },

    /** The subtree as one stream in the given format, from behind `after` on. The body is not read here. */
    export(
      query: { format: "json" | "tar" | "patch" | "frames"; path?: string; after?: string },
      options: CallOptions = {},
    ) {
      return sendStream(target, { method: "GET", path: `${base}/fs/export`, query, ...options });
    },

    /** Many files at once, in the order asked for; `not_found` where the server has no such route. */
    bulkRead(paths: readonly string[], options: CallOptions = {}) {
      return sendJson(
        target,
        { method: "POST", path: `${base}/fs/bulk-read`, body: { paths }, ...options },
        (v) => BulkReadResult.parse(v),
      );
    },

    /** Merges a text into the current version by lines; `merge_conflict` when a person must decide. */
    merge(
      path: string,
      body: {
        content: string;
        baseRevision: string;
        baseContent: string;
        contentType?: string;
        contentIdentity?: ContentIdentity;
      },
      options: CallOptions = {},
    ) {
      const call = { method: "POST", path: `${base}/fs/merge`, query: { path } } as const;
      return sendJson(target, { ...call, body: { strategy: MERGE_STRATEGY, ...body }, ...options }, (v) =>
        MergeResult.parse(v),
      );
    },

    /** Finds drafts that no provider adopted, and removes them with `apply`. */
    sweepDrafts(
      body: { pathPrefix?: string; patterns?: readonly string[]; apply?: boolean },
      options: CallOptions = {},
    ) {
      return sendJson(
        target,
        { method: "POST", path: `${base}/writeback/sweep-drafts`, body, ...options },
        (v) => SweptDrafts.parse(v),
      );
    },

    /** Webhook deliveries out of attempts, newest first. */
    deadLetters(
      query: { provider?: string; cursor?: string; limit?: number } = {},
      options: CallOptions = {},
    ) {
      return sendJson(target, { method: "GET", path: `${base}/sync/dead-letter`, query, ...options }, (v) =>
        DeadLetterPage.parse(v),
      );
    },

    /** Asks for a provider to be read again; another endpoint than the control plane's discovery refresh. */
    refresh(provider: string, reason: string, options: CallOptions = {}) {
      const body = { provider, reason };
      return sendJson(target, { method: "POST", path: `${base}/sync/refresh`, body, ...options }, (v) =>
        QueuedRefresh.parse(v),
      );
    },

    /** State of each provider's sync. */
    syncStatus(provider?: string, options: CallOptions = {}) {
      return sendJson(
        target,
        { method: "GET", path: `${base}/sync/status`, query: { provider }, ...options },
        (v) => SyncStatus.parse(v),
      );
    },

    /** Liveness; proves nothing about a token. */
    health(options: CallOptions = {}) {
      return sendJson(
        target,
        { method: "GET", path: "/health", ...options },
        (v) => v as { status?: string; version?: string },
      );
    },
  };
}
