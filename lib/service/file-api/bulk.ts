/** Many files in one call: writes that stand each for itself, and reads in request order (spec file-api 4.6). */
import { fail, isRelayfileError } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { normalizePath } from "../../model/path.ts";
import { parseIfMatch } from "../../model/revision.ts";
import { Visibility } from "../auth/visibility.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { findFile } from "../store/files.ts";
import { opIdOf } from "../store/ops.ts";
import type { BatchItem, BatchOutcome } from "../workspace/writes.ts";
import { ContentProblem, contentBytes, identityField, textField } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of many files at once. */
export const BULK_ROUTES: readonly FileRoute[] = [
  { method: "POST", pattern: "fs/bulk", scope: "fs:write", path: "none", acl: false, handle: bulkWrite },
  { method: "POST", pattern: "fs/bulk-read", scope: "fs:read", path: "none", acl: false, handle: bulkRead },
];

const BULK_READ_PATHS_MAX = 1_000;
const BULK_READ_BYTES_MAX = 32 * 1024 * 1024;

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
  const path = textField(raw, "path");
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

async function bulkRead({ request, workspace, caller, correlationId }: RouteContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const { paths } = body;
  if (!Array.isArray(paths) || paths.some((path) => typeof path !== "string"))
    fail("bad_request", "missing paths");
  if (paths.length > BULK_READ_PATHS_MAX) {
    fail("payload_too_large", `${paths.length} paths, the limit is ${BULK_READ_PATHS_MAX}`);
  }
  const view = new Visibility(workspace.context.store.sql, caller);
  const results: unknown[] = [];
  let bytes = 0;
  for (const raw of paths as string[]) {
    const path = normalizePath(raw.trim());
    if (view.hidesFile(path)) {
      results.push({ path, error: { code: "not_found", message: `no file at ${path}` } });
      continue;
    }
    if (!view.seesPath(path, findFile(workspace.context.store.sql, path))) {
      results.push({ path, error: { code: "forbidden", message: "not readable with this token" } });
      continue;
    }
    try {
      const file = await workspace.readFile(path);
      bytes += file.content.length;
      if (bytes > BULK_READ_BYTES_MAX) {
        fail("payload_too_large", `the files are larger than ${BULK_READ_BYTES_MAX} bytes together`);
      }
      results.push(file);
    } catch (error) {
      if (!isRelayfileError(error, "not_found")) throw error;
      results.push({ path, error: { code: error.code, message: error.message } });
    }
  }
  return json({ results, files: results, correlationId });
}
