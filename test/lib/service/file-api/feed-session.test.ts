import { describe, expect, test } from "bun:test";
import { FILE_API } from "../../../../lib/limits.ts";
import {
  type FeedPeer,
  type FeedRequest,
  FeedSession,
} from "../../../../lib/service/file-api/feed-session.ts";
import { FakeClock, settle } from "../../../support/clock.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const caller = {
  agent: "a",
  workspaceId: "rw_test0000",
  scopes: ["fs:read", "fs:write"],
  expiresAtMs: Number.MAX_SAFE_INTEGER,
};
const live: FeedRequest = { cursor: null, from: "now", filters: [] };

/** A reader that takes frames until it is told to stop. */
function reader() {
  const frames: { eventId: string; path: string; inlineContent?: boolean }[] = [];
  const closed: number[] = [];
  const state = { accepts: true };
  const peer: FeedPeer = {
    send: (text) => {
      frames.push(JSON.parse(text));
      return state.accepts;
    },
    close: (code) => void closed.push(code),
  };
  return { frames, closed, state, peer };
}

async function world() {
  const opened = await testWorkspace();
  const { workspace } = opened;
  const write = async (paths: readonly string[]) => {
    const bytes = new TextEncoder().encode("body");
    const items = paths.map((path) => ({
      kind: "write" as const,
      write: { path, bytes, contentType: "t", ifMatch: null, identity: null, correlationId: "" },
    }));
    await workspace.writeBatch(caller, items);
    await settle();
  };
  return { ...opened, write, [Symbol.asyncDispose]: opened[Symbol.asyncDispose] };
}

const paths = (count: number, prefix: string) => Array.from({ length: count }, (_, n) => `/${prefix}/f${n}`);

describe("FeedSession", () => {
  test("pauses for a slow reader and goes on where it stopped", async () => {
    await using w = await world();
    const { frames, state, peer } = reader();
    const session = new FeedSession(w.workspace, caller, live);
    session.open(peer);
    await settle();
    state.accepts = false;
    await w.write(paths(10, "slow"));
    expect(frames).toHaveLength(1);
    state.accepts = true;
    session.drained();
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(frames.map(({ path }) => path)).toEqual(paths(10, "slow"));
    session.close();
  });

  test("closes a reader that falls too far behind with 1013, at the first gap", async () => {
    await using w = await world();
    const { frames, closed, state, peer } = reader();
    const session = new FeedSession(w.workspace, caller, live);
    session.open(peer);
    await settle();
    state.accepts = false;
    for (let batch = 0; batch < 5; batch++) await w.write(paths(1_000, `b${batch}`));
    expect(closed).toEqual([1013]);
    expect(frames).toHaveLength(1);
    expect(FILE_API.socketBufferEventsMax).toBe(4_096);
  });

  test("pauses inside the catch-up as well and leaves no gap", async () => {
    await using w = await world();
    await w.write(paths(250, "old"));
    const { frames, state, peer } = reader();
    const session = new FeedSession(w.workspace, caller, { cursor: "evt_10", from: "cursor", filters: [] });
    state.accepts = false;
    session.open(peer);
    for (let turn = 0; turn < 300; turn++) {
      await settle();
      if (turn === 20) await w.write(["/late"]);
      session.drained();
    }
    for (let turn = 0; turn < 50; turn++) await settle();
    const numbers = frames.map(({ eventId }) => Number(eventId.slice(4)));
    expect(numbers).toEqual(Array.from({ length: 241 }, (_, n) => 11 + n));
    session.close();
  });

  test("leaves out the content of a version that is no longer current", async () => {
    await using w = await world();
    await w.write(["/twice"]);
    await w.write(["/twice"]);
    const { frames, peer } = reader();
    const session = new FeedSession(w.workspace, caller, {
      cursor: "none",
      from: "cursor",
      filters: ["/twice"],
    });
    session.open(peer);
    for (let turn = 0; turn < 20; turn++) await settle();
    expect(frames.map(({ inlineContent }) => inlineContent)).toEqual([undefined, true]);
    session.close();
  });

  test("closes with 4001 when the token expires", async () => {
    const clock = new FakeClock();
    await using opened = await testWorkspace({ clock });
    const { closed, peer } = reader();
    const session = new FeedSession(opened.workspace, { ...caller, expiresAtMs: clock.now() + 60_000 }, live);
    session.open(peer);
    await clock.advance(59_999);
    expect(closed).toEqual([]);
    await clock.advance(1);
    expect(closed).toEqual([4001]);
  });
});
