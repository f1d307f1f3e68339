/** What any deployment of the control plane answers. Test names start with the route they prove. */
import { describe, expect } from "bun:test";
import { readClaims } from "../../lib/model/token.ts";
import { afterAll, beforeAll, needs, test } from "./harness.ts";
import { ALL_SCOPES, api, type ContractTarget, cloud, put, send, until } from "./target.ts";

/** Runs the suite against one deployment. */
export function testControlPlane(name: string, start: () => Promise<ContractTarget>): void {
  describe(`control plane (${name})`, () => {
    let target: ContractTarget;
    let token: string;
    beforeAll(async () => {
      target = await start();
      token = (await target.cloud()).accessToken;
    });
    afterAll(() => target.stop());

    const here = (rest: string) => `workspaces/${target.workspaceId}/${rest}`;

    describe("addresses", () => {
      test("unknown paths below the control plane are a 404 HTML page", async () => {
        for (const path of ["", "/", "/api/v1/nope", "/v1/workspaces", "/health", "/.well-known/jwks.json"]) {
          const answer = await send(target, "GET", `${target.controlPlaneUrl}${path}`, { token });
          expect([path, answer.status, answer.headers.get("content-type")]).toEqual([
            path,
            404,
            "text/html; charset=utf-8",
          ]);
        }
      });

      test("the key set is at the root and verifies workspace tokens", async () => {
        const { body } = await send(target, "GET", `${target.fileApiUrl}/.well-known/jwks.json`, {});
        const jwt = await target.token(["fs:read"]);
        expect(body.keys).toMatchObject([{ kty: "RSA", alg: "RS256", kid: readClaims(jwt)?.keyId }]);
        expect(body.keys[0].d).toBeUndefined();
      });

      test("foreign hosts and origins are refused", async () => {
        // Elsewhere a name that is not served never reaches the service, and no browser credential exists to abuse.
        const { hostname } = new URL(target.fileApiUrl);
        needs(["127.0.0.1", "localhost"].includes(hostname), "a deployment on a loopback address");
        const cases: Record<string, string>[] = [
          { Host: "evil.example" },
          { Origin: "https://evil.example" },
          { Origin: "null" },
        ];
        for (const headers of cases) {
          const answer = await send(target, "GET", `${target.controlPlaneUrl}/api/v1/integrations/catalog`, {
            headers,
          });
          expect([answer.status, answer.body?.code]).toEqual([403, "forbidden"]);
        }
      });
    });

    describe("identity", () => {
      test("GET auth/whoami needs a live cloud token", async () => {
        expect((await cloud(target, "GET", "auth/whoami", { token })).body).toMatchObject({
          authenticated: true,
          source: "token",
        });
        for (const bad of [null, "cld_at_wrong", await target.token(ALL_SCOPES)]) {
          expect((await cloud(target, "GET", "auth/whoami", { token: bad })).status).toBe(401);
        }
      });

      test("POST auth/token/refresh rotates, once", async () => {
        const pair = await target.cloud();
        const first = await cloud(target, "POST", "auth/token/refresh", {
          body: { refreshToken: pair.refreshToken },
        });
        expect(first.body).toMatchObject({
          accessToken: expect.stringMatching(/^cld_at_/),
          refreshToken: expect.stringMatching(/^cld_rt_/),
          accessTokenExpiresAt: expect.any(String),
          apiUrl: target.controlPlaneUrl,
        });
        expect((await cloud(target, "GET", "auth/whoami", { token: first.body.accessToken })).status).toBe(
          200,
        );
        expect((await cloud(target, "GET", "auth/whoami", { token: pair.accessToken })).status).toBe(401);
        const again = await cloud(target, "POST", "auth/token/refresh", {
          body: { refreshToken: pair.refreshToken },
        });
        expect(again.status).toBe(401);
        expect((await cloud(target, "POST", "auth/token/refresh", { body: {} })).status).toBe(400);
      });

      test("POST auth/token/refresh lets exactly one of many concurrent callers win", async () => {
        const { refreshToken } = await target.cloud();
        const answers = await Promise.all(
          Array.from({ length: 8 }, () =>
            cloud(target, "POST", "auth/token/refresh", { body: { refreshToken } }),
          ),
        );
        expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      });

      test("POST auth/token/revoke ends the session", async () => {
        const pair = await target.cloud();
        expect(
          (await cloud(target, "POST", "auth/token/revoke", { body: { token: pair.refreshToken } })).status,
        ).toBe(200);
        expect((await cloud(target, "GET", "auth/whoami", { token: pair.accessToken })).status).toBe(401);
        expect(
          (await cloud(target, "POST", "auth/token/revoke", { body: { token: "cld_rt_none" } })).status,
        ).toBe(404);
      });

      test("GET cli/login hands tokens to a loopback listener only", async () => {
        const login = (uri: string) =>
          cloud(target, "GET", `cli/login?redirect_uri=${encodeURIComponent(uri)}&state=s%2F1`);
        needs(target.signInKey === undefined, "a deployment where everybody may sign in");
        const answer = await login("http://127.0.0.1:4444/callback");
        expect(answer.status).toBe(302);
        const location = new URL(answer.headers.get("location") ?? "");
        expect(location.origin + location.pathname).toBe("http://127.0.0.1:4444/callback");
        expect(location.searchParams.get("state")).toBe("s/1");
        expect(location.searchParams.get("api_url")).toBe(target.controlPlaneUrl);
        const issued = location.searchParams.get("access_token");
        expect((await cloud(target, "GET", "auth/whoami", { token: issued })).status).toBe(200);
        for (const uri of [
          "https://127.0.0.1/x",
          "http://evil.example/cb",
          "http://127.0.0.1.evil.example/",
          "",
          "file:///x",
        ]) {
          expect((await login(uri)).status).toBe(400);
        }
      });

      test("POST cli/login answers the form of the sign-in page, to a loopback listener only", async () => {
        const login = (uri: string) =>
          cloud(target, "POST", "cli/login", {
            raw: new URLSearchParams({
              redirect_uri: uri,
              state: "s/2",
              key: target.signInKey ?? "",
            }).toString(),
          });
        const answer = await login("http://localhost:4444/callback");
        expect(answer.status).toBe(303);
        const location = new URL(answer.headers.get("location") ?? "");
        expect(location.searchParams.get("state")).toBe("s/2");
        const issued = location.searchParams.get("access_token");
        expect((await cloud(target, "GET", "auth/whoami", { token: issued })).status).toBe(200);
        expect((await login("https://evil.example/cb")).status).toBe(400);
      });

      test("POST auth/device/start, auth/device/token and auth/device/approve with GET auth/device are one sign-in", async () => {
        const start = (await cloud(target, "POST", "auth/device/start", { body: { client_name: "t" } })).body;
        const poll = () =>
          cloud(target, "POST", "auth/device/token", {
            body: {
              grant_type: "urn:ietf:params:oauth:grant-type:device_code",
              device_code: start.device_code,
            },
          });
        expect((await poll()).body.error).toBe("authorization_pending");
        expect((await poll()).body.error).toBe("slow_down");
        expect((await cloud(target, "GET", `auth/device?user_code=${start.user_code}`)).text).toContain(
          start.user_code,
        );
        const approve = (code: string) =>
          cloud(target, "POST", "auth/device/approve", {
            raw: new URLSearchParams({
              user_code: code,
              decision: "approve",
              key: target.signInKey ?? "",
            }).toString(),
          });
        expect((await approve("XXXX-XXXX")).status).toBe(404);
        expect((await approve(start.user_code)).status).toBe(200);
        const issued = await poll();
        expect((await cloud(target, "GET", "auth/whoami", { token: issued.body.access_token })).status).toBe(
          200,
        );
        expect((await poll()).body.error).toBe("invalid_grant");
      });
    });

    describe("workspaces", () => {
      test("POST workspaces makes both ids, GET workspaces lists them, GET workspaces/:id/resolve finds them by each, as do GET workspaces/:id, GET workspaces/resolve and GET workspaces/active", async () => {
        const name = `made-${crypto.randomUUID()}`;
        const made = await cloud(target, "POST", "workspaces", { token, body: { name } });
        expect(made.status).toBe(201);
        expect(made.body).toMatchObject({
          workspaceId: expect.stringMatching(/^rw_[a-z0-9]{8}$/),
          relayfileUrl: target.fileApiUrl,
          relaycastApiKey: expect.any(String),
          createdAt: expect.any(String),
        });
        for (const key of [made.body.workspaceId, made.body.cloudWorkspaceId, name]) {
          const { body } = await cloud(target, "GET", `workspaces/${key}/resolve`, { token });
          expect(body).toMatchObject({
            cloudWorkspaceId: made.body.cloudWorkspaceId,
            relayfileWorkspaceId: made.body.workspaceId,
            relayfileUrl: target.fileApiUrl,
          });
        }
        for (const path of [
          `workspaces/${name}`,
          `workspaces/resolve?key=${name}`,
          `workspaces/active?key=${name}`,
        ]) {
          const { body } = await cloud(target, "GET", path, { token });
          expect([path, body.relayfileWorkspaceId]).toEqual([path, made.body.workspaceId]);
        }
        const { body } = await cloud(target, "GET", "workspaces", { token });
        expect(body.workspaces).toContainEqual(
          expect.objectContaining({ id: made.body.cloudWorkspaceId, name }),
        );
        await cloud(target, "DELETE", `workspaces/${made.body.workspaceId}`, { token });
        expect((await cloud(target, "GET", "workspaces/none/resolve", { token })).body).toMatchObject({
          error: "Workspace not found",
        });
        expect((await cloud(target, "GET", "workspaces")).status).toBe(401);
      });

      test("POST workspaces/create, then DELETE workspaces/:id removes files, tokens' reach and the row (S31)", async () => {
        const made = await cloud(target, "POST", "workspaces/create", { token, body: { name: "doomed" } });
        const workspaceId: string = made.body.workspaceId;
        const doomed = { ...target, workspaceId };
        const jwt = await target.token(ALL_SCOPES, { workspaceId });
        await put(doomed, "/a", "x", { token: jwt });
        expect((await cloud(target, "DELETE", `workspaces/${workspaceId}`, { token: jwt })).status).toBe(401);
        expect((await cloud(target, "DELETE", `workspaces/${workspaceId}`, { token })).status).toBe(204);
        const after = await api(doomed, "GET", "fs/tree", { token: jwt });
        expect([after.status, after.body.code]).toEqual([404, "workspace_not_found"]);
        expect((await cloud(target, "DELETE", `workspaces/${workspaceId}`, { token })).status).toBe(404);
      });
    });

    describe("join", () => {
      test("POST workspaces/:id/join mints a token for the rw_ id, whichever id the path held", async () => {
        const { body: found } = await cloud(target, "GET", `workspaces/${target.workspaceId}/resolve`, {
          token,
        });
        const joined = await cloud(target, "POST", `workspaces/${found.cloudWorkspaceId}/join`, {
          token,
          body: { agentName: "bob", scopes: ["fs:read", "nonsense", "relayfile:ops:read"] },
        });
        expect(joined.body).toMatchObject({
          workspaceId: target.workspaceId,
          relayfileUrl: target.fileApiUrl,
          wsUrl: expect.stringMatching(/^wss?:/),
          relaycastApiKey: expect.any(String),
        });
        expect(readClaims(joined.body.token)).toMatchObject({
          workspaceId: target.workspaceId,
          subject: "bob",
          scopes: ["fs:read", "relayfile:ops:read"],
          audience: ["relayfile"],
        });
        expect((await api(target, "GET", "fs/tree", { token: joined.body.token })).status).toBe(200);
      });

      test("POST workspaces/:id/join hands on at most what a workspace token holds", async () => {
        const jwt = await target.token(["fs:read", "relayfile:fs:write:/a/**"]);
        const join = (scopes: string[]) =>
          cloud(target, "POST", here("join"), { token: jwt, body: { scopes } });
        expect((await join(["relayfile:fs:read:/x/**"])).status).toBe(200);
        expect((await join(["relayfile:fs:write:/a/b/**"])).status).toBe(200);
        expect((await join(["fs:write"])).status).toBe(403);
        expect((await join(["relayfile:fs:write:/ab/**"])).status).toBe(403);
        expect((await join(["ops:read"])).status).toBe(403);
      });

      test("POST workspaces and POST workspaces/:id/join need a credential for what somebody owns", async () => {
        expect((await cloud(target, "POST", here("join"), { body: {} })).status).toBe(401);
        // A deployment that signs in whoever asks also lets them make workspaces that belong to nobody.
        const made = await cloud(target, "POST", "workspaces", { body: {} });
        expect([201, 401]).toContain(made.status);
        if (made.status === 201) {
          const { workspaceId } = made.body;
          expect(
            (await cloud(target, "POST", `workspaces/${workspaceId}/join`, { body: {} })).body,
          ).toMatchObject({ workspaceId });
          await cloud(target, "DELETE", `workspaces/${workspaceId}`, { token });
        }
        expect(
          (await cloud(target, "POST", "workspaces", { token: await target.token(ALL_SCOPES), body: {} }))
            .status,
        ).toBe(401);
      });

      test("POST workspaces/:id/relayfile/delegated-token renews by POST v1/tokens/refresh, once per refresh token", async () => {
        const { body } = await cloud(target, "POST", here("relayfile/delegated-token"), {
          token,
          body: { scopes: ["fs:read"] },
        });
        expect(body).toMatchObject({
          relayfileUrl: target.fileApiUrl,
          relayfileWorkspaceId: target.workspaceId,
          scopes: ["fs:read"],
        });
        const renew = () =>
          send(target, "POST", body.refreshUrl, { body: { refreshToken: body.refreshToken } });
        const renewed = await renew();
        expect((await api(target, "GET", "fs/tree", { token: renewed.body.accessToken })).status).toBe(200);
        expect([(await renew()).status, (await renew()).body.code]).toEqual([401, "workspace_token_revoked"]);
        expect((await cloud(target, "POST", "v1/tokens/refresh", { body: {} })).status).toBe(400);
      });

      test("POST workspaces/:id/relayfile/mount-session checks every field", async () => {
        const session = (body: unknown, id = target.workspaceId) =>
          cloud(target, "POST", `workspaces/${id}/relayfile/mount-session`, { token, body });
        expect((await session({ localDir: "/srv/mirror" })).body).toMatchObject({
          workspaceId: target.workspaceId,
          relayfileBaseUrl: target.fileApiUrl,
          relayfileToken: expect.any(String),
          remotePath: "/",
          mode: "poll",
        });
        const code = async (body: unknown) => (await session(body)).body.code;
        expect(await code([])).toBe("invalid_request");
        expect(await code({})).toBe("invalid_request");
        expect(await code({ localDir: "/x", mode: "stream" })).toBe("invalid_mode");
        for (const localDir of ["", "/", "C:\\", "/a/../b", "/proc/1", "x\u0000"])
          expect(await code({ localDir })).toBe("invalid_local_dir");
        expect(await code({ localDir: "/x", remotePath: "/a/../b" })).toBe("invalid_remote_path");
        expect(await code({ localDir: "/x", scopes: "fs:read" })).toBe("invalid_scopes");
      });
    });

    describe("integrations", () => {
      test("GET integrations/catalog needs no credential", async () => {
        const { body } = await cloud(target, "GET", "integrations/catalog");
        expect(body.providers.map(({ id }: { id: string }) => id)).toEqual(
          expect.arrayContaining(["github", "jira", "linear"]),
        );
      });

      test("POST workspaces/:id/integrations/connect-session connects, GET workspaces/:id/integrations/:provider/status tells when it is ready, GET workspaces/:id/integrations lists it", async () => {
        const status = async (provider: string, query = "") =>
          (await cloud(target, "GET", here(`integrations/${provider}/status${query}`), { token })).body;
        expect(await status("linear")).toMatchObject({ ready: false, state: "not_connected" });
        const session = await cloud(target, "POST", here("integrations/connect-session"), {
          token,
          body: { allowedIntegrations: ["linear"] },
        });
        expect(session.body).toMatchObject({
          token: expect.any(String),
          expiresAt: expect.any(String),
          connectLink: expect.any(String),
        });
        const now = await until(
          () => status("linear"),
          ({ ready }) => ready === true,
        );
        expect(now).toMatchObject({
          ready: true,
          state: "ready",
          oauth: { connected: true },
          initialSync: { state: "complete" },
        });
        expect(await status("linear", `?connectionId=${target.workspaceId}`)).toMatchObject({ ready: true });
        expect(await status("linear", "?connectionId=conn_other")).toMatchObject({ ready: false });
        const list = await cloud(target, "GET", here("integrations"), { token });
        expect(list.body).toMatchObject([{ provider: "linear", status: "ready" }]);
        const tree = await api(target, "GET", "fs/tree?path=/linear&depth=1");
        expect(tree.body.entries.length).toBeGreaterThan(1);
        const unknown = await cloud(target, "POST", here("integrations/connect-session"), {
          token,
          body: { allowedIntegrations: ["fax"] },
        });
        expect(unknown.status).toBe(409);
      });

      test("POST workspaces/:id/sync/refresh reports every connected provider", async () => {
        const jwt = await target.token(ALL_SCOPES);
        const { status, body } = await cloud(target, "POST", here("sync/refresh"), { token: jwt, body: {} });
        expect(status).toBe(200);
        expect(body).toMatchObject({
          workspaceId: target.workspaceId,
          refreshed: [
            { provider: "linear", discoveryBackfilled: true, errors: 0, durationMs: expect.any(Number) },
          ],
          timedOut: false,
        });
        const poor = await target.token(["fs:read"]);
        expect((await cloud(target, "POST", here("sync/refresh"), { token: poor, body: {} })).status).toBe(
          403,
        );
        expect((await cloud(target, "POST", here("sync/refresh"), { body: {} })).status).toBe(401);
      });

      test("POST workspaces/:id/ops/:opId/replay needs a cloud token and an op that failed", async () => {
        const replay = (opId: string, as: string) =>
          cloud(target, "POST", here(`ops/${opId}/replay`), { token: as, body: {} });
        expect((await replay("op_999999", token)).status).toBe(404);
        expect((await replay("op_999999", await target.token(ALL_SCOPES))).status).toBe(401);
        await put(target, "/replay/a", "1");
        const { body } = await api(target, "GET", "ops?limit=1");
        expect((await replay(body.items[0].opId, token)).body.code).toBe("invalid_state");
      });

      test("PUT workspaces/:id/integrations/:provider/metadata replaces, and refuses reserved keys", async () => {
        const set = (metadata: unknown) =>
          cloud(target, "PUT", here("integrations/linear/metadata"), { token, body: { metadata } });
        expect((await set({ a: 1 })).body).toEqual({ metadata: { a: 1 } });
        expect((await set({ _x: 1 })).body.code).toBe("invalid_metadata");
      });

      test("POST workspaces/:id/integrations/:provider/adopt knows only its connection", async () => {
        const adopt = (provider: string, connectionId: string) =>
          cloud(target, "POST", here(`integrations/${provider}/adopt`), { token, body: { connectionId } });
        expect((await adopt("github", "conn_x")).body.code).toBe("connection_not_found");
        expect((await adopt("linear", "conn_x")).body.code).toBe("existing_connection_live_or_unknown");
      });

      test("GET workspaces/:id/integrations/:provider/accessible-resources is for Atlassian only", async () => {
        const get = (provider: string) =>
          cloud(target, "GET", here(`integrations/${provider}/accessible-resources`), { token });
        expect((await get("jira")).body.ok).toBe(true);
        expect((await get("linear")).body.code).toBe("provider_has_no_accessible_resources");
      });

      test("DELETE workspaces/:id/integrations/:provider/status disconnects", async () => {
        expect((await cloud(target, "DELETE", here("integrations/linear/status"), { token })).status).toBe(
          200,
        );
        expect((await cloud(target, "GET", here("integrations/linear/status"), { token })).body.state).toBe(
          "not_connected",
        );
      });

      test("workspace tokens open only the rw_ id they are for", async () => {
        const jwt = await target.token(ALL_SCOPES);
        expect((await cloud(target, "GET", here("integrations"), { token: jwt })).status).toBe(200);
        const { body: found } = await cloud(target, "GET", here("resolve"), { token });
        expect(
          (await cloud(target, "GET", `workspaces/${found.cloudWorkspaceId}/integrations`, { token: jwt }))
            .status,
        ).toBe(403);
        expect(
          (await cloud(target, "GET", "workspaces/rw_00000000/integrations", { token: jwt })).status,
        ).toBe(403);
        expect((await cloud(target, "GET", "workspaces", { token: jwt })).status).toBe(401);
      });
    });
  });
}
