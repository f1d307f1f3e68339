/** The stand-in itself: pages, recorded calls, forced answers, and refusals shaped like each provider's own. */
import { describe, expect, test } from "bun:test";
import { createSimulator, type Simulator } from "../../../lib/simulator/mod.ts";
import { pipelineDeps } from "../../support/pipeline.ts";

const simulator = () => createSimulator(pipelineDeps());
const call = (
  target: Simulator,
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = { authorization: "Bearer x" },
) =>
  target.fetch(
    new Request(`http://simulator.test${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  );

describe("records", () => {
  test("pages to the end with opaque cursors and refuses unknown ones", async () => {
    const target = simulator();
    const ids: string[] = [];
    let cursor = "";
    do {
      const response = await call(target, "GET", `/records/jira/Issue?limit=10&cursor=${cursor}`);
      const page = (await response.json()) as { records: { id: string }[]; nextCursor: string | null };
      expect(page.records.length).toBeLessThanOrEqual(10);
      ids.push(...page.records.map((record) => record.id));
      cursor = page.nextCursor ?? "";
    } while (cursor !== "");
    expect(new Set(ids).size).toBe(34);
    expect((await call(target, "GET", "/records/jira/Issue?cursor=nonsense")).status).toBe(400);
    expect((await call(target, "GET", "/records/jira/Widget")).status).toBe(404);
    expect(target.calls).toEqual([]);
  });
});

describe("calls", () => {
  test("are recorded with method, path, body and status, and without the credential", async () => {
    const target = simulator();
    await call(
      target,
      "PUT",
      "/jira/rest/api/3/issue/10000?notify=false",
      { fields: { summary: "x" } },
      { authorization: "Bearer s3cret", "x-correlation-id": "c1" },
    );
    expect(target.calls).toMatchObject([
      {
        provider: "jira",
        method: "PUT",
        path: "/rest/api/3/issue/10000?notify=false",
        body: { fields: { summary: "x" } },
        correlationId: "c1",
        authorized: true,
        status: 204,
      },
    ]);
    expect(JSON.stringify(target.calls)).not.toContain("s3cret");
    expect(await (await call(target, "GET", "/calls")).json()).toMatchObject({ calls: [{ status: 204 }] });
  });

  test("forced answers change nothing and are used up", async () => {
    const target = simulator();
    target.failNext("jira", 2, { status: 503, headers: { "retry-after": "1" } });
    const update = () =>
      call(target, "PUT", "/jira/rest/api/3/issue/10000", { fields: { summary: "changed" } });
    expect((await update()).status).toBe(503);
    expect((await update()).headers.get("retry-after")).toBe("1");
    const issue = await (await call(target, "GET", "/jira/rest/api/3/issue/10000")).json();
    expect(issue).toMatchObject({ fields: { summary: "Board shows cards twice" } });
    expect((await update()).status).toBe(204);
  });
});

describe("refusals", () => {
  test("without a credential every provider answers in its own way", async () => {
    const target = simulator();
    const bare = {};
    expect((await call(target, "GET", "/github/repos/a/b/issues/1", undefined, bare)).status).toBe(401);
    expect((await call(target, "GET", "/jira/rest/api/3/issue/10000", undefined, bare)).status).toBe(401);
    expect((await call(target, "GET", "/notion/v1/pages/x", undefined, bare)).status).toBe(401);
    expect((await call(target, "GET", "/confluence/wiki/api/v2/pages/1", undefined, bare)).status).toBe(401);
    expect(
      (await call(target, "POST", "/linear/graphql", { query: "query { issue(id: 1) { id } }" }, bare))
        .status,
    ).toBe(400);
    expect(await (await call(target, "POST", "/slack/chat.postMessage", {}, bare)).json()).toEqual({
      ok: false,
      error: "not_authed",
    });
  });

  test("follow the providers' rules", async () => {
    const target = simulator();
    const status = async (method: string, path: string, body?: unknown) =>
      (await call(target, method, path, body)).status;
    expect(await status("POST", "/github/repos/a/b/issues", { body: "no title" })).toBe(422);
    expect(await status("POST", "/github/repos/a/b/issues", { title: "x".repeat(257) })).toBe(422);
    expect(await status("PATCH", "/github/repos/a/b/issues/1", { title: "x" })).toBe(404);
    expect(
      await status("POST", "/jira/rest/api/3/issue", {
        fields: { project: { key: "KAN" }, issuetype: { name: "Task" }, summary: "x".repeat(256) },
      }),
    ).toBe(400);
    expect(
      await status("POST", "/jira/rest/api/3/issue", {
        fields: { project: { key: "NO" }, issuetype: { name: "Task" }, summary: "x" },
      }),
    ).toBe(400);
    expect(
      await status("POST", "/jira/rest/api/3/issue/10000/transitions", { transition: { id: "99" } }),
    ).toBe(400);
    expect(
      await status("PUT", "/confluence/wiki/api/v2/pages/200001", { title: "x", version: { number: 1 } }),
    ).toBe(409);
    expect(await status("POST", "/elsewhere", {})).toBe(404);
    const linear = await (
      await call(target, "POST", "/linear/graphql", {
        query: "mutation($i: X!) { issueCreate(input: $i) { success } }",
        variables: { input: { title: "" } },
      })
    ).json();
    expect(linear).toMatchObject({ data: null, errors: [{ extensions: { code: "INVALID_INPUT" } }] });
    const unknown = await (
      await call(target, "POST", "/linear/graphql", { query: "mutation { dropEverything { success } }" })
    ).json();
    expect(unknown).toMatchObject({ errors: [{ extensions: { code: "GRAPHQL_VALIDATION_FAILED" } }] });
  });
});
