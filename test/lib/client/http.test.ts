import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createServer, type Server } from "node:net";
import { controlApi } from "../../../lib/client/control-api.ts";
import { fileApi } from "../../../lib/client/file-api.ts";
import {
  requireTokenFor,
  type ServiceName,
  type ServiceTarget,
  serviceUrl,
} from "../../../lib/client/http.ts";
import { bunRandom } from "../../../lib/runtime/bun/random.ts";
import { html, json } from "../../support/client-world.ts";

const ANSWERS: Record<string, () => Response | Promise<Response>> = {
  html200: () => html(200),
  html404: () => html(404),
  html502: () => html(502),
  half: () => new Response('{"entries": [{"pa', { headers: { "content-type": "application/json" } }),
  empty: () => new Response("", { headers: { "content-type": "application/json" } }),
  text: () => new Response("ok", { headers: { "content-type": "text/plain" } }),
  wrongTypes: () => json({ path: "/", entries: "none", nextCursor: null }),
  list: () => json([]),
  nothing: () => json(null),
  huge: () => json({ path: "/", entries: "x".repeat(10 * 1024 * 1024), nextCursor: null }),
  envelope: () =>
    json({ code: "forbidden", message: "missing required scope: fs:read", correlationId: "c" }, 403),
  next: () => json({ error: "Workspace not found", code: "workspace_not_found" }, 404),
  bare: () => json({ error: "something" }, 418),
  conflict: () => json({ code: "revision_conflict", message: "m", currentRevision: "rev_2" }, 409),
  slowDown: () => json({ code: "rate_limited", message: "m" }, 429, { "retry-after": "7" }),
  emptyError: () => new Response(null, { status: 503 }),
  redirect: () => new Response(null, { status: 302, headers: { location: "https://elsewhere.example/" } }),
  endless: () => endless(),
  stalls: () => stalls(),
  notAllowed: () => json({ error: "no" }, 405),
};

/** Chunks of one megabyte that the endless answer gave out. */
let sentChunks = 0;

function endless(): Response {
  const chunk = new Uint8Array(1024 * 1024).fill(32);
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      sentChunks++;
      controller.enqueue(chunk);
    },
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

/** Sends its headers and half of its body, and then nothing. */
function stalls(): Response {
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new TextEncoder().encode('{"path":')),
    pull: () => new Promise(() => {}),
  });
  return new Response(body, { headers: { "content-type": "application/json" } });
}

let server: ReturnType<typeof Bun.serve>;
let dead: Server;
let deadPort = 0;

beforeAll(async () => {
  server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    idleTimeout: 30,
    fetch: (request) => {
      const name = new URL(request.url).pathname.split("/")[1] ?? "";
      if (name === "never") return new Promise<Response>(() => {});
      return ANSWERS[name]?.() ?? html();
    },
  });
  // Accepts connections and resets them, as a crashing server does.
  dead = createServer((socket) => socket.resetAndDestroy());
  await new Promise<void>((resolve) => dead.listen(0, "127.0.0.1", resolve));
  deadPort = (dead.address() as { port: number }).port;
});

afterAll(async () => {
  await server.stop(true);
  dead.close();
});

function target(name: string, service: ServiceName = "file-api"): ServiceTarget {
  const baseUrl = `http://127.0.0.1:${server.port}/${name}`;
  return { service, baseUrl, token: () => "t", fetch: (request) => fetch(request), random: bunRandom() };
}

const tree = (name: string, options = {}) =>
  fileApi(target(name), "rw_aaaaaaaa").tree({ path: "/" }, options);

