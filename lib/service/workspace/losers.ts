/**
 * Edits of agents that the provider never took and whose file the provider now changes (spec file-api 13.1 #14). They
 * are kept beside the file as `<name>.conflict-rev_<n>`, in the same transaction, so that the rules of the directory go
 * on protecting them. Such copies belong to no provider: editing or deleting one is a local matter.
 */
import { FILE_API } from "../../limits.ts";
import { basenameOf, joinPath, parentOf, utf8Length, writablePathProblem } from "../../model/path.ts";
import { revisionNumber, revisionOf } from "../../model/revision.ts";
import { type Body, type FileRow, findFile, readBody, writeFile } from "../store/files.ts";
import { findOp, type OpRow, opIdOf } from "../store/ops.ts";
import type { Transaction } from "../store/store.ts";
import { prepareBody, type WorkspaceContext } from "./context.ts";

const COPY = /\.conflict-rev_\d+$/;
const ROUNDS_MAX = 5;
/** How an op ends without the provider having taken it. */
const REFUSED: readonly string[] = ["failed", "dead_lettered", "canceled"];

/** True for a copy made here. */
export function isConflictCopy(path: string): boolean {
  return COPY.test(path);
}

/** Where the loser of a revision is kept; a long name is cut, because the revision makes it unique enough. */
export function conflictCopyPath(path: string, revision: number): string {
  const suffix = `.conflict-${revisionOf(revision)}`;
  let name = basenameOf(path);
  while (utf8Length(name + suffix) > FILE_API.pathSegmentBytesMax) name = [...name].slice(0, -1).join("");
  return joinPath(parentOf(path), name + suffix);
}

/**
 * Says before a change of the provider what it will do to a path: the new content's hash, or null for a delete. `current`
 * is the stored row, when the caller has just read it.
 */
export type Announce = (path: string, incomingHash: string | null, current?: FileRow | null) => void;

/**
 * Runs work durably that changes files on behalf of a provider. The work announces each change first; losers found
 * there are copied in the same transaction. Content is read between attempts, since transactions cannot wait.
 */
export async function keepingLosers<T>(
  context: WorkspaceContext,
  correlationId: string,
  work: (tx: Transaction, announce: Announce) => T,
): Promise<T> {
  const bodies = new Map<number, Body | null>();
  for (let round = 1; ; round++) {
    const unread: FileRow[] = [];
    try {
      return await context.store.commit((tx) => {
        const value = work(tx, (path, incomingHash, current = findFile(tx.sql, path)) => {
          const loser = loserOf(tx, current, incomingHash);
          if (loser === null) return;
          const body = bodies.get(loser.revision);
          if (body === undefined && round < ROUNDS_MAX) unread.push(loser);
          else if (body) writeCopy(tx, loser, body, correlationId);
        });
        if (unread.length > 0) throw new UnreadLosers();
        return value;
      });
    } catch (thrown) {
      if (!(thrown instanceof UnreadLosers)) throw thrown;
    }
    for (const row of unread) bodies.set(row.revision, await contentOf(context, row.path, row.revision));
  }
}

/** Ends one attempt so that content can be read; never leaves this file. */
class UnreadLosers extends Error {}

/** Keeps what an op wanted to write, when the provider refused it and has replaced the file since. */
export async function keepRefused(context: WorkspaceContext, op: OpRow): Promise<void> {
  const revision = revisionNumber(op.revision);
  if (!REFUSED.includes(op.status) || op.action !== "file_upsert" || revision === null) return;
  const current = findFile(context.store.sql, op.path);
  // A file that an agent changed or removed since is that agent's decision.
  if (current === null || current.op !== null || current.revision <= revision) return;
  const body = await contentOf(context, op.path, revision);
  if (body === null || body.hash === current.contentHash) return;
  await context.store.commit((tx) => writeCopy(tx, { ...current, revision }, body, op.correlationId));
}

/** The stored version, when an agent wrote it, the provider never took it, and the change does not repeat it. */
function loserOf(tx: Transaction, row: FileRow | null, incomingHash: string | null): FileRow | null {
  if (row === null || row.op === null || row.contentHash === incomingHash || isConflictCopy(row.path))
    return null;
  const op = findOp(tx.sql, opIdOf(row.op));
  // What is still on its way reaches the provider with its own bytes; `keepRefused` looks again at its end.
  const untaken = op !== null && (REFUSED.includes(op.status) || op.providerResult?.local === true);
  return untaken ? row : null;
}

async function contentOf(context: WorkspaceContext, path: string, revision: number): Promise<Body | null> {
  const bytes = await readBody(context.store.sql, context.store.bodies, revision);
  const copy = conflictCopyPath(path, revision);
  if (bytes === null || writablePathProblem(copy) !== null) {
    context.log.warn("an overwritten edit could not be kept", { path, revision: revisionOf(revision) });
    return null;
  }
  return prepareBody(context, copy, bytes);
}

function writeCopy(
  tx: Transaction,
  loser: Pick<FileRow, "path" | "revision" | "contentType" | "permissions">,
  body: Body,
  correlationId: string,
): void {
  const path = conflictCopyPath(loser.path, loser.revision);
  if (findFile(tx.sql, path) !== null || tx.directories.exists(path)) return;
  writeFile(tx, {
    path,
    body,
    contentType: loser.contentType,
    ifRevision: null,
    provider: "",
    semantics: loser.permissions === null ? undefined : { permissions: [...loser.permissions] },
    origin: "system",
    correlationId,
  });
}
