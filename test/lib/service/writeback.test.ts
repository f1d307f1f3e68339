/** Ops from a client's write to the provider's answer, over a real stack and its simulator. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { WritebackOp } from "../../../lib/model/writeback-op.ts";
import { until } from "../../contract/target.ts";
import { type TestStack, testStack } from "../../support/stack.ts";

describe("writeback", () => {
  let stack: TestStack;
  let token: string;
  beforeAll(async () => {
    stack = await testStack({ providers: ["jira"] });
    token = await stack.mint(["fs:read", "fs:write", "ops:read", "ops:replay", "sync:read"]);
  });
  afterAll(() => stack.stop());

  const call = async (method: string, path: string, body?: unknown, ifMatch = "*") => {
    const response = await stack.fetch(
      new Request(`${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/${path}`, {
        method,
        headers: { Authorization: `Bearer ${token}`, "X-Correlation-Id": "wb", "If-Match": ifMatch },
        body: body === undefined ? undefined : JSON.stringify(body),
      }),
    );
    // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
    return (await response.json()) as any;
  };
  const write = (path: string, content: unknown) =>
    call("PUT", `fs/file?path=${encodeURIComponent(path)}`, {
      content: JSON.stringify(content),
      contentType: "application/json",
    });
  const ended = (opId: string): Promise<WritebackOp> =>
    until(
      () => call("GET", `ops/${opId}`),
      ({ status }) => status !== "pending" && status !== "running",
    );
  const anIssue = async (): Promise<string> => {
    const { entries } = await call("GET", "fs/tree?path=/jira/issues&depth=1");
    return entries
      .map(({ path }: { path: string }) => path)
      .find((path: string) => /__\d+\.json$/.test(path));
  };

  test("an edit of a record becomes a call to the provider with the same correlation id (S20)", async () => {
    const path = await anIssue();
    const accepted = await write(path, { fields: { summary: "changed here" } });
    expect(accepted.writeback).toEqual({ provider: "jira", state: "pending" });
    const op = await ended(accepted.opId);
    expect(op).toMatchObject({
      status: "succeeded",
      attemptCount: 1,
      provider: "jira",
      action: "file_upsert",
    });
    const made = stack.simulator.calls.at(-1);
    expect(made).toMatchObject({ provider: "jira", correlationId: "wb", authorized: true });
    const events = (await call("GET", "fs/events?direction=desc&limit=50")).events;
    expect(events).toContainEqual(expect.objectContaining({ type: "writeback.succeeded", path }));
  });

  test("a permanent refusal ends as a dead letter after one attempt, and replay runs it again", async () => {
    const path = await anIssue();
    stack.simulator.failNext("jira", 1, { status: 400, body: { errorMessages: ["no"] } });
    const { opId } = await write(path, { fields: { summary: "refused" } });
    const dead = await ended(opId);
    expect(dead).toMatchObject({ status: "dead_lettered", attemptCount: 1, lastStatus: 400 });
    expect(dead.lastError).toContain("400");
    const status = await call("GET", "sync/status?provider=jira");
    expect(status.providers[0]).toMatchObject({ status: "error", deadLetteredOps: 1 });
    expect(await call("POST", `ops/${opId}/replay`)).toMatchObject({ status: "queued", id: opId });
    expect(await ended(opId)).toMatchObject({ status: "succeeded" });
  });

  test("a failing provider is asked three times", async () => {
    const path = await anIssue();
    stack.simulator.failNext("jira", 3, { status: 503 });
    const { opId } = await write(path, { fields: { summary: "storm" } });
    expect(await ended(opId)).toMatchObject({ status: "dead_lettered", attemptCount: 3, lastStatus: 503 });
  });

  test("a recovered failure is no dead letter", async () => {
    const path = await anIssue();
    stack.simulator.failNext("jira", 1, { status: 429, headers: { "retry-after": "0" } });
    const { opId } = await write(path, { fields: { summary: "recovered" } });
    const op = await ended(opId);
    expect(op).toMatchObject({ status: "succeeded", attemptCount: 2 });
    expect(op.lastError).toBeUndefined();
  });

  test("a write without a route fails without an attempt and without a call (S24)", async () => {
    const before = stack.simulator.calls.length;
    const { opId } = await write("/jira/issues/by-id/nowhere.json", { fields: {} });
    expect(await ended(opId)).toMatchObject({ status: "failed", attemptCount: 0 });
    expect(stack.simulator.calls.length).toBe(before);
  });

  test("a permission marker below a connected provider is ours alone: written, batched or deleted", async () => {
    const before = stack.simulator.calls.length;
    const rules = { semantics: { permissions: ["deny:agent:eve", "allow:any"] } };
    const written = await write("/jira/issues/.relayfile.acl", rules);
    const { results } = await call("POST", "fs/bulk", {
      files: [{ path: "/jira/.relayfile.acl", content: JSON.stringify(rules) }],
    });
    const deleted = await call("DELETE", "fs/file?path=/jira/.relayfile.acl");
    for (const opId of [written.opId, results[0].opId, deleted.opId]) {
      expect(await call("GET", `ops/${opId}`)).toMatchObject({
        status: "succeeded",
        attemptCount: 0,
        providerResult: { local: true },
      });
    }
    expect(stack.simulator.calls.length).toBe(before);
    const eve = await stack.mint(["fs:read"], { agent: "eve" });
    const url = `${stack.fileApiUrl}/v1/workspaces/${stack.workspaceId}/fs/file?path=${await anIssue()}`;
    const headers = { Authorization: `Bearer ${eve}`, "X-Correlation-Id": "eve" };
    expect((await stack.fetch(new Request(url, { headers }))).status).toBe(403);
  });

  test("a create draft makes a record and becomes a receipt (S21)", async () => {
    const draft = "/jira/issues/draft-20260520T080956Z.json";
    const schema = JSON.parse(
      (await call("GET", "fs/file?path=/discovery/jira/issues/.create.example.json")).content,
    );
    const { opId } = await write(draft, schema);
    const op = await ended(opId);
    expect(op).toMatchObject({ status: "succeeded", providerResult: { externalId: expect.any(String) } });
    const receipt = JSON.parse((await call("GET", `fs/file?path=${draft}`)).content);
    expect(receipt).toMatchObject({
      created: expect.anything(),
      path: expect.stringContaining("/jira/issues/"),
    });
  });
});
