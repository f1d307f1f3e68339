/** The merge route. */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { AclResolver } from "../auth/acl.ts";
import { allowsPath } from "../auth/scopes.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { mergeFile } from "../workspace/merge.ts";
import { requirePath } from "./files.ts";
import { identityField, textField } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of merging. */
export const MERGE_ROUTES: readonly FileRoute[] = [
  // Rules are judged in the handler: a file that is hidden must answer as one that is gone.
  { method: "POST", pattern: "fs/merge", scope: "fs:write", path: "file", acl: false, handle: merge },
];

async function merge({ request, workspace, query, correlationId, caller }: RouteContext): Promise<Response> {
  const path = requirePath(query);
  // A merge answers with lines of the live file.
  if (!allowsPath(caller.scopes, "fs:read", path)) fail("forbidden", "missing required scope: fs:read");
  const acl = new AclResolver(workspace.context.store.sql);
  const hidden = acl.hides(path, caller);
  if (!hidden && !acl.allows(path, caller)) fail("forbidden", "access denied by ACL");
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const baseRevision = textField(body, "baseRevision");
  if (baseRevision === null) fail("bad_request", "missing baseRevision");
  const { content = "", baseContent = "" } = body;
  if (typeof content !== "string" || typeof baseContent !== "string") {
    fail("bad_request", "content and baseContent must be strings");
  }
  const answer = await mergeFile(workspace.context, {
    path,
    hidden,
    strategy: textField(body, "strategy") ?? "",
    mine: content,
    base: baseContent,
    baseRevision,
    identity: identityField(body.contentIdentity),
    correlationId,
  });
  return json(answer);
}
