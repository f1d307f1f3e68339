/** The control plane, one method per route. Answers are parsed; failures are typed; nothing is retried here. */
import { CLIENT } from "../limits.ts";
import {
  Catalog,
  CloudWorkspaceList,
  ConnectSession,
  CreatedWorkspace,
  DelegatedBundle,
  DeviceStart,
  IssuedTokens,
  JoinedWorkspace,
  MountSession,
  RecordsOutcome,
  RefreshedSession,
  ResolvedWorkspace,
  WebhookOutcome,
  Whoami,
} from "../model/cloud.ts";
import { IntegrationRow, IntegrationStatus, QueuedRefresh, RefreshReport } from "../model/integration.ts";
import type { CallOptions } from "./file-api.ts";
import {
  answerError,
  jsonOf,
  parseAnswer,
  type ServiceCall,
  type ServiceTarget,
  send,
  sendJson,
  serviceUrl,
} from "./http.ts";

/** The grant of device polling (RFC 8628). */
const DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code";

/** A client of the control plane. */
export type ControlApi = ReturnType<typeof controlApi>;

/** Builds a client. The target's base URL keeps its path (`/cloud`); routes live under `/api/v1` below it. */
export function controlApi(target: ServiceTarget) {
  const at = (path: string) => `/api/v1${path}`;
  const workspace = (id: string) => at(`/workspaces/${encodeURIComponent(id)}`);
  const json = <T>(call: ServiceCall, parse: (value: unknown) => T) => sendJson(target, call, parse);
  const open: ServiceTarget = { ...target, token: () => null };

  return {
    /** URL of the browser login page that redirects tokens to a loopback listener. */
    loginUrl(redirectUri: string, state: string): string {
      return serviceUrl(target.baseUrl, at("/cli/login"), { redirect_uri: redirectUri, state });
    },

    /** Starts a device login; `not_found` where the deployment has none. */
    deviceStart(clientName: string, options: CallOptions = {}) {
      const body = { client_name: clientName };
      return sendJson(open, { method: "POST", path: at("/auth/device/start"), body, ...options }, (v) =>
        DeviceStart.parse(v),
      );
    },

    /** One poll of a device login. Waiting and refusal are values, because both are ordinary answers. */
    async deviceToken(deviceCode: string, options: CallOptions = {}): Promise<DevicePoll> {
      const body = { grant_type: DEVICE_GRANT, device_code: deviceCode };
      const call: ServiceCall = { method: "POST", path: at("/auth/device/token"), body };
      const answer = await send(open, { ...call, ...options });
      const value = jsonOf(open, answer);
      if (answer.status >= 200 && answer.status < 300) {
        return {
          kind: "issued",
          tokens: parseAnswer(open, call, answer, value, (v) => IssuedTokens.parse(v)),
        };
      }
      const said = value as { error?: unknown; interval?: unknown } | null;
      if (typeof said?.error === "string" && answer.status < 500 && answer.status !== 429) {
        return {
          kind: "error",
          error: said.error,
          intervalS: typeof said.interval === "number" ? said.interval : null,
        };
      }
      throw answerError(open, answer, value);
    },

    /** Trades a refresh token for a new pair. Single use: keep the answer before using it. */
    refreshSession(refreshToken: string, options: CallOptions = {}) {
      const body = { refreshToken };
      return sendJson(open, { method: "POST", path: at("/auth/token/refresh"), body, ...options }, (v) =>
        RefreshedSession.parse(v),
      );
    },

    /** Ends a session on the server; an unknown token counts as done. */
    async revoke(refreshToken: string, options: CallOptions = {}): Promise<void> {
      const body = { token: refreshToken };
      const answer = await send(open, { method: "POST", path: at("/auth/token/revoke"), body, ...options });
      if (answer.status !== 404 && answer.status >= 300)
        throw answerError(open, answer, jsonOf(open, answer));
    },

    /** Who the cloud token belongs to. */
    whoami(options: CallOptions = {}) {
      return json({ method: "GET", path: at("/auth/whoami"), ...options }, (v) => Whoami.parse(v));
    },

    /** The caller's workspaces. */
    workspaces(options: CallOptions = {}) {
      return json(
        { method: "GET", path: at("/workspaces"), ...options },
        (v) => CloudWorkspaceList.parse(v).workspaces,
      );
    },

    /** Creates a workspace. The first call after an idle period may answer 500; repeating is expected to work. */
    createWorkspace(name: string, options: CallOptions = {}) {
      return json({ method: "POST", path: at("/workspaces"), body: { name }, ...options }, (v) =>
        CreatedWorkspace.parse(v),
      );
    },

    /** Ids of one workspace by UUID, `rw_` id or key. */
    resolve(idOrKey: string, options: CallOptions = {}) {
      return json({ method: "GET", path: `${workspace(idOrKey)}/resolve`, ...options }, (v) =>
        ResolvedWorkspace.parse(v),
      );
    },

    /** Deletes a workspace with everything in it; `not_found` also where the deployment has no such route. */
    async deleteWorkspace(id: string, options: CallOptions = {}): Promise<void> {
      const answer = await send(target, { method: "DELETE", path: workspace(id), ...options });
      if (answer.status >= 300) throw answerError(target, answer, jsonOf(target, answer));
    },

    /** Mints a workspace token; 15 to 90 s are normal under load, hence the budget of 120 s. */
    join(id: string, request: { agentName: string; scopes: readonly string[] }, options: CallOptions = {}) {
      const call: ServiceCall = { method: "POST", path: `${workspace(id)}/join`, body: request };
      return json({ timeoutMs: CLIENT.joinTimeoutMs, ...call, ...options }, (v) => JoinedWorkspace.parse(v));
    },

    /** Mints an access and refresh pair that outlives the cloud session's hour. */
    delegatedToken(
      id: string,
      request: { agentName: string; scopes: readonly string[] },
      options: CallOptions = {},
    ) {
      const call: ServiceCall = {
        method: "POST",
        path: `${workspace(id)}/relayfile/delegated-token`,
        body: request,
      };
      return json({ timeoutMs: CLIENT.joinTimeoutMs, ...call, ...options }, (v) => DelegatedBundle.parse(v));
    },

    /** Everything a mount needs; the path takes only the `rw_` id. */
    mountSession(
      id: string,
      request: { localDir: string; remotePath?: string; agentName?: string; scopes?: readonly string[] },
      options: CallOptions = {},
    ) {
      const call: ServiceCall = {
        method: "POST",
        path: `${workspace(id)}/relayfile/mount-session`,
        body: request,
      };
      return json({ timeoutMs: CLIENT.joinTimeoutMs, ...call, ...options }, (v) => MountSession.parse(v));
    },

    /** Queues a dead-lettered op again, with the rights of the cloud identity. */
    replayOp(id: string, opId: string, options: CallOptions = {}) {
      const path = `${workspace(id)}/ops/${encodeURIComponent(opId)}/replay`;
      return json({ method: "POST", path, body: {}, ...options }, (v) => QueuedRefresh.parse(v));
    },

    /** Integrations of a workspace. */
    integrations(id: string, options: CallOptions = {}) {
      return json({ method: "GET", path: `${workspace(id)}/integrations`, ...options }, (v) =>
        IntegrationRow.array().parse(v),
      );
    },

    /** State of one integration. */
    integrationStatus(id: string, provider: string, options: CallOptions = {}) {
      return json({ method: "GET", path: statusPath(workspace(id), provider), ...options }, (v) =>
        IntegrationStatus.parse(v),
      );
    },

    /** Opens a connect session; the link completes the connection where a person must approve. */
    connect(id: string, provider: string, backend?: string, options: CallOptions = {}) {
      const body = {
        allowedIntegrations: [provider],
        ...(backend === undefined ? {} : { requestedBackend: backend }),
      };
      const path = `${workspace(id)}/integrations/connect-session`;
      return json({ method: "POST", path, body, ...options }, (v) => ConnectSession.parse(v));
    },

    /** Sets the metadata of a connection, in place of those it had. */
    async setMetadata(
      id: string,
      provider: string,
      metadata: Readonly<Record<string, string>>,
      options: CallOptions = {},
    ): Promise<void> {
      const path = `${workspace(id)}/integrations/${encodeURIComponent(provider)}/metadata`;
      const answer = await send(target, { method: "PUT", path, body: { metadata }, ...options });
      if (answer.status >= 300) throw answerError(target, answer, jsonOf(target, answer));
    },

    /** Removes an integration. */
    async disconnect(id: string, provider: string, options: CallOptions = {}): Promise<void> {
      const answer = await send(target, {
        method: "DELETE",
        path: statusPath(workspace(id), provider),
        ...options,
      });
      if (answer.status >= 300) throw answerError(target, answer, jsonOf(target, answer));
    },

    /** Providers on offer; needs no credential, so it also proves that a URL names a control plane. */
    catalog(options: CallOptions = {}) {
      return sendJson(open, { method: "GET", path: at("/integrations/catalog"), ...options }, (v) =>
        Catalog.parse(v),
      );
    },

    /**
     * Writes the discovery files of every connected provider again, from its records. Takes 90 to 180 s for six
     * providers, hence the budget of 240 s. Schemas named in `resetSchemas` (`jira/issues`) start from records alone. A report that says `timedOut` may come with status 504 and is returned.
     */
    async refreshDiscovery(id: string, options: CallOptions = {}, resetSchemas: readonly string[] = []) {
      const body = resetSchemas.length === 0 ? {} : { resetSchemas };
      const call: ServiceCall = { method: "POST", path: `${workspace(id)}/sync/refresh`, body };
      const answer = await send(target, { timeoutMs: CLIENT.refreshTimeoutMs, ...call, ...options });
      const value = jsonOf(target, answer);
      const report = RefreshReport.safeParse(value);
      if (report.success && (answer.status < 300 || answer.status === 504)) return report.data;
      if (answer.status >= 300) throw answerError(target, answer, value);
      return parseAnswer(target, call, answer, value, (v) => RefreshReport.parse(v));
    },

    /** Applies raw records of one model, at most 1,000. With `flush` the answer comes after the digests are written. */
    records(
      id: string,
      provider: string,
      batch: { model: string; records: readonly unknown[]; flush?: boolean },
      options: CallOptions = {},
    ) {
      const { model, records } = batch;
      const query = { flush: batch.flush === true ? true : undefined };
      const path = `${workspace(id)}/records/${encodeURIComponent(provider)}`;
      return json({ method: "POST", path, query, body: { model, records }, ...options }, (v) =>
        RecordsOutcome.parse(v),
      );
    },

    /**
     * Delivers one provider webhook as the provider sends it: raw body and the provider's headers. With `flush` the
     * answer comes after the digests are written.
     */
    webhook(
      id: string,
      provider: string,
      delivery: { body: Uint8Array | string; headers: Readonly<Record<string, string>>; flush?: boolean },
      options: CallOptions = {},
    ) {
      const query = { flush: delivery.flush === true ? true : undefined };
      const path = `${workspace(id)}/webhooks/${encodeURIComponent(provider)}`;
      const headers = { "Content-Type": "application/json", ...delivery.headers };
      return json({ method: "POST", path, query, headers, rawBody: delivery.body, ...options }, (v) =>
        WebhookOutcome.parse(v),
      );
    },
  };
}

/** One answer while a device login waits for approval. `error` is the OAuth code, for example `slow_down`. */
export type DevicePoll =
  | { readonly kind: "issued"; readonly tokens: IssuedTokens }
  | { readonly kind: "error"; readonly error: string; readonly intervalS: number | null };

function statusPath(workspacePath: string, provider: string): string {
  return `${workspacePath}/integrations/${encodeURIComponent(provider)}/status`;
}
