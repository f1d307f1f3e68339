/** What any deployment of the file API answers. Test names start with the route they prove. */
import { describe, expect } from "bun:test";
import { afterAll, beforeAll, test } from "./harness.ts";
import { ALL_SCOPES, api, type ContractTarget, put } from "./target.ts";

/** Runs the suite against one deployment. */
export function testFileApi(name: string, start: () => Promise<ContractTarget>): void {
  describe(`file API (${name})`, () => {
    let target: ContractTarget;
    beforeAll(async () => {
      target = await start();
    });
    afterAll(() => target.stop());

    describe("order of checks", () => {
      test("GET health needs no token and no correlation id", async () => {
        const answer = await api(target, "GET", "/health", { token: null, correlationId: null });
        expect(answer.status).toBe(200);
        expect(answer.body).toMatchObject({ status: "ok", version: expect.any(String) });
      });

      test("an unknown route is 404 before any token is looked at", async () => {
        for (const path of ["/nope", "/v1/workspaces/x/nope", "/v1/nope", "/api/v1/workspaces"]) {
          const answer = await api(target, "GET", path, { token: null });
          expect([answer.status, answer.body.code]).toEqual([404, "not_found"]);
        }
      });

      test("the caller's id for a request comes back, with an answer and with an error", async () => {
        for (const [path, token, status] of [
          ["fs/tree", undefined, 200],
          ["fs/file?path=/echo/none", undefined, 404],
          ["fs/tree", "garbage", 401],
        ] as const) {
          const answer = await api(target, "GET", path, { correlationId: "echo-1", token });
          expect([answer.status, answer.headers.get("x-correlation-id")]).toEqual([status, "echo-1"]);
        }
        const cloud = await api(target, "GET", "/v1/nothing", { correlationId: "echo-2" });
        expect(cloud.body.correlationId).toBe("echo-2");
      });

      test("a wrong method on a known route is 404", async () => {
        expect((await api(target, "POST", "fs/tree", { token: null })).status).toBe(404);
      });

      test("POST v1/workspaces confirms the workspace of the token and makes no other", async () => {
        const announce = async (body: unknown, scopes: readonly string[] = ["fs:write"]) =>
          (await api(target, "POST", "/v1/workspaces", { body, token: await target.token(scopes) })).status;
        for (const name of ["workspaceId", "workspace", "id", "name"])
          expect([name, await announce({ [name]: target.workspaceId })]).toEqual([name, 200]);
        expect(await announce({ id: "rw_another0" })).toBe(403);
        expect(await announce({})).toBe(400);
        expect(await announce({ id: target.workspaceId }, ["ops:read"])).toBe(403);
        expect((await api(target, "POST", "/v1/workspaces", { token: null, body: {} })).status).toBe(401);
      });

      test("no token is 401, a cloud token too, a foreign workspace 403", async () => {
        expect((await api(target, "GET", "fs/tree", { token: null })).body.code).toBe("unauthorized");
        const { accessToken } = await target.cloud();
        const wrongKind = await api(target, "GET", "fs/tree", { token: accessToken });
        expect([wrongKind.status, wrongKind.body.message]).toEqual([401, "invalid jwt format"]);
        const token = await target.token(ALL_SCOPES);
        const other = await api(target, "GET", "/v1/workspaces/rw_00000000/fs/tree", { token });
        expect([other.status, other.body.message]).toEqual([403, "workspace mismatch"]);
      });

      test("a missing scope is told before a missing correlation id", async () => {
        const token = await target.token(["ops:read"]);
        const scope = await api(target, "GET", "fs/tree", { token, correlationId: null });
        expect([scope.status, scope.body.message]).toEqual([403, "missing required scope: fs:read"]);
        const missing = await api(target, "GET", "ops", { token, correlationId: null });
        expect(missing.body).toMatchObject({
          code: "bad_request",
          message: "missing X-Correlation-Id header",
          correlationId: "",
        });
      });

      test("an expired token says so", async () => {
        const answer = await api(target, "GET", "fs/tree", {
          token: await target.token(ALL_SCOPES, { lifetimeMs: -5_000 }),
        });
        expect([answer.status, answer.body.message]).toEqual([401, "token expired"]);
      });

      test("a class prefix on the token is accepted", async () => {
        const token = `relay_ws_${await target.token(ALL_SCOPES)}`;
        expect((await api(target, "GET", "fs/tree", { token })).status).toBe(200);
      });

      test("errors echo the correlation id", async () => {
        const answer = await api(target, "GET", "fs/file?path=/none", { correlationId: "echo-me" });
        expect(answer.body).toMatchObject({ code: "not_found", correlationId: "echo-me" });
      });
    });

    describe("PUT fs/file", () => {
      const write = (path: string, ifMatch: string | null, content = "x") =>
        api(target, "PUT", `fs/file?path=${path}`, {
          body: { content },
          ...(ifMatch === null ? {} : { headers: { "If-Match": ifMatch } }),
        });

      test("PUT fs/file answers the table of preconditions for an absent file", async () => {
        expect((await write("/put/none", null)).status).toBe(412);
        expect((await write("/put/zero", "0")).status).toBe(202);
        expect((await write("/put/star", "*")).status).toBe(202);
        expect((await write("/put/real", "rev_1")).status).toBe(404);
      });

      test("PUT fs/file answers the table of preconditions for a present file", async () => {
        const first = await write("/put/table", "0", "one");
        expect(first.body).toEqual({
          opId: expect.stringMatching(/^op_\d+$/),
          status: "queued",
          targetRevision: expect.stringMatching(/^rev_\d+$/),
          writeback: { provider: "", state: "succeeded" },
        });
        const conflict = await write("/put/table", "0", "two");
        expect(conflict.status).toBe(409);
        expect(conflict.body).toMatchObject({
          code: "revision_conflict",
          expectedRevision: "0",
          currentRevision: first.body.targetRevision,
          currentContentPreview: "one",
        });
        const second = await write("/put/table", `W/"${first.body.targetRevision}"`, "two");
        expect(second.status).toBe(202);
        expect(second.body.targetRevision).not.toBe(first.body.targetRevision);
        expect((await write("/put/table", "*", "three")).status).toBe(202);
        expect((await write("/put/table", first.body.targetRevision, "four")).status).toBe(409);
      });

      test("PUT fs/file repeated after a lost answer is the same write", async () => {
        const call = { body: { content: "once" }, headers: { "If-Match": "0" }, correlationId: "lost-1" };
        const first = await api(target, "PUT", "fs/file?path=/put/lost", call);
        const again = await api(target, "PUT", "fs/file?path=/put/lost", call);
        expect(again.status).toBe(202);
        expect(again.body).toEqual(first.body);
      });

      test("PUT fs/file with a content identity writes once", async () => {
        const contentIdentity = { kind: "job", key: "put-1" };
        const headers = { "If-Match": "*" };
        const first = await api(target, "PUT", "fs/file?path=/put/identity", {
          body: { content: "a", contentIdentity },
          headers,
        });
        const again = await api(target, "PUT", "fs/file?path=/put/identity", {
          body: { content: "b", contentIdentity },
          headers,
        });
        expect(again.body.opId).toBe(first.body.opId);
        expect((await api(target, "GET", "fs/file?path=/put/identity")).body.content).toBe("a");
      });

      test("PUT fs/file refuses what is not JSON, not canonical, not a name, or too large", async () => {
        const headers = { "If-Match": "*" };
        for (const raw of ["", "{", "[]", "null", "1"]) {
          const answer = await api(target, "PUT", "fs/file?path=/put/bad", { raw, headers });
          expect([raw, answer.status, answer.body.code]).toEqual([raw, 400, "bad_request"]);
        }
        for (const path of ["/a/../b", "/a//b", "/", "/%00", `/${"x".repeat(201)}`]) {
          const answer = await api(target, "PUT", `fs/file?path=${path}`, { body: { content: "" }, headers });
          expect([path, answer.status, answer.body.code]).toEqual([path, 400, "bad_request"]);
        }
        const encoding = await api(target, "PUT", "fs/file?path=/put/bad", {
          body: { content: "*", encoding: "base64" },
          headers,
        });
        expect(encoding.status).toBe(400);
        const blank = await api(target, "PUT", "fs/file?path=", { body: { content: "" }, headers });
        expect([blank.status, blank.body.message]).toEqual([400, "missing path query"]);
      });

      test("PUT fs/file refuses a file where a directory is, and the reverse", async () => {
        await put(target, "/shape/dir/file", "x");
        expect((await write("/shape/dir", "*")).status).toBe(400);
        expect((await write("/shape/dir/file/below", "*")).status).toBe(400);
        expect((await write("/shape/dir/file/far/below", "*")).status).toBe(400);
      });
    });

    describe("GET fs/file", () => {
      test("GET fs/file returns what was written, with a quoted ETag", async () => {
        const revision = await put(target, "/get/a.md", "# hé", {
          semantics: { properties: { " stage ": 1 }, relations: ["b", "a", "a"] },
        });
        const answer = await api(target, "GET", "fs/file?path=/get/a.md");
        expect(answer.headers.get("etag")).toBe(`"${revision}"`);
        expect(answer.headers.get("content-type")).toBe("application/json");
        expect(answer.body).toEqual({
          path: "/get/a.md",
          revision,
          contentHash: new Bun.CryptoHasher("sha256").update("# hé").digest("hex"),
          contentType: "text/markdown",
          content: "# hé",
          lastEditedAt: expect.any(String),
          semantics: { properties: { stage: "1" }, relations: ["a", "b"] },
        });
      });

      test("GET fs/file keeps binary content and its hash", async () => {
        const bytes = Uint8Array.from({ length: 90_000 }, (_, index) => (index * 7) % 256);
        await put(target, "/get/bin", bytes.toBase64(), { encoding: "base64" });
        const { body } = await api(target, "GET", "fs/file?path=/get/bin");
        expect(body.encoding).toBe("base64");
        expect(Uint8Array.fromBase64(body.content)).toEqual(bytes);
        expect(body.contentHash).toBe(new Bun.CryptoHasher("sha256").update(bytes).digest("hex"));
      });

      test("GET fs/file of an absent or blank path is 404 and 400", async () => {
        expect((await api(target, "GET", "fs/file?path=/get/none")).status).toBe(404);
        expect((await api(target, "GET", "fs/file?path=%20")).status).toBe(400);
      });
    });

    describe("DELETE fs/file", () => {
      test("DELETE fs/file needs the current revision and leaves nothing", async () => {
        const revision = await put(target, "/del/a", "x");
        expect((await api(target, "DELETE", "fs/file?path=/del/a")).status).toBe(412);
        const stale = await api(target, "DELETE", "fs/file?path=/del/a", {
          headers: { "If-Match": "rev_0" },
        });
        expect([stale.status, stale.body.currentRevision]).toEqual([409, revision]);
        const gone = await api(target, "DELETE", "fs/file?path=/del/a", {
          headers: { "If-Match": revision },
        });
        expect(gone.status).toBe(202);
        expect(gone.body.targetRevision).not.toBe(revision);
        expect((await api(target, "GET", "fs/file?path=/del/a")).status).toBe(404);
        const late = await api(target, "PUT", "fs/file?path=/del/a", {
          body: { content: "y" },
          headers: { "If-Match": revision },
        });
        expect([late.status, late.body.code, late.body.details.reason]).toEqual([
          404,
          "not_found",
          "deleted",
        ]);
        const never = await api(target, "PUT", "fs/file?path=/del/never", {
          body: { content: "y" },
          headers: { "If-Match": revision },
        });
        expect([never.status, never.body.details.reason]).toEqual([404, undefined]);
        expect(
          (await api(target, "DELETE", "fs/file?path=/del/a", { headers: { "If-Match": "*" } })).status,
        ).toBe(404);
        expect((await api(target, "GET", "fs/tree?path=/del")).body.entries).toEqual([]);
      });
    });

    describe("GET fs/tree", () => {
      test("GET fs/tree lists files and inferred directories in path order", async () => {
        for (const path of ["/tree/a.json", "/tree/a/x", "/tree/a/y/z", "/tree/a-b", "/tree/b"])
          await put(target, path, "1");
        const list = async (query: string) => {
          const { body } = await api(target, "GET", `fs/tree?${query}`);
          return { total: body.totalFiles, paths: body.entries.map(({ path }: { path: string }) => path) };
        };
        expect(await list("path=/tree&depth=1")).toEqual({
          total: 5,
          paths: ["/tree/a", "/tree/a-b", "/tree/a.json", "/tree/b"],
        });
        expect(await list("path=/tree/&depth=100")).toEqual({
          total: 5,
          paths: ["/tree/a", "/tree/a-b", "/tree/a.json", "/tree/a/x", "/tree/a/y", "/tree/a/y/z", "/tree/b"],
        });
        expect(await list("path=/tree&depth=1&cursor=/tree/a.json")).toEqual({
          total: 5,
          paths: ["/tree/b"],
        });
        expect(await list("path=/tree/none")).toEqual({ total: undefined, paths: [] });
      });

      test("GET fs/tree describes a file", async () => {
        const revision = await put(target, "/treefile/a", "abc", { semantics: { comments: ["c"] } });
        const { body } = await api(target, "GET", "fs/tree?path=/treefile");
        expect(body).toEqual({
          path: "/treefile",
          entries: [
            {
              path: "/treefile/a",
              type: "file",
              revision,
              contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
              size: 3,
              updatedAt: expect.any(String),
              commentCount: 1,
            },
          ],
          nextCursor: null,
          totalFiles: 1,
        });
      });

      test("GET fs/tree pages by a thousand, and a page's last path is its cursor even when it is deleted", async () => {
        const files = Array.from({ length: 1_203 }, (_, n) => ({
          path: `/pages/${String(n % 3)}/f${String(n).padStart(5, "0")}`,
          content: "",
        }));
        await api(target, "POST", "fs/bulk", { body: { files } });
        const first = await api(target, "GET", "fs/tree?path=/pages&depth=2");
        expect(first.body.entries).toHaveLength(1_000);
        expect(first.body.totalFiles).toBe(1_203);
        const cursor: string = first.body.nextCursor;
        expect(cursor).toBe(first.body.entries.at(-1).path);
        await api(target, "DELETE", `fs/file?path=${cursor}`, { headers: { "If-Match": "*" } });
        const rest = await api(
          target,
          "GET",
          `fs/tree?path=/pages&depth=2&cursor=${encodeURIComponent(cursor)}`,
        );
        expect(rest.body.nextCursor).toBeNull();
        const seen = [...first.body.entries, ...rest.body.entries].map(({ path }: { path: string }) => path);
        expect(seen).toEqual([...seen].sort());
        expect(new Set(seen).size).toBe(1_206);
      });

      test("GET fs/tree can leave out a mount's private files", async () => {
        for (const path of ["/priv/.relay/state.json", "/priv/.relayfile-mount-state.json", "/priv/f"])
          await put(target, path, "1");
        const { body } = await api(target, "GET", "fs/tree?path=/priv&excludeMountRuntime=true");
        expect(body.entries.map(({ path }: { path: string }) => path)).toEqual(["/priv/f"]);
        expect(body.totalFiles).toBe(1);
      });
    });

    describe("GET fs/events", () => {
      test("GET fs/events is exclusive, in order, and null at the tip", async () => {
        await put(target, "/ev/a", "1");
        await put(target, "/ev/b", "1");
        const tip = await api(target, "GET", "fs/events?direction=desc&limit=1");
        const [newest] = tip.body.events;
        expect(newest).toMatchObject({ type: "file.created", path: "/ev/b", origin: "agent_write" });
        const after = await api(target, "GET", `fs/events?cursor=${newest.eventId}`);
        expect(after.body).toEqual({ events: [], nextCursor: null });
        const revision = await put(target, "/ev/a", "2");
        await api(target, "DELETE", "fs/file?path=/ev/a", { headers: { "If-Match": revision } });
        const more = await api(target, "GET", `fs/events?cursor=${newest.eventId}&limit=1`);
        expect(more.body.events).toMatchObject([{ type: "file.updated", path: "/ev/a", revision }]);
        expect(more.body.nextCursor).toBe(more.body.events[0].eventId);
        const last = await api(target, "GET", `fs/events?cursor=${more.body.nextCursor}&limit=1`);
        expect(last.body).toMatchObject({
          events: [{ type: "file.deleted", path: "/ev/a" }],
          nextCursor: null,
        });
      });

      test("GET fs/events replays from the oldest for a cursor of another form or above the tip", async () => {
        for (const cursor of ["nonsense", "evt_999999999"]) {
          const { body } = await api(target, "GET", `fs/events?cursor=${cursor}&limit=1`);
          expect(body.events[0].eventId).toBe("evt_1");
          const desc = await api(target, "GET", `fs/events?cursor=${cursor}&direction=desc`);
          expect(desc.body.events).toEqual([]);
        }
        expect((await api(target, "GET", "fs/events?direction=up")).status).toBe(400);
      });

      test("GET fs/events filters by provider without losing its place", async () => {
        await put(target, "/Docs/x", "1");
        const { body } = await api(target, "GET", "fs/events?provider=docs&cursor=evt_1");
        expect(body.events.map(({ path }: { path: string }) => path)).toEqual(["/Docs/x"]);
      });

      test("GET fs/events shows a narrow token only what it may read", async () => {
        await put(target, "/narrow/in/a", "1");
        await put(target, "/narrow/out/b", "1");
        const token = await target.token(["relayfile:fs:read:/narrow/in/**"]);
        const { status, body } = await api(target, "GET", "fs/events?limit=1000", { token });
        expect(status).toBe(200);
        const paths: string[] = body.events.map(({ path }: { path: string }) => path);
        expect(paths).toContain("/narrow/in/a");
        expect(paths.filter((path) => !path.startsWith("/narrow/in/"))).toEqual([]);
      });
    });

    describe("ops", () => {
      test("GET ops/:opId shows the op of a write outside any provider as done", async () => {
        const answer = await api(target, "PUT", "fs/file?path=/ops/a", {
          body: { content: "1" },
          headers: { "If-Match": "0" },
          correlationId: "op-1",
        });
        const { body } = await api(target, "GET", `ops/${answer.body.opId}`);
        expect(body).toMatchObject({
          opId: answer.body.opId,
          path: "/ops/a",
          revision: answer.body.targetRevision,
          action: "file_upsert",
          status: "succeeded",
          attemptCount: 0,
          providerResult: { local: true, providerRevision: answer.body.targetRevision },
          correlationId: "op-1",
          completedAt: expect.any(String),
        });
        expect((await api(target, "GET", "ops/op_999999")).status).toBe(404);
        expect((await api(target, "GET", "ops/nonsense")).status).toBe(404);
      });

      test("GET ops lists newest first with a cursor", async () => {
        await put(target, "/ops/b", "1");
        await put(target, "/ops/c", "1");
        const first = await api(target, "GET", "ops?limit=1&action=file_upsert");
        expect(first.body.items).toMatchObject([{ path: "/ops/c" }]);
        const second = await api(target, "GET", `ops?limit=1&cursor=${first.body.nextCursor}`);
        expect(second.body.items).toMatchObject([{ path: "/ops/b" }]);
        expect((await api(target, "GET", "ops?cursor=bad")).status).toBe(400);
        expect((await api(target, "GET", "ops?status=dead_lettered&provider=none")).body).toEqual({
          items: [],
          nextCursor: null,
        });
      });

      test("POST ops/:opId/replay refuses an op that succeeded", async () => {
        const { body } = await api(target, "GET", "ops?limit=1");
        const answer = await api(target, "POST", `ops/${body.items[0].opId}/replay`);
        expect([answer.status, answer.body.code]).toEqual([409, "invalid_state"]);
        expect((await api(target, "POST", "ops/op_999999/replay")).status).toBe(404);
      });

      test("POST writeback/:opId/ack is idempotent and never turns a success; GET writeback/pending is then empty", async () => {
        const { body } = await api(target, "GET", "ops?limit=1");
        const { opId } = body.items[0];
        expect((await api(target, "POST", `writeback/${opId}/ack`, { body: {} })).body.message).toBe(
          "success must be a boolean",
        );
        expect(
          (await api(target, "POST", `writeback/${opId}/ack`, { body: { success: true } })).body,
        ).toMatchObject({ status: "acknowledged", id: opId, success: true });
        expect(
          (await api(target, "POST", `writeback/${opId}/ack`, { body: { success: false } })).status,
        ).toBe(409);
        expect((await api(target, "GET", "writeback/pending")).body).toEqual([]);
      });
    });
  });
}
