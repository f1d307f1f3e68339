import { describe, expect, test } from "bun:test";
import { openSession } from "../../../lib/client/session.ts";
import { resolveTarget, type TargetFlags } from "../../../lib/client/target.ts";
import { type ClientWorld, clientWorld, json, routes } from "../../support/client-world.ts";

const NOW = Date.UTC(2026, 4, 20, 12);
const at = (ms: number) => new Date(NOW + ms).toISOString();
const HOUR = 3_600_000;
const REFRESH = "POST /cloud/api/v1/auth/token/refresh";
const WHOAMI = "GET /cloud/api/v1/auth/whoami";
const BASE = "http://127.0.0.1:1/cloud";

function cloudFile(accessEndsMs: number, more: object = {}) {
  return {
    apiUrl: BASE,
    accessToken: "cld_at_1",
    refreshToken: "cld_rt_1",
    accessTokenExpiresAt: at(accessEndsMs),
    refreshTokenExpiresAt: at(1000 * HOUR),
    keep: "me",
    ...more,
  };
}

const refreshed = (n: number) => ({
  accessToken: `cld_at_${n}`,
  refreshToken: `cld_rt_${n}`,
  accessTokenExpiresAt: at(24 * HOUR),
});

async function sessionOf(world: ClientWorld, flags: TargetFlags = {}) {
  return openSession(await resolveTarget(flags, world.ports, { lookup: false }), world.ports);
}

