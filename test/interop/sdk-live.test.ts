/** The original's client library listening: sockets, subscriptions, handlers of writes, and consumers of writebacks. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  type ChangeEvent,
  type FilesystemEvent,
  IntegrationProvider,
  onWrite,
  RelayFileClient,
  RelayFileSync,
  WritebackConsumer,
  type WriteEvent,
} from "@relayfile/sdk";
import { eventually } from "../support/deadline.ts";
import { type TestStack, testStack } from "../support/stack.ts";

const SCOPES = ["fs:read", "fs:write", "sync:read", "sync:trigger", "ops:read"];

let stack: TestStack;
let ws: string;
/** Writes, and never listens. */
let writer: RelayFileClient;
beforeAll(async () => {
  stack = await testStack();
  ws = stack.workspaceId;
  writer = await newClient();
});
afterAll(() => stack.stop());

const newClient = async (scopes: readonly string[] = SCOPES) =>
  new RelayFileClient({ baseUrl: stack.fileApiUrl, token: await stack.mint(scopes) });
const write = (path: string, content = "x") =>
  writer.writeFile({ workspaceId: ws, path, baseRevision: "*", content });
const pathsOf = (events: readonly { path: string }[]) => events.map(({ path }) => path);

describe("connectWebSocket", () => {
  test("hears what happens from now on", async () => {
    await write("/socket/before.md");
    const events: FilesystemEvent[] = [];
    const socket = writer.connectWebSocket(ws, {
      token: await stack.mint(SCOPES),
      onEvent: (event) => events.push(event),
    });
    const closed = Promise.withResolvers<CloseEvent>();
    socket.on("close", closed.resolve);
    await new Promise((resolve) => socket.on("open", resolve));
    const { targetRevision } = await write("/socket/after.md");
    await eventually(
      "the event",
      () => pathsOf(events),
      (paths) => paths.includes("/socket/after.md"),
    );
    expect(pathsOf(events)).not.toContain("/socket/before.md");
    // The service writes digests of its own at any time.
    expect(events.find(({ path }) => path === "/socket/after.md")).toMatchObject({
      type: "file.created",
      revision: targetRevision,
      origin: "agent_write",
    });
    socket.close(1000, "done");
    expect((await closed.promise).code).toBe(1000);
  });

  test("goes on after a cursor, filtered by path", async () => {
    const { events: before } = await writer.getEvents(ws, { limit: 1_000 });
    await write("/socket/a/one.md");
    await write("/socket/b/two.md");
    const events: FilesystemEvent[] = [];
    const socket = writer.connectWebSocket(ws, {
      token: await stack.mint(SCOPES),
      cursor: before.at(-1)?.eventId,
      paths: ["/socket/b/**"],
      onEvent: (event) => events.push(event),
    });
    await eventually("the missed event", () => events.length === 1);
    expect(pathsOf(events)).toEqual(["/socket/b/two.md"]);
    socket.close();
  });
});

describe("RelayFileSync", () => {
  test("opens a socket, is answered pings, and emits events", async () => {
    const client = await newClient();
    const sync = RelayFileSync.connect({
      client,
      workspaceId: ws,
      baseUrl: stack.fileApiUrl,
      pingIntervalMs: 20,
      from: "now",
    });
    const events: FilesystemEvent[] = [];
    let pongs = 0;
    sync.on("event", (event) => events.push(event));
    sync.on("pong", () => pongs++);
    await eventually("an open socket", () => sync.getState() === "open");
    await eventually("pongs", () => pongs > 1);
    await write("/sync/live.md");
    await eventually("the event", () => pathsOf(events).includes("/sync/live.md"));
    await sync.stop();
    expect(sync.getState()).toBe("closed");
  });

  test("polls when it is told to", async () => {
    const client = await newClient();
    const sync = RelayFileSync.connect({
      client,
      workspaceId: ws,
      preferPolling: true,
      pollIntervalMs: 20,
    });
    const events: FilesystemEvent[] = [];
    sync.on("event", (event) => events.push(event));
    await eventually("polling", () => sync.getState() === "polling");
    // Its first round only finds the tip, so a write is repeated until a later round sees one.
    await eventually(
      "an event",
      async () => {
        await write("/sync/polled.md", String(performance.now()));
        return events.length > 0;
      },
      Boolean,
      { everyMs: 50 },
    );
    expect(pathsOf(events)).toContain("/sync/polled.md");
    await sync.stop();
  });
});

