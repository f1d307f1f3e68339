/** Writeback ops: look, list, replay, and the two routes of external executors (spec file-api 6). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { normalizePath } from "../../model/path.ts";
import { Visibility } from "../auth/visibility.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import { type OpRow, opCursor, openOps, opIdOf, wireOp } from "../store/ops.ts";
import { pageSize } from "../workspace/context.ts";
import { sweepDrafts } from "../workspace/sweep.ts";
import { noOp, requireOp } from "../workspace/writeback.ts";
import { queryText, sentPath, textField } from "./input.ts";
import type { FileRoute, RouteContext } from "./route.ts";

/** Routes of ops. */
export const OP_ROUTES: readonly FileRoute[] = [
  { method: "GET", pattern: "ops", scope: "ops:read", path: "none", acl: false, handle: listOps },
  { method: "GET", pattern: "ops/:opId", scope: "ops:read", path: "none", acl: false, handle: getOp },
  {
    method: "POST",
    pattern: "ops/:opId/replay",
    scope: "ops:replay",
    path: "none",
    acl: false,
    handle: replay,
  },
  {
    method: "GET",
    pattern: "writeback/pending",
    scope: "sync:read",
    path: "none",
    acl: false,
    handle: pending,
  },
  {
    method: "POST",
    pattern: "writeback/:opId/ack",
    scope: "sync:trigger",
    path: "none",
    acl: false,
    handle: ack,
  },
  {
    method: "POST",
    pattern: "writeback/sweep-drafts",
    scope: "sync:trigger",
    path: "none",
    acl: false,
    handle: sweep,
  },
];

async function listOps(context: RouteContext): Promise<Response> {
  const { workspace, query } = context;
  const { items, nextCursor } = await workspace.opsPage({
    status: queryText(query, "status"),
    action: queryText(query, "action"),
    provider: queryText(query, "provider")?.toLowerCase() ?? null,
    cursor: queryText(query, "cursor"),
    limit: pageSize(query.get("limit")),
  });
  const sees = seesOps(context);
  return json({ items: items.filter((op) => sees(op.path ?? "/")), nextCursor });
}

async function getOp(context: RouteContext): Promise<Response> {
  return json(wireOp(visibleOp(context)));
}

async function replay(context: RouteContext): Promise<Response> {
  const { workspace, params, correlationId } = context;
  visibleOp(context);
  const op = await workspace.replayOp(params.opId ?? "", correlationId);
  return json({ status: "queued", id: opIdOf(op.seq), correlationId }, 202);
}

/**
 * A bare array, as consumers expect; at most a page of it, oldest first. A consumer that acknowledges what it gets
 * never needs `cursor`; one that leaves ops open goes on after `X-Next-Cursor`.
 */
async function pending(context: RouteContext): Promise<Response> {
  const { workspace, query } = context;
  const sees = seesOps(context);
  const limit = pageSize(query.get("limit"), FILE_API.listPageMax);
  const cursor = queryText(query, "cursor");
  const found = openOps(workspace.context.store.sql, cursor === null ? 0 : opCursor(cursor), limit + 1);
  const page = found.slice(0, limit);
  const next = found.length > limit ? opIdOf(page.at(-1)?.seq ?? 0) : null;
  return json(
    page
      .filter((op) => sees(op.path))
      .map((op) => ({
        id: opIdOf(op.seq),
        workspaceId: workspace.workspaceId,
        path: op.path,
        revision: op.revision,
        correlationId: op.correlationId,
        ...(op.identity === null ? {} : { contentIdentity: op.identity }),
        action: op.action,
        provider: op.provider,
        enqueuedAt: new Date(op.createdAt).toISOString(),
        attempts: op.attemptCount,
        state: op.status,
      })),
    200,
    next === null ? {} : { "X-Next-Cursor": next },
  );
}

async function ack(context: RouteContext): Promise<Response> {
  const { request, workspace, params, correlationId } = context;
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  if (typeof body.success !== "boolean") fail("bad_request", "success must be a boolean");
  const { providerResult } = body;
  const plain =
    typeof providerResult === "object" && providerResult !== null && !Array.isArray(providerResult);
  visibleOp(context);
  // Whether something lies at the preferred path shows in the answer, so it must be a path the caller may know of.
  const wanted = sentPath(body.canonicalPath);
  const op = await workspace.acknowledgeOp(params.opId ?? "", {
    success: body.success,
    error: textField(body, "error"),
    externalId: textField(body, "externalId"),
    canonicalPath: wanted !== null && seesOps(context)(normalizePath(wanted)) ? wanted : null,
    providerResult: plain ? (providerResult as Record<string, unknown>) : null,
  });
  return json({
    status: "acknowledged",
    id: opIdOf(op.op.seq),
    correlationId,
    success: body.success,
    ...(op.draft === null ? {} : { draft: op.draft }),
  });
}

async function sweep(context: RouteContext): Promise<Response> {
  const body = await readJsonObject(context.request, FILE_API.bodyBytesMax);
  const { patterns = [] } = body;
  if (!Array.isArray(patterns) || patterns.some((pattern) => typeof pattern !== "string")) {
    fail("bad_request", "patterns must be a list of strings");
  }
  const report = await sweepDrafts(context.workspace.context, {
    pathPrefix: sentPath(body.pathPrefix) ?? "/",
    patterns: patterns as string[],
    apply: body.apply === true,
    sees: seesOps(context),
  });
  return json(report);
}

/** An op the caller may know of; others do not exist for it. */
function visibleOp(context: RouteContext): OpRow {
  const op = requireOp(context.workspace.context, context.params.opId ?? "");
  if (seesOps(context)(op.path)) return op;
  return noOp(context.params.opId ?? "");
}

/** Ops name paths: a caller confined by path scopes or rules must not learn names from them. */
function seesOps({ workspace, caller }: RouteContext): (path: string) => boolean {
  const view = new Visibility(workspace.context.store.sql, caller);
  return (path) => view.everything || view.seesName(path);
}
