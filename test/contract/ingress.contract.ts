/** What any deployment takes in: batches of records, webhooks of providers and of a sync source. */
import { describe, expect } from "bun:test";
import { afterAll, beforeAll, test } from "./harness.ts";
import { api, type ContractTarget, cloud } from "./target.ts";

/** Runs the suite against one deployment. */
export function testIngress(name: string, start: () => Promise<ContractTarget>): void {
  describe(`ingress (${name})`, () => {
    let target: ContractTarget;
    let token: string;
    beforeAll(async () => {
      target = await start();
      token = (await target.cloud()).accessToken;
    });
    afterAll(() => target.stop());

    const here = (rest: string) => `workspaces/${target.workspaceId}/${rest}`;

    describe("records and sources", () => {
      const record = (id: string, updated: string, name: string) => ({
        id,
        key: `P${id}`,
        name,
        updated,
      });

      test("POST workspaces/:id/records/:provider applies a batch, names what it cannot use, and refuses what is no batch", async () => {
        const jwt = await target.token(["sync:trigger"]);
        const send = (body: unknown, bearer: string | null = jwt) =>
          cloud(target, "POST", here("records/jira?flush=true"), { token: bearer, body });
        const batch = { model: "Project", records: [record("9001", "", "Nine"), { name: "no id" }, 7] };
        expect((await send(batch)).body).toMatchObject({
          provider: "jira",
          model: "Project",
          records: 3,
          applied: 1,
          rejected: 2,
          rejects: [
            { index: 1, code: "record_without_id" },
            { index: 2, code: "record_not_object" },
          ],
        });
        expect((await send(batch)).body).toMatchObject({ applied: 0, unchanged: 1, rejected: 2 });
        const letters = await api(target, "GET", "sync/dead-letter?provider=jira");
        expect(letters.body.items.map((one: { reason: string }) => one.reason).sort()).toEqual([
          "record_not_object",
          "record_without_id",
        ]);
        expect((await send({ model: "Widget", records: [] })).body.code).toBe("unknown_model");
        expect((await send({ model: "Project", records: {} })).status).toBe(400);
        expect((await send({ model: "Project", records: Array(1_001).fill(1) })).status).toBe(413);
        const strange = await send({ ...batch, connectionId: "conn-of-somebody" });
        expect([strange.status, strange.body.code]).toEqual([409, "other_connection"]);
        expect((await send(batch, await target.token(["fs:read"]))).status).toBe(403);
        expect((await send(batch, null)).status).toBe(401);
        for (const { envelopeId } of letters.body.items)
          await api(target, "POST", `sync/dead-letter/${envelopeId}/ack`);
      });

      test("POST workspaces/:id/sources/nango/webhooks registers a created connection and undoes a deleted one (S16)", async () => {
        const jwt = await target.token(["sync:trigger"]);
        const send = (body: unknown, bearer: string | null = jwt) =>
          cloud(target, "POST", here("sources/nango/webhooks"), { token: bearer, body });
        const auth = {
          type: "auth",
          connectionId: "conn-n1",
          providerConfigKey: "notion-relay",
          success: true,
        };
        const state = async () =>
          (await cloud(target, "GET", here("integrations/notion/status"), { token })).body;
        expect((await send({ ...auth, operation: "creation" })).body).toMatchObject({
          status: "connected",
          provider: "notion",
          connectionId: "conn-n1",
        });
        expect(await state()).toMatchObject({ ready: true, connectionId: "conn-n1", backend: "nango" });
        const layout = await api(target, "GET", "fs/file?path=/notion/LAYOUT.md");
        expect(layout.status).toBe(200);
        const other = { ...auth, operation: "deletion", connectionId: "conn-n2" };
        expect((await send(other)).body.status).toBe("not_applicable");
        expect((await send({ ...auth, operation: "deletion" })).body.status).toBe("disconnected");
        expect((await state()).state).toBe("not_connected");
        expect((await send({ type: "sync", providerConfigKey: "nobody" })).body.code).toBe(
          "unknown_provider",
        );
        expect(
          (await send({ type: "usage", connectionId: "c", providerConfigKey: "jira" })).body.status,
        ).toBe("not_applicable");
        expect((await send(auth, null)).status).toBe(401);
        expect((await send(auth, await target.token(["fs:read"]))).status).toBe(403);
      });

      test("POST workspaces/:id/sync/refresh resets only schemas that exist, of connected providers", async () => {
        const refresh = (resetSchemas: unknown) =>
          cloud(target, "POST", here("sync/refresh"), { token, body: { resetSchemas } });
        expect((await refresh(["jira/projects"])).status).toBe(200);
        expect((await refresh(["jira/nothing"])).body.code).toBe("unknown_resource");
        expect((await refresh("jira/projects")).status).toBe(400);
        expect((await refresh(["slack/messages"])).status).toBe(409);
      });
    });

    describe("POST workspaces/:id/webhooks/:provider", () => {
      const issue = {
        action: "opened",
        issue: {
          id: 1,
          number: 7,
          title: "Hello",
          state: "open",
          html_url: "https://github.com/o/r/issues/7",
          updated_at: "2026-05-20T00:00:00Z",
          user: { login: "u" },
        },
        repository: { id: 2, name: "r", full_name: "o/r", owner: { login: "o" } },
        sender: { login: "u" },
      };
      const deliver = async (headers: Record<string, string>, call = {}) =>
        cloud(target, "POST", here("webhooks/github?flush=true"), {
          body: issue,
          headers: { "X-GitHub-Event": "issues", ...headers },
          ...call,
        });

      test("POST workspaces/:id/webhooks/:provider applies once per delivery id and connects the provider", async () => {
        const jwt = await target.token(["sync:trigger"]);
        const first = await deliver({ "X-GitHub-Delivery": "d-1" }, { token: jwt });
        expect(first.body).toMatchObject({ status: "applied", deliveryId: "d-1" });
        const again = await deliver({ "X-GitHub-Delivery": "d-1" }, { token: jwt });
        expect(again.body.status).toBe("duplicate");
        const tree = await api(target, "GET", "fs/tree?path=/github/repos/o/r/issues&depth=3");
        expect(tree.text).toContain("meta.json");
        const status = await cloud(target, "GET", here("integrations/github/status"), { token });
        expect(status.body.ready).toBe(true);
        const digest = await api(target, "GET", "fs/file?path=/digests/today.md");
        expect(digest.body.content).toContain("#7");
      });

      test("POST workspaces/:id/webhooks/:provider applies concurrent duplicates once (S32)", async () => {
        const jwt = await target.token(["sync:trigger"]);
        const answers = await Promise.all(
          Array.from({ length: 6 }, () => deliver({ "X-GitHub-Delivery": "d-2" }, { token: jwt })),
        );
        expect(answers.filter(({ body }) => body.reason !== "delivery id seen before")).toHaveLength(1);
      });

      test("POST workspaces/:id/webhooks/:provider keeps what is not JSON as a dead letter", async () => {
        const jwt = await target.token(["sync:trigger"]);
        const answer = await cloud(target, "POST", here("webhooks/github"), {
          token: jwt,
          raw: '{"action": ',
          headers: { "X-GitHub-Event": "issues", "X-GitHub-Delivery": "d-malformed" },
        });
        expect([answer.status, answer.body.code]).toEqual([400, "malformed_payload"]);
        const letters = await api(target, "GET", "sync/dead-letter?provider=github");
        expect(letters.body.items).toMatchObject([
          { deliveryId: "d-malformed", reason: "malformed_payload" },
        ]);
        await api(target, "POST", `sync/dead-letter/${letters.body.items[0].envelopeId}/ack`);
      });

      test("POST workspaces/:id/webhooks/:provider refuses strangers", async () => {
        expect((await deliver({})).status).toBe(401);
        expect((await deliver({}, { token: await target.token(["fs:read"]) })).status).toBe(403);
        expect((await deliver({ "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` })).status).toBe(401);
      });
    });
  });
}
