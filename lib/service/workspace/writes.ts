/** Writing a workspace on behalf of clients: one file, a delete, a batch. Every accepted write makes one op. */
import { fail, isRelayfileError, type RelayfileError } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { ContentIdentity, Semantics } from "../../model/file.ts";
import { basenameOf, normalizePath, requireWritablePath } from "../../model/path.ts";
import { ABSENT_REVISION, revisionNumber, revisionOf } from "../../model/revision.ts";
import type { OpAction } from "../../model/writeback-op.ts";
import type { Caller } from "../auth/acl.ts";
import { ACL_MARKER, AclResolver, permissionsOfMarker } from "../auth/acl.ts";
import { allowsPath } from "../auth/scopes.ts";
import {
  type Body,
  conflictPreview,
  deleteFile,
  findFile,
  pathOfRevision,
  writeFile,
} from "../store/files.ts";
import { findOp, findOpByIdentity, insertOp, type OpRow, opIdOf } from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";
import { prepareBody, type WorkspaceContext } from "./context.ts";
import { isConflictCopy } from "./losers.ts";

/** One file as a client sends it, already decoded and normalised. */
export interface ClientWrite {
  readonly path: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Null overwrites whatever is there. */
  readonly ifMatch: string | null;
  readonly semantics?: Semantics | undefined;
  readonly identity: ContentIdentity | null;
  readonly correlationId: string;
  /** Who writes; absent for the service itself. */
  readonly caller?: Caller;
  /** Kept with the op, for answers that must be repeated later. */
  readonly note?: Record<string, unknown>;
}

/** What an accepted write answers. */
export interface AcceptedWrite {
  readonly op: OpRow;
  /** True when the write had been accepted before and nothing was written now. */
  readonly repeated: boolean;
}

/** Writes one file. Fails with `invalid_path`, `not_found`, `revision_conflict` (with a preview) or `payload_too_large`. */
export async function putFile(context: WorkspaceContext, write: ClientWrite): Promise<AcceptedWrite> {
  const path = requireWritablePath(write.path);
  requireSize(write.bytes);
  const body = await prepareBody(context, path, write.bytes);
  try {
    const accepted = await context.store.commit((tx) => applyWrite(context, tx, { ...write, path }, body));
    afterWrite(context, [accepted]);
    return accepted;
  } catch (error) {
    throw await explained(context, { path, caller: write.caller }, error);
  }
}

/** Deletes one file. Fails with `not_found` whatever the precondition when it is absent, else as `putFile`. */
export async function removeFile(
  context: WorkspaceContext,
  target: { path: string; ifMatch: string; correlationId: string; caller?: Caller },
): Promise<AcceptedWrite> {
  const path = normalizePath(target.path);
  try {
    const accepted = await context.store.commit((tx) => {
      const gone = deleteFile(tx, {
        path,
        ifRevision: target.ifMatch,
        origin: "agent_write",
        correlationId: target.correlationId,
      });
      if (gone === null) return fail("not_found", `no file at ${path}`, { path });
      const op = newOp(context, tx, {
        path,
        revision: revisionOf(gone.revision),
        action: "file_delete",
        identity: null,
        correlationId: target.correlationId,
      });
      return { op, repeated: false };
    });
    afterWrite(context, [accepted]);
    return accepted;
  } catch (error) {
    throw await explained(context, { path, caller: target.caller }, error);
  }
}

/** One file of a batch: decoded, or why it could not be. */
export type BatchItem =
  | { readonly kind: "write"; readonly write: ClientWrite }
  | { readonly kind: "refused"; readonly path: string; readonly code: string; readonly message: string };

/** What became of one file of a batch. */
export type BatchOutcome =
  | ({ readonly kind: "accepted"; readonly write: ClientWrite } & AcceptedWrite)
  | {
      readonly kind: "refused";
      readonly path: string;
      readonly code: string;
      readonly message: string;
      readonly expectedRevision?: string;
      readonly currentRevision?: string;
    };

