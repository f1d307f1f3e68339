/** Providers on offer and providers connected (spec control-plane 1.10). The embedded backend is `simulator`. */
import { fail, messageOf } from "../../errors.ts";
import { FILE_API } from "../../limits.ts";
import { queryText, textField } from "../file-api/input.ts";
import { json } from "../http-error.ts";
import { readJsonObject } from "../request.ts";
import type { ControlContext, ControlPlaneEnv, ControlRoute } from "./env.ts";
import type { IntegrationRecord, WorkspaceRow } from "./store.ts";

/** Routes of integrations. */
export const INTEGRATION_ROUTES: readonly ControlRoute[] = [
  { method: "GET", pattern: "integrations/catalog", admits: "none", handle: catalog },
  { method: "GET", pattern: "workspaces/:id/integrations", admits: "cloud-or-workspace", handle: list },
  {
    method: "POST",
    pattern: "workspaces/:id/integrations/connect-session",
    admits: "cloud-or-workspace",
    handle: connect,
  },
  {
    method: "GET",
    pattern: "workspaces/:id/integrations/:provider/status",
    admits: "cloud-or-workspace",
    handle: status,
  },
  {
    method: "DELETE",
    pattern: "workspaces/:id/integrations/:provider/status",
    admits: "cloud-or-workspace",
    handle: disconnect,
  },
  {
    method: "POST",
    pattern: "workspaces/:id/integrations/:provider/adopt",
    admits: "cloud-or-workspace",
    handle: adopt,
  },
  {
    method: "PUT",
    pattern: "workspaces/:id/integrations/:provider/metadata",
    admits: "cloud-or-workspace",
    handle: putMetadata,
  },
  {
    method: "GET",
    pattern: "workspaces/:id/integrations/:provider/accessible-resources",
    admits: "cloud-or-workspace",
    handle: accessible,
  },
];

/** The backend that needs no person and no account. */
export const EMBEDDED_BACKEND = "simulator";
const CONNECT_LIFETIME_MS = 1_800_000;
const ATLASSIAN = ["jira", "confluence"];

async function catalog({ env }: ControlContext): Promise<Response> {
  const providers = env.pipeline.catalog.map((entry) => ({
    ...entry,
    configKey: entry.id,
    deprecated: false,
    backend: EMBEDDED_BACKEND,
    backends: [EMBEDDED_BACKEND, "direct"],
  }));
  return json({ providers, version: "1" });
}

async function list({ env, workspace }: ControlContext): Promise<Response> {
  const object = await env.workspace(workspace.relayId);
  const sync = object === null ? [] : (await object.syncStatus(null)).providers;
  return json(
    env.store.integrations(workspace.id).map((row) => {
      const state = sync.find(({ provider }) => provider === row.provider);
      return {
        provider: row.provider,
        status: row.state,
        lagSeconds: state?.lagSeconds ?? 0,
        lastEventAt: state?.watermarkTs ?? null,
        connectionId: row.connectionId,
        webhookHealthy: true,
      };
    }),
  );
}

/** Connects at once: the simulator asks nobody. The answer comes when the initial sync has begun; `status` tells its end. */
async function connect({ request, env, workspace }: ControlContext): Promise<Response> {
  const body = await readJsonObject(request, FILE_API.bodyBytesMax);
  const allowed = Array.isArray(body.allowedIntegrations) ? body.allowedIntegrations : [];
  const [wanted] = allowed;
  if (typeof wanted !== "string") fail("bad_request", "missing allowedIntegrations");
  const provider = env.pipeline.idOf(wanted);
  if (provider === null) {
    fail("invalid_state", `provider ${wanted} is not in the catalog`, {
      wireCode: "provider_not_in_catalog",
    });
  }
  const backend = textField(body, "requestedBackend") ?? EMBEDDED_BACKEND;
  const obstacle = env.pipeline.connectProblem(provider, backend);
  if (obstacle !== null) {
    const { problem, hint } = obstacle;
    fail("invalid_state", problem, { wireCode: "backend_not_configured", hint });
  }
  const row = await connectIntegration(env, workspace, provider, backend);
  const expiresAt = new Date(env.clock.now() + CONNECT_LIFETIME_MS).toISOString();
  return json({
    token: env.mint.secret("connect_session_"),
    expiresAt,
    connectLink: `${env.controlPlaneUrl}/api/v1/integrations/catalog`,
    connectionId: row.connectionId,
    backend,
    workspaceId: workspace.id,
    relayWorkspaceId: workspace.relayId,
    providers: [provider],
  });
}

/**
 * Records the integration and starts its initial sync; the returned row says `syncing`. Connecting again repeats the
 * sync on the same connection.
 */
export async function connectIntegration(
  env: ControlPlaneEnv,
  workspace: WorkspaceRow,
  provider: string,
  backend: string,
): Promise<IntegrationRecord> {
  const { row, synced } = await beginConnection(env, workspace, provider, backend);
  synced.catch((thrown) => env.log.warn("initial sync failed", { provider, error: messageOf(thrown) }));
  return row;
}

