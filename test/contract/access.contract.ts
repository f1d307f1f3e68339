/** What narrow tokens and permission rules hide, on every route of the file API. Test names start with the route they prove. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
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
        const [there, absent] = read.body.results;
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
  });
}
