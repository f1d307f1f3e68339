/** The original's client library against our services over a socket: files, lists, ops, sync and administration. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  InvalidStateError,
  PayloadTooLargeError,
  RelayFileApiError,
  RelayFileClient,
  RevisionConflictError,
} from "@relayfile/sdk";
import { eventually } from "../support/deadline.ts";
import { type TestStack, testStack } from "../support/stack.ts";

const SCOPES = [
  "fs:read",
  "fs:write",
  "sync:read",
  "sync:trigger",
  "ops:read",
  "ops:replay",
  "admin:read",
  "admin:replay",
];

let stack: TestStack;
let client: RelayFileClient;
let ws: string;
beforeAll(async () => {
  stack = await testStack();
  ws = stack.workspaceId;
  client = await clientWith(SCOPES);
});
afterAll(() => stack.stop());

const clientWith = async (scopes: readonly string[]) =>
  new RelayFileClient({ baseUrl: stack.fileApiUrl, token: await stack.mint(scopes), readCache: false });

/** The error a call ended with. */
async function refused<E extends Error>(
  kind: new (...args: never[]) => E,
  call: () => Promise<unknown>,
): Promise<E> {
  const error = await call().then(
    () => null,
    (thrown) => thrown,
  );
  expect(error).toBeInstanceOf(kind);
  return error as E;
}

