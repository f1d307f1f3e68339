/** The workspace as the sync pipeline sees it: reads without scopes, atomic changes without ops. */
import { fail } from "../../errors.ts";
import { comparePaths, normalizePath, requireWritablePath } from "../../model/path.ts";
import { revisionOf } from "../../model/revision.ts";
import type { ChangeContext, ListedFile, StoredFile, TreeChange, TreeStore } from "../../ports.ts";
import { permissionsOfMarker } from "../auth/acl.ts";
import { deletedVersion, rememberDeleted } from "../store/deleted-records.ts";
import { directoryCount } from "../store/directories.ts";
import {
  type Body,
  boundsBelow,
  deleteFile,
  type FileRow,
  findFile,
  rangeOfFiles,
  readBody,
  writeFile,
} from "../store/files.ts";
import type { Transaction } from "../store/store.ts";
import { INLINE_BYTES_MAX, prepareBody, type WorkspaceContext } from "./context.ts";
import { type Announce, keepingLosers } from "./losers.ts";

/** A tree store over a workspace. A condition that does not hold fails with `revision_conflict`, absent files included. */
export function treeStoreOf(context: WorkspaceContext): TreeStore {
  const { store } = context;
  return {
    workspaceId: store.workspaceId,

    read: async (path): Promise<StoredFile | null> => {
      for (let look = 0; look < 3; look++) {
        const row = findFile(store.sql, normalizePath(path));
        if (row === null) return null;
        const bytes = await readBody(store.sql, store.bodies, row.revision);
        if (bytes !== null) return { ...describe(row), bytes };
      }
      return null;
    },

    list: async (prefix, options = {}): Promise<ListedFile[]> => {
      const base = normalizePath(prefix);
      const limit = options.limit ?? 1_000;
      const { from, to } = boundsBelow(base);
      const after = options.after ?? "";
      const self = after === "" && base !== "/" ? findFile(store.sql, base) : null;
      const rows = rangeOfFiles(store.sql, { from: comparePaths(after, from) > 0 ? after : from, to, limit });
      return [...(self === null ? [] : [self]), ...rows].slice(0, limit).map(listed);
    },

    hasFilesBelow: async (directory) => directoryCount(store.sql, normalizePath(directory)).files > 0,

    deletedVersion: async (record) => deletedVersion(store.sql, record),

    apply: async (changes, change, deleted = []): Promise<(string | null)[]> => {
      const bodies = await preparedBodies(context, changes);
      return keepingLosers(context, change.correlationId, (tx, announce) => {
        for (const one of deleted) rememberDeleted(tx, one);
        return changes.map((one, index) =>
          applyChange(context, { tx, announce }, one, bodies[index] ?? null, change),
        );
      });
    },
  };
}

/** The content of every write, in order; null for deletes. A record and its aliases are the same bytes, hashed once. */
async function preparedBodies(
  context: WorkspaceContext,
  changes: readonly TreeChange[],
): Promise<(Body | null)[]> {
  const hashes = new Map<Uint8Array, string>();
  const bodies: (Body | null)[] = [];
  for (const change of changes) {
    if (change.kind === "delete") {
      bodies.push(null);
      continue;
    }
    const { bytes } = change;
    const path = requireWritablePath(change.path);
    const known = hashes.get(bytes);
    const body =
      known !== undefined && bytes.byteLength <= INLINE_BYTES_MAX
        ? { bytes, hash: known, key: null }
        : await prepareBody(context, path, bytes);
    hashes.set(bytes, body.hash);
    bodies.push(body);
  }
  return bodies;
}

function applyChange(
  context: WorkspaceContext,
  { tx, announce }: { tx: Transaction; announce: Announce },
  change: TreeChange,
  body: Body | null,
  by: ChangeContext,
): string | null {
  const path = normalizePath(change.path);
  const ifRevision = change.ifRevision ?? null;
  const current = findFile(tx.sql, path);
  // For the pipeline every broken condition is the same: read again and decide again.
  if (
    ifRevision !== null &&
    ifRevision !== "*" &&
    ifRevision !== (current === null ? "0" : revisionOf(current.revision))
  ) {
    fail("revision_conflict", "revision conflict", {
      path,
      expectedRevision: ifRevision,
      currentRevision: current === null ? "0" : revisionOf(current.revision),
    });
  }
  if (by.origin === "provider_sync") announce(path, body?.hash ?? null, current);
  const common = {
    path,
    ifRevision: null,
    origin: by.origin,
    correlationId: by.correlationId,
    existing: current,
  };
  if (change.kind === "delete") {
    const gone = deleteFile(tx, common);
    return gone === null ? null : revisionOf(gone.revision);
  }
  const markerPermissions = permissionsOfMarker(path, change.bytes);
  const { row } = writeFile(tx, {
    ...common,
    body: body as Body,
    contentType: change.contentType,
    provider: change.provider ?? context.pipeline.providerOf(path),
    objectId: change.providerObjectId,
    ...(markerPermissions === null ? {} : { markerPermissions }),
  });
  return revisionOf(row.revision);
}

function describe(row: FileRow): Omit<StoredFile, "bytes"> {
  return {
    path: row.path,
    revision: revisionOf(row.revision),
    contentType: row.contentType,
    provider: row.provider,
    providerObjectId: row.objectId,
    updatedAtMs: row.updatedAt,
    byClient: row.op !== null,
  };
}

function listed(row: FileRow): ListedFile {
  return { ...describe(row), sizeBytes: row.sizeBytes, contentHash: row.contentHash };
}
