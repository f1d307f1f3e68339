/** What narrow tokens and permission rules hide, on every route of the file API. Test names start with the route they prove. */
import { describe, expect } from "bun:test";
import { afterAll, beforeAll, test } from "./harness.ts";
import { ALL_SCOPES, api, type ContractTarget, put } from "./target.ts";

/** Runs the suite against one deployment. */
export function testAccess(name: string, start: () => Promise<ContractTarget>): void {
  describe(`access (${name})`, () => {
    let target: ContractTarget;
    beforeAll(async () => {
      target = await start();
    });
    afterAll(() => target.stop());

    describe("permissions", () => {
      test("an inherited deny beats a file's own allow, on every route", async () => {
        const acl = (rules: string[]) => JSON.stringify({ semantics: { permissions: rules } });
        await put(target, "/acl/open/f", "1");
        await put(target, "/acl/shut/f", "secret-body", { semantics: { permissions: ["allow:agent:eve"] } });
        await put(target, "/acl/shut/sub/g", "secret-body");
        await api(target, "POST", "fs/bulk", {
          body: {
            files: [{ path: "/acl/shut/.relayfile.acl", content: acl(["deny:agent:eve", "allow:any"]) }],
          },
        });
        const token = await target.token(ALL_SCOPES, { agent: "eve" });
        const asEve = (method: string, path: string, call = {}) =>
          api(target, method, path, { token, ...call });

        expect((await asEve("GET", "fs/file?path=/acl/shut/f")).status).toBe(403);
        expect(
          (
            await asEve("PUT", "fs/file?path=/acl/shut/new", {
              body: { content: "" },
              headers: { "If-Match": "*" },
            })
          ).status,
        ).toBe(403);
        expect(
          (await asEve("DELETE", "fs/file?path=/acl/shut/f", { headers: { "If-Match": "*" } })).status,
        ).toBe(403);
        const bulk = await asEve("POST", "fs/bulk", {
          body: { files: [{ path: "/acl/shut/h", content: "" }] },
        });
        expect(bulk.body.errors).toMatchObject([{ code: "forbidden" }]);

        const tree = await asEve("GET", "fs/tree?path=/acl&depth=9");
        expect(tree.body.entries.map(({ path }: { path: string }) => path)).toEqual([
          "/acl/open",
          "/acl/open/f",
        ]);
        expect(tree.body.totalFiles).toBe(1);
        for (const path of [
          "fs/query?path=/acl",
          "fs/export?path=/acl",
          "fs/events?limit=1000",
          "ops?limit=1000",
        ]) {
          const { text } = await asEve("GET", path);
          expect(text).not.toContain("/acl/shut/f");
          expect(text).not.toContain("/acl/shut/sub");
          expect(text).not.toContain("secret-body");
        }
        const read = await asEve("POST", "fs/bulk-read", {
          body: { paths: ["/acl/shut/f", "/acl/shut/not-there"] },
        });
        expect(read.text).not.toContain("secret-body");
        const [there, absent] = read.body.files;
        expect(there.error).toEqual(absent.error);
        expect((await api(target, "GET", "fs/tree?path=/acl&depth=9")).body.totalFiles).toBe(4);
      });

      test("a narrow scope confines a token even beside the bare one", async () => {
        await put(target, "/scope/in/a", "1");
        await put(target, "/scope/out/b", "hidden-bytes");
        const token = await target.token(["fs:read", "relayfile:fs:read:/scope/in/**"]);
        expect((await api(target, "GET", "fs/file?path=/scope/in/a", { token })).status).toBe(200);
        expect((await api(target, "GET", "fs/file?path=/scope/out/b", { token })).status).toBe(403);
        expect((await api(target, "GET", "fs/tree?path=/", { token })).status).toBe(403);
        expect((await api(target, "GET", "fs/tree?path=/scope/in", { token })).body.entries).toHaveLength(1);
        const read = await api(target, "POST", "fs/bulk-read", { token, body: { paths: ["/scope/out/b"] } });
        expect(read.text).not.toContain("hidden-bytes");
      });
    });

    describe("GET fs/ws", () => {
      test("GET fs/ws answers before the upgrade what is wrong", async () => {
        const ask = (query: string) =>
          api(target, "GET", `fs/ws?${query}`, { token: null, correlationId: null });
        expect((await ask("")).status).toBe(401);
        expect((await ask("token=garbage")).body.message).toBe("invalid jwt format");
        expect((await ask(`token=${await target.token(["ops:read"])}`)).status).toBe(403);
        const narrow = await target.token(["relayfile:fs:read:/a/**"]);
        expect((await ask(`token=${narrow}&path=/b/**`)).status).toBe(403);
        expect((await ask(`token=${narrow}&from=then`)).status).toBe(400);
        expect((await ask(`token=${narrow}`)).body.message).toContain("WebSocket");
      });
    });

    describe("administration", () => {
      const admin = async (method: string, path: string, scopes: readonly string[]) =>
        api(target, method, `/v1/admin/${path}`, { token: await target.token(scopes) });

      test("GET admin/backends, admin/ingress and admin/sync need a literal admin scope", async () => {
        for (const path of ["backends", "ingress", "sync"]) {
          expect((await admin("GET", path, ["relayfile:admin:read", ...ALL_SCOPES])).status).toBe(403);
          expect((await admin("GET", path, ["admin:read"])).status).toBe(200);
          expect((await api(target, "GET", `/v1/admin/${path}`, { token: null })).status).toBe(401);
        }
        const { body } = await admin("GET", "ingress?alertProfile=strict", ["admin:read"]);
        expect(body).toMatchObject({
          alertProfile: "strict",
          thresholds: { pending: 25 },
          workspaceIds: expect.arrayContaining([target.workspaceId]),
        });
        expect((await admin("GET", "sync?limit=0", ["admin:read"])).body.message).toBe("invalid limit");
        expect((await admin("GET", "ingress?nonZeroOnly=maybe", ["admin:read"])).body.message).toBe(
          "invalid nonZeroOnly",
        );
      });

      test("POST admin/replay/op/:id, admin/replay/ops/:id, admin/replay/envelope/:id and admin/replay/envelopes/:id need admin:replay and a known id", async () => {
        for (const path of [
          "replay/op/op_999999",
          "replay/ops/op_999999",
          "replay/envelope/env_9",
          "replay/envelopes/env_9",
        ]) {
          expect((await admin("POST", path, ["admin:read"])).status).toBe(403);
          expect((await admin("POST", path, ["admin:replay"])).status).toBe(404);
        }
      });

      test("GET metrics counts by route and names no workspace", async () => {
        await api(target, "GET", "fs/tree");
        const answer = await api(target, "GET", "/metrics", { token: null });
        expect(answer.headers.get("content-type")).toStartWith("application/openmetrics-text");
        expect(answer.text).toContain('route="/v1/workspaces/:ws/fs/tree",status="200"');
        expect(answer.text).toEndWith("# EOF\n");
        expect(answer.text).not.toContain(target.workspaceId);
      });
    });

    describe("features that are elsewhere", () => {
      test("forks, imports and hosted routes are 404 with a hint", async () => {
        for (const path of ["forks", "fs/import", "fs/import/github-tarball/fetch", "subscriptions"]) {
          const { status, body } = await api(target, "POST", path, { body: {} });
          expect([status, body.code, typeof body.details.hint]).toEqual([404, "not_found", "string"]);
        }
      });
    });
  });
}
