import { describe, expect, test } from "bun:test";
import { controlApi } from "../../../lib/client/control-api.ts";
import {
  credentialsOf,
  deviceLogin,
  isHeadless,
  type LoginWorld,
  loopbackLogin,
} from "../../../lib/client/login.ts";
import type { Fetch } from "../../../lib/ports.ts";
import { listenLoopback } from "../../../lib/runtime/bun/loopback.ts";
import { bunRandom } from "../../../lib/runtime/bun/random.ts";
import { html, json } from "../../support/client-world.ts";
import { FakeClock, settle } from "../../support/clock.ts";

const TOKENS = {
  access_token: "cld_at_1",
  refresh_token: "cld_rt_1",
  access_token_expires_at: "2026-05-21T12:00:00Z",
};

function loginWorld(fetch: Fetch = async () => html()): LoginWorld & { clock: FakeClock } {
  const random = bunRandom();
  const target = {
    service: "control-plane",
    baseUrl: "http://x/cloud",
    token: () => null,
    fetch,
    random,
  } as const;
  return { api: controlApi(target), clock: new FakeClock(), random };
}

describe("loopbackLogin()", () => {
  /** Starts a sign-in and hands over the callback the browser would be sent to. */
  async function started(world = loginWorld()) {
    const shown = Promise.withResolvers<URL>();
    const login = loopbackLogin(world, {
      listen: listenLoopback,
      timeoutMs: 60_000,
      show: async (url) => shown.resolve(new URL(url)),
    });
    const outcome = login.then(
      (tokens) => ({ tokens }),
      (error: unknown) => ({ error }),
    );
    const page = await shown.promise;
    const visit = (query: Record<string, string>, path = "/callback") => {
      const url = new URL(page.searchParams.get("redirect_uri") ?? "");
      url.pathname = path;
      url.search = new URLSearchParams(query).toString();
      return fetch(url, { redirect: "manual" });
    };
    return { outcome, page, state: page.searchParams.get("state") ?? "", visit, world };
  }

  test("opens the login page of the control plane with a loopback address", async () => {
    const { page, state, visit, outcome } = await started();
    expect(page.origin + page.pathname).toBe("http://x/cloud/api/v1/cli/login");
    expect(page.searchParams.get("redirect_uri")).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/callback$/);
    expect(state).toHaveLength(32);
    await visit({ state, ...TOKENS });
    expect(await outcome).toEqual({ tokens: TOKENS });
  });

  test("a stray visit does not end the sign-in", async () => {
    const { state, visit, outcome } = await started();
    expect((await visit({ state, ...TOKENS }, "/other")).status).toBe(404);
    expect((await visit({ state: "wrong", error: "access_denied" })).status).toBe(400);
    expect((await visit({ ...TOKENS })).status).toBe(400);
    const answer = await visit({ state, ...TOKENS });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("history.replaceState");
    expect(await outcome).toMatchObject({ tokens: { access_token: "cld_at_1" } });
  });

  test("a refusal and an incomplete answer end it", async () => {
    const refused = await started();
    await refused.visit({ state: refused.state, error: "access_denied" });
    expect(await refused.outcome).toMatchObject({ error: { code: "not_signed_in" } });
    const partial = await started();
    await partial.visit({ state: partial.state, access_token: "cld_at_1" });
    expect(await partial.outcome).toMatchObject({ error: { code: "unexpected_answer" } });
  });

  test("gives up when nobody comes, and stops listening", async () => {
    const { outcome, world, visit } = await started();
    await (world as { clock: FakeClock }).clock.advance(60_000);
    expect(await outcome).toMatchObject({ error: { code: "request_timeout" } });
    await expect(visit({})).rejects.toThrow();
  });
});

describe("deviceLogin()", () => {
  const START = {
    device_code: "d",
    user_code: "AB-CD",
    verification_uri: "http://x/device",
    expires_in: 60,
    interval: 5,
  };

  /** Polls with the given answers, one second of fake time after another. */
  async function run(polls: (() => Response)[], seconds: number) {
    const polledAt: number[] = [];
    const world = loginWorld(async (request) => {
      if (request.url.endsWith("/start")) return json(START);
      polledAt.push(world.clock.monotonicMs() / 1000);
      return polls[polledAt.length - 1]?.() ?? json({ error: "authorization_pending" }, 400);
    });
    let prompt = "";
    const outcome = deviceLogin(world, "host", ({ url, code }) => {
      prompt = `${url} ${code}`;
    }).then(
      (tokens) => ({ tokens }),
      (error: unknown) => ({ error }),
    );
    for (let s = 0; s < seconds; s++) {
      await settle();
      await Bun.sleep(0);
      await world.clock.advance(1000);
    }
    return { result: await outcome, polledAt, prompt };
  }

  test("waits, slows down when asked, survives trouble, and gets the tokens", async () => {
    const pending = () => json({ error: "authorization_pending" }, 400);
    const polls = [
      pending,
      () => json({ error: "slow_down" }, 400),
      () => json({ error: "x" }, 502),
      () => json(TOKENS),
    ];
    const { result, polledAt, prompt } = await run(polls, 45);
    expect(prompt).toBe("http://x/device AB-CD");
    expect(result).toEqual({ tokens: TOKENS });
    expect(polledAt).toEqual([5, 10, 20, 35]);
  });

  test.each([["access_denied"], ["expired_token"], ["invalid_grant"]])("%s ends it", async (error) => {
    const { result } = await run([() => json({ error }, 400)], 6);
    expect(result).toMatchObject({ error: { code: "not_signed_in" } });
  });

  test("ends when the code does", async () => {
    const { result } = await run([], 62);
    expect(result).toMatchObject({ error: { code: "request_timeout" } });
  });

  test("a control plane without device login is told apart from a wrong URL", async () => {
    const world = loginWorld(async () => json({ error: "not found" }, 404));
    await expect(deviceLogin(world, "h", () => {})).rejects.toMatchObject({ code: "not_supported" });
    await expect(deviceLogin(loginWorld(), "h", () => {})).rejects.toMatchObject({
      code: "unexpected_answer",
    });
  });
});

describe("isHeadless()", () => {
  test.each([
    [{ SSH_TTY: "/dev/pts/0", DISPLAY: ":0" }, "linux", true],
    [{}, "linux", true],
    [{ DISPLAY: ":0" }, "linux", false],
    [{ WAYLAND_DISPLAY: "w" }, "linux", false],
    [{}, "darwin", false],
    [{ CI: "1", DISPLAY: ":0" }, "linux", false],
  ] as const)("%p on %s is %p", (env, platform, headless) => {
    expect(isHeadless({ env, platform })).toBe(headless);
  });
});

describe("credentialsOf()", () => {
  test("prefers the URL the service names for itself", () => {
    expect(credentialsOf({ ...TOKENS, api_url: "https://c/cloud/" }, "http://x", 0).apiUrl).toBe(
      "https://c/cloud",
    );
    expect(credentialsOf(TOKENS, "http://x", 0)).toMatchObject({
      apiUrl: "http://x",
      accessToken: "cld_at_1",
    });
  });
});
