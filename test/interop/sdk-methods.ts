/**
 * Every public method of the original's client library, and what this repository owes it. A method is `called` by a test
 * in this folder, or its route is not built, and then this says which answer it gets instead.
 */

/** Methods of `RelayFileClient`. */
export const CLIENT_METHODS: Readonly<Record<string, "called" | string>> = {
  ackSyncDeadLetter: "called",
  ackWriteback: "called",
  bulkWrite: "called",
  commitFork: "forks are not built: 404 `not_found` with a hint",
  connectWebSocket: "called",
  createFork: "forks are not built: 404 `not_found` with a hint",
  deleteFile: "called",
  deleteWebhook: "outbound webhooks are not built: 404 `not_found` with a hint",
  discardFork: "forks are not built: 404 `not_found` with a hint",
  exportWorkspace: "called",
  getAdminIngressStatus: "called",
  getAdminSyncStatus: "called",
  getBackendStatus: "called",
  getBaseUrl: "called",
  getEvents: "called",
  getOp: "called",
  getResourceAtEvent: "no change log is built: answered for events the client has heard itself, else 404",
  getSyncDeadLetter: "called",
  getSyncDeadLetters: "called",
  getSyncIngressStatus: "called",
  getSyncStatus: "called",
  getToken: "called",
  getWebhookDeadLetters: "outbound webhooks are not built: 404 `not_found` with a hint",
  ingestWebhook: "called",
  listChangesSince: "no change log is built: answered for events the client has heard itself, else 404",
  listLastNChanges: "no change log is built: answered for events the client has heard itself, else 404",
  listOps: "called",
  listPendingWritebacks: "called",
  listTree: "called",
  listWebhooks: "outbound webhooks are not built: 404 `not_found` with a hint",
  open: "called",
  queryFiles: "called",
  readFile: "called",
  registerWebhook: "outbound webhooks are not built: 404 `not_found` with a hint",
  replayAdminEnvelope: "called",
  replayAdminOp: "called",
  replayOp: "called",
  replaySyncDeadLetter: "called",
  replayWebhookDeadLetter: "outbound webhooks are not built: 404 `not_found` with a hint",
  subscribe: "called",
  sweepWritebackDrafts: "called",
  triggerSyncRefresh: "called",
  waitForData: "called",
  writeFile: "called",
};

/** Methods of `RelayFileClient` that its types declare private. */
export const CLIENT_INTERNALS = [
  "cacheWireChangeEvent",
  "computeRetryDelayMs",
  "parseRetryAfterMs",
  "performRequest",
  "primeReplayCache",
  "readPayload",
  "request",
  "resolveWorkspaceId",
  "shouldRetryError",
  "shouldRetryStatus",
  "sleep",
  "throwForError",
] as const;

/** Methods of `WorkspaceHandle`, which a workspace of the setup flow is. */
export const HANDLE_METHODS: Readonly<Record<string, "called" | string>> = {
  adoptIntegration: "called",
  agentInvite: "called",
  agentInviteScoped: "called",
  client: "called",
  connectIntegration: "called",
  connectNotion: "called",
  disconnectIntegration: "called",
  getConnectionStatus: "called",
  getToken: "called",
  isConnected: "called",
  listAccessibleResources: "called",
  mountEnv: "called",
  refreshToken: "called",
  requestJson: "called",
  setIntegrationMetadata: "called",
  waitForConnection: "called",
  waitForNotion: "called",
};

/** Methods of `WorkspaceHandle` that its types declare private. */
export const HANDLE_INTERNALS = [
  "getOrRefreshToken",
  "performRefreshToken",
  "resolveConnectionId",
  "resolveRelaycastBaseUrl",
] as const;
