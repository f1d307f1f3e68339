/** The sync source wired into the control plane, against a local stand-in that pages, limits and fails (S14, S16). */
import { afterEach, describe, expect, test } from "bun:test";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { ALL_SCOPES, until } from "../../contract/target.ts";
import { fastClock } from "../../support/fast-clock.ts";
import { type TestStack, testStack } from "../../support/stack.ts";

const HOOK_SECRET = "secret-of-the-hooks";
const API_SECRET = "secret-of-the-api";
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

/** A source that holds `count` Jira projects in pages of 100; `next` gives its next answers instead, while they last. */
function sourceOf(count: number) {
  const next: (() => Response)[] = [];
  const requests: { url: URL; headers: Headers }[] = [];
  const records = Array.from({ length: count }, (_, at) => ({
    id: String(20_000 + at),
    key: `P${at}`,
    name: `Project ${at}`,
  }));
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const url = new URL(request.url);
      requests.push({ url, headers: request.headers });
      const forced = next.shift();
      if (forced !== undefined) return forced();
      const start = Number(url.searchParams.get("cursor") ?? 0);
      const end = start + Number(url.searchParams.get("limit"));
      return Response.json({
        records: records.slice(start, end),
        next_cursor: end < records.length ? String(end) : null,
      });
    },
  });
  stops.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, next, requests, records };
}

async function connectedTo(source: {
  url: string;
}): Promise<{ stack: TestStack; clock: { slept: number[] } }> {
  const ports = bunPorts({ env: {} });
  const clock = fastClock(ports.clock);
  const env = {
    RELAYFILE_NANGO_WEBHOOK_SECRET: HOOK_SECRET,
    RELAYFILE_SOURCE_URL: `${source.url}/`,
    RELAYFILE_JIRA_SOURCE_SECRET: API_SECRET,
  };
  const stack = await testStack({ portsWith: { clock, host: { ...ports.host, env } } });
  stops.push(() => stack.stop());
  return { stack, clock };
}

/** Sends a webhook as the source does: signed over its raw body, without any bearer. */
async function signed(stack: TestStack, body: unknown, secret = HOOK_SECRET) {
  const raw = JSON.stringify(body);
  const hmac = new Bun.CryptoHasher("sha256", secret).update(raw).digest("hex");
  const url = `${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}/sources/nango/webhooks`;
  const headers = { "X-Nango-Hmac-Sha256": hmac };
  const response = await stack.fetch(new Request(url, { method: "POST", headers, body: raw }));
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

async function fileApi(stack: TestStack, path: string, method = "GET") {
  const token = await stack.mint(ALL_SCOPES);
  const url = `${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`;
  const response = await stack.fetch(
    new Request(url, { method, headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "t" } }),
  );
  return (await response.json()) as Record<string, never>;
}

const letters = async (stack: TestStack) =>
  (await fileApi(stack, "sync/dead-letter")).items as unknown as {
    envelopeId: string;
    reason?: string;
    lastError: string;
    attemptCount: number;
  }[];

async function projects(stack: TestStack): Promise<number> {
  const { tree } = await stack.workspace();
  const index = await tree.read("/jira/projects/_index.json");
  return index === null ? 0 : JSON.parse(new TextDecoder().decode(index.bytes)).length;
}

const auth = {
  type: "auth",
  operation: "creation",
  success: true,
  connectionId: "conn-1",
  providerConfigKey: "jira-relay",
};
const sync = {
  type: "sync",
  success: true,
  connectionId: "conn-1",
  providerConfigKey: "jira-relay",
  syncName: "projects",
  model: "Project",
  modifiedAfter: "2026-05-20T00:00:00.000Z",
};

