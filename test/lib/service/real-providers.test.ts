/** Ops of connections without a simulator, against a local stand-in for the provider or for the proxy before it. */
import { afterEach, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { WritebackOp } from "../../../lib/model/writeback-op.ts";
import { bunPorts } from "../../../lib/runtime/bun/ports.ts";
import { ISSUES } from "../../../lib/simulator/seed/linear.ts";
import { ALL_SCOPES, until } from "../../contract/target.ts";
import { type TestStack, testStack } from "../../support/stack.ts";

const TOKEN = "ghp_a-token-nobody-may-see-0123456789";
const PROXY_KEY = "nango-secret-key-nobody-may-see-4711";
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type Seen = { readonly method: string; readonly url: URL; readonly headers: Headers; readonly body: string };
type Answer = (seen: Seen) => Response;

/** A server that gives `next` answers while they last, then `usual`, and remembers every request. */
function standIn(usual: Answer) {
  const next: Answer[] = [];
  const requests: Seen[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    async fetch(request) {
      const { method, headers } = request;
      const seen = { method, url: new URL(request.url), headers, body: await request.text() };
      requests.push(seen);
      return (next.shift() ?? usual)(seen);
    },
  });
  stops.push(() => server.stop(true));
  return { url: `http://127.0.0.1:${server.port}`, next, requests };
}

/** A stack whose whole log is kept. */
async function stackWith(env: Record<string, string>) {
  const lines: string[] = [];
  const line = (message: string, fields?: object) =>
    void lines.push(`${message} ${JSON.stringify(fields ?? {})}`);
  const log = { debug: line, info: line, warn: line, error: line };
  const ports = bunPorts({ env: {} });
  const stack = await testStack({ portsWith: { log, host: { ...ports.host, env } } });
  stops.push(() => stack.stop());
  return { stack, lines };
}

