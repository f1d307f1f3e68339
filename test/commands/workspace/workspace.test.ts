import { describe, expect, test } from "bun:test";
import { clientWorld, json, routes, unsignedToken } from "../../support/client-world.ts";
import { runCli } from "../../support/run-cli.ts";

const A = "rw_aaaaaaaa";
const B = "rw_bbbbbbbb";
const UUID = "11111111-2222-4333-8444-555555555555";
const BASE = "http://127.0.0.1:1";
const tokenOf = (wks: string, scopes = ["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"]) =>
  unsignedToken({ wks, scopes, exp: Date.UTC(2026, 4, 20, 13) / 1000 });
const CLOUD = {
  apiUrl: `${BASE}/cloud`,
  accessToken: "cld_at_1",
  refreshToken: "r",
  accessTokenExpiresAt: "2026-06-21T12:00:00Z",
};
const API = "/cloud/api/v1/workspaces";
const joined = (wks: string, scopes?: string[]) => () =>
  json({ workspaceId: wks, token: tokenOf(wks, scopes), relayfileUrl: BASE, wsUrl: "ws://x" });
const resolved = () => json({ cloudWorkspaceId: UUID, relayfileWorkspaceId: A, name: "demo" });

function world(table: Parameters<typeof routes>[0], signedIn = true) {
  const made = clientWorld({ fetch: routes(table) });
  if (signedIn) made.write("cloud-credentials.json", CLOUD);
  return made;
}

describe("relayfile workspace join", () => {
  test("S03: finds the workspace by name, keeps token and entry, and prints no token", async () => {
    let body: unknown;
    using it = world({
      [`GET ${API}`]: () => json({ workspaces: [{ id: UUID, name: "demo" }] }),
      [`GET ${API}/${UUID}/resolve`]: resolved,
      [`POST ${API}/${UUID}/join`]: async (request) => {
        body = await request.json();
        return joined(A)();
      },
    });
    const run = await runCli("workspace join demo --json", it.ports);
    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(body).toEqual({
      agentName: "relayfile-cli",
      scopes: ["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"],
    });
    expect(run.document).toMatchObject({
      kind: "relayfile.workspace-join",
      workspaceId: A,
      cloudId: UUID,
      name: "demo",
      scopes: { missing: [] },
      expiresAt: "2026-05-20T13:00:00.000Z",
      tokenFile: `${it.home}/credentials.json`,
    });
    expect(run.stdout).not.toContain(tokenOf(A));
    expect(it.read("credentials.json")).toMatchObject({ server: BASE, token: tokenOf(A) });
    expect(it.read("workspaces.json")).toMatchObject({
      default: "demo",
      workspaces: [
        { name: "demo", id: UUID, relayWorkspaceId: A, server: BASE, cloudApiUrl: `${BASE}/cloud` },
      ],
    });
  });

  test("says which scopes were asked for and not granted", async () => {
    using it = world({
      [`GET ${API}/${A}/resolve`]: resolved,
      [`POST ${API}/${UUID}/join`]: joined(A, ["fs:read"]),
    });
    const run = await runCli(`workspace join ${A}`, it.ports);
    expect(run.stdout).toContain("not granted: fs:write sync:read sync:trigger ops:read");
  });

  test("an id that cannot be looked up is joined all the same", async () => {
    const missing = () => json({ error: "Workspace not found" }, 404);
    using it = world({ [`GET ${API}/${A}/resolve`]: missing, [`POST ${API}/${A}/join`]: joined(A) });
    expect(await runCli(`workspace join ${A} --name mine`, it.ports)).toMatchObject({ exit: 0 });
    using name = world({ [`GET ${API}`]: () => json({ workspaces: [] }) });
    expect(await runCli("workspace join nosuch", name.ports)).toMatchObject({ exit: 1 });
  });

  test("without a session it asks to sign in", async () => {
    using it = world({}, false);
    const run = await runCli("workspace join demo --json", it.ports);
    expect(run).toMatchObject({ exit: 4 });
    expect(run.document).toMatchObject({ error: { code: "not_signed_in", hint: "relayfile login" } });
  });
});