/** Writes many files, each for itself and in order; one durable transaction carries all that were accepted. */
export async function writeBatch(
  context: WorkspaceContext,
  caller: Caller,
  items: readonly BatchItem[],
): Promise<BatchOutcome[]> {
  const prepared = await Promise.all(
    items.map(async (item) => {
      if (item.kind === "refused") return item;
      try {
        const path = requireWritablePath(item.write.path);
        requireSize(item.write.bytes);
        return {
          ...item,
          write: { ...item.write, path },
          body: await prepareBody(context, path, item.write.bytes),
        };
      } catch (error) {
        return refusal(item.write.path, error);
      }
    }),
  );
  const outcomes = await context.store.commit((tx) =>
    prepared.map((item): BatchOutcome => {
      if (item.kind === "refused") return item;
      try {
        // Judged inside the transaction: an earlier file of this batch may be a marker.
        requireReach(context, caller, item.write);
        const accepted = applyWrite(context, tx, { ...item.write, caller }, item.body);
        return { kind: "accepted", write: item.write, ...accepted };
      } catch (error) {
        return refusal(item.write.path, error);
      }
    }),
  );
  afterWrite(
    context,
    outcomes.filter((outcome) => outcome.kind === "accepted"),
  );
  return outcomes;
}

/** Adds the op of an agent write: pending for a connected provider, else already succeeded (design decision 7). */
export function newOp(
  context: WorkspaceContext,
  tx: Transaction,
  write: {
    path: string;
    revision: string;
    action: OpAction;
    identity: ContentIdentity | null;
    correlationId: string;
    seq?: number;
    note?: Record<string, unknown> | undefined;
  },
): OpRow {
  const provider = providerOfWrite(context, write.path);
  const connected =
    provider !== "" && tx.sql.all("SELECT 1 FROM integrations WHERE provider = ?", [provider]).length > 0;
  const { note, ...op } = write;
  const local = connected ? {} : { local: true, providerRevision: write.revision };
  const providerResult = { ...note, ...local };
  return insertOp(tx, {
    ...op,
    provider,
    status: connected ? "pending" : "succeeded",
    ...(Object.keys(providerResult).length === 0 ? {} : { providerResult }),
  });
}

function applyWrite(
  context: WorkspaceContext,
  tx: Transaction,
  write: ClientWrite,
  body: Body,
): AcceptedWrite {
  const known = write.identity === null ? null : findOpByIdentity(tx.sql, write.identity, tx.now);
  if (known !== null) {
    requireSamePathOrReach(context, write, known.path);
    return { op: known, repeated: true };
  }
  const answered = answeredBefore(tx, write, body);
  if (answered !== null) return { op: answered, repeated: true };
  const markerPermissions = permissionsOfMarker(write.path, write.bytes);
  const seq = tx.next("op");
  const { row } = writeFile(tx, {
    path: write.path,
    body,
    contentType: write.contentType,
    ifRevision: write.ifMatch,
    provider: providerOfWrite(context, write.path),
    semantics: write.semantics,
    ...(markerPermissions === null || write.semantics?.permissions !== undefined
      ? {}
      : { markerPermissions: markerPermissions.length === 0 ? null : markerPermissions }),
    op: seq,
    origin: "agent_write",
    correlationId: write.correlationId,
  });
  const op = newOp(context, tx, {
    path: write.path,
    revision: revisionOf(row.revision),
    action: "file_upsert",
    identity: write.identity,
    correlationId: write.correlationId,
    seq,
    note: write.note,
  });
  return { op, repeated: false };
}

/** Copies of edits that a provider refused and permission markers are of no provider, wherever they lie. */
function providerOfWrite(context: WorkspaceContext, path: string): string {
  const isOurs = isConflictCopy(path) || basenameOf(path) === ACL_MARKER;
  return isOurs ? "" : context.pipeline.providerOf(path);
}

/** The op of this very request when its first answer was lost: same correlation id, same bytes, same base. */
function answeredBefore(tx: Transaction, write: ClientWrite, body: Body): OpRow | null {
  if (write.correlationId === "" || write.ifMatch === null || write.ifMatch === "*") return null;
  const current = findFile(tx.sql, write.path);
  if (current?.op == null) return null;
  const base = current.base === 0 ? ABSENT_REVISION : revisionOf(current.base);
  if (base !== write.ifMatch) return null;
  if (current.correlationId !== write.correlationId || current.contentHash !== body.hash) return null;
  return findOp(tx.sql, opIdOf(current.op));
}