describe("files", () => {
  test("writeFile creates, updates and conflicts; readFile sees it; deleteFile ends it", async () => {
    const common = { workspaceId: ws, path: "/notes/todo.md" };
    const created = await client.writeFile({ ...common, baseRevision: "0", content: "# one\n" });
    expect(created).toMatchObject({ status: "queued", opId: expect.any(String) });
    const read = await client.readFile(ws, common.path);
    expect(read).toMatchObject({
      path: common.path,
      content: "# one\n",
      revision: created.targetRevision,
      contentType: "text/markdown",
    });
    const updated = await client.writeFile({
      ...common,
      baseRevision: read.revision,
      content: "# two\n",
      semantics: { properties: { stage: "draft" }, relations: ["r1"], comments: ["c1"] },
    });
    const conflict = await refused(RevisionConflictError, () =>
      client.writeFile({ ...common, baseRevision: read.revision, content: "# three\n" }),
    );
    expect(conflict).toMatchObject({
      expectedRevision: read.revision,
      currentRevision: updated.targetRevision,
      currentContentPreview: "# two\n",
    });
    expect((await client.readFile({ ...common })).semantics).toEqual({
      properties: { stage: "draft" },
      relations: ["r1"],
      comments: ["c1"],
    });
    await client.deleteFile({ ...common, baseRevision: updated.targetRevision });
    expect((await refused(RelayFileApiError, () => client.readFile(ws, common.path))).status).toBe(404);
  });

  test("writeFile with a content identity is the same write when it is repeated", async () => {
    const write = () =>
      client.writeFile({
        workspaceId: ws,
        path: "/notes/once.md",
        baseRevision: "0",
        content: "once",
        contentIdentity: { kind: "job", key: "42" },
      });
    const first = await write();
    expect(await write()).toMatchObject({ opId: first.opId, targetRevision: first.targetRevision });
  });

  test("binary content survives a round trip", async () => {
    const bytes = new Uint8Array(70_000).map((_, index) => (index * 7) % 256);
    await client.writeFile({
      workspaceId: ws,
      path: "/bin/raw.bin",
      baseRevision: "*",
      content: bytes.toBase64(),
      encoding: "base64",
      contentType: "application/octet-stream",
    });
    const read = await client.readFile(ws, "/bin/raw.bin");
    expect(read.encoding).toBe("base64");
    expect(Uint8Array.fromBase64(read.content)).toEqual(bytes);
  });

  test("bulkWrite writes some and refuses others; what is too large is PayloadTooLargeError", async () => {
    const result = await client.bulkWrite({
      workspaceId: ws,
      files: [
        { path: "/bulk/a.json", content: "{}", contentType: "application/json" },
        { path: "/bulk/b.md", content: "b" },
        { path: "/bulk/../c.md", content: "c" },
        { path: "/bulk/d.md", content: "%%%", encoding: "base64" },
      ],
    });
    expect(result).toMatchObject({ written: 2, errorCount: 2 });
    expect(result.errors.map(({ path, code }) => [path, code])).toEqual([
      ["/bulk/../c.md", "invalid_path"],
      ["/bulk/d.md", "invalid_content"],
    ]);
    const huge = "x".repeat(17 * 1024 * 1024);
    await refused(PayloadTooLargeError, () =>
      client.writeFile({ workspaceId: ws, path: "/bulk/huge", baseRevision: "0", content: huge }),
    );
  });

  test("listTree pages through everything", async () => {
    const files = Array.from({ length: 1_203 }, (_, n) => ({ path: `/many/f${n}.md`, content: String(n) }));
    await client.bulkWrite({ workspaceId: ws, files });
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await client.listTree(ws, { path: "/many", depth: 2, cursor });
      seen.push(...page.entries.map(({ path }) => path));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(seen).toEqual(files.map(({ path }) => path).sort());
  });

  test("queryFiles finds by property, relation, comment and permission", async () => {
    await client.writeFile({
      workspaceId: ws,
      path: "/query/a.md",
      baseRevision: "0",
      content: "a",
      semantics: {
        properties: { stage: "active" },
        relations: ["db_1"],
        comments: ["c_1"],
        permissions: ["public"],
      },
    });
    for (const options of [
      { properties: { stage: "active" } },
      { relation: "db_1" },
      { comment: "c_1" },
      { permission: "public" },
    ]) {
      const { items } = await client.queryFiles(ws, { path: "/query", limit: 10, ...options });
      expect([options, items.map(({ path }) => path)]).toEqual([options, ["/query/a.md"]]);
    }
  });

  test("exportWorkspace answers json, tar and patch", async () => {
    const exported = await client.exportWorkspace({ workspaceId: ws, format: "json" });
    if (exported instanceof Blob) throw new Error("json expected");
    expect(exported.files.find(({ path }) => path === "/notes/once.md")?.content).toBe("once");
    const tar = (await client.exportWorkspace({ workspaceId: ws, format: "tar" })) as Blob;
    const unpacked = await new Bun.Archive(Bun.gunzipSync(await tar.bytes())).files();
    expect(await unpacked.get("notes/once.md")?.text()).toBe("once");
    const patch = (await client.exportWorkspace({ workspaceId: ws, format: "patch" })) as Blob;
    expect(await patch.text()).toContain("+++ b/notes/once.md");
  });

  test("getBaseUrl and getToken say what was given", async () => {
    expect(client.getBaseUrl()).toBe(stack.fileApiUrl);
    expect((await client.getToken()).split(".")).toHaveLength(3);
  });
});

describe("events and ops", () => {
  test("getEvents walks the feed to its tip", async () => {
    const first = await client.getEvents(ws, { limit: 5 });
    expect(first.events).toHaveLength(5);
    expect(first.nextCursor).toBe(first.events.at(-1)?.eventId ?? "");
    let last = first;
    while (last.nextCursor !== null)
      last = await client.getEvents(ws, { limit: 1_000, cursor: last.nextCursor });
    const tip = await client.getEvents(ws, { cursor: last.events.at(-1)?.eventId });
    expect(tip).toEqual({ events: [], nextCursor: null });
  });

  test("getOp and listOps show the op of a write; replayOp refuses one that succeeded", async () => {
    const written = await client.writeFile({
      workspaceId: ws,
      path: "/ops/a.md",
      baseRevision: "0",
      content: "",
    });
    expect(await client.getOp(ws, written.opId)).toMatchObject({
      opId: written.opId,
      status: "succeeded",
      path: "/ops/a.md",
    });
    const { items } = await client.listOps(ws, { status: "succeeded", action: "file_upsert", limit: 1 });
    expect(items[0]?.opId).toBe(written.opId);
    await refused(InvalidStateError, () => client.replayOp(ws, written.opId));
    await refused(InvalidStateError, () => client.replayAdminOp(written.opId));
  });
});

