import { describe, expect, test } from "bun:test";
import { clientWorld, json, routes, unsignedToken } from "../../support/client-world.ts";
import { eventually } from "../../support/deadline.ts";
import { runCli } from "../../support/run-cli.ts";

const A = "rw_aaaaaaaa";
const BASE = "http://127.0.0.1:1";
const CLOUD = {
  apiUrl: `${BASE}/cloud`,
  accessToken: "cld_at_1",
  refreshToken: "cld_rt_1",
  accessTokenExpiresAt: "2026-06-21T12:00:00Z",
};
const TOKEN = unsignedToken({ wks: A, scopes: ["fs:read", "sync:trigger"] });
const AT = `/cloud/api/v1/workspaces/${A}`;
const STATUS = `GET ${AT}/integrations/jira/status`;
const CATALOG = "GET /cloud/api/v1/integrations/catalog";
const CONNECT = `POST ${AT}/integrations/connect-session`;
const offered = () => json({ providers: [{ id: "jira" }, { id: "github" }] });
const link = () =>
  json({ token: "nango_connect_session_x", expiresAt: "t", connectLink: "https://connect.example/x" });

function world(table: Parameters<typeof routes>[0], signedIn = true) {
  const made = clientWorld({ fetch: routes({ [CATALOG]: offered, ...table }) });
  made.write("credentials.json", { server: BASE, token: TOKEN });
  if (signedIn) made.write("cloud-credentials.json", CLOUD);
  return made;
}

