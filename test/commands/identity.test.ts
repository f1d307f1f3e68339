import { describe, expect, test } from "bun:test";
import { type ClientWorld, clientWorld, json, routes, unsignedToken } from "../support/client-world.ts";
import { eventually } from "../support/deadline.ts";
import { runCli } from "../support/run-cli.ts";

const A = "rw_aaaaaaaa";
const BASE = "http://127.0.0.1:1";
const TOKEN = unsignedToken({ wks: A, sub: "agent_x", scopes: ["fs:read"] });
const CLOUD = {
  apiUrl: `${BASE}/cloud`,
  accessToken: "cld_at_1",
  refreshToken: "cld_rt_1",
  accessTokenExpiresAt: "2026-06-21T12:00:00Z",
};
const WHOAMI = "GET /cloud/api/v1/auth/whoami";
const TREE = `GET /v1/workspaces/${A}/fs/tree`;
const me = () =>
  json({
    authenticated: true,
    user: { id: "u1", email: "a@b.c" },
    currentOrganization: { id: "o", name: "Org" },
  });
const page = () => json({ path: "/", entries: [], nextCursor: null });
const refused = (message: string) => () => json({ code: "unauthorized", message }, 401);

const SECRETS = ["cld_at_", "cld_rt_", TOKEN];
function expectNoSecret(text: string) {
  for (const secret of SECRETS) expect(text).not.toContain(secret);
}

describe("relayfile whoami", () => {
  test.each([
    ["both work", me, page, 0, "signed-in", "accepted"],
    ["the cloud says no", refused("spent"), page, 4, "refused", "accepted"],
    ["the workspace says no", me, refused("kid"), 4, "signed-in", "refused"],
    ["the cloud is down", () => json({ error: "x" }, 503), page, 3, "unknown", "accepted"],
  ] as const)("tells when %s", async (_name, whoami, tree, exit, cloud, workspace) => {
    using it = clientWorld({
      fetch: routes({
        [WHOAMI]: whoami,
        [TREE]: tree,
        "POST /cloud/api/v1/auth/token/refresh": refused("spent"),
        [`POST /cloud/api/v1/workspaces/${A}/join`]: refused("no"),
      }),
    });
    it.write("cloud-credentials.json", CLOUD);
    it.write("credentials.json", { server: BASE, token: TOKEN });
    const run = await runCli("whoami --json", it.ports);
    expect(run.exit).toBe(exit);
    expect(run.document).toMatchObject({
      kind: "relayfile.whoami",
      cloud: { state: cloud, source: `${it.home}/cloud-credentials.json` },
      workspace: {
        state: workspace,
        workspaceId: A,
        subject: "agent_x",
        missingScopes: ["fs:write", "sync:read", "sync:trigger", "ops:read"],
      },
      fileApi: { url: BASE, source: `${it.home}/credentials.json` },
    });
    expectNoSecret(run.stdout + run.stderr);
  });

  test("nobody is exit 4, and a workspace token alone is enough", async () => {
    using nobody = clientWorld();
    expect(await runCli("whoami --json", nobody.ports)).toMatchObject({ exit: 4 });
    using only = clientWorld({ fetch: routes({ [TREE]: page }) });
    only.write("credentials.json", { server: BASE, token: TOKEN });
    expect(await runCli("whoami", only.ports)).toMatchObject({ exit: 0 });
  });

  test("a damaged file is a refused identity with the file's name", async () => {
    using it = clientWorld();
    it.write("cloud-credentials.json", "{");
    const run = await runCli("whoami --json", it.ports);
    expect(run.document).toMatchObject({ cloud: { state: "refused", problem: { code: "state_corrupt" } } });
    expect(JSON.stringify(run.document)).toContain("cloud-credentials.json: not valid JSON");
  });
});

describe("relayfile logout", () => {
  test("ends the session at the server and removes every credential, not the registry", async () => {
    let revoked: unknown;
    using it = clientWorld({
      fetch: routes({
        "POST /cloud/api/v1/auth/token/revoke": async (request) => {
          revoked = await request.json();
          return new Response(null, { status: 204 });
        },
      }),
    });
    it.write("cloud-credentials.json", CLOUD);
    it.write("credentials.json", { server: BASE, token: TOKEN });
    it.write(`tokens/${A}.json`, { server: BASE, token: TOKEN });
    it.write("delegated/w/s.json", { any: 1 });
    it.write("workspaces.json", { workspaces: [] });
    const run = await runCli("logout --json", it.ports);
    expect(revoked).toEqual({ token: "cld_rt_1" });
    expect(run).toMatchObject({ exit: 0 });
    expect(run.document).toMatchObject({ revoked: true });
    expect(it.ports.fs.readDir(it.home).map((entry) => entry.name)).toEqual(["workspaces.json"]);
  });

  test("a server that is gone keeps nobody signed in", async () => {
    using it = clientWorld({ fetch: async () => Promise.reject(new TypeError("refused")) });
    it.write("cloud-credentials.json", CLOUD);
    const run = await runCli("logout --json", it.ports);
    expect(run.document).toMatchObject({ revoked: false, removed: [`${it.home}/cloud-credentials.json`] });
    expect((await runCli("logout --json", it.ports)).document).toMatchObject({ revoked: null, removed: [] });
  });
});