describe("writebacks of an outside consumer", () => {
  test("listPendingWritebacks, ackWriteback and sweepWritebackDrafts", async () => {
    const workspace = await stack.workspace();
    await workspace.link("linear", "nango", "conn_1");
    const draft = "/linear/issues/new one 0a1b2c3d-0000-4000-8000-000000000001.json";
    const write = (path: string) =>
      client.writeFile({
        workspaceId: ws,
        path,
        baseRevision: "0",
        content: '{"title":"new"}',
        contentType: "application/json",
      });
    const { opId } = await write(draft);
    const [item] = await client.listPendingWritebacks(ws);
    expect(item).toMatchObject({ id: opId, workspaceId: ws, path: draft });
    const acked = await client.ackWriteback({
      workspaceId: ws,
      itemId: opId,
      success: true,
      externalId: "LIN-9",
      providerResult: { ts: "1.2" },
    });
    expect(acked).toMatchObject({
      status: "acknowledged",
      success: true,
      draft: { action: "renamed", from: draft, to: "/linear/issues/LIN-9.json" },
    });
    expect((await client.getOp(ws, opId)).providerResult).toMatchObject({ ts: "1.2", externalId: "LIN-9" });

    const failing = await write("/linear/issues/second 0a1b2c3d-0000-4000-8000-000000000002.json");
    await client.ackWriteback({ workspaceId: ws, itemId: failing.opId, success: false, error: "no" });
    expect(await client.getOp(ws, failing.opId)).toMatchObject({ status: "dead_lettered", lastError: "no" });
    expect(await client.replayOp(ws, failing.opId)).toMatchObject({ status: "queued", id: failing.opId });
    await client.ackWriteback({ workspaceId: ws, itemId: failing.opId, success: false, error: "no" });
    const dry = await client.sweepWritebackDrafts({ workspaceId: ws, pathPrefix: "/linear" });
    expect(dry).toMatchObject({
      dryRun: true,
      removed: [{ path: expect.stringContaining("second"), reason: "space-uuid-draft" }],
    });
    const swept = await client.sweepWritebackDrafts({ workspaceId: ws, pathPrefix: "/linear", apply: true });
    expect(swept.dryRun).toBe(false);
    expect(
      (await client.listTree(ws, { path: "/linear/issues" })).entries.map(({ path }) => path),
    ).not.toContain("/linear/issues/second 0a1b2c3d-0000-4000-8000-000000000002.json");
  });
});