describe("relayfile workspace create", () => {
  test("repeats once after the 500 of a cold start, then joins", async () => {
    let calls = 0;
    using it = world({
      [`POST ${API}`]: () =>
        ++calls === 1 ? json({ error: "x" }, 500) : json({ workspaceId: UUID, createdAt: "t" }),
      [`POST ${API}/${UUID}/join`]: joined(A),
    });
    const run = await runCli("workspace create demo --json", it.ports);
    expect(run.document).toMatchObject({ created: true, workspaceId: A, cloudId: UUID, name: "demo" });
    expect(calls).toBe(2);
  });

  test("run twice makes no second workspace of that name", async () => {
    using it = world({ [`GET ${API}`]: () => json({ workspaces: [{ id: UUID, name: "demo" }] }) });
    const run = await runCli("workspace create demo --json", it.ports);
    expect(run.document).toMatchObject({
      error: { code: "invalid_state", hint: "relayfile workspace join demo" },
    });
    expect(it.requests.map(({ method }) => method)).toEqual(["GET"]);
  });

  test("never creates a workspace that nobody owns, and no id as name", async () => {
    using it = world({}, false);
    expect(await runCli("workspace create demo", it.ports)).toMatchObject({ exit: 4 });
    expect(await runCli(`workspace create ${A}`, it.ports)).toMatchObject({ exit: 2 });
    expect(it.requests).toHaveLength(0);
  });
});

describe("relayfile workspace list", () => {
  test("joins both lists, and says when the control plane was not asked", async () => {
    using it = world({
      [`GET ${API}`]: () =>
        json({
          workspaces: [
            { id: UUID, name: "demo" },
            { id: B, slug: "other" },
          ],
        }),
    });
    it.write("workspaces.json", {
      default: "demo",
      workspaces: [
        { name: "demo", id: UUID, relayWorkspaceId: A, createdAt: "t", localDir: "/m" },
        { name: "gone", id: "rw_gggggggg", createdAt: "t" },
      ],
    });
    expect((await runCli("ws list --json", it.ports)).document).toMatchObject({
      problem: null,
      workspaces: [
        { name: "demo", id: A, cloudId: UUID, current: true, registered: true, remote: true, localDir: "/m" },
        { name: "gone", id: "rw_gggggggg", remote: false },
        { name: "other", id: B, registered: false, remote: true },
      ],
    });
    it.ports.fs.unlink(`${it.home}/cloud-credentials.json`);
    const offline = await runCli("ws list --json", it.ports);
    expect(offline).toMatchObject({ exit: 0 });
    expect(offline.document).toMatchObject({
      problem: { code: "not_signed_in" },
      workspaces: [{ remote: null }, {}],
    });
  });

  test("a control plane that does not answer leaves the list open", async () => {
    using it = world({ [`GET ${API}`]: () => json({ error: "x" }, 503) });
    expect(await runCli("ws list --json", it.ports)).toMatchObject({ exit: 3 });
  });
});

