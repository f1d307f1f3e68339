/** The event socket of any deployment, over a real connection. Test names start with the route they prove. */
import { describe, expect } from "bun:test";
import { closeCodeOf } from "../support/close-frame.ts";
import { afterAll, beforeAll, test } from "./harness.ts";
import { api, type ContractTarget } from "./target.ts";

interface Frame {
  readonly type: string;
  readonly eventId?: string;
  readonly path?: string;
  readonly content?: string;
  readonly contentHash?: string;
  readonly inlineContent?: boolean;
}

/** Runs the suite against one deployment that a socket reaches. */
export function testFeed(name: string, start: () => Promise<ContractTarget>): void {
  describe(`event socket (${name})`, () => {
    let target: ContractTarget;
    let token: string;
    beforeAll(async () => {
      target = await start();
      token = await target.token(["fs:read", "fs:write"]);
    });
    afterAll(() => target.stop());

    const workspaceUrl = () => `${target.fileApiUrl}/v1/workspaces/${target.workspaceId}`;
    const bulk = async (files: { path: string; content: string }[]) => {
      const answer = await api(target, "POST", "fs/bulk", { token, body: { files } });
      expect(answer.body.errorCount).toBe(0);
    };

    function connect(query: string, as = token) {
      target.requires?.("GET", `${workspaceUrl()}/fs/ws`);
      const url = `${workspaceUrl().replace(/^http/, "ws")}/fs/ws?token=${as}&${query}`;
      const socket = new WebSocket(url);
      const frames: Frame[] = [];
      const waiters: { count: number; done: () => void }[] = [];
      socket.onmessage = ({ data }) => {
        const frame = JSON.parse(String(data)) as Frame;
        frames.push(frame);
        for (const waiter of waiters) if (frames.length >= waiter.count) waiter.done();
      };
      const closed = new Promise<number>((done) => {
        socket.onclose = ({ code }) => done(code);
      });
      const opened = new Promise<void>((done, refuse) => {
        socket.onopen = () => done();
        socket.onerror = () => refuse(new Error("refused"));
      });
      opened.catch(() => undefined);
      const frameCount = (count: number) =>
        new Promise<void>((done) => (frames.length >= count ? done() : waiters.push({ count, done })));
      return { socket, frames, opened, closed, frameCount };
    }

    test("GET fs/ws drains the feed from a cursor and goes on live, each event once and in order", async () => {
      await bulk(Array.from({ length: 350 }, (_, n) => ({ path: `/drain/f${n}`, content: String(n) })));
      const feed = connect("cursor=evt_1");
      await feed.opened;
      await Promise.all(
        Array.from({ length: 5 }, (_, n) => bulk([{ path: `/drain/live${n}`, content: "x" }])),
      );
      const paths = () =>
        feed.frames.map(({ path }) => path).filter((path) => path?.startsWith("/drain/live"));
      while (paths().length < 5) await feed.frameCount(feed.frames.length + 1);
      const numbers = feed.frames.map(({ eventId }) => Number(eventId?.slice(4)));
      expect(numbers).toEqual(numbers.map((_, index) => 2 + index));
      feed.socket.close();
    });

    test("GET fs/ws sends the last hundred events without a cursor, none with from=now", async () => {
      const recent = connect("");
      await recent.frameCount(100);
      const now = connect("from=now&path=/now/**");
      await now.opened;
      await bulk([{ path: "/now/a", content: "fresh" }]);
      await now.frameCount(1);
      expect(now.frames[0]).toMatchObject({
        type: "file.created",
        path: "/now/a",
        content: "fresh",
        inlineContent: true,
        contentHash: new Bun.CryptoHasher("sha256").update("fresh").digest("hex"),
      });
      recent.socket.close();
      now.socket.close();
    });

    test("GET fs/ws filters by path and answers pings", async () => {
      const feed = connect(`from=now&path=/pick/*/x&path=${encodeURIComponent("deep/**")}`);
      await feed.opened;
      await bulk(
        ["/pick/a/x", "/pick/a/y", "/pick/a/b/x", "/deep/a/b/c", "/other"].map((path) => ({
          path,
          content: "",
        })),
      );
      feed.socket.send(JSON.stringify({ type: "ping" }));
      await feed.frameCount(3);
      expect(feed.frames.map(({ type, path }) => path ?? type).sort()).toEqual([
        "/deep/a/b/c",
        "/pick/a/x",
        "pong",
      ]);
      feed.socket.close();
    });

    test("GET fs/ws shows nothing a caller may not read, by scope or by rule", async () => {
      await bulk([
        {
          path: "/shut/.relayfile.acl",
          content: JSON.stringify({ semantics: { permissions: ["deny:agent:eve", "allow:any"] } }),
        },
      ]);
      const eve = connect("from=now", await target.token(["fs:read"], { agent: "eve" }));
      const narrow = connect("from=now", await target.token(["relayfile:fs:read:/open/**"]));
      await Promise.all([eve.opened, narrow.opened]);
      await bulk([
        { path: "/shut/secret", content: "hidden" },
        { path: "/open/a", content: "seen" },
      ]);
      await Promise.all([eve.frameCount(1), narrow.frameCount(1)]);
      expect(eve.frames.map(({ path }) => path)).toEqual(["/open/a"]);
      expect(narrow.frames.map(({ path }) => path)).toEqual(["/open/a"]);
      eve.socket.close();
      narrow.socket.close();
    });

    test("GET fs/ws refuses before the upgrade, and closes on text that is not JSON", async () => {
      for (const [as, status] of [
        ["", 401],
        ["garbage", 401],
        [await target.token(["ops:read"]), 403],
      ] as const) {
        const answer = await target.fetch(
          new Request(`${workspaceUrl()}/fs/ws?token=${as}`, { headers: { Upgrade: "websocket" } }),
        );
        expect(answer.status).toBe(status);
      }
      const feed = connect("from=now");
      await feed.opened;
      feed.socket.send("not json");
      expect(await feed.closed).toBe(1007);
    });

    test("GET fs/ws answers a client's close with its code", async () => {
      for (const code of [1000, 4000]) {
        const feed = connect("from=now");
        await feed.opened;
        feed.socket.close(code, "done");
        expect(await feed.closed).toBe(code);
      }
    });

    test("GET fs/ws closes when its token expires", async () => {
      target.requires?.("GET", `${workspaceUrl()}/fs/ws`);
      const shortLived = await target.token(["fs:read"], { lifetimeMs: 2_000 });
      expect(await closeCodeOf(new URL(`${workspaceUrl()}/fs/ws?token=${shortLived}&from=now`))).toBe(4001);
    });
  });
}