describe("sendJson()", () => {
  test.each([
    ["html200", "unexpected_answer", "answered 200 with an HTML page: this is not the file API"],
    ["html404", "unexpected_answer", "answered 404 with an HTML page"],
    ["html502", "unavailable", "status 502"],
    ["half", "unexpected_answer", "invalid JSON"],
    ["empty", "unexpected_answer", "invalid JSON"],
    ["text", "unexpected_answer", "content type text/plain"],
    ["wrongTypes", "unexpected_answer", "JSON of another shape"],
    ["list", "unexpected_answer", "JSON of another shape"],
    ["nothing", "unexpected_answer", "JSON of another shape"],
    ["huge", "unexpected_answer", "JSON of another shape"],
    ["envelope", "forbidden", "missing required scope: fs:read"],
    ["next", "workspace_not_found", "Workspace not found"],
    ["bare", "bad_request", "something"],
    ["conflict", "revision_conflict", "m"],
    ["slowDown", "rate_limited", "m"],
    ["emptyError", "unavailable", "status 503"],
    ["redirect", "unexpected_answer", "302"],
    ["notAllowed", "not_found", "no"],
  ])("maps %s to %s", async (name, code, message) => {
    const failure = await tree(name).catch((thrown: unknown) => thrown);
    expect(failure).toMatchObject({ code, details: { service: "file-api" } });
    expect((failure as Error).message).toContain(message);
    expect((failure as Error).message.length).toBeLessThan(400);
  });

  test("carries what the answer says: revisions and Retry-After", async () => {
    await expect(tree("conflict")).rejects.toMatchObject({
      details: { currentRevision: "rev_2", status: 409 },
    });
    await expect(tree("slowDown")).rejects.toMatchObject({ details: { retryAfter: "7" } });
  });

  test("stops reading an answer that does not end", async () => {
    await expect(tree("endless", { timeoutMs: 20_000 })).rejects.toMatchObject({
      code: "unexpected_answer",
      message: expect.stringContaining("larger than the limit of 67108864 bytes"),
    });
    expect(sentChunks).toBeLessThan(200);
  }, 30_000);

  test("the budget covers the body too", async () => {
    await expect(tree("stalls", { timeoutMs: 100 })).rejects.toMatchObject({ code: "request_timeout" });
  });

  test("ends when the budget is over, and says which", async () => {
    await expect(tree("never", { timeoutMs: 50 })).rejects.toMatchObject({
      code: "request_timeout",
      message: expect.stringContaining("within 50 ms"),
    });
  });

  test("ends with the caller's reason when the caller aborts", async () => {
    const ending = new AbortController();
    const call = tree("never", { signal: ending.signal });
    ending.abort(new Error("stop"));
    await expect(call).rejects.toThrow("stop");
  });

  test("a refused and a reset connection are network trouble", async () => {
    const closed = createServer();
    await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
    const { port } = closed.address() as { port: number };
    await new Promise((resolve) => closed.close(resolve));
    for (const url of [`http://127.0.0.1:${port}`, `http://127.0.0.1:${deadPort}`]) {
      const api = fileApi({ ...target("x"), baseUrl: url }, "rw_aaaaaaaa");
      await expect(api.tree({})).rejects.toMatchObject({ code: "network_unreachable", exit: "UNDETERMINED" });
    }
  });
});

describe("sendStream()", () => {
  test("returns a body that still streams, and typed errors", async () => {
    const text = fileApi(target("text"), "w");
    expect(await (await text.export({ format: "tar" })).text()).toBe("ok");
    const refused = fileApi(target("envelope"), "w");
    await expect(refused.export({ format: "tar" })).rejects.toMatchObject({ code: "forbidden" });
    await expect(fileApi(target("html404"), "w").export({ format: "tar" })).rejects.toMatchObject({
      code: "unexpected_answer",
    });
    const late = fileApi(target("never"), "w").export({ format: "tar" }, { timeoutMs: 50 });
    await expect(late).rejects.toMatchObject({ code: "request_timeout" });
  });
});

describe("controlApi()", () => {
  test("a refresh report with status 504 is a report; other 504 are errors", async () => {
    const report = { workspaceId: "w", refreshed: [], timedOut: true };
    const answering = (body: unknown, status: number) =>
      controlApi({ ...target("x", "control-plane"), fetch: async () => json(body, status) });
    expect(await answering(report, 504).refreshDiscovery("w")).toMatchObject({ timedOut: true });
    await expect(answering({ error: "x" }, 504).refreshDiscovery("w")).rejects.toMatchObject({
      code: "unavailable",
    });
    await expect(answering({ odd: 1 }, 200).refreshDiscovery("w")).rejects.toMatchObject({
      code: "unexpected_answer",
    });
  });

  test("no credential goes along with refresh, revoke, device calls and the catalog", async () => {
    const seen: (string | null)[] = [];
    const api = controlApi({
      ...target("x", "control-plane"),
      fetch: async (request) => {
        seen.push(request.headers.get("authorization"));
        return json({ error: "x" }, 400);
      },
    });
    const calls = [
      api.refreshSession("r"),
      api.revoke("r"),
      api.deviceStart("n"),
      api.deviceToken("d"),
      api.catalog(),
    ];
    await Promise.allSettled(calls);
    expect(seen).toEqual([null, null, null, null, null]);
  });
});

describe("serviceUrl()", () => {
  test("keeps the path of the base and encodes the query", () => {
    expect(serviceUrl("https://h/cloud/", "/api/v1/x", { a: "b c&d", none: undefined, n: 1 })).toBe(
      "https://h/cloud/api/v1/x?a=b+c%26d&n=1",
    );
  });
});

describe("requireTokenFor()", () => {
  test.each(["cld_at_x", "cld_rt_x", "rk_live_x", "at_live_x"])(
    "refuses %s at the file API, naming the source",
    (token) => {
      expect(() => requireTokenFor("file-api", token, "env RELAYFILE_TOKEN")).toThrow(
        "env RELAYFILE_TOKEN holds a",
      );
      expect(requireTokenFor("control-plane", token, "x")).toBe(token);
    },
  );
});
