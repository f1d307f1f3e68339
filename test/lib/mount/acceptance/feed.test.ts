/** Acceptance list 7.3: events, audits and the live feed, on simulated time. */
import { afterEach, describe, expect, test } from "bun:test";
import { openEventFeed } from "../../../../lib/client/event-feed.ts";
import { pullEvents } from "../../../../lib/mount/pull.ts";
import { refreshPaths } from "../../../../lib/mount/refresh.ts";
import { skipStuck } from "../../../../lib/mount/skip-stuck.ts";
import { error } from "../../../support/fake-file-api.ts";
import { MountRig, type RigOptions } from "../../../support/mount-rig.ts";

let rig: MountRig;
const open = (options: RigOptions = {}) => {
  rig = new MountRig(options);
  return rig;
};
afterEach(() => rig.stop());
const NEVER = new AbortController().signal;
const DAY = 86_400_000;
const asked = (ending: string) => rig.api.seen("GET", ending).length;
const full = () => asked("/fs/tree");
const read = () => [
  ...rig.api.seen("GET", "/fs/file").map(({ query }) => query.get("path")),
  ...rig.api.seen("POST", "/fs/bulk-read").flatMap(({ body }) => body.paths as string[]),
];
const cursor = () => rig.withEngine((engine) => engine.db.meta("eventsCursor"));

