/** The sync source over real HTTP on the loopback: webhooks, pages, rate limits, failures, duplicates (S14, S16). */
import { afterEach, describe, expect, test } from "bun:test";
import type { SyncJob } from "../../../lib/model/sync-source.ts";
import { readSourceWebhook, runSyncJob } from "../../../lib/pipeline/nango.ts";
import type { IndexRow } from "../../../lib/pipeline/pure/index-rows.ts";
import { JIRA_ISSUES } from "../../../lib/simulator/seed/jira.ts";
import { type MemoryTree, memoryTree } from "../../support/memory-tree.ts";
import { pipelineDeps } from "../../support/pipeline.ts";

const KEY = "nango-secret";
const job: SyncJob = {
  provider: "jira",
  providerConfigKey: "jira-relay",
  connectionId: "conn-1",
  syncName: "issues",
  model: "Issue",
  modifiedAfter: null,
  cursor: null,
};
const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A stand-in that pages through records; `answers` are given instead of a page, one per request, while they last. */
function source(records: readonly unknown[], answers: (Response | "drop")[] = []) {
  const requests: { url: URL; headers: Headers }[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request, self) {
      const url = new URL(request.url);
      requests.push({ url, headers: request.headers });
      const forced = answers.shift();
      if (forced === "drop") {
        self.stop(true);
        return new Response();
      }
      if (forced !== undefined) return forced;
      if (request.headers.get("authorization") !== `Bearer ${KEY}`)
        return new Response("no", { status: 401 });
      const start = Number(url.searchParams.get("cursor") ?? 0);
      const end = start + 10;
      const next = end < records.length ? String(end) : null;
      return Response.json({ records: records.slice(start, end), next_cursor: next });
    },
  });
  stops.push(() => server.stop(true));
  return { access: { baseUrl: `http://127.0.0.1:${server.port}`, secretKey: KEY }, requests };
}

function world() {
  const waits: number[] = [];
  const base = pipelineDeps({ fetch: (request) => fetch(request) });
  const deps = { ...base, clock: { ...base.clock, sleep: async (ms: number) => void waits.push(ms) } };
  return { tree: memoryTree(), deps, waits };
}

const idsOf = (tree: MemoryTree) =>
  (tree.json("/jira/issues/_index.json") as IndexRow[]).map((row) => row.id);

describe("readSourceWebhook()", () => {
  const base = { connectionId: "conn-1", providerConfigKey: "jira-relay" };

  test("a created connection is ingested under the provider's id (cloud#736)", () => {
    const event = readSourceWebhook({ ...base, type: "auth", operation: "creation", success: true });
    expect(event).toEqual({
      kind: "connected",
      provider: "jira",
      connectionId: "conn-1",
      providerConfigKey: "jira-relay",
    });
    expect(readSourceWebhook({ ...base, type: "auth", operation: "override", success: true })).toMatchObject({
      kind: "connected",
    });
    expect(readSourceWebhook({ ...base, type: "auth", operation: "deletion", success: true })).toMatchObject({
      kind: "disconnected",
    });
    expect(readSourceWebhook({ ...base, type: "auth", success: false })).toMatchObject({
      kind: "not_applicable",
    });
  });

  test("a sync names its model, a failed sync its reason", () => {
    const event = readSourceWebhook({
      ...base,
      type: "sync",
      syncName: "issues",
      model: "Issue",
      success: true,
      modifiedAfter: "2026-05-01T00:00:00Z",
    });
    expect(event).toEqual({
      kind: "sync",
      provider: "jira",
      connectionId: "conn-1",
      job: { ...job, modifiedAfter: "2026-05-01T00:00:00Z" },
    });
    expect(
      readSourceWebhook({ ...base, type: "sync", success: false, error: { description: "token revoked" } }),
    ).toEqual({ kind: "sync_failed", provider: "jira", connectionId: "conn-1", reason: "token revoked" });
    expect(readSourceWebhook({ ...base, type: "sync", success: true })).toMatchObject({ kind: "rejected" });
  });

  test("a forwarded webhook keeps its payload, and nonsense is rejected with a reason", () => {
    const forwarded = {
      type: "forward",
      from: "github",
      headers: { "x-github-event": "issues", n: 1 },
      payload: { action: "opened" },
    };
    expect(readSourceWebhook(forwarded)).toEqual({
      kind: "forward",
      provider: "github",
      connectionId: null,
      payload: { action: "opened" },
      headers: { "x-github-event": "issues" },
    });
    for (const body of [
      null,
      "x",
      {},
      { type: "sync", providerConfigKey: "unknown" },
      { type: "auth", providerConfigKey: "jira" },
    ]) {
      expect(readSourceWebhook(body)).toMatchObject({ kind: "rejected" });
    }
  });
});