describe("relayfile login --token-stdin", () => {
  const login = async (it: ClientWorld, text: string, flags = "") => {
    const words = `login --token-stdin --json --control-plane ${BASE}/cloud ${flags}`.trim().split(" ");
    return runCli(words, it.ports, text);
  };

  test("keeps a cloud credential document that works", async () => {
    using it = clientWorld({ fetch: routes({ [WHOAMI]: me }) });
    const run = await login(it, JSON.stringify(CLOUD));
    expect(run.document).toMatchObject({
      kind: "relayfile.login",
      identity: "cloud",
      account: "a@b.c",
      method: "stdin",
    });
    expect(it.read("cloud-credentials.json")).toEqual(CLOUD);
    expectNoSecret(run.stdout + run.stderr);
  });

  test("keeps a workspace token only after the file API accepted it", async () => {
    using it = clientWorld({ fetch: routes({ [TREE]: page }) });
    const run = await login(it, `${TOKEN}\n`, `--file-api ${BASE}`);
    expect(run.document).toMatchObject({ identity: "workspace", workspaceId: A });
    expect(it.read("credentials.json")).toMatchObject({ server: BASE, token: TOKEN });
    using bad = clientWorld({ fetch: routes({ [TREE]: refused("kid") }) });
    expect(await login(bad, TOKEN, `--file-api ${BASE}`)).toMatchObject({ exit: 4 });
    expect(bad.ports.fs.lstat(`${bad.home}/credentials.json`)).toBeNull();
  });

  test.each([
    ["", 4],
    ["cld_rt_x", 4],
    ["rk_live_x", 4],
    ["hello there", 4],
    ['{"a":1}', 2],
    ['{"a', 2],
  ])("refuses %p without repeating it", async (text, exit) => {
    using it = clientWorld();
    const run = await login(it, text);
    expect(run.exit).toBe(exit);
    if (text !== "") expect(run.stdout + run.stderr).not.toContain(text);
  });
});

describe("relayfile login", () => {
  test("--server is the file API and no place to sign in", async () => {
    using it = clientWorld();
    const run = await runCli(`login --device --server ${BASE}/cloud --json`, it.ports);
    expect(run).toMatchObject({ exit: 2 });
    expect(run.document).toMatchObject({ error: { hint: `relayfile login --control-plane ${BASE}/cloud` } });
  });

  test("S02: a device sign-in ends in the credential file", async () => {
    const issued = {
      access_token: "cld_at_9",
      refresh_token: "cld_rt_9",
      access_token_expires_at: "2026-06-21T12:00:00Z",
    };
    using it = clientWorld({
      fetch: routes({
        "GET /cloud/api/v1/integrations/catalog": () => json({ providers: [] }),
        "POST /cloud/api/v1/auth/device/start": () =>
          json({
            device_code: "d",
            user_code: "AB-CD",
            verification_uri: `${BASE}/cloud/device`,
            interval: 1,
          }),
        "POST /cloud/api/v1/auth/device/token": () => json(issued),
        [WHOAMI]: me,
      }),
    });
    const running = runCli(`login --device --control-plane ${BASE}/cloud --json`, it.ports);
    await eventually("a timer is set", () => it.clock.pending > 0);
    await it.clock.advance(1000);
    const run = await running;
    expect(run).toMatchObject({ exit: 0 });
    expect(run.stderr).toContain(`open ${BASE}/cloud/device and enter AB-CD`);
    expect(run.document).toMatchObject({ method: "device", account: "a@b.c" });
    expect(it.read("cloud-credentials.json")).toMatchObject({
      apiUrl: `${BASE}/cloud`,
      refreshToken: "cld_rt_9",
    });
    expect(it.ports.fs.lstat(`${it.home}/cloud-credentials.json`)?.mode).toBe(0o600);
    expectNoSecret(run.stdout + run.stderr);
  });

  test("a URL that is no control plane is found out before a browser opens", async () => {
    using it = clientWorld({ fetch: routes({ "GET /health": () => json({ status: "ok" }) }) });
    const run = await runCli(`login --device --control-plane ${BASE} --json`, it.ports);
    expect(run.document).toMatchObject({ error: { code: "wrong_service" } });
    expect(it.requests.some((one) => one.url.includes("device/start"))).toBe(false);
  });
});
