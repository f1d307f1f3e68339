import { describe, expect, test } from "bun:test";
import { controlApi } from "../../../lib/client/control-api.ts";
import { joinWorkspace } from "../../../lib/client/join.ts";
import { type ClientWorld, clientWorld, json } from "../../support/client-world.ts";
import { settle } from "../../support/clock.ts";

const MINTED = { workspaceId: "rw_aaaaaaaa", token: "t", relayfileUrl: "http://x" };

function join(world: ClientWorld) {
  const api = controlApi({
    service: "control-plane",
    baseUrl: "http://x/cloud",
    token: () => "cld_at_1",
    fetch: world.ports.fetch,
    random: world.ports.random,
  });
  const request = { id: "rw_aaaaaaaa", agentName: "a", scopes: ["fs:read"] };
  return joinWorkspace(api, request, { clock: world.clock, log: world.ports.log });
}

describe("joinWorkspace()", () => {
  test("says every five seconds that it still waits, and how long it took", async () => {
    const answer = Promise.withResolvers<Response>();
    using world = clientWorld({ fetch: () => answer.promise });
    const joining = join(world);
    await world.clock.advance(17_000);
    answer.resolve(json(MINTED));
    expect(await joining).toMatchObject({ minted: MINTED, durationMs: 17_000 });
    expect(world.logged).toEqual(
      [5, 10, 15].map((s) => `warn joining workspace rw_aaaaaaaa: ${s} s of at most 120 s`),
    );
    expect(world.clock.pending).toBe(0);
  });

  test("repeats once after an overload that was answered soon", async () => {
    let calls = 0;
    using world = clientWorld({
      fetch: async () => (++calls === 1 ? json({ error: "busy" }, 503) : json(MINTED)),
    });
    expect((await join(world)).minted).toMatchObject(MINTED);
    expect(calls).toBe(2);
  });

  test("never repeats what may still be running", async () => {
    const answer = Promise.withResolvers<Response>();
    let calls = 0;
    using world = clientWorld({
      fetch: () => {
        calls++;
        return answer.promise;
      },
    });
    const joining = join(world).catch((thrown: unknown) => thrown);
    await world.clock.advance(20_000);
    answer.resolve(json({ error: "busy" }, 504));
    expect(await joining).toMatchObject({ code: "unavailable" });
    expect(calls).toBe(1);
    await settle();
  });

  test("a definite refusal is not repeated", async () => {
    using world = clientWorld({ fetch: async () => json({ error: "no", code: "workspace_not_found" }, 404) });
    await expect(join(world)).rejects.toMatchObject({ code: "workspace_not_found" });
    expect(world.requests).toHaveLength(1);
  });
});
