/** Single files: read, write against a revision, delete against a revision (spec file-api 4.2-4.5). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { normalizePath } from "../../model/path.ts";
import { parseIfMatch } from "../../model/revision.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { opIdOf } from "../store/ops.ts";
import type { AcceptedWrite } from "../workspace/writes.ts";
import { ContentProblem, contentBytes, identityField, semanticsField, sentPath, textField } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of single files. */
export const FILE_ROUTES: readonly FileRoute[] = [
  { method: "GET", pattern: "fs/file", scope: "fs:read", path: "file", acl: true, handle: getFile },
  { method: "PUT", pattern: "fs/file", scope: "fs:write", path: "file", acl: true, handle: putFile },
  { method: "DELETE", pattern: "fs/file", scope: "fs:write", path: "file", acl: true, handle: deleteFile },
];

async function getFile({ workspace, query }: RouteContext): Promise<Response> {
  const file = await workspace.readFile(requirePath(query));
  return json(file, 200, { ETag: `"${file.revision}"` });
}

async function putFile({
  request,
  workspace,
  query,
  correlationId,
  caller,
}: RouteContext): Promise<Response> {
  const path = requirePath(query);
  const ifMatch = requireIfMatch(request);
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const accepted = await workspace.putFile({
    path,
    bytes: requireContent(body),
    contentType: textField(body, "contentType") ?? "text/markdown",
    ifMatch,
    semantics: semanticsField(body.semantics),
    identity: identityField(body.contentIdentity),
    correlationId,
    caller,
  });
  return accepted202(accepted);
}

async function deleteFile({
  request,
  workspace,
  query,
  correlationId,
  caller,
}: RouteContext): Promise<Response> {
  const path = requirePath(query);
  const ifMatch = requireIfMatch(request);
  return accepted202(await workspace.deleteFile({ path, ifMatch, correlationId, caller }));
}

/** The path of a single-file route, normalised. Fails with `bad_request` when it is blank. */
export function requirePath(query: URLSearchParams): string {
  const path = sentPath(query.get("path"));
  return path === null ? fail("bad_request", "missing path query") : normalizePath(path);
}

/** The bytes of a body's content, problems as `bad_request`. */
export function requireContent(body: Record<string, unknown>): Uint8Array {
  try {
    return contentBytes(body);
  } catch (error) {
    if (error instanceof ContentProblem) fail("bad_request", error.message, { field: error.code });
    throw error;
  }
}

function requireIfMatch(request: Request): string {
  const revision = parseIfMatch(request.headers.get("if-match"));
  return revision ?? fail("precondition_failed", "missing If-Match header");
}

function accepted202({ op }: AcceptedWrite): Response {
  return json(
    {
      opId: opIdOf(op.seq),
      status: "queued",
      targetRevision: op.revision,
      writeback: { provider: op.provider, state: op.status },
    },
    202,
  );
}
