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