describe("relayfile integration list and status", () => {
  test("S04: without a cloud session the workspace token asks", async () => {
    using it = world(
      { [`GET ${AT}/integrations`]: () => json([{ provider: "jira", status: "ready" }]) },
      false,
    );
    const controlPlane = `--control-plane ${BASE}/cloud`;
    const run = await runCli(`integration list ${controlPlane} --json`, it.ports);
    expect(run.document).toMatchObject({
      kind: "relayfile.integrations",
      integrations: [{ provider: "jira" }],
    });
    expect(it.requests.at(-1)?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  });

  test.each([
    [{ ready: true, state: "ready" }, 0],
    [
      { ready: false, state: "sync_queued", initialSync: { state: "queued", syncName: null, model: null } },
      0,
    ],
    [{ ready: false, state: "error", lastError: "cloudId missing" }, 1],
  ])("shows %j", async (status, exit) => {
    using it = world({ [STATUS]: () => json(status) });
    const run = await runCli("integration status jira --json", it.ports);
    expect(run.exit).toBe(exit);
    expect(run.document).toMatchObject({ provider: "jira", status });
    expect((await runCli("integration status jira", it.ports)).stdout).toContain(`jira: ${status.state}`);
  });
});

describe("relayfile integration connect", () => {
  test("is done at once where nobody has to approve", async () => {
    let body: unknown;
    using it = world({
      [CONNECT]: async (request) => {
        body = await request.json();
        return link();
      },
      [STATUS]: () => json({ ready: true, state: "ready" }),
    });
    const run = await runCli("integration connect jira --json", it.ports);
    expect(run).toMatchObject({ exit: 0, stderr: "" });
    expect(run.document).toMatchObject({ connected: true, connectLink: null });
    expect(body).toEqual({ allowedIntegrations: ["jira"] });
  });

  test("asks for a backend and sets the metadata of the connection; a pair without a value is a usage error", async () => {
    const bodies: unknown[] = [];
    const keep = (answer: () => Response) => async (request: Request) => {
      bodies.push(await request.json());
      return answer();
    };
    using it = world({
      [CONNECT]: keep(link),
      [`PUT ${AT}/integrations/jira/metadata`]: keep(() => json({ metadata: {} })),
      [STATUS]: () => json({ ready: true, state: "ready" }),
    });
    const line =
      "integration connect jira --backend direct --metadata cloudId=site-1 --metadata a=b=c --json";
    expect(await runCli(line, it.ports)).toMatchObject({ exit: 0 });
    expect(bodies).toEqual([
      { allowedIntegrations: ["jira"], requestedBackend: "direct" },
      { metadata: { cloudId: "site-1", a: "b=c" } },
    ]);
    const wrong = await runCli("integration connect jira --metadata cloudId --json", it.ports);
    expect(wrong.exit).toBe(2);
    expect(bodies).toHaveLength(2);
  });

  test("shows the link, asks every five seconds, and ends when it is approved", async () => {
    let asked = 0;
    using it = world({
      [CONNECT]: link,
      [STATUS]: () =>
        ++asked < 4
          ? json({ ready: false, state: "pending" })
          : json({ ready: false, state: "oauth_connected" }),
    });
    const running = runCli("integration connect jira --no-open --json", it.ports);
    for (let s = 0; s < 40 && asked < 4; s++) {
      await Bun.sleep(1);
      await it.clock.advance(1000);
    }
    const run = await running;
    expect(run).toMatchObject({ exit: 0 });
    expect(run.stderr).toContain("approve the connection at https://connect.example/x");
    expect(asked).toBe(4);
    expect(it.clock.monotonicMs()).toBeGreaterThanOrEqual(15_000);
  });

  test("--no-wait hands the link over", async () => {
    using it = world({ [CONNECT]: link, [STATUS]: () => json({ error: "none" }, 404) });
    const run = await runCli("integration connect jira --no-wait --json", it.ports);
    expect(run).toMatchObject({ exit: 0 });
    expect(run.document).toMatchObject({ connected: false, connectLink: "https://connect.example/x" });
  });

  test("a provider that is not offered is refused with the nearest name", async () => {
    using it = world({});
    const run = await runCli("integration connect githb --json", it.ports);
    expect(run).toMatchObject({ exit: 2 });
    expect(run.document).toMatchObject({
      error: { message: expect.stringContaining("did you mean github") },
    });
  });
});

describe("relayfile integration disconnect", () => {
  test("needs --yes", async () => {
    using it = world({
      [`DELETE ${AT}/integrations/jira/status`]: () => new Response(null, { status: 204 }),
    });
    expect(await runCli("integration disconnect jira", it.ports)).toMatchObject({ exit: 5 });
    expect(it.requests).toHaveLength(0);
    expect(await runCli("integration disconnect jira --yes", it.ports)).toMatchObject({ exit: 0 });
  });
});

describe("relayfile refresh", () => {
  const REFRESH = `POST ${AT}/sync/refresh`;
  const row = (more: object = {}) => ({ provider: "jira", discoveryBackfilled: true, errors: 0, ...more });

  test.each([
    [{ refreshed: [row()] }, 200, 0],
    [{ refreshed: [{ provider: "jira", backfilled: true }] }, 200, 0],
    [{ refreshed: [row({ errors: 2 })] }, 200, 1],
    [{ refreshed: [], errors: [{ reason: "x", message: "m" }] }, 200, 1],
    [{ refreshed: [row()], timedOut: true }, 504, 3],
  ])("S33: %j with status %d ends with exit", async (report, status, exit) => {
    using it = world({ [REFRESH]: () => json({ workspaceId: A, ...report }, status) });
    const run = await runCli("refresh --json", it.ports);
    expect(run.exit).toBe(exit);
    expect(run.document).toMatchObject({ kind: "relayfile.refresh", scope: "discovery", workspaceId: A });
    expect(it.requests.at(-1)?.headers.get("authorization")).toBe(`Bearer ${TOKEN}`);
  });

  test("says why a schema stayed empty", async () => {
    const warning = {
      resourceName: "issues",
      resourcePath: "/jira/issues",
      indexPath: "/jira/issues/_index.json",
      indexRows: 30,
      sampledIds: 20,
      sampledRecords: 0,
      reason: "skipped-no-alias-match",
    };
    using it = world({
      [REFRESH]: () => json({ workspaceId: A, refreshed: [row({ samplingWarnings: [warning] })] }),
    });
    const { stdout } = await runCli("refresh", it.ports);
    expect(stdout).toContain("issues: skipped-no-alias-match");
    expect(stdout).toContain("relayfile verify discovery");
  });

  test("--provider queues a read at the file API", async () => {
    let body: unknown;
    using it = world({
      [`POST /v1/workspaces/${A}/sync/refresh`]: async (request) => {
        body = await request.json();
        return json({ status: "queued", id: "sync_1", correlationId: "c" }, 202);
      },
    });
    const run = await runCli("refresh --provider jira --json", it.ports);
    expect(run.document).toMatchObject({
      scope: "provider",
      refreshed: [{ provider: "jira", requestId: "sync_1" }],
    });
    expect(body).toEqual({ provider: "jira", reason: "manual" });
  });

  test("is given 240 s and says that it waits", async () => {
    const answer = Promise.withResolvers<Response>();
    using it = world({ [REFRESH]: () => answer.promise });
    const running = runCli("refresh --json", it.ports);
    await eventually("a timer is set", () => it.clock.pending > 0);
    await it.clock.advance(11_000);
    answer.resolve(json({ workspaceId: A, refreshed: [] }));
    const run = await running;
    expect(run.document).toMatchObject({ durationMs: 11_000 });
    expect(run.stderr).toContain("refreshing discovery: 10 s of at most 240 s");
  });
});

describe("relayfile ingest", () => {
  const HOOK = `POST ${AT}/webhooks/github`;

  test("delivers to a provider that is not connected yet, asks for no connection, and counts", async () => {
    const outcomes = [
      { status: "applied", written: ["/github/a", "/github/b"], deleted: ["/github/c"] },
      { status: "not_applicable", reason: "no rule for ping" },
      { status: "duplicate" },
    ];
    using it = world({
      [`GET ${AT}/integrations`]: () => json([]),
      [HOOK]: () => json(outcomes.shift() ?? { status: "stale" }),
    });
    it.write("hooks/index.json", [{ name: "issues", examples: [{ a: 1 }, { a: 2 }, { a: 3 }, "bad"] }]);
    const run = await runCli(["ingest", "github", `${it.home}/hooks`, "--json"], it.ports);
    expect(run).toMatchObject({ exit: 1 });
    expect(it.requests.filter(({ url }) => url.includes("connect-session"))).toEqual([]);
    expect(run.document).toMatchObject({
      kind: "relayfile.ingest",
      connected: true,
      summary: {
        total: 4,
        applied: 1,
        notApplicable: 1,
        duplicate: 1,
        stale: 0,
        rejected: 1,
        filesWritten: 2,
        filesDeleted: 1,
      },
      payloads: [
        { status: "applied" },
        { reason: "no rule for ping" },
        {},
        { status: "rejected", reason: "the example is not a JSON object" },
      ],
    });
    expect(
      it.requests
        .filter((one) => one.url.includes("/webhooks/"))
        .map((one) => one.headers.get("authorization")),
    ).toEqual(Array(3).fill(`Bearer ${TOKEN}`));
  });

  test("reads the payloads before it talks to anybody", async () => {
    using it = world({});
    expect(await runCli(["ingest", "github", `${it.home}/none`], it.ports)).toMatchObject({ exit: 2 });
    expect(it.requests).toHaveLength(0);
  });
});