describe("subscribe and open", () => {
  test("subscribe hears matching changes, expands them, and finds the resource of an event", async () => {
    const client = await newClient();
    const changes: ChangeEvent[] = [];
    const connection = client.open({ workspaceId: ws, from: "now" });
    const subscription = client.subscribe(["/sub/**"], (event) => void changes.push(event), {
      coalesce: "none",
    });
    await connection.ready;
    // A subscription may still be on its way when the connection is ready.
    await eventually(
      "a change",
      async () => {
        await write("/other/file.json", "{}");
        await writer.bulkWrite({
          workspaceId: ws,
          files: [{ path: "/sub/issue.json", content: '{"title":"t"}', contentType: "application/json" }],
        });
        return changes.length > 0;
      },
      Boolean,
      { everyMs: 100 },
    );
    const [change] = changes;
    expect(change).toMatchObject({ type: "relayfile.changed", resource: { path: "/sub/issue.json" } });
    expect(changes.every(({ resource }) => resource.path === "/sub/issue.json")).toBe(true);
    const resource = await client.getResourceAtEvent(change?.id ?? "", { workspaceId: ws });
    expect(resource).toMatchObject({ path: "/sub/issue.json", data: { title: "t" } });
    const expanded = await change?.expand("full");
    expect(expanded).toMatchObject({ level: "full" });
    // The service keeps no change log; what the client has heard itself stays available.
    const known = await client.listLastNChanges(1, { workspaceId: ws });
    expect(known.events.map(({ resource: { path } }) => path)).toEqual(["/sub/issue.json"]);
    const since = await client.listChangesSince(new Date(Date.now() - 60_000).toISOString(), {
      workspaceId: ws,
    });
    expect(since.events.length).toBeGreaterThan(0);
    await subscription.unsubscribe();
    await connection.unsubscribe();
  });
});

describe("onWrite", () => {
  test("runs a handler for creates and updates below a pattern", async () => {
    const client = await newClient();
    const seen: WriteEvent[] = [];
    const stop = onWrite("/inbox/**", (event) => void seen.push(event), { client, workspaceId: ws });
    await eventually(
      "a handled write",
      async () => {
        await write("/inbox/a.md", String(performance.now()));
        return seen.length > 0;
      },
      Boolean,
      { everyMs: 50 },
    );
    expect(seen[0]).toMatchObject({ path: "/inbox/a.md", workspaceId: ws, source: "agent" });
    stop();
  });
});

describe("WritebackConsumer", () => {
  test("executes what is pending and acknowledges it; what nobody handles fails", async () => {
    await (await stack.workspace()).link("linear", "nango", "conn_1");
    const client = await newClient();
    const good = await write("/linear/issues/a.json", "{}");
    const bad = await write("/linear/unhandled/b.json", "{}");
    const executed: string[] = [];
    const consumer = new WritebackConsumer({
      client,
      workspaceId: ws,
      pollIntervalMs: 10,
      provider: {} as never,
      handlers: [
        {
          canHandle: (path) => path.startsWith("/linear/issues/"),
          execute: async (item) => void executed.push(item.path),
        },
      ],
    });
    const running = consumer.start();
    await eventually("both ops ended", async () => {
      const [first, second] = await Promise.all([client.getOp(ws, good.opId), client.getOp(ws, bad.opId)]);
      return first.status === "succeeded" && second.status === "dead_lettered";
    });
    consumer.stop();
    await running;
    expect(executed).toEqual(["/linear/issues/a.json"]);
  });
});

describe("IntegrationProvider", () => {
  class Hubspot extends IntegrationProvider {
    readonly name = "hubspot";
    ingestWebhook(workspaceId: string, raw: unknown) {
      const { id } = raw as { id: string };
      return this.client.ingestWebhook({
        workspaceId,
        provider: this.name,
        event_type: "file.created",
        path: `/hubspot/deals/${id}.json`,
        delivery_id: id,
        data: {
          content: "{}",
          semantics: {
            properties: { provider: "hubspot", "provider.object_type": "deals", "provider.status": "open" },
          },
        },
      });
    }
  }

  test("finds its files by their properties and watches its own events", async () => {
    const provider = new Hubspot(await newClient());
    for (const id of ["1", "2", "3"]) await provider.ingestWebhook(ws, { id });
    const found = await eventually(
      "three files",
      () => provider.getProviderFiles(ws, { provider: "hubspot", objectType: "deals", status: "open" }),
      (files) => files.length === 3,
    );
    expect(pathsOf(found)).toEqual(["1", "2", "3"].map((id) => `/hubspot/deals/${id}.json`));
    const stop = new AbortController();
    const watched: string[] = [];
    for await (const event of provider.watchProviderEvents(ws, {
      provider: "hubspot",
      pollIntervalMs: 10,
      signal: stop.signal,
    })) {
      watched.push(event.path);
      if (watched.length === 3) stop.abort();
    }
    expect(watched).toEqual(pathsOf(found));
  });
});
