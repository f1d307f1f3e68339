/**
 * The emulator acceptance list (spec control-plane 1.13), one test per item, as the clients named there would call.
 * Field names are those the clients refuse to live without.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { TOKENS } from "../../../../lib/limits.ts";
import { readClaims } from "../../../../lib/model/token.ts";
import { bunClock } from "../../../../lib/runtime/bun/clock.ts";
import { ALL_SCOPES, api, type ContractTarget, cloud, send, until } from "../../../contract/target.ts";
import { type TestStack, testStack } from "../../../support/stack.ts";

const HOUR_MS = 3_600_000;

describe("acceptance list 1.13", () => {
  let stack: TestStack;
  let target: ContractTarget;
  let token: string;
  /** How far the services' clock runs ahead of the real one. */
  let aheadMs = 0;
  beforeAll(async () => {
    const real = bunClock();
    const clock = {
      ...real,
      now: () => real.now() + aheadMs,
      monotonicMs: () => real.monotonicMs(),
      sleep: (ms: number, signal?: AbortSignal) => real.sleep(ms, signal),
      after: (ms: number, call: () => void) => real.after(ms, call),
    };
    stack = await testStack({ portsWith: { clock } });
    target = {
      fileApiUrl: stack.fileApiUrl,
      controlPlaneUrl: stack.controlPlaneUrl,
      workspaceId: stack.workspaceId,
      fetch: (request) => stack.fetch(request),
      token: (scopes, options) => stack.mint(scopes, options),
      cloud: () => stack.cloudSession(),
      stop: () => stack.stop(),
    };
    token = (await target.cloud()).accessToken;
  });
  afterAll(() => stack.stop());

  const strings = (body: Record<string, unknown>, names: readonly string[]) => {
    for (const name of names) {
      expect([name, typeof body[name]]).toEqual([name, "string"]);
      expect([name, body[name]]).not.toEqual([name, ""]);
    }
  };
  const create = async (name: string) =>
    (await cloud(target, "POST", "workspaces", { token, body: { name } })).body as Record<string, string>;

  test("#1 create gives four strings, then join gives five", async () => {
    const made = await create("one");
    strings(made, ["workspaceId", "relayfileUrl", "relaycastApiKey", "createdAt"]);
    const joined = await cloud(target, "POST", `workspaces/${made.workspaceId}/join`, {
      token,
      body: { agentName: "sdk-agent", scopes: ["fs:read", "fs:write"] },
    });
    strings(joined.body, ["workspaceId", "token", "relayfileUrl", "wsUrl", "relaycastApiKey"]);
    expect(joined.body.workspaceId).toBe(made.workspaceId);
  });

  test("#2 a pair close to its expiry is renewed once, and the old refresh token is then 401", async () => {
    const pair = await target.cloud();
    aheadMs = TOKENS.cloudAccessMs - 30_000;
    expect((await cloud(target, "GET", "auth/whoami", { token: pair.accessToken })).status).toBe(200);
    const renew = (refreshToken: string) =>
      cloud(target, "POST", "auth/token/refresh", { body: { refreshToken } });
    const renewed = await renew(pair.refreshToken);
    strings(renewed.body, ["accessToken", "refreshToken", "accessTokenExpiresAt"]);
    expect(Date.parse(renewed.body.accessTokenExpiresAt)).toBeGreaterThan(
      Date.now() + aheadMs + 23 * HOUR_MS,
    );
    expect((await renew(pair.refreshToken)).status).toBe(401);
    aheadMs += 2 * 60_000;
    expect((await cloud(target, "GET", "auth/whoami", { token: renewed.body.accessToken })).status).toBe(200);
    aheadMs = 0;
  });

  test("#3 a second join for the returned id replaces a token that has aged", async () => {
    const join = () =>
      cloud(target, "POST", `workspaces/${target.workspaceId}/join`, {
        token,
        body: { agentName: "a", scopes: ["fs:read"] },
      });
    const first = (await join()).body;
    aheadMs = 61 * 60_000;
    expect((await api(target, "GET", "fs/tree", { token: first.token })).body.message).toBe("token expired");
    const second = (await join()).body;
    expect(second.workspaceId).toBe(first.workspaceId);
    expect((await api(target, "GET", "fs/tree", { token: second.token })).status).toBe(200);
    aheadMs = 0;
  });

  test("#4 connecting gives a link, and status turns from not ready to ready", async () => {
    const status = async () =>
      (await cloud(target, "GET", `workspaces/${target.workspaceId}/integrations/notion/status`, { token }))
        .body;
    expect((await status()).ready).toBe(false);
    const session = await cloud(
      target,
      "POST",
      `workspaces/${target.workspaceId}/integrations/connect-session`,
      { token, body: { allowedIntegrations: ["notion"] } },
    );
    strings(session.body, [
      "token",
      "expiresAt",
      "connectLink",
      "workspaceId",
      "relayWorkspaceId",
      "backend",
    ]);
    expect(URL.canParse(session.body.connectLink)).toBe(true);
    expect(await until(status, ({ ready }) => ready)).toMatchObject({ ready: true, state: "ready" });
  });

  test("#5 an invitation by a workspace token is narrower or refused", async () => {
    const mine = await target.token(["fs:read", "relayfile:fs:write:/notes/**"]);
    const invite = (scopes: readonly string[]) =>
      cloud(target, "POST", `workspaces/${target.workspaceId}/join`, {
        token: mine,
        body: { agentName: "guest", scopes },
      });
    const invited = await invite(["relayfile:fs:read:/notes/**"]);
    expect(readClaims(invited.body.token)).toMatchObject({
      subject: "guest",
      scopes: ["relayfile:fs:read:/notes/**"],
    });
    for (const wider of [["fs:write"], ["relayfile:fs:write:/**"], ["admin:read"], ["sync:trigger"]])
      expect([wider, (await invite(wider)).status]).toEqual([wider, 403]);
  });

  test("#6 a mount session has everything a mount needs, and every field is checked", async () => {
    const session = (body: unknown, as = token) =>
      cloud(target, "POST", `workspaces/${target.workspaceId}/relayfile/mount-session`, { token: as, body });
    const given = await session({ localDir: "/mirror" }, await target.token(["fs:read", "fs:write"]));
    strings(given.body, [
      "workspaceId",
      "relayfileBaseUrl",
      "relayfileToken",
      "wsUrl",
      "remotePath",
      "localDir",
      "mode",
      "relaycastApiKey",
    ]);
    expect(given.body.scopes).toEqual(["fs:read", "fs:write"]);
    expect(given.text).not.toContain("cld_");
    for (const [body, code] of [
      [{}, "invalid_request"],
      [{ localDir: "/m", mode: "stream" }, "invalid_mode"],
      [{ localDir: "/" }, "invalid_local_dir"],
      [{ localDir: "/m", remotePath: "/a\u0000" }, "invalid_remote_path"],
      [{ localDir: "/m", scopes: [1] }, "invalid_scopes"],
    ] as const) {
      const refused = await session(body);
      expect([refused.status, refused.body.code]).toEqual([400, code]);
    }
    const byUuid = await cloud(
      target,
      "POST",
      `workspaces/${stack.cloudWorkspaceId}/relayfile/mount-session`,
      {
        token,
        body: { localDir: "/m" },
      },
    );
    expect(byUuid.status).toBe(404);
  });

  test("#7 setup without a provider is create and a delegated token", async () => {
    const made = await create("seven");
    const { body } = await cloud(target, "POST", `workspaces/${made.workspaceId}/relayfile/delegated-token`, {
      token,
      body: { agentName: "relayfile-cli", scopes: ["fs:read", "fs:write"] },
    });
    strings(body, [
      "relayfileUrl",
      "relayfileWorkspaceId",
      "accessToken",
      "accessTokenExpiresAt",
      "refreshToken",
      "refreshTokenExpiresAt",
      "refreshUrl",
      "relayauthUrl",
    ]);
    expect(body.relayfileWorkspaceId).toBe(made.workspaceId);
  });

  test("#8 the list of integrations is a bare array, and a status request may end in a bare question mark", async () => {
    const here = `workspaces/${target.workspaceId}/integrations`;
    expect(Array.isArray((await cloud(target, "GET", here, { token })).body)).toBe(true);
    const url = `${target.controlPlaneUrl}/api/v1/${here}/notion/status?`;
    expect((await send(target, "GET", url, { token })).body).toMatchObject({ provider: "notion" });
  });

  test("#9 an expired delegated token is renewed; when the delegation has ended, a new one is made", async () => {
    const delegate = async () =>
      (
        await cloud(target, "POST", `workspaces/${target.workspaceId}/relayfile/delegated-token`, {
          token,
          body: { scopes: ["fs:read"] },
        })
      ).body;
    const pair = await delegate();
    aheadMs = 2 * HOUR_MS;
    expect((await api(target, "GET", "fs/tree", { token: pair.accessToken })).status).toBe(401);
    const renew = (url: string, refreshToken: string) =>
      send(target, "POST", url, { body: { refreshToken } });
    const renewed = await renew(`${pair.relayauthUrl}/v1/tokens/refresh`, pair.refreshToken);
    expect((await api(target, "GET", "fs/tree", { token: renewed.body.accessToken })).status).toBe(200);
    aheadMs = 30 * HOUR_MS;
    const ended = await renew(pair.refreshUrl, renewed.body.refreshToken);
    expect([ended.status, ended.body.code]).toEqual([401, "delegation_expired"]);
    aheadMs = 0;
    expect((await api(target, "GET", "fs/tree", { token: (await delegate()).accessToken })).status).toBe(200);
  });

  test("#10 workspaces are listed, and resolved with all four ids", async () => {
    const { body } = await cloud(target, "GET", "workspaces", { token });
    expect(body.workspaces.length).toBeGreaterThan(0);
    const listed = body.workspaces.find(
      (one: { relayfileWorkspaceId: string }) => one.relayfileWorkspaceId === target.workspaceId,
    );
    for (const key of [listed.id, target.workspaceId, "local"]) {
      const found = await cloud(target, "GET", `workspaces/${key}/resolve`, { token });
      strings(found.body, [
        "cloudWorkspaceId",
        "relayfileWorkspaceId",
        "relaycastWorkspaceId",
        "relayauthWorkspaceId",
      ]);
      expect(found.body.relayfileWorkspaceId).toBe(target.workspaceId);
    }
  });

  test("#12 the published key set verifies our tokens, by key id", async () => {
    const { body } = await send(target, "GET", `${target.fileApiUrl}/.well-known/jwks.json`, {});
    const jwt = await target.token(ALL_SCOPES);
    const [head = "", payload = "", signature = ""] = jwt.split(".");
    const { kid, alg } = JSON.parse(
      new TextDecoder().decode(Uint8Array.fromBase64(head, { alphabet: "base64url" })),
    );
    const jwk = body.keys.find((one: { kid: string }) => one.kid === kid);
    expect([alg, jwk.kty, jwk.use ?? "sig"]).toEqual(["RS256", "RSA", "sig"]);
    const key = await crypto.subtle.importKey(
      "jwk",
      jwk,
      { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
      false,
      ["verify"],
    );
    const valid = await crypto.subtle.verify(
      "RSASSA-PKCS1-v1_5",
      key,
      Uint8Array.fromBase64(signature, { alphabet: "base64url" }),
      new TextEncoder().encode(`${head}.${payload}`),
    );
    expect(valid).toBe(true);
  });
});
