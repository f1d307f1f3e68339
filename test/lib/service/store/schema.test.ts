/** The tables of a workspace: what they hold, and how older databases reach them. */
import { describe, expect, test } from "bun:test";
import type { Database } from "../../../../lib/ports.ts";
import { openDatabase } from "../../../../lib/runtime/bun/sqlite.ts";
import { MIGRATIONS, migrate } from "../../../../lib/service/store/schema.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { testWorkspace } from "../../../support/workspace.ts";

describe("migrate()", () => {
  test("one workspace has files, events, operations and envelopes; large bodies are named by workspace, path and revision (S12)", async () => {
    await using it = await testWorkspace();
    const { workspace } = it;
    const put = (path: string, size: number) =>
      workspace.putFile({
        path,
        bytes: new Uint8Array(size),
        contentType: "t",
        ifMatch: "0",
        identity: null,
        correlationId: "c",
      });
    await put("/small", 10);
    await put("/dir/large", 100_000);
    await workspace.ingestFile({
      provider: "p",
      headers: {},
      payload: { eventType: "x", path: "/" },
      receivedAtMs: 1,
      deliveryId: "d",
      correlationId: "c",
    });
    const { sql } = workspace.context.store;
    const count = (table: string) => sql.all<{ n: number }>(`SELECT COUNT(*) AS n FROM ${table}`)[0]?.n;
    expect([count("files"), count("operations"), count("webhook_envelopes")]).toEqual([2, 2, 1]);
    expect(count("events")).toBeGreaterThanOrEqual(2);
    const bodies = sql.all<{ path: string; inline: number; key: string | null }>(
      "SELECT path, bytes IS NOT NULL AS inline, key FROM bodies ORDER BY path",
    );
    expect(bodies).toEqual([
      {
        path: "/dir/large",
        inline: 0,
        key: expect.stringMatching(/^rw_test0000\/dir\/large@rev_\d+$/) as unknown as string,
      },
      { path: "/small", inline: 1, key: null },
    ]);
    expect(await workspace.context.store.bodies.get(bodies[0]?.key ?? "")).toHaveLength(100_000);
  });

  test("brings a database of every older version to the newest, with its rows", async () => {
    for (let version = 1; version <= MIGRATIONS.length; version++) {
      using dir = tempDir("relayfile-schema-");
      const db = openDatabase(dir.join("w.db"));
      await migrate(db, MIGRATIONS.slice(0, version));
      await db.commit(() => db.sql.run("INSERT INTO superseded (revision, at) VALUES (7, 8)"));
      await migrate(db);
      const tables = db.sql
        .all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'")
        .map(({ name }) => name);
      expect(tables).toContain("gone_permissions");
      expect(db.sql.all<{ at: number }>("SELECT at FROM superseded")).toEqual([{ at: 8 }]);
      await db.close();
    }
  });

  test("writes nothing when there is nothing to do, and leaves a newer database alone", async () => {
    using dir = tempDir("relayfile-schema-");
    const db = openDatabase(dir.join("w.db"));
    await migrate(db, [...MIGRATIONS, ["CREATE TABLE later (x)"]]);
    let commits = 0;
    const counted: Database = {
      ...db,
      commit: (work) => {
        commits++;
        return db.commit(work);
      },
    };
    await migrate(counted, [...MIGRATIONS, ["CREATE TABLE later (x)"]]);
    expect(commits).toBe(0);
    await migrate(db);
    const [row] = db.sql.all<{ value: string }>("SELECT value FROM meta WHERE key = 'schema_version'");
    expect(row?.value).toBe(String(MIGRATIONS.length + 1));
    await db.close();
  });
});