describe("sync and administration", () => {
  test("ingestWebhook, waitForData, getSyncStatus, getSyncIngressStatus and triggerSyncRefresh", async () => {
    const queued = await client.ingestWebhook({
      workspaceId: ws,
      provider: "hubspot",
      event_type: "file.created",
      path: "/hubspot/deals/1.json",
      delivery_id: "d1",
      data: { content: "{}", contentType: "application/json", providerObjectId: "1" },
    });
    expect(queued).toMatchObject({ status: "queued", id: expect.stringMatching(/^env_/) });
    const row = await client.waitForData(ws, "hubspot", { pollIntervalMs: 10, timeoutMs: 10_000 });
    expect(row).toMatchObject({ provider: "hubspot", status: "healthy" });
    expect((await client.readFile(ws, "/hubspot/deals/1.json")).providerObjectId).toBe("1");
    const ingress = await client.getSyncIngressStatus(ws, { provider: "hubspot" });
    expect(ingress).toMatchObject({ acceptedTotal: 1, pendingTotal: 0, deadLetterTotal: 0 });
    expect(Object.keys(ingress.ingressByProvider)).toEqual(["hubspot"]);
    const refresh = await client.triggerSyncRefresh(ws, "hubspot", "manual");
    expect(refresh.status).toBe("queued");
    expect((await client.getSyncStatus(ws)).providers.map(({ provider }) => provider)).toContain("hubspot");
  });

  test("getSyncDeadLetters, getSyncDeadLetter, replaySyncDeadLetter, ackSyncDeadLetter", async () => {
    const { id } = await client.ingestWebhook({
      workspaceId: ws,
      provider: "hubspot",
      event_type: "file.updated",
      path: "/hubspot/../escape.json",
      delivery_id: "bad",
    });
    const dead = await eventually(
      "a dead letter",
      () => client.getSyncDeadLetters(ws, { provider: "hubspot" }),
      ({ items }) => items.some(({ envelopeId }) => envelopeId === id),
    );
    expect(dead.items.find(({ envelopeId }) => envelopeId === id)).toMatchObject({
      deliveryId: "bad",
      provider: "hubspot",
    });
    expect(await client.getSyncDeadLetter(ws, id)).toMatchObject({ envelopeId: id, workspaceId: ws });
    expect(await client.replaySyncDeadLetter(ws, id)).toMatchObject({ status: "queued" });
    expect(await client.replayAdminEnvelope(id)).toMatchObject({ status: "queued" });
    await eventually("the dead letter again", () => client.getSyncDeadLetter(ws, id).then(() => true));
    expect(await client.ackSyncDeadLetter(ws, id)).toMatchObject({ status: "acknowledged", id });
    expect((await refused(RelayFileApiError, () => client.getSyncDeadLetter(ws, id))).status).toBe(404);
  });

  test("getBackendStatus, getAdminIngressStatus and getAdminSyncStatus", async () => {
    expect(await client.getBackendStatus()).toMatchObject({ stateBackend: expect.any(String) });
    const ingress = await client.getAdminIngressStatus({ workspaceId: ws, alertProfile: "strict" });
    expect(ingress).toMatchObject({ workspaceCount: 1, alertProfile: "strict" });
    expect(ingress.workspaces[ws]?.acceptedTotal).toBeGreaterThan(0);
    const sync = await client.getAdminSyncStatus({ limit: 1, includeAlerts: false });
    expect(sync).toMatchObject({ returnedWorkspaceCount: 1, alerts: [] });
    const reader = await clientWith(["fs:read"]);
    expect((await refused(RelayFileApiError, () => reader.getBackendStatus())).status).toBe(403);
  });
});

describe("what is not built", () => {
  test("answers 404 not_found with a hint, never 5xx", async () => {
    const calls: Record<string, () => Promise<unknown>> = {
      createFork: () => client.createFork({ workspaceId: ws, proposalId: "p" }),
      commitFork: () => client.commitFork({ workspaceId: ws, forkId: "fork_1" }),
      discardFork: () => client.discardFork({ workspaceId: ws, forkId: "fork_1" }),
      registerWebhook: () => client.registerWebhook({ workspaceId: ws, url: "http://x", pathGlobs: ["/**"] }),
      listWebhooks: () => client.listWebhooks(ws),
      deleteWebhook: () => client.deleteWebhook(ws, "s"),
      getWebhookDeadLetters: () => client.getWebhookDeadLetters(ws),
      replayWebhookDeadLetter: () => client.replayWebhookDeadLetter(ws, "d"),
      listChangesSince: () => client.listChangesSince("2026-01-01T00:00:00Z", { workspaceId: ws }),
      listLastNChanges: () => client.listLastNChanges(3, { workspaceId: ws }),
    };
    for (const [name, call] of Object.entries(calls)) {
      const error = await refused(RelayFileApiError, call);
      expect([name, error.status, error.code]).toEqual([name, 404, "not_found"]);
      expect([name, typeof error.details?.hint]).toEqual([name, "string"]);
    }
  });
});
