/** Lists of a workspace: the tree, files by metadata, events (spec file-api 4.1, 4.8, 5.2). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { normalizePath } from "../../model/path.ts";
import { json } from "../http-error.ts";
import { pageSize } from "../workspace/context.ts";
import { queryText, sentPath } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes that list. */
export const LIST_ROUTES: readonly FileRoute[] = [
  { method: "GET", pattern: "fs/tree", scope: "fs:read", path: "tree", acl: true, handle: getTree },
  { method: "GET", pattern: "fs/query", scope: "fs:read", path: "tree", acl: true, handle: getQuery },
  { method: "GET", pattern: "fs/events", scope: "fs:read", path: "filtered", acl: false, handle: getEvents },
];

async function getTree({ workspace, caller, query }: RouteContext): Promise<Response> {
  const page = await workspace.treePage(caller, {
    path: normalizePath(sentPath(query.get("path")) ?? ""),
    depth: pageSize(query.get("depth"), FILE_API.treeDepthDefault, FILE_API.treeDepthMax),
    cursor: query.get("cursor") ?? "",
    excludeRuntime: query.get("excludeMountRuntime") === "true",
  });
  return json(page);
}

async function getQuery({ workspace, caller, query }: RouteContext): Promise<Response> {
  const properties: Record<string, string> = {};
  for (const [name, value] of query) {
    if (name.startsWith("property.") && !(name.slice(9) in properties)) properties[name.slice(9)] = value;
  }
  const page = await workspace.queryFiles(caller, {
    path: normalizePath(sentPath(query.get("path")) ?? ""),
    provider: queryText(query, "provider")?.toLowerCase() ?? null,
    relation: queryText(query, "relation"),
    comment: queryText(query, "comment"),
    permission: queryText(query, "permission"),
    properties,
    limit: pageSize(query.get("limit")),
    cursor: query.get("cursor") ?? "",
  });
  return json(page);
}

async function getEvents({ workspace, caller, query }: RouteContext): Promise<Response> {
  const direction = queryText(query, "direction") ?? "asc";
  if (direction !== "asc" && direction !== "desc")
    fail("bad_request", `invalid direction ${JSON.stringify(direction)}`);
  const page = await workspace.eventsPage(caller, {
    cursor: queryText(query, "cursor"),
    limit: pageSize(query.get("limit"), FILE_API.eventsPageDefault),
    direction,
    provider: queryText(query, "provider")?.toLowerCase() ?? null,
  });
  return json(page);
}
