import { describe, expect, test } from "bun:test";
import { openDatabase } from "../../../../lib/runtime/bun/sqlite.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const names = (db: ReturnType<typeof openDatabase>) =>
  db.sql.all("SELECT name FROM t ORDER BY name").map((row) => row.name);

describe("openDatabase()", () => {
  test("commit() undoes only the failing work of a group", async () => {
    using dir = tempDir();
    const db = openDatabase(dir.join("a.db"));
    await db.commit(() => db.sql.run("CREATE TABLE t (name TEXT PRIMARY KEY)"));
    const add = (name: string, then?: () => void) =>
      db.commit(() => {
        db.sql.run("INSERT INTO t (name) VALUES (?)", [name]);
        then?.();
        return name;
      });
    const results = await Promise.allSettled([
      add("one"),
      add("two", () => {
        throw new Error("no");
      }),
      add("one"),
      add("three"),
    ]);
    expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "rejected", "fulfilled"]);
    expect(names(db)).toEqual(["one", "three"]);
    await db.close();
  });

  test("commit() resolves in the order of the calls, after the group is durable", async () => {
    using dir = tempDir();
    const db = openDatabase(dir.join("a.db"));
    await db.commit(() => db.sql.run("CREATE TABLE t (name TEXT PRIMARY KEY)"));
    const order: number[] = [];
    const seen: number[] = [];
    await Promise.all(
      [0, 1, 2, 3].map((n) =>
        db
          .commit(() => db.sql.run("INSERT INTO t (name) VALUES (?)", [String(n)]))
          .then(() => {
            order.push(n);
            const other = openDatabase(dir.join("a.db"));
            seen.push(names(other).length);
            return other.close();
          }),
      ),
    );
    expect(order).toEqual([0, 1, 2, 3]);
    expect(seen).toEqual([4, 4, 4, 4]);
    await db.close();
  });

  test("every acknowledged write is there after the process is killed under load", async () => {
    using dir = tempDir();
    const script = dir.join("writer.ts");
    await Bun.write(
      script,
      `import { openDatabase } from ${JSON.stringify(`${import.meta.dir}/../../../../lib/runtime/bun/sqlite.ts`)};
       const db = openDatabase(process.argv[2]);
       await db.commit(() => db.sql.run("CREATE TABLE IF NOT EXISTS t (name TEXT PRIMARY KEY)"));
       let n = db.sql.all("SELECT COUNT(*) AS n FROM t")[0].n;
       const one = async () => { while (true) { const name = String(n++).padStart(9, "0");
         await db.commit(() => db.sql.run("INSERT INTO t (name) VALUES (?)", [name]));
         process.stdout.write(name + "\\n"); } };
       await Promise.all([one(), one(), one(), one()]);`,
    );
    const acknowledged = new Set<string>();
    for (let round = 0; round < 3; round++) {
      const child = Bun.spawn([process.execPath, script, dir.join("k.db")], {
        stdout: "pipe",
        stderr: "inherit",
      });
      let text = "";
      for await (const chunk of child.stdout) {
        text += new TextDecoder().decode(chunk);
        if (text.length > 2_000 + round * 777) {
          child.kill("SIGKILL");
          break;
        }
      }
      await child.exited;
      for (const name of text.split("\n").slice(0, -1)) acknowledged.add(name);
      const db = openDatabase(dir.join("k.db"));
      const kept = new Set(names(db));
      expect([...acknowledged].filter((name) => !kept.has(name))).toEqual([]);
      await db.close();
    }
    expect(acknowledged.size).toBeGreaterThan(300);
  });

  test("fails with io_error when the file cannot be opened", () => {
    using dir = tempDir();
    expect(() => openDatabase(dir.join("missing/a.db"))).toThrow(
      expect.objectContaining({ code: "io_error" }),
    );
  });
});
