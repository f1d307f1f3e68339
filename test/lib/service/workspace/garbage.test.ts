/** What a workspace forgets, and when: nothing that a client may still ask for, everything else. */
import { describe, expect, test } from "bun:test";
import { FILE_API } from "../../../../lib/limits.ts";
import { collectGarbage } from "../../../../lib/service/workspace/garbage.ts";
import { FakeClock } from "../../../support/clock.ts";
import { testWorkspace } from "../../../support/workspace.ts";

const HOUR_MS = 3_600_000;
const LARGE = 100_000;

async function world() {
  const clock = new FakeClock();
  const it = await testWorkspace({ clock });
  const { context } = it.workspace;
  const put = (path: string, size: number, ifMatch = "*", identity: string | null = null) =>
    it.workspace.putFile({
      path,
      bytes: new Uint8Array(size).fill(size % 251),
      contentType: "t",
      ifMatch,
      identity: identity === null ? null : { kind: "k", key: identity, ttlSeconds: 60 },
      correlationId: "",
    });
  const count = (table: string) =>
    context.store.sql.all<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n;
  return { it, clock, context, put, count };
}

describe("collectGarbage()", () => {
  test("goes on while more is due, and looks again after an hour", async () => {
    const { it, clock, context, put, count } = await world();
    await using _ = it;
    await put("/f", 1);
    await context.store.commit((tx) => {
      for (let n = 0; n < 2_500; n++) {
        const revision = tx.next("revision");
        tx.sql.run("INSERT INTO bodies (revision, path, bytes) VALUES (?, '/f', x'00')", [revision]);
        tx.sql.run("INSERT INTO superseded (revision, at) VALUES (?, 1)", [revision]);
      }
    });
    for (const [left, more] of [
      [1_500, true],
      [500, true],
      [0, false],
    ] as const) {
      expect(await collectGarbage(context)).toBe(more);
      expect(count("superseded")).toBe(left);
    }
    await put("/f", 2);
    await context.store.commit((tx) => tx.sql.run("UPDATE superseded SET at = 1"));
    await collectGarbage(context);
    expect(count("superseded")).toBe(1);
    await clock.advance(FILE_API.garbageEveryMs);
    await collectGarbage(context);
    expect(count("superseded")).toBe(0);
  });

  test("looks at once when the clock was ahead the last time", async () => {
    const { it, context, put, count } = await world();
    await using _ = it;
    await put("/f", 1);
    await put("/f", 2);
    await context.store.commit((tx) => {
      tx.sql.run("UPDATE superseded SET at = 1");
      tx.sql.run("INSERT INTO meta (key, value) VALUES ('garbage_at', '9999999999999')");
    });
    await collectGarbage(context);
    expect(count("superseded")).toBe(0);
  });

  test("removes events beyond both bounds until none is due", async () => {
    const { it, clock, context, put, count } = await world();
    await using _ = it;
    await put("/f", 1);
    await clock.advance(FILE_API.eventsKeptMs + 1);
    await context.store.commit((tx) => {
      for (let n = 0; n < FILE_API.eventsKeptMin; n++) tx.next("event");
    });
    await put("/f", 2);
    await collectGarbage(context);
    expect(count("events")).toBe(1);
  });

  test("removes the body of a write that was refused, after an hour, and never one that is named", async () => {
    const { it, clock, context, put, count } = await world();
    await using _ = it;
    await put("/kept", LARGE);
    await expect(put("/kept", LARGE, "rev_77")).rejects.toThrow("revision conflict");
    expect(count("loose_bodies")).toBe(1);
    const [loose] = context.store.sql.all<{ key: string }>("SELECT key FROM loose_bodies");
    expect(await context.store.bodies.get(loose?.key ?? "")).toHaveLength(LARGE);
    await collectGarbage(context);
    expect(count("loose_bodies")).toBe(1);
    await clock.advance(HOUR_MS + 1);
    await collectGarbage(context);
    expect(count("loose_bodies")).toBe(0);
    expect(await context.store.bodies.get(loose?.key ?? "")).toBeNull();
    expect((await it.workspace.readFile("/kept")).content).toHaveLength(LARGE);
  });

  test("removes what a repeated identity stored again", async () => {
    const { it, clock, context, put, count } = await world();
    await using _ = it;
    const first = await put("/once", LARGE, "0", "same");
    expect((await put("/once", LARGE, "0", "same")).op.seq).toBe(first.op.seq);
    expect(count("loose_bodies")).toBe(1);
    await clock.advance(HOUR_MS + 1);
    await collectGarbage(context);
    expect(count("loose_bodies")).toBe(0);
    expect((await it.workspace.readFile("/once")).content).toHaveLength(LARGE);
  });

  test("keeps contents of former revisions two days, then removes rows and bodies", async () => {
    const { it, clock, context, put, count } = await world();
    await using _ = it;
    await put("/f", LARGE);
    const [old] = context.store.sql.all<{ key: string }>("SELECT key FROM bodies");
    await put("/f", LARGE + 1);
    await clock.advance(FILE_API.supersededKeptMs - 1);
    await collectGarbage(context);
    expect(count("bodies")).toBe(2);
    await clock.advance(FILE_API.garbageEveryMs);
    await collectGarbage(context);
    expect([count("bodies"), count("superseded"), count("loose_bodies")]).toEqual([1, 0, 0]);
    expect(await context.store.bodies.get(old?.key ?? "")).toBeNull();
    expect((await it.workspace.readFile("/f")).content).toHaveLength(LARGE + 1);
  });

  test("keeps ops a month and ten thousand, and those that somebody waits for or may repeat", async () => {
    const { it, clock, context, put } = await world();
    await using _ = it;
    await put("/a", 1);
    await put("/b", 1, "*", "expires");
    await context.store.commit((tx) => {
      tx.sql.run("UPDATE operations SET status = 'dead_lettered', attention = 'dead_lettered' WHERE seq = 1");
      tx.sql.run(
        `INSERT INTO operations (seq, path, revision, action, status, attempt_count, correlation_id, created_at,
           updated_at, identity) SELECT 3, '/c', 'rev_1', 'file_upsert', 'succeeded', 0, '', created_at, updated_at, '["k","never"]'
         FROM operations WHERE seq = 1`,
      );
      for (let n = 3; n < 40; n++) tx.next("op");
    });
    await put("/d", 1);
    await context.store.commit((tx) =>
      tx.sql.run("UPDATE operations SET provider = 'jira' WHERE path = '/d'"),
    );
    const left = () => context.store.sql.all("SELECT seq FROM operations ORDER BY seq").map(({ seq }) => seq);
    await clock.advance(FILE_API.opsKeptMs + 1);
    await collectGarbage(context);
    expect(left()).toEqual([1, 2, 3, 40]);
    await context.store.commit((tx) => {
      for (let n = 0; n < FILE_API.opsKeptMin; n++) tx.next("op");
    });
    await put("/e", 1);
    await collectGarbage(context);
    expect(left()).toEqual([1, 2, 3, 40, expect.any(Number)]);
    await clock.advance(FILE_API.garbageEveryMs);
    await collectGarbage(context);
    expect(left()).toEqual([1, 3, 40, expect.any(Number)]);
    await context.store.commit((tx) => tx.sql.run("UPDATE operations SET provider = NULL WHERE path = '/d'"));
    await clock.advance(FILE_API.garbageEveryMs);
    await collectGarbage(context);
    expect(left()).toEqual([1, 3, expect.any(Number)]);
  });
});
