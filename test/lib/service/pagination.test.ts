/** Walking a workspace of 100,000 files, events and ops page by page: everything once, in order, and an end. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { VerifiedToken } from "../../../lib/service/auth/token.ts";
import { testWorkspace } from "../../support/workspace.ts";

const COUNT = 100_000;
const CALLER = { workspaceId: "rw_test0000", agent: "a", scopes: ["fs:read"] } as unknown as VerifiedToken;

let it: Awaited<ReturnType<typeof testWorkspace>>;
beforeAll(async () => {
  it = await testWorkspace();
  const { store } = it.workspace.context;
  // Rows as writes make them, without making 100,000 writes.
  await store.commit((tx) => {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${COUNT})`;
    const path = "'/d' || (i % 10) || '/' || printf('%06d', i) || '.md'";
    tx.sql.run(
      `INSERT INTO files (path, revision, content_hash, content_type, size, provider, updated_at, correlation_id, base)
       ${numbers} SELECT ${path}, i, 'h', 't', 1, '', 1, 'c', 0 FROM n`,
    );
    tx.sql.run(
      `INSERT INTO events (seq, type, path, revision, origin, correlation_id, at)
       ${numbers} SELECT i, 'file.created', ${path}, 'rev_' || i, 'agent_write', 'c', 1 FROM n`,
    );
    tx.sql.run(
      `INSERT INTO operations (seq, path, revision, action, status, attempt_count, correlation_id, created_at, updated_at)
       ${numbers} SELECT i, ${path}, 'rev_' || i, CASE i % 50000 WHEN 7 THEN 'file_delete' ELSE 'file_upsert' END,
         'succeeded', 0, 'c', 1, 1 FROM n`,
    );
    tx.sql.run("INSERT INTO dirs (path, files, runtime) VALUES ('/', ?, 0)", [COUNT]);
    for (let d = 0; d < 10; d++)
      tx.sql.run("INSERT INTO dirs (path, files, runtime) VALUES (?, ?, 0)", [`/d${d}`, COUNT / 10]);
    for (let n = 0; n < COUNT; n++) {
      tx.next("revision");
      tx.next("event");
      tx.next("op");
    }
  });
});
afterAll(() => it[Symbol.asyncDispose]());

/** Follows cursors to the end; the number of pages and every key in the order it came. */
async function walk<Item>(
  page: (cursor: string | null) => Promise<{ items: readonly Item[]; nextCursor: string | null }>,
): Promise<{ pages: number; items: Item[] }> {
  const items: Item[] = [];
  let cursor: string | null = null;
  for (let pages = 1; ; pages++) {
    const { items: more, nextCursor } = await page(cursor);
    items.push(...more);
    if (nextCursor === null) return { pages, items };
    cursor = nextCursor;
  }
}

describe("pages (S13)", () => {
  test("of the tree hold every file and directory once, in path order", async () => {
    const { pages, items } = await walk(async (cursor) => {
      const page = await it.workspace.treePage(CALLER, {
        path: "/",
        depth: 5,
        cursor: cursor ?? "",
        excludeRuntime: true,
      });
      expect(page.totalFiles).toBe(COUNT);
      return { items: page.entries.map(({ path }) => path), nextCursor: page.nextCursor };
    });
    expect([pages, items.length]).toEqual([Math.ceil((COUNT + 10) / 1_000), COUNT + 10]);
    expect(items).toEqual([...new Set(items)].sort());
  });

  test("of a query hold every file once", async () => {
    const { items } = await walk(async (cursor) => {
      const page = await it.workspace.queryFiles(CALLER, {
        path: "/",
        provider: null,
        relation: null,
        comment: null,
        permission: null,
        properties: {},
        limit: 1_000,
        cursor: cursor ?? "",
      });
      return { items: page.items.map(({ path }) => path as string), nextCursor: page.nextCursor };
    });
    expect(new Set(items).size).toBe(COUNT);
    expect(items).toHaveLength(COUNT);
  });

  for (const direction of ["asc", "desc"] as const) {
    test(`of the feed hold every event once, ${direction}`, async () => {
      const { items } = await walk(async (cursor) => {
        const page = await it.workspace.eventsPage(CALLER, {
          cursor,
          limit: 1_000,
          direction,
          provider: null,
        });
        return { items: page.events.map(({ eventId }) => eventId), nextCursor: page.nextCursor };
      });
      const ids = Array.from({ length: COUNT }, (_, n) => `evt_${n + 1}`);
      expect(items).toEqual(direction === "asc" ? ids : ids.reverse());
    });
  }

  test("of ops hold every op once; a rare filter takes short pages instead of a scan", async () => {
    const ops = (filter: { action: string | null }) =>
      walk(async (cursor) => {
        const page = await it.workspace.opsPage({
          status: null,
          provider: null,
          cursor,
          limit: 1_000,
          ...filter,
        });
        return { items: page.items.map(({ opId }) => opId), nextCursor: page.nextCursor };
      });
    expect((await ops({ action: null })).items).toEqual(
      Array.from({ length: COUNT }, (_, n) => `op_${COUNT - n}`),
    );
    const rare = await ops({ action: "file_delete" });
    expect(rare.items).toEqual(["op_50007", "op_7"]);
    expect(rare.pages).toBe(COUNT / 10_000);
  });
});