describe("runSyncJob()", () => {
  test("follows the cursor to the end and says which records it applied", async () => {
    const { tree, deps } = world();
    const { access, requests } = source(JIRA_ISSUES);
    const outcome = await runSyncJob(tree, { ...job, modifiedAfter: "2026-01-01T00:00:00Z" }, access, deps);
    expect(outcome).toMatchObject({ records: 34, pages: 4, applied: 34, rejected: 0, cursor: null });
    expect(idsOf(tree).length).toBe(34);
    expect(requests.map(({ url }) => url.searchParams.get("cursor"))).toEqual([null, "10", "20", "30"]);
    expect(requests[0]?.headers.get("connection-id")).toBe("conn-1");
    expect(requests[0]?.url.searchParams.get("modified_after")).toBe("2026-01-01T00:00:00Z");
  });

  test("waits as the source asks, and gives up after five refusals without losing what it has", async () => {
    const limited = () => new Response("{}", { status: 429, headers: { "retry-after": "3" } });
    const patient = world();
    const { access } = source(JIRA_ISSUES, [limited(), new Response("oops", { status: 502 })]);
    expect(await runSyncJob(patient.tree, job, access, patient.deps)).toMatchObject({ applied: 34 });
    expect(patient.waits[0]).toBe(3_000);
    const unlucky = world();
    const { access: closed } = source(JIRA_ISSUES, Array.from({ length: 5 }, limited));
    await expect(runSyncJob(unlucky.tree, job, closed, unlucky.deps)).rejects.toMatchObject({
      code: "rate_limited",
    });
  });

  test("a wrong secret and an answer that is no page are told apart from trouble that passes", async () => {
    const { tree, deps, waits } = world();
    const { access } = source(JIRA_ISSUES);
    await expect(runSyncJob(tree, job, { ...access, secretKey: "wrong" }, deps)).rejects.toMatchObject({
      code: "unexpected_answer",
    });
    expect(waits).toEqual([]);
    const html = source(
      JIRA_ISSUES,
      Array.from({ length: 5 }, () => new Response("<html>", { status: 200 })),
    );
    const error = await runSyncJob(tree, job, html.access, deps).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "unavailable" });
  });

  test("a cursor that repeats ends the sync instead of running for ever", async () => {
    const { tree, deps } = world();
    const page = () => Response.json({ records: [], next_cursor: "same" });
    const { access } = source([], [page(), page(), page()]);
    await expect(runSyncJob(tree, job, access, deps)).rejects.toMatchObject({ code: "unexpected_answer" });
  });

  test("deliveries of the same sync at the same time apply every record once (cloud#775)", async () => {
    const { tree, deps } = world();
    const { access } = source(JIRA_ISSUES);
    await Promise.all([1, 2, 3].map(() => runSyncJob(tree, job, access, deps)));
    const created = tree.events.filter(
      ({ type, path }) =>
        type === "file.created" &&
        path.startsWith("/jira/issues/") &&
        !path.includes("/by-") &&
        !path.endsWith("_index.json"),
    );
    expect(created.length).toBe(34);
    expect(
      tree.events.filter(({ type, path }) => type === "file.updated" && path.startsWith("/jira/issues/")),
    ).toEqual([]);
  });

  test("tombstones remove, records without id are counted, and the contract is there without any record (S17)", async () => {
    const { tree, deps } = world();
    const { access } = source([
      ...JIRA_ISSUES,
      { ...JIRA_ISSUES[0], _nango_metadata: { last_action: "DELETED" } },
      { nonsense: true },
    ]);
    const outcome = await runSyncJob(tree, job, access, deps);
    expect(outcome).toMatchObject({ records: 36, applied: 34, deleted: 1, rejected: 1 });
    expect(idsOf(tree)).not.toContain("10000");
    const empty = world();
    const { access: nothing } = source([]);
    expect(await runSyncJob(empty.tree, job, nothing, empty.deps)).toMatchObject({ records: 0, pages: 1 });
    expect(empty.tree.paths()).toContain("/discovery/jira/issues/.schema.json");
  });
});
