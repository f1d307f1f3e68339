/** What the workspace says about its providers' sync, and asking for a re-read (spec file-api 7). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import type { Caller } from "../auth/acl.ts";
import { Visibility } from "../auth/visibility.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { newestRefresh } from "../workspace/refresh-jobs.ts";
import { failureCode } from "../workspace/sync.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import { queryText, textField } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of sync. */
export const SYNC_ROUTES: readonly FileRoute[] = [
  { method: "GET", pattern: "sync/status", scope: "sync:read", path: "none", acl: false, handle: status },
  {
    method: "POST",
    pattern: "sync/refresh",
    scope: "sync:trigger",
    path: "none",
    acl: false,
    handle: refresh,
  },
];

async function status({ workspace, query, caller }: RouteContext): Promise<Response> {
  const { workspaceId, providers } = await workspace.syncStatus(
    queryText(query, "provider")?.toLowerCase() ?? null,
  );
  return json({
    workspaceId,
    providers: providers.map((known) => {
      const row = known.lastError
        ? { ...known, lastError: shownError(workspace, caller, known.lastError) }
        : known;
      const lastRefresh = newestRefresh(workspace.context, row.provider);
      if (lastRefresh === null) return row;
      const error = lastRefresh.error;
      return error === undefined
        ? { ...row, lastRefresh }
        : { ...row, lastRefresh: { ...lastRefresh, error: shownError(workspace, caller, error) } };
    }),
  });
}

/** Texts of errors may quote paths and values: a caller from whom anything is hidden gets their class. */
export function shownError(workspace: WorkspaceObject, caller: Caller, error: string): string {
  return new Visibility(workspace.context.store.sql, caller).seesAll() ? error : failureCode(error);
}

/** Starts a re-read and answers at once; `lastRefresh` of `sync/status` carries its id and tells its end. */
async function refresh({ request, workspace, correlationId }: RouteContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const provider = textField(body, "provider")?.toLowerCase() ?? null;
  if (provider === null) fail("bad_request", "missing provider");
  const id = await workspace.queueRefresh(provider);
  return json({ status: "queued", id, correlationId }, 202);
}
