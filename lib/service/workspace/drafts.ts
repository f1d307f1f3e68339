/**
 * What happens to a draft when its op is acknowledged from outside: it takes its record's name, or gives way to the
 * record that is there already (spec file-api 6.4). These changes make no ops.
 */
import {
  basenameOf,
  containsPath,
  joinPath,
  normalizePath,
  parentOf,
  segmentsOf,
  writablePathProblem,
} from "../../model/path.ts";
import { revisionOf } from "../../model/revision.ts";
import { type Body, deleteFile, type FileRow, findFile, writeFile } from "../store/files.ts";
import type { OpRow } from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";

/** What became of the draft. */
export interface DraftOutcome {
  readonly action: "renamed" | "removed" | "none";
  readonly from?: string;
  readonly to?: string;
}

/** Reconciles the file of a successful upsert with the provider's id. `body` is the draft's content, read beforehand. */
export function reconcileDraft(
  tx: Transaction,
  op: OpRow,
  ack: { externalId: string; canonicalPath: string | null },
  body: Body | null,
): DraftOutcome {
  const draft = findFile(tx.sql, op.path);
  if (op.action !== "file_upsert" || draft === null || body === null) return { action: "none" };
  if (draft.objectId !== null) return { action: "none" };
  const indexed = findObject(tx, draft.provider, ack.externalId);
  if (indexed !== null && indexed.path !== draft.path) return remove(tx, op, draft);
  const target = targetOf(draft.path, ack);
  if (target === draft.path) {
    tx.sql.run("UPDATE files SET object_id = ? WHERE path = ?", [ack.externalId, draft.path]);
    return { action: "none" };
  }
  if (findFile(tx.sql, target) !== null || tx.directories.exists(target)) return remove(tx, op, draft);
  const revision = tx.next("revision");
  const common = { origin: "system" as const, correlationId: op.correlationId, revision };
  deleteFile(tx, { path: draft.path, ifRevision: null, ...common });
  writeFile(tx, {
    ...common,
    path: target,
    body,
    contentType: draft.contentType,
    ifRevision: null,
    provider: draft.provider,
    objectId: ack.externalId,
    semantics: {
      ...draft.semantics,
      ...(draft.permissions === null ? {} : { permissions: [...draft.permissions] }),
    },
  });
  return { action: "renamed", from: draft.path, to: target };
}

/** A draft by its recommended name: `<resource> <uuid>.json`. */
export function isDraftName(path: string): boolean {
  return /^.+ [0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\.json$/i.test(basenameOf(path));
}

function remove(tx: Transaction, op: OpRow, draft: FileRow): DraftOutcome {
  deleteFile(tx, {
    path: draft.path,
    ifRevision: revisionOf(draft.revision),
    origin: "system",
    correlationId: op.correlationId,
  });
  return { action: "removed", from: draft.path };
}

function findObject(tx: Transaction, provider: string, objectId: string): { path: string } | null {
  const [row] = tx.sql.all<{ path: string }>(
    "SELECT path FROM files WHERE provider = ? AND object_id = ? ORDER BY path LIMIT 1",
    [provider, objectId],
  );
  return row ?? null;
}

/** The preferred path when it lies below the same first segment, else the id in the draft's directory. */
function targetOf(draftPath: string, ack: { externalId: string; canonicalPath: string | null }): string {
  const root = `/${segmentsOf(draftPath)[0] ?? ""}`;
  const preferred = ack.canonicalPath === null ? null : normalizePath(ack.canonicalPath);
  if (preferred !== null && containsPath(root, preferred) && writablePathProblem(preferred) === null)
    return preferred;
  const name = ack.externalId.replace(/[/\\ ]/g, "_").replace(/^\.+|\.+$/g, "") || "_";
  const extension = /\.[^./]+$/.exec(basenameOf(draftPath))?.[0] ?? ".json";
  return joinPath(parentOf(draftPath), `${name}${extension}`);
}