describe("POST workspaces/:id/sources/nango/webhooks", () => {
  test("a created connection is registered and its records arrive page by page, about a thousand per change (S14, S16)", async () => {
    const source = sourceOf(2_150);
    const { stack } = await connectedTo(source);
    expect((await signed(stack, auth)).body).toMatchObject({ status: "connected", provider: "jira" });
    const workspace = await stack.workspace();
    const changes: number[] = [];
    workspace.subscribe((events) => changes.push(events.filter(({ path }) => isProject(path)).length));
    const queued = await signed(stack, sync);
    expect([queued.status, queued.body.status]).toEqual([202, "queued"]);
    expect(
      await until(
        () => projects(stack),
        (count) => count === 2_150,
      ),
    ).toBe(2_150);
    await workspace.deliveriesIdle();
    expect(changes.filter((count) => count > 0)).toEqual([1_000, 1_000, 150]);
    expect(source.requests).toHaveLength(22);
    expect(source.requests[0]?.headers.get("authorization")).toBe(`Bearer ${API_SECRET}`);
    expect(source.requests[0]?.headers.get("connection-id")).toBe("conn-1");
    expect(source.requests[0]?.url.searchParams.get("modified_after")).toBe(sync.modifiedAfter);
    expect(await letters(stack)).toEqual([]);
  }, 20_000);

  test("the same sync told twice is fetched once, another window again", async () => {
    const source = sourceOf(5);
    const { stack } = await connectedTo(source);
    await signed(stack, auth);
    await signed(stack, sync);
    expect((await signed(stack, sync)).body.status).toBe("duplicate");
    await until(
      () => projects(stack),
      (count) => count === 5,
    );
    await (await stack.workspace()).deliveriesIdle();
    expect(source.requests).toHaveLength(1);
    await signed(stack, { ...sync, modifiedAfter: "2026-05-21T00:00:00.000Z" });
    await until(
      async () => source.requests.length,
      (count) => count === 2,
    );
    expect(source.requests).toHaveLength(2);
  });

  test("waits as a limited source asks; one that fails becomes a dead letter whose replay fetches everything", async () => {
    const source = sourceOf(120);
    const { stack, clock } = await connectedTo(source);
    await signed(stack, auth);
    source.next.push(() => new Response("{}", { status: 429, headers: { "Retry-After": "7" } }));
    await signed(stack, sync);
    await until(
      () => projects(stack),
      (count) => count === 120,
    );
    expect(clock.slept).toContain(7_000);

    source.next.push(() => new Response("no such connection", { status: 404 }));
    await signed(stack, { ...sync, modifiedAfter: "2026-05-22T00:00:00.000Z" });
    const [letter] = await until(
      () => letters(stack),
      (found) => found.length === 1,
    );
    expect(letter?.lastError).toContain("404");
    source.records.push({ id: "30000", key: "NEW", name: "New" });
    await fileApi(stack, `sync/dead-letter/${letter?.envelopeId}/replay`, "POST");
    expect(
      await until(
        () => projects(stack),
        (count) => count === 121,
      ),
    ).toBe(121);
    await until(
      () => letters(stack),
      (found) => found.length === 0,
    );
    expect(await letters(stack)).toEqual([]);
  }, 20_000);

  test("records that cannot be used do not stop the others, and are kept whole", async () => {
    const source = sourceOf(3);
    source.records.push({ name: "no id" } as never, "nonsense" as never);
    const { stack } = await connectedTo(source);
    await signed(stack, auth);
    await signed(stack, sync);
    await until(
      () => letters(stack),
      (found) => found.length === 2,
    );
    expect((await letters(stack)).map(({ reason }) => reason).sort()).toEqual([
      "record_not_object",
      "record_without_id",
    ]);
    expect(await projects(stack)).toBe(3);
  });

  test("another connection's records stay out until it is the provider's own, then replay brings them", async () => {
    const source = sourceOf(4);
    const { stack } = await connectedTo(source);
    await signed(stack, auth);
    await signed(stack, { ...sync, connectionId: "conn-2" });
    const [letter] = await until(
      () => letters(stack),
      (found) => found.length === 1,
    );
    expect(letter?.reason).toBe("other_connection");
    expect(source.requests).toEqual([]);
    await signed(stack, { ...auth, operation: "override", connectionId: "conn-2" });
    await fileApi(stack, `sync/dead-letter/${letter?.envelopeId}/replay`, "POST");
    expect(
      await until(
        () => projects(stack),
        (count) => count === 4,
      ),
    ).toBe(4);
  });

  test("a lost connection webhook is made up for by the first sync (cloud#736, S16)", async () => {
    const { stack } = await connectedTo(sourceOf(2));
    await signed(stack, sync);
    expect(
      await until(
        () => projects(stack),
        (count) => count === 2,
      ),
    ).toBe(2);
    const { accessToken } = await stack.cloudSession();
    const url = `${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}/integrations/jira/status`;
    const status = await stack.fetch(
      new Request(url, { headers: { Authorization: `Bearer ${accessToken}` } }),
    );
    expect(await status.json()).toMatchObject({ ready: true, connectionId: "conn-1", backend: "nango" });
  });

  test("a forwarded webhook is the provider's own delivery, and a failed sync says why", async () => {
    const { stack } = await connectedTo(sourceOf(0));
    const forward = {
      type: "forward",
      from: "jira-relay",
      connectionId: "conn-1",
      headers: { "X-Atlassian-Webhook-Identifier": "hook-1" },
      payload: {
        webhookEvent: "project_created",
        project: { id: "77", key: "FWD", name: "Forwarded" },
      },
    };
    expect((await signed(stack, forward)).body).toMatchObject({ status: "applied", deliveryId: "hook-1" });
    expect((await signed(stack, forward)).body.status).toBe("duplicate");
    expect(await projects(stack)).toBe(1);
    await signed(stack, { ...sync, success: false, error: { description: "token revoked" } });
    await until(
      () => letters(stack),
      (found) => found.length === 1,
    );
    expect(await letters(stack)).toMatchObject([{ reason: "source_failed", lastError: "token revoked" }]);
  });

  test("a workspace token claims no connection of another workspace; the source itself may move one", async () => {
    const source = sourceOf(3);
    const { stack } = await connectedTo(source);
    await signed(stack, auth);
    const { accessToken } = await stack.cloudSession();
    const made = await stack.fetch(
      new Request(`${stack.controlPlaneUrl}/api/v1/workspaces`, {
        method: "POST",
        headers: { Authorization: `Bearer ${accessToken}` },
        body: JSON.stringify({ name: "other" }),
      }),
    );
    const other = (await made.json()) as { relayWorkspaceId?: string; workspaceId?: string; id?: string };
    const workspaceId = other.relayWorkspaceId ?? other.workspaceId ?? other.id ?? "";
    const send = async (body: object, headers: Record<string, string>) => {
      const url = `${stack.controlPlaneUrl}/api/v1/workspaces/${workspaceId}/sources/nango/webhooks`;
      const response = await stack.fetch(
        new Request(url, { method: "POST", headers, body: JSON.stringify(body) }),
      );
      return { status: response.status, body: (await response.json()) as { code?: string; status?: string } };
    };
    const token = await stack.mint(["sync:trigger"], { workspaceId });
    for (const body of [auth, sync, { ...sync, success: false, error: {} }]) {
      const answer = await send(body, { Authorization: `Bearer ${token}` });
      expect([answer.status, answer.body.code]).toEqual([403, "connection_taken"]);
    }
    expect(source.requests).toEqual([]);
    expect(
      (await send({ ...auth, connectionId: "conn-9" }, { Authorization: `Bearer ${token}` })).status,
    ).toBe(200);
    const hmac = new Bun.CryptoHasher("sha256", HOOK_SECRET).update(JSON.stringify(auth)).digest("hex");
    expect((await send(auth, { "X-Nango-Hmac-Sha256": hmac })).body.status).toBe("connected");
  });

  test("a wrong signature changes nothing", async () => {
    const { stack } = await connectedTo(sourceOf(1));
    expect((await signed(stack, auth, "another secret")).status).toBe(401);
    expect(await (await stack.workspace()).connections()).toEqual([]);
  });
});

function isProject(path: string): boolean {
  return path.startsWith("/jira/projects/") && !path.includes("/by-") && !path.endsWith("/_index.json");
}
