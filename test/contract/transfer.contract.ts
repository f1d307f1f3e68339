/** Batches, queries, exports, merges and inbound envelopes of the file API. Test names start with the route they prove. */
import { describe, expect } from "bun:test";
import { FrameReader } from "../../lib/client/frames.ts";
import { afterAll, beforeAll, test } from "./harness.ts";
import { api, type ContractTarget, cloud, put, until } from "./target.ts";

/** Runs the suite against one deployment. */
export function testTransfer(name: string, start: () => Promise<ContractTarget>): void {
  describe(`transfer (${name})`, () => {
    let target: ContractTarget;
    beforeAll(async () => {
      target = await start();
    });
    afterAll(() => target.stop());

    describe("sync", () => {
      test("GET sync/status lists a provider that is asked for by name", async () => {
        const { body } = await api(target, "GET", "sync/status?provider=Slack");
        expect(body).toMatchObject({
          workspaceId: target.workspaceId,
          providers: [{ provider: "slack", status: "healthy" }],
        });
      });

      test("POST sync/refresh queues, and needs a provider", async () => {
        expect((await api(target, "POST", "sync/refresh", { body: {} })).status).toBe(400);
        const answer = await api(target, "POST", "sync/refresh", { body: { provider: "github" } });
        expect(answer.status).toBe(202);
        expect(answer.body).toMatchObject({ status: "queued", id: expect.stringMatching(/^sync_\d+$/) });
      });

      test("POST sync/refresh answers with an id that GET sync/status knows, and its end", async () => {
        const { id } = (await api(target, "POST", "sync/refresh", { body: { provider: "notion" } })).body;
        const status = await until(
          async () => (await api(target, "GET", "sync/status?provider=notion")).body.providers[0].lastRefresh,
          (job) => job?.status !== "queued",
        );
        expect(status).toMatchObject({ id, status: "skipped", finishedAt: expect.any(String) });
      });

      test("GET writeback/pending is paged, oldest first", async () => {
        const { accessToken } = await target.cloud();
        await cloud(target, "POST", `workspaces/${target.workspaceId}/integrations/connect-session`, {
          token: accessToken,
          body: { allowedIntegrations: ["slack"], requestedBackend: "elsewhere" },
        });
        const paths = ["/slack/p1.json", "/slack/p2.json", "/slack/p3.json"];
        for (const path of paths) await put(target, path, "{}");
        const first = await api(target, "GET", "writeback/pending?limit=2");
        expect(first.body.map(({ path }: { path: string }) => path)).toEqual(paths.slice(0, 2));
        const cursor = first.headers.get("x-next-cursor") ?? "";
        expect(cursor).toBe(first.body[1].id);
        const rest = await api(target, "GET", `writeback/pending?limit=2&cursor=${cursor}`);
        expect(rest.body).toMatchObject([{ path: paths[2], action: "file_upsert", state: "pending" }]);
        expect(rest.headers.get("x-next-cursor")).toBeNull();
        expect((await api(target, "GET", "writeback/pending?cursor=nonsense")).status).toBe(400);
      });
    });

    describe("POST fs/bulk", () => {
      test("POST fs/bulk writes each file for itself, in order", async () => {
        await put(target, "/bulk/taken", "x");
        const answer = await api(target, "POST", "fs/bulk", {
          body: {
            files: [
              { path: "/bulk/a", content: "1" },
              { path: "bulk/a/", content: "2", ifMatch: "0" },
              { path: "/bulk/taken", content: "y", ifMatch: "0" },
              { path: "/bulk/../x", content: "" },
              { path: "", content: "" },
              { path: "/bulk/enc", content: "", encoding: "utf-16" },
              { path: "/bulk/b64", content: "%", encoding: "base64" },
              { path: "/bulk/gone", content: "", ifMatch: "rev_1" },
              { path: "/bulk/b", content: "e30=", encoding: "base64", contentType: "application/json" },
            ],
          },
        });
        expect(answer.status).toBe(202);
        expect(answer.body.written).toBe(2);
        expect(answer.body.errors.map(({ code }: { code: string }) => code)).toEqual([
          "conflict",
          "conflict",
          "invalid_path",
          "invalid_path",
          "invalid_encoding",
          "invalid_content",
          "not_found",
        ]);
        expect(answer.body.results.map(({ path }: { path: string }) => path)).toEqual(["/bulk/a", "/bulk/b"]);
        expect((await api(target, "GET", "fs/file?path=/bulk/b")).body).toMatchObject({
          content: "{}",
          contentType: "application/json",
        });
      });

      test("POST fs/bulk with a known identity repeats the answer and writes nothing", async () => {
        const file = (content: string) => ({
          path: "/bulk/id",
          content,
          contentIdentity: { kind: "mount-command", key: "c1", ttlSeconds: 60 },
        });
        const first = await api(target, "POST", "fs/bulk", { body: { files: [file("a")] } });
        const again = await api(target, "POST", "fs/bulk", { body: { files: [file("b")] } });
        expect([first.body.written, again.body.written]).toEqual([1, 0]);
        expect(again.body.results[0]).toMatchObject({
          revision: first.body.results[0].revision,
          opId: first.body.results[0].opId,
        });
      });

      test("POST fs/bulk refuses an empty batch and takes 8 MiB of content", async () => {
        expect((await api(target, "POST", "fs/bulk", { body: { files: [] } })).status).toBe(400);
        const content = "x".repeat(8 * 1024 * 1024);
        const answer = await api(target, "POST", "fs/bulk", {
          body: { files: [{ path: "/bulk/large", content }] },
        });
        expect(answer.body).toMatchObject({ written: 1, errorCount: 0 });
      });

      test("POST fs/bulk records the correlation id", async () => {
        await api(target, "POST", "fs/bulk", {
          body: { files: [{ path: "/bulk/corr", content: "" }] },
          correlationId: "bulk-7",
        });
        const { body } = await api(target, "GET", "fs/events?direction=desc&limit=50");
        expect(body.events.find((event: { path: string }) => event.path === "/bulk/corr").correlationId).toBe(
          "bulk-7",
        );
      });

      test("POST fs/bulk-read answers in request order, refusals in place", async () => {
        await put(target, "/bulkread/a", "A");
        await put(target, "/bulkread/b", "B");
        const { body } = await api(target, "POST", "fs/bulk-read", {
          body: { paths: ["/bulkread/b", "/bulkread/none", "/bulkread/a"] },
        });
        expect(
          body.files.map(
            (one: { content?: string; error?: { code: string } }) => one.content ?? one.error?.code,
          ),
        ).toEqual(["B", "not_found", "A"]);
        expect(body.files[1]).toEqual({
          path: "/bulkread/none",
          error: { status: 404, code: "not_found", message: expect.any(String) },
        });
        const { files } = (await api(target, "POST", "fs/bulk-read", { body: { paths: [] } })).body;
        expect(files).toEqual([]);
        const too = await api(target, "POST", "fs/bulk-read", { body: { paths: Array(1_001).fill("/a") } });
        expect([too.status, too.body.code]).toEqual([413, "payload_too_large"]);
      });
    });

    describe("fs/query and fs/export", () => {
      test("GET fs/query filters by properties, relations and permissions", async () => {
        await put(target, "/q/a", "1", {
          semantics: { properties: { stage: "x", size: "2" }, relations: ["r1"] },
        });
        await put(target, "/q/b", "1", { semantics: { properties: { stage: "x" }, comments: ["c1"] } });
        const paths = async (query: string) =>
          (await api(target, "GET", `fs/query?path=/q&${query}`)).body.items.map(
            ({ path }: { path: string }) => path,
          );
        expect(await paths("property.stage=x")).toEqual(["/q/a", "/q/b"]);
        expect(await paths("property.stage=x&property.size=2")).toEqual(["/q/a"]);
        expect(await paths("relation=r1")).toEqual(["/q/a"]);
        expect(await paths("comment=c1")).toEqual(["/q/b"]);
        expect(await paths("permission=none")).toEqual([]);
        const page = await api(target, "GET", "fs/query?path=/q&limit=1");
        expect(page.body.nextCursor).toBe("/q/a");
        expect(await paths("cursor=/q/a")).toEqual(["/q/b"]);
      });

      test("GET fs/export as JSON is a bare array of whole files in path order", async () => {
        await put(target, "/x/b", "2");
        await put(target, "/x/a", "1");
        await put(target, "/x.json", "not below");
        const { body, headers } = await api(target, "GET", "fs/export?format=json&path=/x");
        expect(headers.get("content-type")).toBe("application/json");
        expect(body).toMatchObject([
          { path: "/x/a", content: "1" },
          { path: "/x/b", content: "2" },
        ]);
        expect((await api(target, "GET", "fs/export?path=/nothing")).body).toEqual([]);
        expect((await api(target, "GET", "fs/export?format=zip")).body.code).toBe("bad_request");
        expect((await api(target, "GET", "fs/export?format=tar&decode=github-working-tree")).status).toBe(
          404,
        );
      });
    });

    describe("GET fs/export formats", () => {
      const raw = async (query: string) =>
        target.fetch(
          new Request(`${target.fileApiUrl}/v1/workspaces/${target.workspaceId}/fs/export?${query}`, {
            headers: { Authorization: `Bearer ${await target.token(["fs:read"])}`, "X-Correlation-Id": "x" },
          }),
        );
      const binary = Uint8Array.from({ length: 1_000 }, (_, index) => index % 256);
      const long = `/fmt/${"d".repeat(150)}/${"f".repeat(150)}.bin`;
      beforeAll(async () => {
        await put(target, "/fmt/a.md", "hé\nthere\n");
        await put(target, "/fmt/empty", "");
        await put(target, long, binary.toBase64(), { encoding: "base64" });
      });

      test("GET fs/export as tar holds exactly the decoded bytes", async () => {
        const response = await raw("format=tar&path=/fmt");
        expect(response.headers.get("content-type")).toBe("application/gzip");
        const files = await new Bun.Archive(await response.bytes()).files();
        expect([...files.keys()].sort()).toEqual(["fmt/a.md", `fmt${long.slice(4)}`, "fmt/empty"].sort());
        expect(await files.get(`fmt${long.slice(4)}`)?.bytes()).toEqual(binary);
        expect(await files.get("fmt/a.md")?.text()).toBe("hé\nthere\n");
      });

      test("GET fs/export as patch adds text and names what is not", async () => {
        const response = await raw("format=patch&path=/fmt");
        expect(response.headers.get("content-type")).toBe("text/x-diff; charset=utf-8");
        const text = await response.text();
        expect(text).toContain("--- /dev/null\n+++ b/fmt/a.md\n@@ -0,0 +1,2 @@\n+hé\n+there\n");
        expect(text).toContain("Binary file b/fmt/");
      });

      const framed = async (query: string) => {
        const reader = new FrameReader();
        const files = reader.push(await (await raw(`format=frames&${query}`)).bytes());
        return { files, reader };
      };

      test("GET fs/export as frames holds exactly the bytes and ends with a count", async () => {
        const { files, reader } = await framed("path=/fmt");
        expect(files.map(({ path }) => path)).toEqual(["/fmt/a.md", long, "/fmt/empty"]);
        expect(files[1]?.bytes).toEqual(binary);
        expect(files[0]).toMatchObject({
          revision: expect.stringMatching(/^rev_/),
          contentType: "text/markdown",
        });
        expect([reader.files, reader.ended]).toEqual([3, true]);
      });

      test("GET fs/export goes on behind the path given as after", async () => {
        const behind = async (after: string) =>
          (await framed(`path=/fmt&after=${encodeURIComponent(after)}`)).files.map(({ path }) => path);
        expect(await behind("/fmt/a.md")).toEqual([long, "/fmt/empty"]);
        expect(await behind("/fmt/a.md0")).toEqual([long, "/fmt/empty"]);
        expect(await behind("/fmt/empty")).toEqual([]);
        expect(await behind("/zzz")).toEqual([]);
        expect(await behind("/a")).toHaveLength(3);
      });
    });

    describe("POST fs/merge", () => {
      const merge = (path: string, body: Record<string, unknown>) =>
        api(target, "POST", `fs/merge?path=${path}`, { body: { strategy: "three-way-lines-v1", ...body } });
      const base = "one\ntwo\nthree\n";

      test("POST fs/merge joins edits of different lines and keeps the content type", async () => {
        const baseRevision = await put(target, "/merge/a", base);
        const live = await put(target, "/merge/a", "one\ntwo\nTHREE\n");
        const call = {
          content: "ONE\ntwo\nthree\n",
          baseContent: base,
          baseRevision,
          contentIdentity: { kind: "m", key: "1" },
        };
        const first = await merge("/merge/a", call);
        expect(first.body).toEqual({
          targetRevision: expect.stringMatching(/^rev_/),
          strategy: "three-way-lines-v1",
          baseRevision,
          mergedAgainstRevision: live,
        });
        expect((await api(target, "GET", "fs/file?path=/merge/a")).body).toMatchObject({
          content: "ONE\ntwo\nTHREE\n",
          contentType: "text/markdown",
        });
        expect((await merge("/merge/a", call)).body).toEqual((await merge("/merge/a", call)).body);
        expect((await merge("/merge/a", call)).body.targetRevision).toBe(first.body.targetRevision);
      });

      test("POST fs/merge refuses what a person must decide, and writes nothing", async () => {
        const baseRevision = await put(target, "/merge/b", base);
        const live = await put(target, "/merge/b", "one\nTHEIRS\nthree\n");
        const conflict = await merge("/merge/b", {
          content: "one\nMINE\nthree\n",
          baseContent: base,
          baseRevision,
        });
        expect([conflict.status, conflict.body.code, conflict.body.currentRevision]).toEqual([
          409,
          "merge_conflict",
          live,
        ]);
        expect(conflict.body.conflicts).toHaveLength(1);
        const unknown = await merge("/merge/b", { content: "x", baseContent: "not the base", baseRevision });
        expect([unknown.status, unknown.body.code]).toEqual([409, "merge_base_unavailable"]);
        expect((await api(target, "GET", "fs/file?path=/merge/b")).body.revision).toBe(live);
      });

      test("POST fs/merge is not for binary, huge, absent or unknown things", async () => {
        const baseRevision = await put(target, "/merge/bin", "/w==", { encoding: "base64" });
        const reason = async (path: string, body: Record<string, unknown>) => {
          const answer = await merge(path, { content: "", baseContent: "", baseRevision, ...body });
          return [answer.status, answer.body.code, answer.body.reason];
        };
        expect(await reason("/merge/bin", {})).toEqual([422, "merge_ineligible", "binary"]);
        expect(await reason("/merge/none", {})).toEqual([422, "merge_ineligible", "live_file_gone"]);
        expect(await reason("/merge/bin", { strategy: "go-top-level-functions-v1" })).toEqual([
          422,
          "merge_ineligible",
          "unsupported_strategy",
        ]);
        expect(await reason("/merge/bin", { content: "x".repeat(600_000) })).toEqual([
          422,
          "merge_ineligible",
          "too_large",
        ]);
        expect(await reason("/merge/bin", { content: "\n".repeat(3_001) })).toEqual([
          422,
          "merge_ineligible",
          "too_many_lines",
        ]);
        expect((await merge("/merge/bin", { content: "" })).status).toBe(400);
      });
    });

    describe("POST webhooks/ingest", () => {
      const ingest = (body: Record<string, unknown>) => api(target, "POST", "webhooks/ingest", { body });
      const file = (id: string, at: string, content: string, more = {}) => ({
        provider: "Crm",
        event_type: "file.updated",
        path: "/crm/a.json",
        delivery_id: id,
        timestamp: at,
        data: { content, contentType: "application/json", providerObjectId: "A-1", ...more },
      });

      test("POST webhooks/ingest applies once, in time order, and follows the object; GET sync/ingress counts it", async () => {
        const first = await ingest(file("d1", "2026-01-02T00:00:00Z", "new"));
        expect(first.status).toBe(202);
        expect(first.body).toMatchObject({ status: "queued", id: expect.stringMatching(/^env_\d+$/) });
        expect((await ingest(file("d1", "2026-01-03T00:00:00Z", "again"))).body.id).toBe(first.body.id);
        await ingest(file("d2", "2026-01-01T00:00:00Z", "old"));
        expect((await api(target, "GET", "fs/file?path=/crm/a.json")).body).toMatchObject({
          content: "new",
          provider: "crm",
          providerObjectId: "A-1",
        });
        await ingest({
          ...file("d3", "2026-01-04T00:00:00Z", "//8=", { encoding: "base64" }),
          path: "/crm/b.json",
        });
        expect((await api(target, "GET", "fs/file?path=/crm/a.json")).status).toBe(404);
        expect((await api(target, "GET", "fs/file?path=/crm/b.json")).body).toMatchObject({
          content: "//8=",
          encoding: "base64",
        });
        await ingest({
          ...file("d4", "2026-01-05T00:00:00Z", ""),
          event_type: "file.deleted",
          path: "/crm/b.json",
        });
        expect((await api(target, "GET", "fs/tree?path=/crm")).body.entries).toEqual([]);
        const { body } = await api(target, "GET", "sync/ingress?provider=crm");
        expect(body).toMatchObject({
          acceptedTotal: 4,
          dedupedTotal: 1,
          staleTotal: 1,
          pendingTotal: 0,
          ingressByProvider: { crm: { acceptedTotal: 4 } },
        });
        expect((await ingest({ provider: "crm", path: "/x" })).status).toBe(400);
      });

      test("GET sync/dead-letter and GET sync/dead-letter/:envelopeId keep what failed until POST sync/dead-letter/:envelopeId/replay or POST sync/dead-letter/:envelopeId/ack", async () => {
        await put(target, "/crm/dir/file", "1");
        const bad = await ingest({
          ...file("bad", "2026-01-01T00:00:00Z", "x"),
          path: "/crm/dir",
          data: { content: "x" },
        });
        expect(bad.status).toBe(202);
        const { id } = bad.body;
        const list = await api(target, "GET", "sync/dead-letter?provider=crm");
        expect(list.body).toMatchObject({
          items: [{ envelopeId: id, deliveryId: "bad", provider: "crm" }],
          nextCursor: null,
        });
        expect((await api(target, "GET", `sync/dead-letter/${id}`)).body.lastError).toContain(
          "/crm/dir is a directory",
        );
        expect((await api(target, "GET", "sync/status?provider=crm")).body.providers[0]).toMatchObject({
          status: "error",
          deadLetteredEnvelopes: 1,
        });
        expect((await api(target, "POST", `sync/dead-letter/${id}/replay`)).status).toBe(202);
        expect((await api(target, "GET", `sync/dead-letter/${id}`)).status).toBe(200);
        await api(target, "DELETE", "fs/file?path=/crm/dir/file", { headers: { "If-Match": "*" } });
        await api(target, "POST", `sync/dead-letter/${id}/replay`);
        expect((await api(target, "GET", "fs/file?path=/crm/dir")).body.content).toBe("x");
        expect((await api(target, "GET", `sync/dead-letter/${id}`)).status).toBe(404);
        await put(target, "/crm/dir2/file", "1");
        const other = await ingest({
          ...file("bad2", "2026-01-01T00:00:00Z", "x"),
          path: "/crm/dir2",
          data: {},
        });
        expect((await api(target, "POST", `sync/dead-letter/${other.body.id}/ack`)).body.status).toBe(
          "acknowledged",
        );
        expect((await api(target, "GET", "sync/dead-letter")).body.items).toEqual([]);
        expect((await api(target, "POST", `sync/dead-letter/${id}/ack`)).status).toBe(404);
        expect((await api(target, "GET", "sync/dead-letter?cursor=none")).status).toBe(400);
      });

      test("GET sync/dead-letter/:envelopeId and POST sync/dead-letter/:envelopeId/replay keep a payload of several megabytes whole", async () => {
        // Three bytes and half a pair per character: whatever pieces a store cuts it into, one of them ends inside a pair.
        const content = `€${"😀".repeat(800_000)}`;
        await put(target, "/crm/large/file", "1");
        const { id } = (
          await ingest({ ...file("large", "2026-02-01T00:00:00Z", content), path: "/crm/large" })
        ).body;
        expect((await api(target, "GET", `sync/dead-letter/${id}`)).body.envelopeId).toBe(id);
        await api(target, "DELETE", "fs/file?path=/crm/large/file", { headers: { "If-Match": "*" } });
        expect((await api(target, "POST", `sync/dead-letter/${id}/replay`)).status).toBe(202);
        expect((await api(target, "GET", "fs/file?path=/crm/large")).body.content).toBe(content);
      });
    });

    describe("POST writeback/sweep-drafts", () => {
      test("POST writeback/sweep-drafts reports first and removes when asked", async () => {
        const draft = "/sweep/issue 0b1c2d3e-0000-4000-8000-000000000000.json";
        for (const path of [draft, "/sweep/tmp-1.json", "/sweep/keep.json"]) await put(target, path, "{}");
        const sweep = (apply: boolean) =>
          api(target, "POST", "writeback/sweep-drafts", {
            body: { pathPrefix: "/sweep", patterns: ["tmp-*.json"], apply },
          });
        const removed = [
          { path: draft, reason: "space-uuid-draft" },
          { path: "/sweep/tmp-1.json", reason: "pattern" },
        ];
        expect((await sweep(false)).body).toEqual({ dryRun: true, scanned: 3, removed, skipped: [] });
        expect((await sweep(true)).body).toEqual({ dryRun: false, scanned: 3, removed, skipped: [] });
        const { body } = await api(target, "GET", "fs/tree?path=/sweep");
        expect(body.entries.map(({ path }: { path: string }) => path)).toEqual(["/sweep/keep.json"]);
        const bad = await api(target, "POST", "writeback/sweep-drafts", { body: { patterns: ["a/b"] } });
        expect(bad.status).toBe(400);
      });
    });
  });
}
