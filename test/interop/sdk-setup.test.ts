/** The original's setup flow: workspaces, invitations, integrations, tokens and mounts through its own classes. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  CloudApiError,
  MalformedCloudResponseError,
  RelayfileSetup,
  type WorkspaceHandle,
} from "@relayfile/sdk";
import { RelayfileSetup as CliSetup } from "@relayfile/sdk/cli";
import { readClaims } from "../../lib/model/token.ts";
import { type TestStack, testStack } from "../support/stack.ts";

let stack: TestStack;
let setup: RelayfileSetup;
beforeAll(async () => {
  stack = await testStack();
  const { accessToken } = await stack.cloudSession();
  setup = new RelayfileSetup({ cloudApiUrl: stack.controlPlaneUrl, accessToken });
});
afterAll(() => stack.stop());

const writesAndReads = async (workspace: WorkspaceHandle) => {
  const client = workspace.client();
  await client.writeFile({
    workspaceId: workspace.workspaceId,
    path: "/hello.md",
    baseRevision: "*",
    content: "hi",
  });
  expect((await client.readFile(workspace.workspaceId, "/hello.md")).content).toBe("hi");
};

describe("RelayfileSetup", () => {
  test("createWorkspace makes one whose client works", async () => {
    const workspace = await setup.createWorkspace({ name: "room", agentName: "lead" });
    expect(workspace.info).toMatchObject({
      relayfileUrl: stack.fileApiUrl,
      name: "room",
      createdAt: expect.any(String),
    });
    await writesAndReads(workspace);
  });

  test("works without signing in, on a workspace of its own", async () => {
    const anonymous = new RelayfileSetup({ cloudApiUrl: stack.controlPlaneUrl });
    const workspace = await anonymous.createWorkspace();
    await writesAndReads(workspace);
    await workspace.refreshToken();
    await writesAndReads(workspace);
    const again = await anonymous.joinWorkspace(workspace.workspaceId);
    expect(again.workspaceId).toBe(workspace.workspaceId);
    const error = await anonymous.joinWorkspace(stack.workspaceId).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(CloudApiError);
    expect(error.httpStatus).toBe(401);
  });

  test("joinWorkspace takes either id and answers with the one of file API paths", async () => {
    for (const id of [stack.workspaceId, stack.cloudWorkspaceId]) {
      const workspace = await setup.joinWorkspace(id, { scopes: ["fs:read"] });
      expect(workspace.workspaceId).toBe(stack.workspaceId);
      expect(readClaims(workspace.getToken())?.scopes).toEqual(["fs:read"]);
    }
  });

  test("fromCloudTokens renews tokens about to expire and hands out the new ones", async () => {
    const pair = await stack.cloudSession();
    const stored: string[] = [];
    const from = () =>
      RelayfileSetup.fromCloudTokens(
        {
          apiUrl: stack.controlPlaneUrl,
          accessToken: pair.accessToken,
          refreshToken: pair.refreshToken,
          accessTokenExpiresAt: new Date(Date.now() + 30_000).toISOString(),
        },
        { onTokens: (tokens) => void stored.push(tokens.refreshToken) },
      );
    await from().createWorkspace({ name: "renewed" });
    expect(stored).toHaveLength(1);
    expect(stored[0]).not.toBe(pair.refreshToken);
    // The old refresh token is spent: a second client that still holds it has to sign in again.
    const error = await from()
      .createWorkspace({ name: "spent" })
      .catch((thrown) => thrown);
    expect([error.constructor, error.httpStatus]).toEqual([CloudApiError, 401]);
  });

  test("login of the command line flavour receives tokens at its own listener", async () => {
    const tokens: string[] = [];
    const signedIn = await CliSetup.login({
      cloudApiUrl: stack.controlPlaneUrl,
      openBrowser: false,
      onLoginUrl: async (url) => void (await fetch(url)),
      onTokens: (set) => void tokens.push(set.accessToken, set.apiUrl ?? ""),
    });
    expect(tokens).toEqual([expect.stringMatching(/^cld_at_/), stack.controlPlaneUrl]);
    expect((await signedIn.joinWorkspace(stack.workspaceId)).workspaceId).toBe(stack.workspaceId);
  });

  test("errors are CloudApiError with our status and code, never a malformed answer", async () => {
    const error = await setup.joinWorkspace("rw_nowhere0").catch((thrown) => thrown);
    expect(error).not.toBeInstanceOf(MalformedCloudResponseError);
    expect([error.constructor, error.httpStatus, error.httpBody.code]).toEqual([
      CloudApiError,
      404,
      "workspace_not_found",
    ]);
  });
});

describe("WorkspaceHandle", () => {
  test("agentInviteScoped mints a narrower token, and never a wider one", async () => {
    const workspace = await setup.joinWorkspace(stack.workspaceId, { scopes: ["fs:read"] });
    const invite = await workspace.agentInviteScoped({
      agentName: "guest",
      scopes: ["relayfile:fs:read:/notion/**"],
    });
    expect(readClaims(invite.relayfileToken ?? "")).toMatchObject({
      subject: "guest",
      scopes: ["relayfile:fs:read:/notion/**"],
    });
    const error = await workspace.agentInviteScoped({ scopes: ["fs:write"] }).catch((thrown) => thrown);
    expect([error.httpStatus, error.httpBody.code]).toEqual([403, "scope_insufficient"]);
    expect(workspace.agentInvite({ agentName: "peer" })).toMatchObject({
      agentName: "peer",
      relayfileToken: workspace.getToken(),
    });
  });

  test("connectIntegration, waitForConnection, isConnected, adoptIntegration, metadata and disconnectIntegration", async () => {
    const workspace = await setup.createWorkspace({ name: "connected" });
    const offered = await workspace.connectNotion();
    expect(offered).toMatchObject({ alreadyConnected: false, connectLink: expect.stringMatching(/^http/) });
    await workspace.waitForNotion({ pollIntervalMs: 20, timeoutMs: 20_000 });
    expect(await workspace.isConnected("notion", offered.connectionId)).toBe(true);
    expect(await workspace.getConnectionStatus("notion", offered.connectionId)).toMatchObject({
      ready: true,
    });
    const listed = await workspace.requestJson({
      operation: "list",
      method: "GET",
      path: `api/v1/workspaces/${workspace.workspaceId}/integrations`,
    });
    expect(listed).toMatchObject([{ provider: "notion", connectionId: offered.connectionId }]);
    const again = await workspace.connectIntegration("notion", { connectionId: offered.connectionId });
    expect(again.alreadyConnected).toBe(true);
    expect(await workspace.adoptIntegration("notion", offered.connectionId)).toEqual({
      connectionId: offered.connectionId,
    });
    const conflict = await workspace.adoptIntegration("notion", "conn_other").catch((thrown) => thrown);
    expect([conflict.httpStatus, conflict.httpBody.code]).toEqual([
      409,
      "existing_connection_live_or_unknown",
    ]);
    expect(await workspace.setIntegrationMetadata("notion", { site: "a" })).toEqual({ site: "a" });
    const reserved = await workspace.setIntegrationMetadata("notion", { _x: 1 }).catch((thrown) => thrown);
    expect([reserved.httpStatus, reserved.httpBody.code]).toEqual([400, "invalid_metadata"]);
    expect((await workspace.listAccessibleResources("jira")).length).toBeGreaterThan(0);
    const none = await workspace.listAccessibleResources("notion").catch((thrown) => thrown);
    expect([none.httpStatus, none.httpBody.code]).toEqual([400, "provider_has_no_accessible_resources"]);
    await workspace.disconnectIntegration("notion");
    expect(await workspace.isConnected("notion", offered.connectionId)).toBe(false);
  });

  test("the providers of its list are connected, the two Slack apps of other products refused by name", async () => {
    const workspace = await setup.createWorkspace({ name: "all" });
    for (const provider of ["github", "slack-sage", "linear"] as const) {
      await workspace.connectIntegration(provider);
      await workspace.waitForConnection(provider, { pollIntervalMs: 20, timeoutMs: 20_000 });
    }
    for (const provider of ["slack-my-senior-dev", "slack-nightcto"] as const) {
      const error = await workspace.connectIntegration(provider).catch((thrown) => thrown);
      expect([provider, error.httpStatus, error.httpBody.code]).toEqual([
        provider,
        409,
        "provider_not_in_catalog",
      ]);
    }
  });

  test("mountEnv names everything a mount is given", async () => {
    const workspace = await setup.joinWorkspace(stack.workspaceId);
    expect(workspace.mountEnv({ localDir: "/m", remotePath: "/notion" })).toMatchObject({
      RELAYFILE_BASE_URL: stack.fileApiUrl,
      RELAYFILE_TOKEN: workspace.getToken(),
      RELAYFILE_WORKSPACE: stack.workspaceId,
      RELAYFILE_REMOTE_PATH: "/notion",
      RELAYFILE_LOCAL_DIR: "/m",
    });
  });
});
