/** Removing drafts that nothing turned into records (spec file-api 6.4, `sweep-drafts`). */
import { basenameOf, normalizePath } from "../../model/path.ts";
import { deleteFile, findFile } from "../store/files.ts";
import { openOpPaths } from "../store/ops.ts";
import type { WorkspaceContext } from "./context.ts";
import { isDraftName } from "./drafts.ts";
import { globOf, matchesGlob } from "./glob.ts";
import { filesAtOrBelow } from "./reads.ts";

/** What to look for. */
export interface SweepRequest {
  readonly pathPrefix: string;
  /** Globs over the last segment. */
  readonly patterns: readonly string[];
  /** False only reports. */
  readonly apply: boolean;
  readonly sees: (path: string) => boolean;
}

/** What was found, by path. */
export interface SweepReport {
  readonly dryRun: boolean;
  readonly scanned: number;
  readonly removed: readonly { path: string; reason: "space-uuid-draft" | "pattern" }[];
  readonly skipped: readonly { path: string; reason: "provider-linked" | "pending-writeback" }[];
}

/** Finds drafts and, when asked, removes them without ops. Fails with `bad_request` for a bad glob. */
export async function sweepDrafts(context: WorkspaceContext, request: SweepRequest): Promise<SweepReport> {
  const globs = request.patterns.map(globOf);
  const pending = openOpPaths(context.store.sql);
  const removed: { path: string; reason: "space-uuid-draft" | "pattern" }[] = [];
  const skipped: { path: string; reason: "provider-linked" | "pending-writeback" }[] = [];
  let scanned = 0;
  for (const file of filesAtOrBelow(context, normalizePath(request.pathPrefix))) {
    if (!request.sees(file.path)) continue;
    scanned++;
    const draft = isDraftName(file.path);
    if (!draft && !globs.some((glob) => matchesGlob(glob, basenameOf(file.path)))) continue;
    if (file.objectId !== null) skipped.push({ path: file.path, reason: "provider-linked" });
    else if (pending.has(file.path)) skipped.push({ path: file.path, reason: "pending-writeback" });
    else removed.push({ path: file.path, reason: draft ? "space-uuid-draft" : "pattern" });
  }
  if (request.apply && removed.length > 0) {
    await context.store.commit((tx) => {
      for (const { path } of removed) {
        // A file that was linked or replaced since the scan is no draft any more.
        if (findFile(tx.sql, path)?.objectId !== null) continue;
        deleteFile(tx, { path, ifRevision: null, origin: "system", correlationId: "" });
      }
    });
  }
  return { dryRun: !request.apply, scanned, removed, skipped };
}