describe("relayfile workspace use", () => {
  test("moves the tokens with the choice, back and forth", async () => {
    using it = world({}, false);
    it.write("workspaces.json", {
      default: "a",
      workspaces: [
        { name: "a", id: A, createdAt: "t" },
        { name: "b", id: B, createdAt: "t" },
      ],
    });
    it.write("credentials.json", { server: BASE, token: tokenOf(A) });
    const run = await runCli("workspace use b --json", it.ports);
    expect(run.document).toMatchObject({ name: "b", workspaceId: B, hasToken: false });
    expect(it.ports.fs.lstat(`${it.home}/credentials.json`)).toBeNull();
    expect(it.read(`tokens/${A}.json`)).toMatchObject({ token: tokenOf(A) });
    expect((await runCli("workspace use a --json", it.ports)).document).toMatchObject({ hasToken: true });
    expect(it.read("credentials.json")).toMatchObject({ token: tokenOf(A) });
    expect(it.read("workspaces.json")).toMatchObject({ default: "a" });
  });

  test("a workspace that only the control plane knows is registered", async () => {
    using it = world({
      [`GET ${API}`]: () => json({ workspaces: [{ id: UUID, name: "demo" }] }),
      [`GET ${API}/${UUID}/resolve`]: resolved,
    });
    const run = await runCli("workspace use demo --json", it.ports);
    expect(run.document).toMatchObject({ name: "demo", workspaceId: A, hasToken: false });
    expect(it.read("workspaces.json")).toMatchObject({
      default: "demo",
      workspaces: [{ name: "demo", id: UUID, relayWorkspaceId: A, cloudApiUrl: `${BASE}/cloud` }],
    });
    expect(await runCli("workspace use rw_typoooo0", it.ports)).toMatchObject({ exit: 1 });
  });

  test("an unknown workspace changes nothing", async () => {
    using it = world({}, false);
    expect(await runCli("workspace use nosuch", it.ports)).toMatchObject({ exit: 1 });
    expect(it.ports.fs.lstat(`${it.home}/workspaces.json`)).toBeNull();
  });
});

describe("relayfile workspace delete", () => {
  const registered = { default: "a", workspaces: [{ name: "a", id: A, createdAt: "t", localDir: "/m" }] };

  test("forgets it here and leaves workspace and mirror alone", async () => {
    using it = world({});
    it.write("workspaces.json", registered);
    it.write(`tokens/${A}.json`, { server: BASE, token: tokenOf(A) });
    const run = await runCli("workspace delete a --json", it.ports);
    expect(run.document).toMatchObject({ remote: false, forgotten: true, localDir: "/m" });
    expect(it.read("workspaces.json")).toMatchObject({ workspaces: [] });
    expect(it.ports.fs.lstat(`${it.home}/tokens/${A}.json`)).toBeNull();
    expect(it.requests).toHaveLength(0);
  });

  test("takes the current token away and hands over to the next workspace", async () => {
    using it = world({});
    it.write("workspaces.json", {
      default: "a",
      workspaces: [...registered.workspaces, { name: "b", id: B, createdAt: "t" }],
    });
    it.write("credentials.json", { server: BASE, token: tokenOf(A) });
    it.write(`tokens/${B}.json`, { server: BASE, token: tokenOf(B) });
    expect(await runCli("workspace delete a", it.ports)).toMatchObject({ exit: 0 });
    expect(it.read("credentials.json")).toMatchObject({ token: tokenOf(B) });
    expect(await runCli("workspace delete b", it.ports)).toMatchObject({ exit: 0 });
    expect(it.ports.fs.lstat(`${it.home}/credentials.json`)).toBeNull();
  });

  test("--remote needs --yes, and keeps the entry when the service refuses", async () => {
    using it = world({ [`DELETE ${API}/${A}`]: () => json({ error: "no", code: "forbidden" }, 403) });
    it.write("workspaces.json", registered);
    expect(await runCli("workspace delete a --remote", it.ports)).toMatchObject({ exit: 5 });
    expect(it.requests).toHaveLength(0);
    expect(await runCli("workspace delete a --remote --yes", it.ports)).toMatchObject({ exit: 4 });
    expect(it.read("workspaces.json")).toMatchObject({ workspaces: [{ name: "a" }] });
  });

  test("--remote --yes deletes and forgets", async () => {
    using it = world({ [`DELETE ${API}/${A}`]: () => new Response(null, { status: 204 }) });
    it.write("workspaces.json", registered);
    expect((await runCli("workspace delete a --remote --yes --json", it.ports)).document).toMatchObject({
      remote: true,
      forgotten: true,
    });
  });
});