async function fileApi(stack: TestStack, method: string, path: string, body?: unknown) {
  const token = await stack.mint(ALL_SCOPES);
  const response = await stack.fetch(
    new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`, {
      method,
      headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "corr-1", "If-Match": "*" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return (await response.json()) as any;
}

async function controlPlane(stack: TestStack, method: string, path: string, body: unknown) {
  const { accessToken } = await stack.cloudSession();
  const url = `${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}/${path}`;
  const headers = { Authorization: `Bearer ${accessToken}` };
  const response = await stack.fetch(new Request(url, { method, headers, body: JSON.stringify(body) }));
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  return { status: response.status, body: (await response.json()) as any };
}

const connect = (stack: TestStack, provider: string, requestedBackend: string) =>
  controlPlane(stack, "POST", "integrations/connect-session", {
    allowedIntegrations: [provider],
    requestedBackend,
  });

const write = async (stack: TestStack, path: string, content: unknown): Promise<string> => {
  const body = { content: JSON.stringify(content), contentType: "application/json" };
  const { opId } = await fileApi(stack, "PUT", `fs/file?path=${encodeURIComponent(path)}`, body);
  return opId;
};

const opOf = (stack: TestStack, opId: string): Promise<WritebackOp> =>
  fileApi(stack, "GET", `ops/${opId}`) as Promise<WritebackOp>;
const ended = (stack: TestStack, opId: string) =>
  until(
    () => opOf(stack, opId),
    ({ status }) => !["pending", "running"].includes(status),
  );
const waiting = (stack: TestStack, opId: string) =>
  until(
    () => opOf(stack, opId),
    ({ status, attemptCount }) => status === "pending" && attemptCount > 0,
  );

async function records(stack: TestStack, provider: string, model: string, given: readonly object[]) {
  const workspace = await stack.workspace();
  await workspace.applyRecords({ provider, model, records: [...given], correlationId: "r" });
}

/** Every byte below a directory, as text. */
function everythingBelow(directory: string): string {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
    .join("\n");
}

const REPO = { owner: "acme", repo: "web" };
const ISSUE = {
  url: "https://api.github.com/repos/acme/web/issues/7",
  html_url: "https://github.com/acme/web/issues/7",
  id: 70,
  number: 7,
  title: "Old title",
  state: "open",
  user: { login: "ada" },
  labels: [],
  assignees: [],
  updated_at: "2026-05-20T08:00:00Z",
};
const ISSUE_PATH = `/github/repos/${REPO.owner}/${REPO.repo}/issues/7__old-title/meta.json`;

/** A connected GitHub whose API is the stand-in. */
async function githubOver(usual: Answer) {
  const github = standIn(usual);
  const env = { RELAYFILE_GITHUB_API_URL: `${github.url}/`, RELAYFILE_GITHUB_API_TOKEN: TOKEN };
  const { stack, lines } = await stackWith(env);
  expect((await connect(stack, "github", "direct")).status).toBe(200);
  await records(stack, "github", "Issue", [ISSUE]);
  return { github, stack, lines };
}

describe("ops over a direct connection", () => {
  test("an edit is the provider's own REST call, with credential and headers, and its answer is the record (S20)", async () => {
    const { github, stack } = await githubOver(({ body }) =>
      Response.json({ ...ISSUE, ...JSON.parse(body), updated_at: "2026-05-20T09:00:00Z" }),
    );
    const op = await ended(stack, await write(stack, ISSUE_PATH, { title: "New title" }));
    expect(op).toMatchObject({ status: "succeeded", attemptCount: 1 });
    const [request] = github.requests;
    expect([request?.method, request?.url.pathname, request?.body]).toEqual([
      "PATCH",
      "/repos/acme/web/issues/7",
      '{"title":"New title"}',
    ]);
    const sent = Object.fromEntries(
      [
        "authorization",
        "accept",
        "x-github-api-version",
        "user-agent",
        "content-type",
        "x-correlation-id",
      ].map((name) => [name, request?.headers.get(name)]),
    );
    expect(sent).toEqual({
      authorization: `Bearer ${TOKEN}`,
      accept: "application/vnd.github+json",
      "x-github-api-version": "2022-11-28",
      "user-agent": "relayfile",
      "content-type": "application/json",
      "x-correlation-id": "corr-1",
    });
    const { tree } = await stack.workspace();
    expect(await tree.read(ISSUE_PATH.replace("old-title", "new-title"))).not.toBeNull();
    expect(await tree.read(ISSUE_PATH)).toBeNull();
  });

  test("waits as long as a limited provider asks, then succeeds", async () => {
    const { github, stack } = await githubOver(() => Response.json(ISSUE));
    github.next.push(() =>
      Response.json({ message: "slow down" }, { status: 429, headers: { "Retry-After": "40" } }),
    );
    const before = Date.now();
    const opId = await write(stack, ISSUE_PATH, { title: "Limited" });
    const limited = await waiting(stack, opId);
    expect(limited).toMatchObject({ attemptCount: 1, lastStatus: 429 });
    expect(Date.parse(limited.nextAttemptAt ?? "")).toBeGreaterThanOrEqual(before + 40_000);
    const workspace = await stack.workspace();
    await workspace.runDue(Date.now() + 30_000);
    expect(github.requests).toHaveLength(1);
    await workspace.runDue(Date.now() + 41_000);
    expect(await opOf(stack, opId)).toMatchObject({ status: "succeeded", attemptCount: 2 });
  });

  test("a failing provider is asked three times, a refusing one once, a silent one as a failing one", async () => {
    const { github, stack } = await githubOver(() => Response.json({ message: "down" }, { status: 502 }));
    const failing = await ended(stack, await write(stack, ISSUE_PATH, { title: "a" }));
    expect(failing).toMatchObject({ status: "dead_lettered", attemptCount: 3, lastStatus: 502 });
    expect(github.requests).toHaveLength(3);
    github.next.push(() => Response.json({ message: "Validation Failed" }, { status: 422 }));
    const refused = await ended(stack, await write(stack, ISSUE_PATH, { title: "b" }));
    expect(refused).toMatchObject({ status: "dead_lettered", attemptCount: 1, lastStatus: 422 });
    expect(refused.lastError).toContain("Validation Failed");
    // A redirect would carry the credential to wherever it points.
    github.next.push(() => new Response(null, { status: 307, headers: { Location: "http://127.0.0.1:1/" } }));
    const moved = await ended(stack, await write(stack, ISSUE_PATH, { title: "c" }));
    expect(moved).toMatchObject({ status: "dead_lettered", attemptCount: 1, lastStatus: 307 });
  }, 20_000);

  test("a credential that is missing, and one that appears later, are told and tried", async () => {
    const { stack } = await stackWith({});
    const refused = await connect(stack, "github", "direct");
    expect([refused.status, refused.body.code]).toEqual([409, "backend_not_configured"]);
    expect(JSON.stringify(refused.body)).toContain("RELAYFILE_GITHUB_API_TOKEN");
    await (await stack.workspace()).link("github", "direct", "conn-1");
    await records(stack, "github", "Issue", [ISSUE]);
    const op = await ended(stack, await write(stack, ISSUE_PATH, { title: "x" }));
    expect(op).toMatchObject({ status: "failed", attemptCount: 0 });
    expect(op.lastError).toContain("RELAYFILE_GITHUB_API_TOKEN");
  });

  test("the credential reaches no log line, no op, no dead letter and no file, even when the answer repeats it", async () => {
    const { github, stack, lines } = await githubOver(({ headers }) =>
      Response.json({ message: `Bad credentials: ${headers.get("authorization")}` }, { status: 401 }),
    );
    const op = await ended(stack, await write(stack, ISSUE_PATH, { title: "x" }));
    expect(op).toMatchObject({ status: "dead_lettered", lastStatus: 401 });
    expect(op.lastError).toContain("[redacted]");
    expect(github.requests[0]?.headers.get("authorization")).toContain(TOKEN);
    expect(JSON.stringify(await fileApi(stack, "GET", "fs/events?limit=1000"))).not.toContain(TOKEN);
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join("\n")).not.toContain(TOKEN);
    expect(everythingBelow(stack.dataDir)).toContain("Bad credentials");
    expect(everythingBelow(stack.dataDir)).not.toContain(TOKEN);
  });

  test("GraphQL success is what the mutation says, not the status", async () => {
    const [issue] = ISSUES;
    const linear = standIn(({ body }) => {
      const { query, variables } = JSON.parse(body);
      const root = /\{\s*(\w+)/.exec(query)?.[1] ?? "";
      const changed = { ...issue, ...variables.input, updatedAt: "2027-01-01T00:00:00.000Z" };
      return Response.json({ data: { [root]: { success: true, issue: changed } } });
    });
    const env = { RELAYFILE_LINEAR_API_URL: linear.url, RELAYFILE_LINEAR_API_TOKEN: "lin_api_personal" };
    const { stack } = await stackWith(env);
    await connect(stack, "linear", "direct");
    await records(stack, "linear", "Issue", [issue as object]);
    const path = `/linear/issues/${issue?.identifier}__${issue?.id}.json`;

    expect(await ended(stack, await write(stack, path, { title: "By GraphQL" }))).toMatchObject({
      status: "succeeded",
    });
    const [request] = linear.requests;
    expect([request?.method, request?.url.pathname]).toEqual(["POST", "/graphql"]);
    expect(request?.headers.get("authorization")).toBe("lin_api_personal");
    expect(JSON.parse(request?.body ?? "")).toMatchObject({
      query: expect.stringContaining("issueUpdate"),
      variables: { id: issue?.id, input: { title: "By GraphQL" } },
    });

    linear.next.push(() => Response.json({ data: { issueUpdate: { success: false } } }));
    const declined = await ended(stack, await write(stack, path, { title: "Declined" }));
    expect(declined).toMatchObject({ status: "dead_lettered", attemptCount: 1, lastStatus: 200 });
    expect(declined.lastError).toContain("success: false");

    linear.next.push(() =>
      Response.json({ errors: [{ message: "limit", extensions: { code: "RATELIMITED" } }] }, { status: 400 }),
    );
    const limited = await ended(stack, await write(stack, path, { title: "Limited" }));
    expect(limited).toMatchObject({ status: "succeeded", attemptCount: 2 });
  }, 20_000);
});

describe("ops over a connection of the sync source", () => {
  const sourceWebhook = async (stack: TestStack, body: object) => {
    const token = await stack.mint(ALL_SCOPES);
    const url = `${stack.controlPlaneUrl}/api/v1/workspaces/${stack.workspaceId}/sources/nango/webhooks`;
    const headers = { Authorization: `Bearer ${token}` };
    return stack.fetch(new Request(url, { method: "POST", headers, body: JSON.stringify(body) }));
  };
  const created = {
    type: "auth",
    operation: "creation",
    success: true,
    connectionId: "conn-77",
    providerConfigKey: "jira-relay",
  };
  const issue = {
    id: "10007",
    key: "KAN-7",
    fields: { summary: "Old", status: { name: "To Do" }, updated: "2026-05-20T08:00:00.000+0000" },
  };
  const path = "/jira/issues/old__10007.json";

  test("go through its proxy with connection, key and site, and follow the site when it is set (S16, S20)", async () => {
    const proxy = standIn(({ method, body }) =>
      method === "PUT"
        ? new Response(null, { status: 204 })
        : Response.json({ ...issue, fields: { ...issue.fields, summary: "New" }, asked: body }),
    );
    const env = { RELAYFILE_SOURCE_URL: proxy.url, RELAYFILE_SOURCE_SECRET: PROXY_KEY };
    const { stack, lines } = await stackWith(env);
    expect((await sourceWebhook(stack, created)).status).toBe(200);
    await records(stack, "jira", "Issue", [issue]);

    const early = await ended(stack, await write(stack, path, { fields: { summary: "New" } }));
    expect(early).toMatchObject({ status: "failed", attemptCount: 0 });
    expect(early.lastError).toContain("needs cloudId");

    const put = await controlPlane(stack, "PUT", "integrations/jira/metadata", {
      metadata: { cloudId: "site-1" },
    });
    expect(put.status).toBe(200);
    await fileApi(stack, "POST", `ops/${early.opId}/replay`);
    expect(await ended(stack, early.opId)).toMatchObject({ status: "succeeded" });
    const [call] = proxy.requests;
    expect([call?.method, call?.url.pathname]).toEqual([
      "PUT",
      "/proxy/ex/jira/site-1/rest/api/3/issue/10007",
    ]);
    expect(call?.headers.get("authorization")).toBe(`Bearer ${PROXY_KEY}`);
    expect(call?.headers.get("connection-id")).toBe("conn-77");
    expect(call?.headers.get("provider-config-key")).toBe("jira-relay");
    expect(call?.headers.get("nango-proxy-accept")).toBe("application/json");
    expect(JSON.parse(call?.body ?? "")).toEqual({ fields: { summary: "New" } });
    const { tree } = await stack.workspace();
    expect(await tree.read("/jira/issues/new__10007.json")).not.toBeNull();
    expect(lines.join("\n")).not.toContain(PROXY_KEY);
    expect(everythingBelow(stack.dataDir)).not.toContain(PROXY_KEY);
  });

  test("a complaint of the proxy itself is told in its own words", async () => {
    const proxy = standIn(() =>
      Response.json(
        { error: { code: "unknown_connection", message: "no connection conn-77" } },
        { status: 400 },
      ),
    );
    const env = { RELAYFILE_SOURCE_URL: proxy.url, RELAYFILE_SOURCE_SECRET: PROXY_KEY };
    const { stack } = await stackWith(env);
    await sourceWebhook(stack, created);
    await controlPlane(stack, "PUT", "integrations/jira/metadata", { metadata: { cloudId: "site-1" } });
    await records(stack, "jira", "Issue", [issue]);
    const op = await ended(stack, await write(stack, path, { fields: { summary: "New" } }));
    expect(op).toMatchObject({ status: "dead_lettered", lastStatus: 400 });
    expect(op.lastError).toContain("no connection conn-77");
  });

  test("ops that an executor elsewhere takes hold up nobody else, and nothing spins until then", async () => {
    const { stack } = await stackWith({
      RELAYFILE_SOURCE_URL: "https://nango.example",
      RELAYFILE_PROXY_URL: "none",
    });
    await sourceWebhook(stack, created);
    await connect(stack, "linear", "simulator");
    await records(stack, "jira", "Issue", [issue]);
    const workspace = await stack.workspace();
    // More than one look at due work takes: these must not hide the op behind them.
    for (let n = 0; n < 40; n++) await write(stack, path, { fields: { summary: `n${n}` } });
    await until(
      async () => workspace.isSyncing("linear"),
      (busy) => !busy,
    );
    const op = await ended(stack, await write(stack, "/linear/labels/a b.json", { name: "mine" }));
    expect(op).toMatchObject({ status: "succeeded" });
    const pending = await fileApi(stack, "GET", "writeback/pending");
    expect(pending.items?.length ?? pending.length).toBe(40);
    const next = await workspace.runDue(Date.now());
    expect(next === null || next > Date.now() + 1_000).toBe(true);
  }, 20_000);
});
