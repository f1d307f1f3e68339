import { describe, expect, test } from "bun:test";
import { openSession } from "../../../lib/client/session.ts";
import { resolveTarget, type TargetFlags } from "../../../lib/client/target.ts";
import { type ClientWorld, clientWorld, json, routes, unsignedToken } from "../../support/client-world.ts";

const NOW_S = Date.UTC(2026, 4, 20, 12) / 1000;
const A = "rw_aaaaaaaa";
const B = "rw_bbbbbbbb";
const BASE = "http://127.0.0.1:1";
const tokenOf = (wks: string, endsInS: number, n = 0) =>
  unsignedToken({ wks, scopes: ["fs:read"], iat: NOW_S - 60, exp: NOW_S + endsInS, jti: String(n) });
const CLOUD = {
  apiUrl: `${BASE}/cloud`,
  accessToken: "cld_at_1",
  refreshToken: "cld_rt_1",
  accessTokenExpiresAt: "2026-05-21T12:00:00Z",
};
const TREE = `GET /v1/workspaces/${A}/fs/tree`;
const JOIN = `POST /cloud/api/v1/workspaces/${A}/join`;
const page = () => json({ path: "/", entries: [], nextCursor: null });
const minted = (token: string) => () =>
  json({ workspaceId: A, token, relayfileUrl: `${BASE}/`, wsUrl: "ws://x" });

/** Lists the root with whatever token the session settles on. */
async function list(world: ClientWorld, flags: TargetFlags = {}) {
  const session = openSession(await resolveTarget(flags, world.ports, { lookup: false }), world.ports);
  await (await session.files()).tree({ path: "/" });
  return world.requests.at(-1)?.headers.get("authorization")?.replace("Bearer ", "");
}

describe("workspaceSession()", () => {
  test("uses a token that lives without asking anybody", async () => {
    using world = clientWorld({ fetch: routes({ [TREE]: page }) });
    world.write("credentials.json", { server: BASE, token: tokenOf(A, 3000) });
    expect(await list(world)).toBe(tokenOf(A, 3000));
    expect(world.requests).toHaveLength(1);
  });

  test("joins again when its own token is due and keeps the new one", async () => {
    const fresh = tokenOf(A, 3600, 1);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [JOIN]: minted(fresh) }) });
    world.write("credentials.json", { server: BASE, token: tokenOf(A, 200) });
    world.write("cloud-credentials.json", CLOUD);
    expect(await list(world)).toBe(fresh);
    expect(world.read("credentials.json")).toMatchObject({ server: BASE, token: fresh });
    expect(world.requests[0]?.headers.get("authorization")).toBe("Bearer cld_at_1");
  });

  test("joins again once when the file API refuses the token", async () => {
    const fresh = tokenOf(A, 3600, 1);
    const tree = (request: Request) =>
      request.headers.get("authorization") === `Bearer ${fresh}`
        ? page()
        : json({ code: "unauthorized", message: "kid" }, 401);
    using world = clientWorld({ fetch: routes({ [TREE]: tree, [JOIN]: minted(fresh) }) });
    world.write("credentials.json", { server: BASE, token: tokenOf(A, 3000) });
    world.write("cloud-credentials.json", CLOUD);
    expect(await list(world)).toBe(fresh);
    expect(world.requests).toHaveLength(3);
  });

  test("an expired token without a cloud session is said to be expired, and not sent", async () => {
    using world = clientWorld();
    world.write("credentials.json", { server: BASE, token: tokenOf(A, -10) });
    await expect(list(world)).rejects.toMatchObject({ code: "token_expired", exit: "AUTH" });
  });

  test("a token given by a flag is never replaced", async () => {
    using world = clientWorld();
    world.write("cloud-credentials.json", CLOUD);
    const path = world.write("given", tokenOf(A, -10));
    await expect(list(world, { tokenFile: path })).rejects.toMatchObject({
      code: "token_expired",
      details: { source: `--token-file ${path}` },
    });
  });

  test("a token of another workspace is replaced in its own file, not in the current one", async () => {
    const fresh = tokenOf(A, 3600, 1);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [JOIN]: minted(fresh) }) });
    world.write("credentials.json", { server: BASE, token: tokenOf(B, 3000) });
    world.write("cloud-credentials.json", CLOUD);
    expect(await list(world, { workspace: A })).toBe(fresh);
    expect(world.read("credentials.json")).toMatchObject({ token: tokenOf(B, 3000) });
    expect(world.read(`tokens/${A}.json`)).toMatchObject({ token: fresh });
  });

  test("a cloud token is refused before it reaches the file API", async () => {
    using world = clientWorld({ env: { RELAYFILE_TOKEN: "cld_at_oops" } });
    await expect(list(world, { workspace: A, fileApi: BASE })).rejects.toMatchObject({
      code: "wrong_token_kind",
    });
    expect(world.requests).toHaveLength(0);
  });

  test("a kept token is not sent to a file API it does not belong to", async () => {
    using world = clientWorld();
    world.write("credentials.json", { server: BASE, token: tokenOf(A, 3000) });
    await expect(list(world, { fileApi: "https://elsewhere.example" })).rejects.toMatchObject({
      code: "not_signed_in",
    });
    expect(world.requests).toHaveLength(0);
  });

  test("without any credential the hint is to sign in; with a session it is minted", async () => {
    const fresh = tokenOf(A, 3600, 1);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [JOIN]: minted(fresh) }) });
    await expect(list(world, { workspace: A })).rejects.toMatchObject({
      code: "not_signed_in",
      hint: "relayfile login",
    });
    world.write("cloud-credentials.json", CLOUD);
    expect(await list(world, { workspace: A })).toBe(fresh);
  });

  test("the file API named by the mint is used unless one was asked for", async () => {
    const fresh = tokenOf(A, 3600, 1);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [JOIN]: minted(fresh) }) });
    world.write("cloud-credentials.json", CLOUD);
    await list(world, { workspace: A });
    expect(new URL(world.requests.at(-1)?.url ?? "").origin).toBe(BASE);
  });
});

