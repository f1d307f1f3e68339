/** Many files in one call: writes that stand each for itself, and reads in request order (spec file-api 4.6). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { normalizePath } from "../../model/path.ts";
import { parseIfMatch } from "../../model/revision.ts";
import { Visibility } from "../auth/visibility.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { type FileRow, findFile } from "../store/files.ts";
import { opIdOf } from "../store/ops.ts";
import type { BatchItem, BatchOutcome } from "../workspace/writes.ts";
import { currentContent, gathered, streamOf } from "./export.ts";
import { ContentProblem, contentBytes, identityField, sentPath, textField } from "./input.ts";
import { documentChunks } from "./json-content.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of many files at once. */
export const BULK_ROUTES: readonly FileRoute[] = [
  { method: "POST", pattern: "fs/bulk", scope: "fs:write", path: "none", acl: false, handle: bulkWrite },
  { method: "POST", pattern: "fs/bulk-read", scope: "fs:read", path: "none", acl: false, handle: bulkRead },
];

const BULK_READ_PATHS_MAX = 1_000;
/** Decoded, and above what the original's daemon puts into one batch. */
const BULK_READ_BYTES_MAX = 64 * 1024 * 1024;

const encoder = new TextEncoder();

async function bulkWrite({ request, workspace, caller, correlationId }: RouteContext): Promise<Response> {
  // Base64 and JSON escaping make a body larger than its content: 8 MiB of it must pass (spec file-api 4.6).
  const body = await readJsonObject(request, 2 * FILE_API.bodyBytesMax);
  if (!Array.isArray(body.files) || body.files.length === 0) fail("bad_request", "missing files");
  const items = body.files.map((file) => batchItem(file, correlationId));
  const outcomes = await workspace.writeBatch(caller, items);
  const accepted = outcomes.filter((outcome) => outcome.kind === "accepted");
  const errors = outcomes
    .filter((outcome) => outcome.kind === "refused")
    .map(({ kind: _kind, ...error }) => error);
  return json(
    {
      written: accepted.filter(({ repeated }) => !repeated).length,
      errorCount: errors.length,
      correlationId,
      errors,
      results: accepted.map(resultOf),
    },
    202,
  );
}

function batchItem(file: unknown, correlationId: string): BatchItem {
  const raw = (typeof file === "object" && file !== null ? file : {}) as Record<string, unknown>;
  const path = sentPath(raw.path);
  if (path === null) return { kind: "refused", path: "", code: "invalid_path", message: "missing path" };
  try {
    return {
      kind: "write",
      write: {
        path: normalizePath(path),
        bytes: contentBytes(raw),
        contentType: textField(raw, "contentType") ?? "text/markdown",
        ifMatch: parseIfMatch(typeof raw.ifMatch === "string" ? raw.ifMatch : null),
        identity: identityField(raw.contentIdentity),
        correlationId,
      },
    };
  } catch (error) {
    if (!(error instanceof ContentProblem)) throw error;
    return { kind: "refused", path: normalizePath(path), code: error.code, message: error.message };
  }
}

function resultOf({ write, op }: Extract<BatchOutcome, { kind: "accepted" }>) {
  return {
    path: op.path,
    revision: op.revision,
    contentType: write.contentType,
    opId: opIdOf(op.seq),
    ...(write.identity === null ? {} : { contentIdentity: write.identity }),
    writeback: { provider: op.provider, state: op.status },
  };
}

/**
 * One entry per path in the order asked for: a file, or `{path, error: {status, code, message}}`. Streamed, because a
 * batch may hold more than a small runtime has memory. The original's daemon asks for at most 32 paths and 32 MiB, and
 * takes an entry that is missing, out of order or without a status for a broken answer (docs/interop.md).
 */
async function bulkRead(context: RouteContext): Promise<Response> {
  const { request, workspace, caller } = context;
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  if (!Array.isArray(body.paths) || body.paths.some((path) => typeof path !== "string"))
    fail("bad_request", "missing paths");
  const paths = (body.paths as string[]).map((path) => normalizePath(sentPath(path) ?? ""));
  if (paths.length > BULK_READ_PATHS_MAX) {
    fail("payload_too_large", `${paths.length} paths, the limit is ${BULK_READ_PATHS_MAX}`);
  }
  const view = new Visibility(workspace.context.store.sql, caller);
  const bytes = paths.reduce((sum, path) => sum + (readable(context, view, path).row?.sizeBytes ?? 0), 0);
  if (bytes > BULK_READ_BYTES_MAX) {
    fail("payload_too_large", `the files are ${bytes} bytes together, the limit is ${BULK_READ_BYTES_MAX}`);
  }
  return new Response(streamOf(gathered(bulkReadChunks(context, view, paths))), {
    headers: { "Content-Type": "application/json" },
  });
}

async function* bulkReadChunks(
  context: RouteContext,
  view: Visibility,
  paths: readonly string[],
): AsyncGenerator<Uint8Array> {
  let before = '{"files":[';
  for (const path of paths) {
    yield encoder.encode(before);
    before = ",";
    const { row, error } = readable(context, view, path);
    const found = row === null ? null : await currentContent(context, row);
    if (found !== null) yield* documentChunks(found.row, found.bytes);
    else yield encoder.encode(JSON.stringify({ path, error: error ?? absent(path) }));
  }
  const { correlationId } = context;
  const head = paths.length === 0 ? before : "";
  yield encoder.encode(`${head}],"correlationId":${JSON.stringify(correlationId)}}\n`);
}

/** The row a caller may read at a path, or why there is none for it. */
function readable(
  { workspace }: RouteContext,
  view: Visibility,
  path: string,
): { row: FileRow | null; error: { status: number; code: string; message: string } | null } {
  if (view.hidesFile(path)) return { row: null, error: absent(path) };
  const row = findFile(workspace.context.store.sql, path);
  if (view.seesPath(path, row)) return { row, error: row === null ? absent(path) : null };
  const message = "not readable with this token";
  return { row: null, error: { status: 403, code: "forbidden", message } };
}

function absent(path: string) {
  return { status: 404, code: "not_found", message: `no file at ${path}` };
}
