import { describe, expect, test } from "bun:test";
import { clientWorld, json, routes, unsignedToken } from "../../support/client-world.ts";
import { runCli } from "../../support/run-cli.ts";

const A = "rw_aaaaaaaa";
const BASE = "http://127.0.0.1:1";
const OPS = `/v1/workspaces/${A}/ops`;
const CLOUD = {
  apiUrl: `${BASE}/cloud`,
  accessToken: "cld_at_1",
  refreshToken: "r",
  accessTokenExpiresAt: "2026-06-21T12:00:00Z",
};

function world(table: Parameters<typeof routes>[0], signedIn = false) {
  const made = clientWorld({ fetch: routes(table) });
  made.write("credentials.json", { server: BASE, token: unsignedToken({ wks: A, scopes: ["ops:read"] }) });
  if (signedIn) made.write("cloud-credentials.json", CLOUD);
  return made;
}

describe("relayfile ops list", () => {
  test("pages up to the limit and passes the filters on", async () => {
    const asked: string[] = [];
    using it = world({
      [`GET ${OPS}`]: (request) => {
        const query = new URL(request.url).searchParams;
        asked.push(query.toString());
        const n = query.get("cursor") === null ? 3 : 1;
        const items = [n, n - 1].filter((id) => id > 0).map((id) => ({ opId: `op_${id}`, status: "failed" }));
        return json({ items, nextCursor: n === 3 ? "op_2" : null });
      },
    });
    const run = await runCli("ops list --status failed --provider jira --json", it.ports);
    expect(run.document).toMatchObject({
      kind: "relayfile.ops",
      truncated: false,
      ops: [{ opId: "op_3" }, {}, { opId: "op_1" }],
    });
    expect(asked).toEqual([
      "status=failed&provider=jira&limit=100",
      "status=failed&provider=jira&cursor=op_2&limit=98",
    ]);
    expect((await runCli("ops list --limit 2 --json", it.ports)).document).toMatchObject({
      truncated: true,
      ops: [{}, {}],
    });
  });
});

describe("relayfile ops show", () => {
  test("shows an op, or that there is none", async () => {
    using it = world({
      [`GET ${OPS}/op_7`]: () => json({ opId: "op_7", status: "succeeded", path: "/a" }),
      [`GET ${OPS}/op_8`]: () => json({ code: "not_found", message: "not found" }, 404),
    });
    expect((await runCli("ops show op_7", it.ports)).stdout).toContain("succeeded");
    expect(await runCli("ops show op_8", it.ports)).toMatchObject({ exit: 1 });
    expect(await runCli("ops show", it.ports)).toMatchObject({ exit: 2 });
  });
});

describe("relayfile ops replay", () => {
  const queued = () => json({ status: "queued", id: "op_7" }, 202);
  const control = `POST /cloud/api/v1/workspaces/${A}/ops/op_7/replay`;

  test("asks the control plane when signed in, else the file API", async () => {
    using signedIn = world({ [control]: queued }, true);
    expect((await runCli("ops replay op_7 --json", signedIn.ports)).document).toMatchObject({
      status: "queued",
    });
    using not = world({ [`POST ${OPS}/op_7/replay`]: queued });
    expect((await runCli("ops replay op_7 --json", not.ports)).document).toMatchObject({ status: "queued" });
  });

  test("a control plane without the route leaves it to the file API", async () => {
    using it = world(
      { [control]: () => json({ error: "not found" }, 404), [`POST ${OPS}/op_7/replay`]: queued },
      true,
    );
    expect(await runCli("ops replay op_7", it.ports)).toMatchObject({ exit: 0 });
  });

  test("--wait ends with the op", async () => {
    using it = world({
      [`POST ${OPS}/op_7/replay`]: queued,
      [`GET ${OPS}/op_7`]: () => json({ opId: "op_7", status: "dead_lettered", lastError: "still no" }),
    });
    const run = await runCli("ops replay op_7 --wait", it.ports);
    expect(run).toMatchObject({ exit: 1 });
    expect(run.stdout).toContain("still no");
  });
});