describe("7.3 incremental pull and audits", () => {
  test("E1: a quiet feed costs one events call of limit 1 and no listing", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    rig.api.requests.length = 0;
    await rig.withEngine((engine) => pullEvents(engine, NEVER));
    expect(rig.api.requests.map(({ path, query }) => [path.split("/").at(-1), query.get("limit")])).toEqual([
      ["events", "1"],
    ]);
  });

  test("E2: an audit runs once when a day has passed, not before, and its time is kept; a clock set back defers none", async () => {
    open({ flags: { intervalMs: 600_000 } }).api.put("/a.md", "1");
    await rig.start();
    const first = full();
    await rig.clock.advance(DAY - 3_600_000);
    expect(full()).toBe(first);
    await rig.clock.advance(2 * 3_600_000);
    expect(full()).toBe(first + 1);
    await rig.stop();
    const at = await rig.withEngine((engine) => Number(engine.db.meta("lastFullPullAt")));
    expect(rig.clock.now() - at).toBeLessThan(2 * 3_600_000);
    rig.clock.jump(-7 * DAY);
    await rig.start();
    await rig.clock.advance(60_000);
    expect(full()).toBe(first + 2);
  });

  test("E3: a failed audit leaves the time of the last one as it was", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    const before = await rig.withEngine((engine) => engine.db.meta("lastFullPullAt"));
    await rig.clock.advance(2 * DAY);
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/tree") ? error(500, "internal_error", "no") : null;
    expect((await rig.once()).pulled).toBe(false);
    expect(await rig.withEngine((engine) => engine.db.meta("lastFullPullAt"))).toBe(before);
  });

  test("E4: a restart asks for the newest event only; without an answer it fails, without a feed it lists", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    let first = full();
    await rig.once();
    expect(full()).toBe(first);
    rig.api.intercept = (request) => (request.path.endsWith("/fs/events") ? "drop" : null);
    expect(await rig.once()).toMatchObject({ pulled: false, error: { kind: "offline" } });
    expect(full()).toBe(first);
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/events") ? error(404, "not_found", "no feed") : null;
    first = full();
    await rig.once();
    expect(full()).toBeGreaterThan(first);
  });

  test("E5: a failure on the second page keeps the first, and the cursor never goes back", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    for (let n = 0; n < 80; n++) rig.api.put(`/f${String(n).padStart(2, "0")}.md`, `${n}`);
    let pages = 0;
    rig.api.intercept = (request) => {
      if (!request.path.endsWith("/fs/events") || request.query.get("direction") === "desc") return null;
      return ++pages === 2 ? error(503, "unavailable", "no") : null;
    };
    rig.api.requests.length = 0;
    const seen: (string | null)[] = [];
    await rig.withEngine(async (engine) => {
      await expect(pullEvents(engine, NEVER)).rejects.toThrow();
      seen.push(engine.db.meta("eventsCursor"));
      const before = read().length;
      expect(before).toBe(50);
      rig.api.intercept = () => null;
      await pullEvents(engine, NEVER);
      seen.push(engine.db.meta("eventsCursor"));
    });
    expect(seen).toEqual(["evt_51", "evt_81"]);
    expect(read().length).toBe(80);
    expect(rig.fs.files(rig.root)).toHaveLength(81);
  });

  test("E6: after a crash inside a page, paths that were applied are not read again", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    const from = await cursor();
    for (const name of ["b", "c", "d"]) rig.api.put(`/${name}.md`, name);
    await rig.withEngine((engine) => refreshPaths(engine, ["/b.md", "/c.md"]));
    expect(await cursor()).toBe(from);
    rig.api.requests.length = 0;
    await rig.once();
    expect(read()).toEqual(["/d.md"]);
    expect(rig.fs.files(rig.root)).toHaveLength(4);
  });

  test("E7: an announced path that cannot be read stays a question for its time, then counts as deleted; created again it begins anew", async () => {
    open({ env: { RELAYFILE_INCREMENTAL_READ_NOT_READY_TTL: "5m" } }).api.put("/a.md", "1");
    await rig.start();
    const hide = (path: string) => {
      rig.api.intercept = (request) => {
        const wanted = request.query.get("path") === path || request.body?.paths?.includes(path);
        return wanted && /fs\/(file|bulk-read)$/.test(request.path)
          ? error(404, "not_found", "not yet")
          : null;
      };
    };
    hide("/a.md");
    rig.api.put("/a.md", "2");
    await rig.clock.advance(120_000);
    expect(rig.local("a.md")).toBe("1");
    expect(rig.relay("state.json").problems).toMatchObject([{ remotePath: "/a.md", kind: "not_ready" }]);
    await rig.clock.advance(240_000);
    expect(rig.local("a.md")).toBeNull();
    expect(rig.api.text("/a.md")).toBe("2");
    rig.api.put("/a.md", "3");
    await rig.clock.advance(120_000);
    expect(rig.relay("state.json").problems).toMatchObject([{ remotePath: "/a.md", kind: "not_ready" }]);
    rig.api.intercept = () => null;
    await rig.clock.advance(30_000);
    expect(rig.local("a.md")).toBe("3");
  });

  test("E8: many announced aliases that lead nowhere do not hold the feed", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    for (let n = 0; n < 120; n++) {
      rig.api.put(`/jira/issues/by-title/t${n}.json`, "x");
      rig.api.files.delete(`/jira/issues/by-title/t${n}.json`);
    }
    rig.api.put("/b.md", "2");
    await rig.once();
    expect(rig.local("b.md")).toBe("2");
    expect(await cursor()).toBe("evt_122");
    await rig.clock.advance(10_000);
    expect((await rig.once()).problems).toBe(0);
  });

  test("E9: skipping stuck events gives up exactly as many as asked, oldest first, and never twice at a time", async () => {
    open({ env: { RELAYFILE_INCREMENTAL_READ_NOT_READY_TTL: "1h" } }).api.put("/a.md", "1");
    await rig.once();
    for (const name of ["s1", "s2", "s3"]) {
      rig.api.put(`/${name}.md`, "x");
      rig.api.files.delete(`/${name}.md`);
    }
    await rig.withEngine(async (engine) => {
      await pullEvents(engine, NEVER);
      const both = [skipStuck(engine, 2, NEVER), skipStuck(engine, 1, NEVER).catch((thrown) => thrown.code)];
      expect(await Promise.all(both)).toEqual([{ skipped: 2, backlogRemaining: 1 }, "lock_held"]);
      expect([...engine.db.problems.keys()]).toEqual(["/s3.md"]);
      expect(await skipStuck(engine, null, NEVER)).toEqual({ skipped: 1, backlogRemaining: 0 });
    });
  });

  test("E13: a read that was under way while the same path was saved and accepted is not applied", async () => {
    open().api.put("/a.md", "1");
    await rig.once();
    await rig.clock.advance(5_000);
    await rig.withEngine(async (engine) => {
      const old = engine.db.get("/a.md");
      rig.api.intercept = (request) => {
        if (!request.path.endsWith("/fs/file")) return null;
        rig.api.intercept = () => null;
        const revision = rig.api.put("/a.md", "mine");
        rig.save("a.md", "mine");
        const hash = rig.world.sha256("mine");
        if (old !== undefined) engine.db.put({ ...old, revision, hash, seenHash: "" });
        const body = { path: "/a.md", revision: "rev_1", contentType: "text/markdown", content: "stale" };
        return new Response(JSON.stringify(body), { headers: { "content-type": "application/json" } });
      };
      await refreshPaths(engine, ["/a.md"]);
    });
    expect(rig.local("a.md")).toBe("mine");
    expect(rig.relayNames("conflicts")).toEqual([]);
  });

  test("E16: a feed whose newest id is below ours was replaced: everything is read again, once", async () => {
    open().api.put("/a.md", "1");
    for (let n = 0; n < 5; n++) rig.api.put("/a.md", `${n}`);
    await rig.once();
    rig.api.events.length = 0;
    rig.api.put("/b.md", "2");
    const before = full();
    await rig.once();
    expect(rig.local("b.md")).toBe("2");
    expect(full()).toBe(before + 1);
    expect(await cursor()).toBe("evt_1");
    await rig.once();
    expect(full()).toBe(before + 1);
  });

  test("E17: audits run on their own clock while the live feed is healthy", async () => {
    open({ flags: { websocket: true, fullPullMinIntervalMs: 600_000 } }).api.put("/a.md", "1");
    await rig.start();
    expect(rig.relay("state.json").eventListener).toMatchObject({ mode: "websocket", status: "listening" });
    const before = full();
    await rig.clock.advance(660_000);
    expect(full()).toBe(before + 1);
    expect(rig.relay("state.json").eventListener.status).toBe("listening");
  });
});