describe("a token that renews itself", () => {
  const RENEW = "POST /auth/tokens/refresh";
  const pair = (token: string, more: object = {}) => ({
    server: BASE,
    token,
    refreshToken: "rfr_1",
    refreshUrl: `${BASE}/auth/tokens/refresh`,
    ...more,
  });
  const fresh = tokenOf(A, 3600, 1);
  const renewed = () =>
    json({ accessToken: fresh, refreshToken: "rfr_2", delegationNotAfter: "2026-08-01T00:00:00Z" });

  test("is renewed without a cloud session, and both files hold the new pair", async () => {
    let sent: unknown;
    const renew = async (request: Request) => {
      sent = await request.json();
      return renewed();
    };
    using world = clientWorld({ fetch: routes({ [TREE]: page, [RENEW]: renew }) });
    world.write("credentials.json", pair(tokenOf(A, -10)));
    world.write(`tokens/${A}.json`, pair(tokenOf(A, -10)));
    expect(await list(world)).toBe(fresh);
    expect(sent).toEqual({ refreshToken: "rfr_1" });
    for (const file of ["credentials.json", `tokens/${A}.json`]) {
      expect(world.read(file)).toMatchObject(
        pair(fresh, { refreshToken: "rfr_2", delegationNotAfter: "2026-08-01T00:00:00Z" }),
      );
    }
  });

  test("adopts what another process renewed, and trades nothing", async () => {
    using world = clientWorld({ fetch: routes({ [TREE]: page }) });
    world.write("credentials.json", pair(tokenOf(A, -10)));
    world.write(`tokens/${A}.json`, pair(fresh, { refreshToken: "rfr_2" }));
    expect(await list(world)).toBe(fresh);
    expect(world.requests).toHaveLength(1);
  });

  test("joins when the delegation has ended", async () => {
    const ended = () => json({ code: "delegation_expired", message: "m" }, 401);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [RENEW]: ended, [JOIN]: minted(fresh) }) });
    world.write("credentials.json", pair(tokenOf(A, -10)));
    world.write("cloud-credentials.json", CLOUD);
    expect(await list(world)).toBe(fresh);
  });

  test("many calls at once renew once", async () => {
    let trades = 0;
    const renew = () => {
      trades++;
      return renewed();
    };
    using world = clientWorld({ fetch: routes({ [TREE]: page, [RENEW]: renew }) });
    world.write("credentials.json", pair(tokenOf(A, -10)));
    const session = openSession(
      await resolveTarget({ workspace: A }, world.ports, { lookup: false }),
      world.ports,
    );
    await Promise.all([1, 2, 3, 4].map(async () => (await session.files()).tree({ path: "/" })));
    expect(trades).toBe(1);
  });
});

describe("credentials of a later version", () => {
  const bundle = (token: string) => ({
    relayfileUrl: BASE,
    accessToken: token,
    refreshToken: "rfr_9",
    relayauthUrl: BASE,
  });

  test("the longest-lived delegated token of the workspace is used, and never traded", async () => {
    const best = tokenOf(A, 3000);
    using world = clientWorld({ fetch: routes({ [TREE]: page }) });
    world.write("delegated-credentials.json", bundle(tokenOf(A, 1000)));
    world.write("delegated/w1/s1.json", bundle(best));
    world.write("delegated/w2/s1.json", bundle(tokenOf(B, 9000)));
    world.write("delegated/w2/broken.json", "{");
    expect(await list(world, { workspace: A })).toBe(best);
    expect(world.read("delegated/w1/s1.json")).toEqual(bundle(best));
  });

  test("when it is over, a session joins and an absent one is said to be absent", async () => {
    const fresh = tokenOf(A, 3600, 1);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [JOIN]: minted(fresh) }) });
    world.write("delegated/w1/s1.json", bundle(tokenOf(A, -10)));
    await expect(list(world, { workspace: A })).rejects.toMatchObject({
      code: "token_expired",
      hint: "relayfile login",
    });
    world.write("cloud-credentials.json", CLOUD);
    expect(await list(world, { workspace: A })).toBe(fresh);
  });
});

describe("a long run", () => {
  test("notices that somebody signed in meanwhile", async () => {
    const fresh = tokenOf(A, 3600, 1);
    using world = clientWorld({ fetch: routes({ [TREE]: page, [JOIN]: minted(fresh) }) });
    world.write("credentials.json", { server: BASE, token: tokenOf(A, 400) });
    const flags = { controlPlane: `${BASE}/cloud` };
    const session = openSession(await resolveTarget(flags, world.ports, { lookup: false }), world.ports);
    const files = await session.files();
    await files.tree({ path: "/" });
    await world.clock.advance(500_000);
    await expect(files.tree({ path: "/" })).rejects.toMatchObject({ code: "token_expired" });
    world.write("cloud-credentials.json", CLOUD);
    await files.tree({ path: "/" });
    expect(world.requests.at(-1)?.headers.get("authorization")).toBe(`Bearer ${fresh}`);
  });
});