describe("cloudSession()", () => {
  test("uses a token that is not due as it is", async () => {
    using world = clientWorld();
    world.write("cloud-credentials.json", cloudFile(HOUR));
    expect(await (await sessionOf(world)).cloud.token()).toBe("cld_at_1");
    expect(world.requests).toHaveLength(0);
  });

  test.each([
    ["access ends within five minutes", cloudFile(4 * 60_000)],
    ["access has ended", cloudFile(-HOUR)],
    ["refresh ends within a day", cloudFile(HOUR, { refreshTokenExpiresAt: at(23 * HOUR) })],
    ["a date cannot be read", cloudFile(HOUR, { accessTokenExpiresAt: "soon" })],
  ])("refreshes when %s, and keeps the new pair before using it", async (_name, file) => {
    let sent: unknown;
    const fetch = routes({
      [REFRESH]: async (request) => {
        sent = await request.json();
        return json(refreshed(2));
      },
    });
    using world = clientWorld({ fetch });
    world.write("cloud-credentials.json", file);
    expect(await (await sessionOf(world)).cloud.token()).toBe("cld_at_2");
    expect(sent).toEqual({ refreshToken: "cld_rt_1" });
    expect(world.requests[0]?.headers.get("authorization")).toBeNull();
    const stored = world.read("cloud-credentials.json") as Record<string, unknown>;
    expect(stored).toMatchObject({ ...refreshed(2), apiUrl: BASE, keep: "me" });
    // An expiry that the answer does not state is unknown; keeping the old one would refresh on every command.
    expect("refreshTokenExpiresAt" in stored).toBe(false);
  });

  test("a refused refresh asks for a new sign-in only when the access token is over too", async () => {
    const fetch = routes({ [REFRESH]: () => json({ error: "spent", code: "unauthorized" }, 401) });
    using world = clientWorld({ fetch });
    world.write("cloud-credentials.json", cloudFile(4 * 60_000));
    expect(await (await sessionOf(world)).cloud.token()).toBe("cld_at_1");
    world.write("cloud-credentials.json", cloudFile(-1));
    await expect((await sessionOf(world)).cloud.token()).rejects.toMatchObject({
      code: "not_signed_in",
      hint: "relayfile login",
    });
  });

  test("trouble of the service is no reason to sign in again", async () => {
    using world = clientWorld({ fetch: routes({ [REFRESH]: () => json({ error: "down" }, 503) }) });
    world.write("cloud-credentials.json", cloudFile(-1));
    await expect((await sessionOf(world)).cloud.token()).rejects.toMatchObject({
      code: "unavailable",
      exit: "UNDETERMINED",
    });
    expect(world.read("cloud-credentials.json")).toMatchObject({ refreshToken: "cld_rt_1" });
  });

  test("repeats a refused call once with a refreshed token", async () => {
    const fetch = routes({
      [REFRESH]: () => json(refreshed(2)),
      [WHOAMI]: (request) =>
        request.headers.get("authorization") === "Bearer cld_at_2"
          ? json({ authenticated: true })
          : json({ error: "no", code: "unauthorized" }, 401),
    });
    using world = clientWorld({ fetch });
    world.write("cloud-credentials.json", cloudFile(HOUR));
    expect(await (await sessionOf(world)).control.whoami()).toMatchObject({ authenticated: true });
    expect(world.requests).toHaveLength(3);
  });

  test("never refreshes a token that a flag or variable gave", async () => {
    const fetch = routes({ [WHOAMI]: () => json({ error: "no", code: "unauthorized" }, 401) });
    using world = clientWorld({ fetch });
    const path = world.write("given.json", cloudFile(-HOUR));
    const session = await sessionOf(world, { cloudTokenFile: path });
    await expect(session.control.whoami()).rejects.toMatchObject({ code: "unauthorized" });
    expect(world.requests.map((one) => new URL(one.url).pathname)).toEqual(["/cloud/api/v1/auth/whoami"]);
    expect(world.read("given.json")).toMatchObject({ refreshToken: "cld_rt_1" });
  });

  test("reads a given file again when it was rewritten meanwhile", async () => {
    const fetch = routes({
      [WHOAMI]: (request) =>
        request.headers.get("authorization") === "Bearer cld_at_new"
          ? json({ authenticated: true })
          : json({ code: "unauthorized", error: "no" }, 401),
    });
    using world = clientWorld({ fetch });
    const path = world.write("given.json", cloudFile(HOUR));
    const session = await sessionOf(world, { cloudTokenFile: path });
    world.write("given.json", cloudFile(HOUR, { accessToken: "cld_at_new" }));
    expect(await session.control.whoami()).toMatchObject({ authenticated: true });
  });

  test("sends no token to a control plane it does not belong to", async () => {
    using world = clientWorld();
    world.write("cloud-credentials.json", cloudFile(HOUR));
    const session = await sessionOf(world, { controlPlane: "https://elsewhere.example/cloud" });
    expect(session.cloud.available).toBe(false);
    await expect(session.control.whoami()).rejects.toMatchObject({
      code: "not_signed_in",
      hint: "relayfile login --control-plane https://elsewhere.example/cloud",
    });
    expect(world.requests).toHaveLength(0);
  });

  test("three processes rotate a single-use refresh token once", async () => {
    using world = clientWorld();
    let valid = "cld_rt_1";
    let rotations = 0;
    const server = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        const { refreshToken } = (await request.json()) as { refreshToken: string };
        if (refreshToken !== valid) return json({ error: "spent" }, 401);
        rotations++;
        valid = `cld_rt_${rotations + 1}`;
        await Bun.sleep(100);
        const accessTokenExpiresAt = new Date(Date.now() + 24 * HOUR).toISOString();
        return json({ accessToken: `cld_at_${rotations + 1}`, refreshToken: valid, accessTokenExpiresAt });
      },
    });
    try {
      const apiUrl = `http://127.0.0.1:${server.port}/cloud`;
      const ended = new Date(Date.now() - HOUR).toISOString();
      world.write("cloud-credentials.json", cloudFile(0, { apiUrl, accessTokenExpiresAt: ended }));
      const script = new URL("../../support/refresh-worker.ts", import.meta.url).pathname;
      const workers = [1, 2, 3].map(() =>
        Bun.spawn([process.execPath, script, world.home], { stderr: "inherit" }),
      );
      const tokens = await Promise.all(workers.map((worker) => new Response(worker.stdout).text()));
      expect(tokens).toEqual(["cld_at_2", "cld_at_2", "cld_at_2"]);
      expect(rotations).toBe(1);
      expect(world.read("cloud-credentials.json")).toMatchObject({ refreshToken: "cld_rt_2" });
    } finally {
      await server.stop(true);
    }
  }, 30_000);
});