describe("7.3 realtime", () => {
  const live = (options: RigOptions = {}) =>
    open({ ...options, flags: { websocket: true, ...options.flags } });
  const send = (message: object) => {
    for (const listener of rig.api.listeners) listener(JSON.stringify(message));
  };
  const event = (id: number, path: string, content: string, over: object = {}) => ({
    eventId: `evt_${id}`,
    type: "file.updated",
    path,
    revision: `rev_${id + 100}`,
    contentHash: rig.world.sha256(content),
    origin: "provider_sync",
    correlationId: "c",
    timestamp: new Date(rig.clock.now()).toISOString(),
    inlineContent: true,
    content,
    contentType: "text/markdown",
    ...over,
  });

  test("E10: inline content with a wrong hash writes nothing and does not move the cursor", async () => {
    live().api.put("/a.md", "1");
    const engine = await rig.start();
    send(event(2, "/a.md", "forged", { contentHash: "0".repeat(64) }));
    await rig.clock.advance(500);
    expect(rig.local("a.md")).toBe("1");
    expect(engine.db.meta("eventsCursor")).toBe("evt_1");
  });

  test("E11: correct inline content is applied without a read, and the cursor is durable", async () => {
    live().api.put("/a.md", "1");
    const engine = await rig.start();
    rig.api.requests.length = 0;
    rig.api.put("/a.md", "2");
    await rig.clock.advance(100);
    expect(rig.local("a.md")).toBe("2");
    expect(read()).toEqual([]);
    expect(engine.db.meta("eventsCursor")).toBe("evt_2");
  });

  test("E12: a burst larger than the buffer is applied completely with few writes of the state", async () => {
    live().api.put("/a.md", "1");
    const engine = await rig.start();
    let writes = 0;
    rig.fs.hook = (operation, path) => {
      if (operation === "rename" && path.endsWith("/.relay/state.json")) writes++;
    };
    for (let n = 0; n < 5_000; n++) rig.api.put(`/f${n % 20}.md`, `${n}`);
    await rig.clock.advance(60_000);
    expect(writes).toBeLessThan(30);
    expect(engine.db.meta("eventsCursor")).toBe("evt_5001");
    for (let n = 0; n < 20; n++) expect(rig.local(`f${n}.md`)).toBe(`${4_980 + n}`);
  });

  test("E14: a token in an address is never logged", async () => {
    live().api.put("/a.md", "1");
    const told: string[] = [];
    const feed = openEventFeed({
      ...FEED(told),
      connect: (url) => {
        throw new Error(`cannot connect to ${url}&api_key=hunter2`);
      },
    });
    await rig.clock.advance(30_000);
    feed.close();
    expect(told.join("\n")).toContain("token=…");
    expect(told.join("\n")).not.toMatch(/header\.e30\.sig|hunter2/);
    rig.refuseSockets = true;
    await rig.start(60_000);
    expect(JSON.stringify(rig.lines)).not.toContain("header.e30.sig");
  });

  test("E15: delays stay between 1 s and 60 s, Retry-After is honoured, and a dial that comes late is not used", async () => {
    live();
    const dials: number[] = [];
    const sockets: { onOpen(): void; onMessage(text: string): void; closed: boolean }[] = [];
    const received: string[] = [];
    const feed = openEventFeed({
      ...FEED([]),
      onEvent: ({ eventId }) => void received.push(eventId),
      connect: (_url, _options, handlers) => {
        dials.push(rig.clock.monotonicMs());
        const socket = { ...handlers, closed: false };
        sockets.push(socket);
        if (dials.length < 12) queueMicrotask(() => handlers.onClose(1006, ""));
        return { send: () => undefined, close: () => void Object.assign(socket, { closed: true }) };
      },
    });
    await rig.clock.advance(400_000);
    const delays = dials.slice(1).map((at, n) => at - (dials[n] ?? 0));
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);
    expect(delays.at(-1)).toBeGreaterThan(50_000);
    const late = sockets.at(-1);
    feed.restart();
    expect(late?.closed).toBe(true);
    late?.onOpen();
    late?.onMessage(JSON.stringify(event(9, "/late.md", "x")));
    expect(received).toEqual([]);
    feed.close();
    rig.api.intercept = (request) =>
      request.path.endsWith("/fs/ws")
        ? new Response("{}", { status: 429, headers: { "retry-after": "45" } })
        : null;
    dials.length = 0;
    const slowed = openEventFeed({
      ...FEED([]),
      connect: (_url, _options, handlers) => {
        dials.push(rig.clock.monotonicMs());
        queueMicrotask(() => handlers.onClose(1006, ""));
        return { send: () => undefined, close: () => undefined };
      },
    });
    await rig.clock.advance(50_000);
    slowed.close();
    expect(dials).toHaveLength(3);
    expect((dials[2] ?? 0) - (dials[1] ?? 0)).toBe(45_000);
  });

  const FEED = (told: string[]) => {
    const write = (message: string, fields: object = {}) => void told.push(message + JSON.stringify(fields));
    return {
      target: rig.target(),
      workspaceId: "rw_abcd1234",
      clock: rig.clock,
      random: rig.world.random,
      log: { debug: write, info: write, warn: write, error: write },
      connect: rig.world.connectSocket,
      cursor: () => null,
      onEvent: () => undefined,
      onStatus: () => undefined,
    };
  };
});
