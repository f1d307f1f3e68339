/** `fs/merge`: a client's edit of an older version, merged by lines with the live file, all or nothing (spec file-api 8.2). */
import { fail, isRelayfileError } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { encodeContent } from "../../model/content.ts";
import type { ContentIdentity } from "../../model/file.ts";
import { utf8Length } from "../../model/path.ts";
import { revisionNumber, revisionOf } from "../../model/revision.ts";
import { mergeLines, splitLines } from "../../sync/merge-lines.ts";
import { findFile, readBody, readVersion } from "../store/files.ts";
import { findOpByIdentity } from "../store/ops.ts";
import type { WorkspaceContext } from "./context.ts";
import { MERGE_NOTE } from "./writeback.ts";
import { putFile } from "./writes.ts";

/** The only strategy. */
export const LINES_STRATEGY = "three-way-lines-v1";
const ATTEMPTS_MAX = 5;

/** What a client asks to merge. */
export interface MergeRequest {
  readonly path: string;
  /** True when the caller must not learn that the file exists: it counts as gone. */
  readonly hidden: boolean;
  readonly strategy: string;
  readonly mine: string;
  readonly base: string;
  readonly baseRevision: string;
  readonly identity: ContentIdentity | null;
  readonly correlationId: string;
}

/** The answer of a merge. */
export interface MergeAnswer {
  readonly targetRevision: string;
  readonly strategy: string;
  readonly baseRevision: string;
  readonly mergedAgainstRevision: string;
}

/** Merges and writes. Fails with `merge_ineligible`, `merge_base_unavailable` or `merge_conflict`. */
export async function mergeFile(context: WorkspaceContext, request: MergeRequest): Promise<MergeAnswer> {
  const known =
    request.identity === null
      ? null
      : findOpByIdentity(context.store.sql, request.identity, context.clock.now());
  const note = known?.providerResult?.[MERGE_NOTE] as Omit<MergeAnswer, "targetRevision"> | undefined;
  if (known !== null && note !== undefined) return { targetRevision: known.revision, ...note };
  requireEligible(request);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    try {
      return await attemptMerge(context, request);
    } catch (error) {
      // Somebody wrote in between: the live file is another one now, so decide again.
      if (!isRelayfileError(error, "revision_conflict", "not_found")) throw error;
    }
  }
  return fail("internal_error", `${request.path} kept changing for ${ATTEMPTS_MAX} attempts`, {
    path: request.path,
  });
}

async function attemptMerge(context: WorkspaceContext, request: MergeRequest): Promise<MergeAnswer> {
  const { sql, bodies } = context.store;
  const live = request.hidden ? null : findFile(sql, request.path);
  const liveBytes = live === null ? null : await readBody(sql, bodies, live.revision);
  if (live === null || liveBytes === null) return ineligible("live_file_gone", `no file at ${request.path}`);
  const theirs = encodeContent(liveBytes);
  if (theirs.encoding !== undefined) ineligible("binary", `${request.path} is not text`);
  await requireBase(context, request);
  const merged = mergeLines(request.base, request.mine, theirs.content);
  const mergedAgainstRevision = revisionOf(live.revision);
  if (merged.kind === "conflict") {
    return fail("merge_conflict", `${merged.conflicts.length} places need a decision`, {
      currentRevision: mergedAgainstRevision,
      conflicts: merged.conflicts,
    });
  }
  const answer = { strategy: request.strategy, baseRevision: request.baseRevision, mergedAgainstRevision };
  const { op } = await putFile(context, {
    path: request.path,
    bytes: new TextEncoder().encode(merged.text),
    contentType: live.contentType,
    ifMatch: mergedAgainstRevision,
    identity: request.identity,
    correlationId: request.correlationId,
    note: { [MERGE_NOTE]: answer },
  });
  return { targetRevision: op.revision, ...answer };
}

async function requireBase(context: WorkspaceContext, request: MergeRequest): Promise<void> {
  const { sql, bodies } = context.store;
  const revision = revisionNumber(request.baseRevision);
  const stored = revision === null ? null : await readVersion(sql, bodies, request.path, revision);
  const sent = new TextEncoder().encode(request.base);
  const same = stored !== null && (await context.sha256(stored)) === (await context.sha256(sent));
  if (!same) {
    fail(
      "merge_base_unavailable",
      `${request.baseRevision} of ${request.path} is not known with this content`,
      {
        baseRevision: request.baseRevision,
      },
    );
  }
}

function requireEligible(request: MergeRequest): void {
  if (request.strategy !== LINES_STRATEGY) {
    ineligible(
      "unsupported_strategy",
      `strategy ${request.strategy} is not available, use ${LINES_STRATEGY}`,
    );
  }
  for (const text of [request.mine, request.base]) {
    if (utf8Length(text) > FILE_API.mergeBytesMax) {
      ineligible("too_large", `content is larger than ${FILE_API.mergeBytesMax} bytes`);
    }
    if (splitLines(text).length > FILE_API.mergeLinesMax) {
      ineligible("too_many_lines", `content has more than ${FILE_API.mergeLinesMax} lines`);
    }
  }
}

function ineligible(reason: string, message: string): never {
  return fail("merge_ineligible", message, { reason });
}