function requireReach(
  context: WorkspaceContext,
  caller: Caller,
  { path, ifMatch }: Pick<ClientWrite, "path" | "ifMatch">,
): void {
  if (!allowsPath(caller.scopes, "fs:write", path))
    fail("forbidden", "missing required scope: fs:write", { path });
  const acl = new AclResolver(context.store.sql);
  if (acl.allows(path, caller)) return;
  const creates = ifMatch === null || ifMatch === "*" || ifMatch === ABSENT_REVISION;
  if (!creates && acl.hides(path, caller))
    fail("not_found", `no file at ${path}`, { path, expectedRevision: ifMatch });
  fail("forbidden", "access denied by ACL", { path });
}

/** A repeated answer names the path of the first write; a caller who cannot write there must not learn it. */
function requireSamePathOrReach(context: WorkspaceContext, write: ClientWrite, path: string): void {
  if (write.caller === undefined || path === write.path) return;
  const reaches =
    allowsPath(write.caller.scopes, "fs:write", path) &&
    new AclResolver(context.store.sql).allowsName(path, write.caller);
  if (!reaches) fail("forbidden", "this content identity is taken by a write out of reach");
}

function requireSize(bytes: Uint8Array): void {
  if (bytes.byteLength > FILE_API.fileBytesMax) {
    fail("payload_too_large", `file is ${bytes.byteLength} bytes, the limit is ${FILE_API.fileBytesMax}`);
  }
}

/** Refusals are values here; anything that is not an expected failure must undo the whole batch. */
function refusal(path: string, error: unknown): BatchOutcome & { kind: "refused" } {
  if (!isRelayfileError(error) || error.status >= 500) throw error;
  const code =
    error.code === "revision_conflict"
      ? "conflict"
      : error.code === "payload_too_large"
        ? "invalid_content"
        : error.code;
  return { kind: "refused", path: normalizePath(path), code, message: error.message, ...revisionsOf(error) };
}

function revisionsOf(error: RelayfileError): { expectedRevision?: string; currentRevision?: string } {
  const { expectedRevision, currentRevision } = error.details;
  return {
    ...(typeof expectedRevision === "string" ? { expectedRevision } : {}),
    ...(typeof currentRevision === "string" ? { currentRevision } : {}),
  };
}

/** Adds to a refusal what helps its caller to go on, as far as the caller may know it. */
async function explained(
  context: WorkspaceContext,
  { path, caller }: { path: string; caller: Caller | undefined },
  error: unknown,
): Promise<unknown> {
  if (!isRelayfileError(error, "revision_conflict", "not_found")) return error;
  // A token may write where it cannot read: a conflict tells it revisions, not content, and nothing of the past.
  const reads =
    caller === undefined ||
    (allowsPath(caller.scopes, "fs:read", path) &&
      new AclResolver(context.store.sql).allowsName(path, caller));
  if (!reads) return error;
  const more =
    error.code === "not_found" ? deletedSince(context, path, error) : await previewOf(context, path);
  if (more === null) return error;
  try {
    return fail(error.code, error.message, { ...error.details, ...more });
  } catch (enriched) {
    // `fail` is the only way to make the error; here it is handed on as a value.
    return enriched;
  }
}

async function previewOf(context: WorkspaceContext, path: string): Promise<Record<string, unknown> | null> {
  const preview = await conflictPreview(context.store.sql, context.store.bodies, path);
  return preview === "" ? null : { currentContentPreview: preview };
}

/** Tells a file that is gone from a path that never was (spec file-api 13.1 #21), while its content is still kept. */
function deletedSince(
  context: WorkspaceContext,
  path: string,
  error: RelayfileError,
): Record<string, unknown> | null {
  const { expectedRevision } = error.details;
  const revision = typeof expectedRevision === "string" ? revisionNumber(expectedRevision) : null;
  if (revision === null) return null;
  return pathOfRevision(context.store.sql, revision) === path ? { reason: "deleted" } : null;
}

function afterWrite(context: WorkspaceContext, accepted: readonly AcceptedWrite[]): void {
  if (accepted.some(({ op, repeated }) => !repeated && op.status === "pending"))
    context.wake(context.clock.now());
}
