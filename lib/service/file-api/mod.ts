/** The file API: one table of routes, and the checks every call passes in the order clients rely on (spec file-api 1.3). */
import { Hono } from "hono";
import { ERRORS, fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { normalizePath } from "../../model/path.ts";
import { parseIfMatch } from "../../model/revision.ts";
import { AclResolver } from "../auth/acl.ts";
import { allowsPath, allowsSomewhere } from "../auth/scopes.ts";
import type { VerifiedToken } from "../auth/token.ts";
import { echoing, fileApiError, json } from "../http-error.ts";
import { METRICS_TYPE } from "../metrics.ts";
import { bearerOf, correlationIdOf, readJsonObject } from "../request.ts";
import type { WorkspaceObject } from "../workspace-object.ts";
import { ADMIN_ROUTES, type AdminRoute } from "./admin.ts";
import { BULK_ROUTES } from "./bulk.ts";
import type { FileApiEnv } from "./env.ts";
import { EXPORT_ROUTES } from "./export.ts";
import { FeedSession, feedRequestOf } from "./feed-session.ts";
import { FILE_ROUTES } from "./files.ts";
import { INGRESS_ROUTES } from "./ingress.ts";
import { sentPath, textField } from "./input.ts";
import { LIST_ROUTES } from "./lists.ts";
import { MERGE_ROUTES } from "./merge.ts";
import { OP_ROUTES } from "./ops.ts";
import type { FileRoute } from "./route.ts";
import { SYNC_ROUTES } from "./sync.ts";

/** Every route × method of the file API below a workspace. */
export const FILE_API_ROUTES: readonly FileRoute[] = [
  ...FILE_ROUTES,
  ...BULK_ROUTES,
  ...LIST_ROUTES,
  ...EXPORT_ROUTES,
  ...OP_ROUTES,
  ...SYNC_ROUTES,
  ...INGRESS_ROUTES,
  ...MERGE_ROUTES,
];

const PREFIX = "/v1/workspaces/:ws";

/** A service that answers requests. */
export interface Service {
  fetch(request: Request): Promise<Response>;
}

/** Routes of newer or hosted deployments, with what to use here instead (design decision 11). */
const ABSENT: readonly (readonly [pattern: RegExp, hint: string])[] = [
  [/\/forks(?:\/|$)/, "Forks are not part of this service: write with If-Match"],
  [/\/fs\/import(?:\/|$)/, "Imports are not part of this service: use POST fs/bulk"],
  [/\/fs\/changes(?:\/|$)/, "Use GET fs/events"],
  [/\/subscriptions(?:\/|$)/, "Use GET fs/ws or GET fs/events"],
  [/\/webhooks(?:\/|$)/, "Only POST webhooks/ingest exists here"],
];

/** Builds the file API over a host. It never throws: every failure is an answer. */
export function createFileApi(env: FileApiEnv): Service {
  const app = new Hono();
  const on = (
    method: string,
    pattern: string,
    handle: (request: Request, query: URLSearchParams, params: Record<string, string>) => Promise<Response>,
  ) =>
    app.on(method, pattern, (c) =>
      answer(env, pattern, c.req.raw, (query) =>
        handle(c.req.raw, query, c.req.param() as Record<string, string>),
      ),
    );
  app.get("/health", () => json({ status: "ok", service: "file-api", version: env.version }));
  app.get("/metrics", () => metricsAnswer(env));
  on("POST", "/v1/workspaces", (request) => announce(env, request));
  for (const route of FILE_API_ROUTES) {
    on(route.method, `${PREFIX}/${route.pattern}`, (request, query, params) =>
      serve(env, route, request, query, params),
    );
  }
  for (const route of ADMIN_ROUTES) {
    on(route.method, `/v1/admin/${route.pattern}`, (request, query, params) =>
      administer(env, route, request, query, params),
    );
  }
  on("GET", `${PREFIX}/fs/ws`, (request, query, params) => upgrade(env, request, query, params.ws ?? ""));
  app.notFound((c) => {
    const { pathname } = new URL(c.req.url);
    const absent = ABSENT.find(([pattern]) => pattern.test(pathname));
    const hint = absent?.[1] ?? "Check the base URL and the path: this is a relayfile file API";
    const correlationId = correlationIdOf(c.req.raw);
    return json({ code: "not_found", message: "route not found", correlationId, details: { hint } }, 404);
  });
  app.onError((error, c) => fileApiError(error, correlationIdOf(c.req.raw), env.log));
  return { fetch: async (request) => app.fetch(request) };
}

function metricsAnswer(env: FileApiEnv): Response {
  const text = env.metrics.render({ relayfile_workspaces: env.workspaceIds().length });
  return new Response(text, { headers: { "Content-Type": METRICS_TYPE } });
}

async function answer(
  env: FileApiEnv,
  route: string,
  request: Request,
  handle: (query: URLSearchParams) => Promise<Response>,
): Promise<Response> {
  const startedMs = env.clock.monotonicMs();
  const url = new URL(request.url);
  let response: Response;
  try {
    response = await handle(url.searchParams);
  } catch (thrown) {
    response = fileApiError(thrown, correlationIdOf(request), env.log);
  }
  const ms = env.clock.monotonicMs() - startedMs;
  env.metrics.observe({ service: "file-api", method: request.method, route, status: response.status, ms });
  env.log.debug("request", {
    service: "file-api",
    method: request.method,
    path: url.pathname,
    status: response.status,
    ms: Math.round(ms),
    correlationId: correlationIdOf(request),
  });
  return response;
}

/**
 * The original's seeder announces a workspace before it fills it, in any of four spellings. The one of its token is
 * there already; others are made by the control plane alone.
 */
async function announce(env: FileApiEnv, request: Request): Promise<Response> {
  const token = bearerOf(request);
  if (token === null) fail("unauthorized", "missing or invalid bearer token");
  const caller = await env.verifier.verify(token);
  if (!allowsSomewhere(caller.scopes, "fs:write")) fail("forbidden", "missing required scope: fs:write");
  if (correlationIdOf(request) === "") fail("bad_request", "missing X-Correlation-Id header");
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const names = ["workspaceId", "workspace", "id", "name"].map((name) => textField(body, name));
  const wanted = names.find((name) => name !== null);
  if (wanted === undefined) fail("bad_request", "missing workspaceId");
  requireWorkspace(caller, wanted ?? undefined);
  if ((await env.managed(caller.workspaceId)) === null) {
    fail("workspace_not_found", `no workspace ${caller.workspaceId}`);
  }
  return json({ workspaceId: caller.workspaceId });
}

/** Administration is opened by literal scopes alone, and reaches every workspace (spec file-api 2.4). */
async function administer(
  env: FileApiEnv,
  route: AdminRoute,
  request: Request,
  query: URLSearchParams,
  params: Record<string, string>,
): Promise<Response> {
  const token = bearerOf(request);
  if (token === null) fail("unauthorized", "missing or invalid bearer token");
  const caller = await env.verifier.verify(token);
  if (!route.scopes.some((scope) => caller.scopes.includes(scope))) {
    fail("forbidden", `missing required scope: ${route.scopes[0]}`);
  }
  const correlationId = correlationIdOf(request);
  if (correlationId === "") fail("bad_request", "missing X-Correlation-Id header");
  return echoing(await route.handle({ env, query, params, correlationId }), correlationId);
}

async function serve(
  env: FileApiEnv,
  route: FileRoute,
  request: Request,
  query: URLSearchParams,
  params: Record<string, string>,
): Promise<Response> {
  const token = bearerOf(request);
  if (token === null) fail("unauthorized", "missing or invalid bearer token");
  const caller = await env.verifier.verify(token);
  requireWorkspace(caller, params.ws);
  requireScope(route, caller, query);
  const workspace = await requireExisting(env, params.ws);
  if (route.acl) requireAcl(workspace, caller, { request, query, lists: route.path === "tree" });
  const correlationId = correlationIdOf(request);
  if (correlationId === "") fail("bad_request", "missing X-Correlation-Id header");
  env.limiter.take(`${caller.workspaceId}|${caller.agent}`);
  const context = { request, query, params, workspace, caller, correlationId, env };
  return echoing(await route.handle(context), correlationId);
}

/** The socket's token travels in the query, because browsers cannot set headers; a header is accepted as well. */
async function upgrade(
  env: FileApiEnv,
  request: Request,
  query: URLSearchParams,
  workspaceId: string,
): Promise<Response> {
  const token = query.get("token")?.trim() || bearerOf(request);
  if (token === null || token === "") fail("unauthorized", "missing or invalid bearer token");
  const caller = await env.verifier.verify(token);
  requireWorkspace(caller, workspaceId);
  const feed = feedRequestOf(query);
  for (const filter of feed.filters) {
    if (!allowsPath(caller.scopes, "fs:read", filter)) fail("forbidden", "missing required scope: fs:read");
  }
  if (!allowsSomewhere(caller.scopes, "fs:read")) fail("forbidden", "missing required scope: fs:read");
  const workspace = await requireExisting(env, workspaceId);
  env.limiter.take(`${caller.workspaceId}|${caller.agent}`);
  if (env.upgrade === null || request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
    fail("bad_request", "this route is a WebSocket: send an upgrade request");
  }
  return env.upgrade(request, new FeedSession(workspace, caller, feed));
}

function requireWorkspace(caller: VerifiedToken, workspaceId: string | undefined): void {
  if (caller.workspaceId !== workspaceId) fail("forbidden", "workspace mismatch");
}

function requireScope(route: FileRoute, caller: VerifiedToken, query: URLSearchParams): void {
  const raw = sentPath(query.get("path")) ?? "";
  const allowed =
    route.path === "tree"
      ? allowsPath(caller.scopes, route.scope, normalizePath(raw))
      : route.path === "file" && raw !== ""
        ? allowsPath(caller.scopes, route.scope, raw)
        : allowsSomewhere(caller.scopes, route.scope);
  if (!allowed) fail("forbidden", `missing required scope: ${route.scope}`);
}

/**
 * Permission rules of the path. A file that only its own rules keep from the caller is answered like an absent one;
 * whoever would create a file at its place has to learn that it cannot.
 */
function requireAcl(
  workspace: WorkspaceObject,
  caller: VerifiedToken,
  { request, query, lists }: { request: Request; query: URLSearchParams; lists: boolean },
): void {
  const raw = sentPath(query.get("path")) ?? "";
  if (raw === "") return;
  const path = normalizePath(raw);
  const resolver = new AclResolver(workspace.context.store.sql);
  // A listing shows a hidden file no more than an absent one, so it may go on.
  if (resolver.allows(path, caller) || (lists && resolver.hides(path, caller))) return;
  const ifMatch = parseIfMatch(request.headers.get("if-match"));
  const creates = request.method === "PUT" && (ifMatch === null || ifMatch === "0" || ifMatch === "*");
  if (!creates && resolver.hides(path, caller)) {
    fail("not_found", `no file at ${path}`, {
      path,
      ...(request.method === "PUT" ? { expectedRevision: ifMatch } : {}),
    });
  }
  fail("forbidden", "access denied by ACL");
}

async function requireExisting(env: FileApiEnv, workspaceId: string | undefined): Promise<WorkspaceObject> {
  const workspace = await env.workspace(workspaceId ?? "");
  if (workspace !== null) return workspace;
  return fail("workspace_not_found", `no workspace ${workspaceId}`, {
    hint: ERRORS.workspace_not_found.hint,
  });
}
