/** Workspaces: create, list, resolve, delete with everything in them (spec control-plane 1.6). */
import { fail } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { workspaceIdForm } from "../../model/workspace-id.ts";
import { textField } from "../file-api/input.ts";
import { json } from "../http-error.ts";
import { parseJson, readBytes } from "../request.ts";
import type { ControlContext, ControlPlaneEnv, ControlRoute } from "./env.ts";
import type { WorkspaceRow } from "./store.ts";

/** Routes of workspaces. */
export const WORKSPACE_ROUTES: readonly ControlRoute[] = [
  { method: "POST", pattern: "workspaces", admits: "cloud", anonymous: true, handle: create },
  { method: "POST", pattern: "workspaces/create", admits: "cloud", anonymous: true, handle: create },
  { method: "GET", pattern: "workspaces", admits: "cloud", handle: list },
  { method: "GET", pattern: "workspaces/resolve", admits: "cloud", handle: resolveByQuery },
  { method: "GET", pattern: "workspaces/active", admits: "cloud", handle: resolveByQuery },
  { method: "GET", pattern: "workspaces/:id", admits: "cloud", handle: describe },
  { method: "GET", pattern: "workspaces/:id/resolve", admits: "cloud", handle: resolve },
  { method: "DELETE", pattern: "workspaces/:id", admits: "cloud", handle: remove },
];

const NAME = /^[^\p{C}/\\]{1,100}$/u;

/** Makes a workspace with both ids. Made without a credential it belongs to nobody, and whoever knows its id may join. */
async function create({ request, env, caller }: ControlContext): Promise<Response> {
  const bytes = await readBytes(request, FILE_API.bodyBytesMax);
  const body = bytes.byteLength === 0 ? {} : parseJson(bytes);
  if (typeof body !== "object" || body === null || Array.isArray(body))
    fail("bad_request", "invalid json body");
  const name = textField(body as Record<string, unknown>, "name") ?? "workspace";
  if (!NAME.test(name) || workspaceIdForm(name) !== "name") {
    fail("bad_request", `workspace name ${JSON.stringify(name)} is not usable`, { wireCode: "invalid_name" });
  }
  const row = await createWorkspace(env, name, caller.kind === "none");
  return json(await created(env, row), 201);
}

/** Adds a workspace with fresh ids. */
export async function createWorkspace(
  env: Pick<ControlPlaneEnv, "random" | "clock" | "store">,
  name: string,
  anonymous = false,
): Promise<WorkspaceRow> {
  const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";
  const letters = [...env.random.bytes(8)].map((byte) => alphabet[byte % alphabet.length]).join("");
  const row = {
    id: env.random.uuid(),
    relayId: `rw_${letters}`,
    name,
    createdAt: env.clock.now(),
    anonymous,
  };
  await env.store.addWorkspace(row);
  return row;
}

async function list({ env }: ControlContext): Promise<Response> {
  const workspaces = env.store.workspaces().map((row) => ({
    id: row.id,
    slug: row.name,
    name: row.name,
    relayfileWorkspaceId: row.relayId,
    createdAt: new Date(row.createdAt).toISOString(),
  }));
  return json({ workspaces });
}

async function describe({ env, workspace }: ControlContext): Promise<Response> {
  return json(descriptor(env, workspace));
}

async function resolve({ env, workspace }: ControlContext): Promise<Response> {
  return json(descriptor(env, workspace));
}

async function resolveByQuery({ env, query }: ControlContext): Promise<Response> {
  const row = env.store.workspace(query.get("key") ?? "");
  return row === null ? fail("workspace_not_found", "Workspace not found") : json(descriptor(env, row));
}

/** First the object with its files, events, ops and bodies, then the rows: a failure in between can be repeated. */
async function remove({ env, workspace }: ControlContext): Promise<Response> {
  await env.destroyWorkspace(workspace.relayId);
  await env.store.removeWorkspace(workspace, env.clock.now());
  return new Response(null, { status: 204 });
}

async function created(env: ControlPlaneEnv, row: WorkspaceRow) {
  return {
    workspaceId: row.relayId,
    id: row.id,
    cloudWorkspaceId: row.id,
    relayfileWorkspaceId: row.relayId,
    name: row.name,
    relayfileUrl: env.fileApiUrl,
    relaycastApiKey: messagingKey(row),
    createdAt: new Date(row.createdAt).toISOString(),
    joinCommand: `relayfile workspace join ${row.relayId}`,
  };
}

function descriptor(env: ControlPlaneEnv, row: WorkspaceRow) {
  return {
    cloudWorkspaceId: row.id,
    workspaceId: row.id,
    id: row.id,
    relayfileWorkspaceId: row.relayId,
    relaycastWorkspaceId: row.relayId,
    relayauthWorkspaceId: row.relayId,
    name: row.name,
    slug: row.name,
    organizationId: "org_local",
    relayfileUrl: env.fileApiUrl,
    urls: { relayfileUrl: env.fileApiUrl, relayauthUrl: env.controlPlaneUrl },
    createdAt: new Date(row.createdAt).toISOString(),
    provisioned: false,
  };
}

/** Clients demand a non-empty messaging key although there is no messaging here; this one opens nothing. */
export function messagingKey(row: WorkspaceRow): string {
  return `rk_live_local_${row.relayId}`;
}
