/** One walk over the whole remote tree: page by page, reading what differs from the index. */
import { fail } from "../errors.ts";
import { FILE_API } from "../limits.ts";
import type { TreeEntry } from "../model/file.ts";
import { isRuntimeSegment } from "../sync/uploadable.ts";
import { applyRemote } from "./apply.ts";
import { type Attempt, type BootstrapPlace, savePlace } from "./bootstrap.ts";
import { requireDirectories } from "./directory-limit.ts";
import { type Engine, localOf } from "./engine.ts";
import { hasVersion } from "./entry.ts";
import type { Exported } from "./export-copy.ts";
import { READ_BATCH, refreshPaths } from "./refresh.ts";

/** Lists the tree page by page and reads what differs; begins at the page an earlier attempt had reached. */
export async function walkTree(
  engine: Engine,
  attempt: Attempt,
  place: BootstrapPlace | null,
): Promise<Exported> {
  const seen = { paths: new Set<string>(), revisions: new Set<string>() };
  const bootstrapping = engine.health.bootstrap !== null;
  const directories = new Set<string>();
  let hidden = false;
  let cursor = place?.cursor;
  // Behind an export that broke off everything is listed again; what is here already is only counted.
  let synced = cursor === undefined ? 0 : (place?.files ?? 0);
  for (;;) {
    const page = await engine.remote.api.tree(
      { path: engine.config.remoteRoot, depth: FILE_API.treeDepthMax, cursor, excludeMountRuntime: true },
      { signal: attempt.signal, timeoutMs: Math.max(engine.config.cycleTimeoutMs, 30_000) },
    );
    attempt.tick();
    const files = page.entries.filter((entry) => entry.type === "file");
    if (bootstrapping) requireDirectories(engine, directories, files);
    for (const file of files) {
      hidden ||= file.path.split("/").some(isRuntimeSegment);
      seen.paths.add(file.path);
      seen.revisions.add(file.revision);
    }
    const total = hidden ? null : (page.totalFiles ?? null);
    synced += await materialise(engine, files, attempt.signal, (done, bytes) =>
      attempt.report(synced + done, total, bytes),
    );
    if (page.nextCursor === null) return seen;
    if (page.nextCursor === cursor)
      fail("unexpected_answer", `tree listing repeats the cursor ${cursor}`, { cursor });
    cursor = page.nextCursor;
    if (bootstrapping) savePlace(engine, { cursor, files: synced });
  }
}

/** Reads and applies the listed files that differ from the index, in batches; reports progress as it goes. */
async function materialise(
  engine: Engine,
  files: readonly TreeEntry[],
  signal: AbortSignal,
  progress: (done: number, bytes: number) => void,
): Promise<number> {
  let done = 0;
  let batch: string[] = [];
  let bytes = 0;
  let parents = new Set<string>();
  const flush = async () => {
    parents = new Set();
    await refreshPaths(engine, batch, { signal });
    done += batch.length;
    progress(done, bytes);
    [batch, bytes] = [[], 0];
  };
  for (const file of files) {
    if ("problem" in localOf(engine, file.path) && engine.db.problems.has(file.path)) continue;
    if (isUpToDate(engine, file, parents)) {
      done++;
      continue;
    }
    batch.push(file.path);
    bytes += file.size ?? 0;
    if (batch.length >= READ_BATCH.files || bytes >= READ_BATCH.bytes) await flush();
  }
  if (batch.length > 0) await flush();
  progress(done, 0);
  return done;
}

/** True when nothing needs to be read: the index agrees, or the local bytes already are the listed ones (B11). */
function isUpToDate(engine: Engine, file: TreeEntry, parents: Set<string>): boolean {
  const entry = engine.db.get(file.path);
  if (entry?.readDenied) return true;
  if (hasVersion(entry, file.revision) && engine.mirror.statOf(entry.rel as never, parents) !== null)
    return true;
  if (file.contentHash === undefined || file.contentHash === "") return false;
  const mapped = localOf(engine, file.path);
  if ("problem" in mapped) return false;
  const local = engine.mirror.inspect(mapped.rel, entry);
  if (local?.kind !== "file" || local.hash !== file.contentHash) return false;
  const remote = {
    path: file.path,
    revision: file.revision,
    hash: file.contentHash,
    bytes: new Uint8Array(),
    contentType: entry?.contentType ?? "",
  };
  applyRemote(engine, new Map([[file.path, { kind: "file", file: remote }]]));
  return hasVersion(engine.db.get(file.path), file.revision);
}
