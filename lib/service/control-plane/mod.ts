/** The control plane: identity, workspaces, join, integrations, refresh, provider webhooks (spec control-plane 1). */
import { Hono } from "hono";
import { fail } from "../../errors.ts";
import { tokenKind } from "../../model/token.ts";
import { workspaceIdForm } from "../../model/workspace-id.ts";
import type { Service } from "../file-api/mod.ts";
import { controlPlaneError, echoing } from "../http-error.ts";
import { bearerOf, correlationIdOf } from "../request.ts";
import type { ControlCaller, ControlPlaneEnv, ControlRoute } from "./env.ts";
import { IDENTITY_ROUTES } from "./identity.ts";
import { INTEGRATION_ROUTES } from "./integrations.ts";
import { JOIN_ROUTES } from "./join.ts";
import { RECORD_ROUTES } from "./records.ts";
import { REFRESH_ROUTES } from "./refresh.ts";
import { SOURCE_ROUTES } from "./sources.ts";
import type { WorkspaceRow } from "./store.ts";
import { WEBHOOK_ROUTES } from "./webhooks.ts";
import { WORKSPACE_ROUTES } from "./workspaces.ts";

/** Every route × method of the control plane. */
export const CONTROL_PLANE_ROUTES: readonly ControlRoute[] = [
  ...IDENTITY_ROUTES,
  ...WORKSPACE_ROUTES,
  ...JOIN_ROUTES,
  ...INTEGRATION_ROUTES,
  ...REFRESH_ROUTES,
  ...WEBHOOK_ROUTES,
  ...SOURCE_ROUTES,
  ...RECORD_ROUTES,
];

const NO_PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>404</title></head>
<body><h1>404</h1><p>This page could not be found.</p></body></html>
`;

/**
 * Builds the control plane. Requests carry paths below its own base (`/api/v1/...`). Unknown paths are an HTML page,
 * as on the hosted site, so that clients learn to tell it from an answer.
 */
export function createControlPlane(env: ControlPlaneEnv): Service {
  const app = new Hono();
  for (const route of CONTROL_PLANE_ROUTES) {
    app.on(route.method, `/api/v1/${route.pattern}`, (c) => answer(env, route, c.req.raw, c.req.param()));
  }
  app.notFound(
    () => new Response(NO_PAGE, { status: 404, headers: { "Content-Type": "text/html; charset=utf-8" } }),
  );
  app.onError((error, c) => controlPlaneError(error, correlationIdOf(c.req.raw), env.log));
  return { fetch: async (request) => app.fetch(request) };
}

async function answer(
  env: ControlPlaneEnv,
  route: ControlRoute,
  request: Request,
  params: Record<string, string>,
): Promise<Response> {
  const startedMs = env.clock.monotonicMs();
  const correlationId = correlationIdOf(request);
  const url = new URL(request.url);
  let response: Response;
  try {
    const caller = await identify(env, request, route);
    const workspace =
      params.id === undefined ? NO_WORKSPACE : resolveWorkspace(env, route, caller, params.id);
    const context = { request, query: url.searchParams, params, caller, correlationId, env, workspace };
    response = echoing(await route.handle(context), correlationId);
  } catch (thrown) {
    response = controlPlaneError(thrown, correlationId, env.log);
  }
  const ms = env.clock.monotonicMs() - startedMs;
  const path = `/api/v1/${route.pattern}`;
  env.metrics.observe({
    service: "control-plane",
    method: route.method,
    route: path,
    status: response.status,
    ms,
  });
  env.log.debug("request", {
    service: "control-plane",
    method: request.method,
    path,
    status: response.status,
    ms: Math.round(ms),
    correlationId,
  });
  return response;
}

const NO_WORKSPACE: WorkspaceRow = { id: "", relayId: "", name: "", createdAt: 0, anonymous: false };

/** The caller, when the route's admission allows that kind. A bad credential is 401 even where none is needed, except on open routes. */
async function identify(env: ControlPlaneEnv, request: Request, route: ControlRoute): Promise<ControlCaller> {
  if (route.admits === "none") return { kind: "none" };
  const token = bearerOf(request);
  if (token === null) {
    if (route.admits === "own-check" || admitsAnyone(env, route)) return { kind: "none" };
    fail("unauthorized", "missing or invalid bearer token");
  }
  if (tokenKind(token) === "workspace-jwt") {
    if (route.admits === "cloud") fail("unauthorized", "this route needs a cloud token (cld_at_...)");
    return { kind: "workspace", token: await env.verifier.verify(token) };
  }
  const session = env.mint.session(token);
  if (session === null) fail("unauthorized", "unknown or expired access token");
  return { kind: "cloud", session };
}

/** True when a route takes callers without a credential: only where a session is to be had for the asking as well. */
function admitsAnyone(env: ControlPlaneEnv, route: ControlRoute): boolean {
  return route.anonymous === true && env.signIn.kind === "open";
}

/**
 * The workspace a path names. For a workspace token its `wks` must equal the path byte for byte, so a UUID is refused
 * even for the right workspace (spec control-plane 1.12); for cloud tokens an unknown one is a 404. Without a credential
 * only the id of an anonymous workspace leads anywhere; names can be guessed, and other workspaces answer as unknown ones.
 */
function resolveWorkspace(
  env: ControlPlaneEnv,
  route: ControlRoute,
  caller: ControlCaller,
  id: string,
): WorkspaceRow {
  if (caller.kind === "workspace" && caller.token.workspaceId !== id) {
    fail("forbidden", "token is for another workspace", {
      tokenWorkspace: caller.token.workspaceId,
      pathWorkspace: id,
    });
  }
  const row = env.store.workspace(id);
  const hidden = caller.kind === "none" && route.admits !== "own-check";
  if (row !== null && (!hidden || (row.anonymous && workspaceIdForm(id) !== "name"))) return row;
  if (hidden || (caller.kind === "none" && route.admits === "own-check"))
    fail("unauthorized", "missing or invalid bearer token");
  return fail("workspace_not_found", "Workspace not found");
}