/** As `connectIntegration`, for callers that wait for the records: `synced` resolves with their number. */
export async function beginConnection(
  env: ControlPlaneEnv,
  workspace: WorkspaceRow,
  provider: string,
  backend: string,
): Promise<{ row: IntegrationRecord; synced: Promise<number> }> {
  const object = await env.workspace(workspace.relayId);
  if (object === null) return fail("workspace_not_found", "Workspace not found");
  const known = env.store.integration(workspace.id, provider);
  const row: IntegrationRecord = {
    workspace: workspace.id,
    provider,
    backend,
    connectionId: known?.connectionId ?? `conn_${env.random.uuid().slice(0, 8)}`,
    state: "syncing",
    lastError: null,
    metadata: known?.metadata ?? {},
    createdAt: known?.createdAt ?? env.clock.now(),
  };
  await env.store.saveIntegration(row);
  const settle = (state: string, lastError: string | null) =>
    env.store.saveIntegration({ ...row, state, lastError });
  const synced = object.connect(provider, backend, row.connectionId).then(
    async (records) => {
      await settle("ready", null);
      return records;
    },
    async (thrown) => {
      await settle("error", messageOf(thrown));
      throw thrown;
    },
  );
  return { row, synced };
}

/** Makes sure a row exists for a provider whose webhook arrived (cloud#736); no records are read. */
export async function registerIntegration(
  env: ControlPlaneEnv,
  workspace: WorkspaceRow,
  provider: string,
): Promise<void> {
  if (env.store.integration(workspace.id, provider) !== null) return;
  const connectionId = `conn_${env.random.uuid().slice(0, 8)}`;
  await (await env.workspace(workspace.relayId))?.link(provider, EMBEDDED_BACKEND, connectionId);
  await env.store.saveIntegration({
    workspace: workspace.id,
    provider,
    backend: EMBEDDED_BACKEND,
    connectionId,
    state: "ready",
    lastError: null,
    metadata: {},
    createdAt: env.clock.now(),
  });
}

async function status({ env, workspace, params, query }: ControlContext): Promise<Response> {
  const provider = providerOf(env, params.provider);
  const row = env.store.integration(workspace.id, provider);
  const asked = queryText(query, "connectionId");
  const matched =
    row !== null &&
    (asked === null || asked === workspace.id || asked === workspace.relayId || asked === row.connectionId);
  if (row === null || !matched) {
    return json({
      ready: false,
      provider,
      state: "not_connected",
      currentConnectionId: row?.connectionId ?? null,
      connectionMatched: false,
      oauth: { connected: false },
      lastError: null,
    });
  }
  const initialSync = row.state === "ready" ? "complete" : row.state === "error" ? "queued" : "running";
  return json({
    ready: row.state === "ready",
    provider,
    state: row.state,
    connectionId: row.connectionId,
    currentConnectionId: row.connectionId,
    connectionMatched: true,
    oauth: { connected: true },
    initialSync: { state: initialSync, syncName: null, model: null },
    lastError: row.lastError,
    webhookHealthy: true,
    backend: row.backend,
  });
}

async function disconnect({ env, workspace, params }: ControlContext): Promise<Response> {
  const provider = providerOf(env, params.provider);
  await env.store.removeIntegration(workspace.id, provider);
  await (await env.workspace(workspace.relayId))?.disconnect(provider);
  return json({ ok: true, provider });
}

async function adopt({ request, env, workspace, params }: ControlContext): Promise<Response> {
  const provider = providerOf(env, params.provider);
  const connectionId = textField(await readJsonObject(request, FILE_API.bodyBytesMax), "connectionId");
  if (connectionId === null) fail("bad_request", "missing connectionId");
  const row = env.store.integration(workspace.id, provider);
  if (row === null) fail("not_found", "no such connection", { wireCode: "connection_not_found" });
  if (row.connectionId === connectionId) return json({ ok: true, connectionId });
  return fail("invalid_state", "the existing connection is live", {
    wireCode: "existing_connection_live_or_unknown",
  });
}

async function putMetadata({ request, env, workspace, params }: ControlContext): Promise<Response> {
  const provider = providerOf(env, params.provider);
  const { metadata } = await readJsonObject(request, FILE_API.bodyBytesMax);
  const plain = typeof metadata === "object" && metadata !== null && !Array.isArray(metadata);
  const reserved = /^(?:_|connection_|auth_|provider_config_key$|providerConfigKey$)/;
  if (!plain || Object.keys(metadata).some((key) => reserved.test(key))) {
    fail("bad_request", "metadata must be an object without reserved keys", { wireCode: "invalid_metadata" });
  }
  const row = env.store.integration(workspace.id, provider);
  if (row === null) fail("not_found", `${provider} is not connected`, { wireCode: "not_connected" });
  // The source's own key of the connection is no metadata of the user: it stays.
  const { providerConfigKey } = row.metadata;
  const kept = { ...metadata, ...(providerConfigKey === undefined ? {} : { providerConfigKey }) };
  await env.store.saveIntegration({ ...row, metadata: kept });
  await (await env.workspace(workspace.relayId))?.link(provider, row.backend, row.connectionId, kept);
  return json({ metadata });
}

async function accessible({ env, params }: ControlContext): Promise<Response> {
  const provider = providerOf(env, params.provider);
  if (!ATLASSIAN.includes(provider)) {
    fail("bad_request", `${provider} has no sites to choose from`, {
      wireCode: "provider_has_no_accessible_resources",
    });
  }
  return json({
    ok: true,
    resources: [{ id: "site_local", url: "https://local.atlassian.example", name: "Local site" }],
  });
}

/** The provider of a path; a name that is in no catalog still has a status (`not_connected`). */
function providerOf(env: ControlPlaneEnv, name: string | undefined): string {
  return env.pipeline.idOf(name ?? "") ?? (name ?? "").toLowerCase();
}
