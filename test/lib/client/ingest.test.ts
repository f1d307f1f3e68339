import { describe, expect, test } from "bun:test";
import { controlApi } from "../../../lib/client/control-api.ts";
import { ingestPayloads } from "../../../lib/client/ingest.ts";
import type { WebhookFile } from "../../../lib/client/webhook-files.ts";
import { type ClientWorld, clientWorld, json } from "../../support/client-world.ts";

const payload = (source: string, body: string, problem: string | null = null): WebhookFile => ({
  source,
  event: "issues",
  body,
  problem,
});

function deliver(world: ClientWorld, payloads: WebhookFile[], provider = "github") {
  const api = controlApi({
    service: "control-plane",
    baseUrl: "http://x/cloud",
    token: () => "t",
    fetch: world.ports.fetch,
    random: world.ports.random,
  });
  return ingestPayloads({ api, workspaceId: "rw_aaaaaaaa", provider }, payloads, {
    clock: world.clock,
    log: world.ports.log,
  });
}

const APPLIED = { status: "applied", written: ["/github/a"], deleted: [] };

describe("ingestPayloads()", () => {
  test("posts the raw body in order, with GitHub's headers, and asks to finish at the last", async () => {
    const bodies: string[] = [];
    using world = clientWorld({
      fetch: async (request) => {
        bodies.push(await request.text());
        return json(APPLIED);
      },
    });
    const results = await deliver(world, [payload("1", '{ "a": 1 }'), payload("2", '{"b":2}')]);
    expect(bodies).toEqual(['{ "a": 1 }', '{"b":2}']);
    expect(results.map((one) => one.status)).toEqual(["applied", "applied"]);
    expect(world.requests.map((one) => one.url)).toEqual([
      "http://x/cloud/api/v1/workspaces/rw_aaaaaaaa/webhooks/github",
      "http://x/cloud/api/v1/workspaces/rw_aaaaaaaa/webhooks/github?flush=true",
    ]);
    const [first] = world.requests;
    expect(first?.headers.get("x-github-event")).toBe("issues");
    expect(first?.headers.get("x-github-delivery")).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(first?.headers.get("content-type")).toBe("application/json");
  });

  test("the same payload has the same delivery id in every run, twins in one run have two", async () => {
    using world = clientWorld({ fetch: async () => json(APPLIED) });
    const batch = [payload("1", "{}"), payload("2", "{}")];
    await deliver(world, batch);
    await deliver(world, batch);
    const ids = world.requests.map((one) => one.headers.get("x-github-delivery"));
    expect(new Set(ids).size).toBe(2);
    expect(ids.slice(0, 2)).toEqual(ids.slice(2));
  });

  test("a refused payload is one result; a refused credential ends the batch", async () => {
    using world = clientWorld({
      fetch: async (request) =>
        (await request.text()) === "{}" ? json({ code: "bad_request", message: "no" }, 400) : json(APPLIED),
    });
    const results = await deliver(world, [
      payload("bad", "", "half JSON"),
      payload("1", "{}"),
      payload("2", '{"a":1}'),
    ]);
    expect(results.map((one) => [one.status, one.reason])).toEqual([
      ["rejected", "half JSON"],
      ["rejected", "control plane: no"],
      ["applied", null],
    ]);
    using closed = clientWorld({ fetch: async () => json({ code: "forbidden", message: "scope" }, 403) });
    await expect(deliver(closed, [payload("1", "{}"), payload("2", "{}")])).rejects.toMatchObject({
      code: "forbidden",
    });
    expect(closed.requests).toHaveLength(1);
  });

  test("waits as long as the service says, and not for ever", async () => {
    let calls = 0;
    using world = clientWorld({
      fetch: async () =>
        ++calls === 1
          ? json({ code: "queue_full", message: "m" }, 429, { "retry-after": "9" })
          : json(APPLIED),
    });
    const delivering = deliver(world, [payload("1", "{}")]);
    while (world.clock.pending === 0) await Bun.sleep(1);
    await world.clock.advance(8_999);
    expect(calls).toBe(1);
    await world.clock.advance(1);
    expect((await delivering)[0]?.status).toBe("applied");
  });
});
