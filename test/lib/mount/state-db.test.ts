/** The index: what is in memory is what is on disk, also when the disk fails. */
import { expect, test } from "bun:test";
import { blankEntry } from "../../../lib/mount/entry.ts";
import { openStateDb } from "../../../lib/mount/state-db.ts";
import { openStateDatabase } from "../../../lib/runtime/bun/mount-world.ts";

const entry = (path: string) => ({ ...blankEntry(path, path.slice(1)), revision: "rev_1", hash: "h" });

/** An index whose disk fails at the statements that `fails` names; where SQLite ends the transaction, so does this. */
function failing(fails: RegExp, endsTransaction: boolean) {
  const database = openStateDatabase(":memory:");
  let on = false;
  const db = openStateDb({
    ...database,
    sql: {
      all: database.sql.all,
      run(text, params) {
        if (on && fails.test(text)) {
          if (endsTransaction) database.sql.run("ROLLBACK");
          throw new Error("database or disk is full");
        }
        database.sql.run(text, params);
      },
    },
  });
  db.put(entry("/before.md"));
  return {
    db,
    break() {
      on = true;
    },
    mend() {
      on = false;
    },
  };
}

for (const [when, fails, ends] of [
  ["at its end", /^COMMIT/, false],
  ["in the middle, which ends it", /^DELETE FROM meta/, true],
] as const) {
  test(`a transaction that fails ${when} leaves memory as the disk is, and the next one works`, () => {
    const index = failing(fails, ends);
    index.break();
    expect(() =>
      index.db.transaction(() => {
        index.db.forget("/before.md");
        index.db.put(entry("/new.md"));
        index.db.setMeta("x", null);
      }),
    ).toThrow("full");
    index.mend();
    expect([...index.db.entries.keys()]).toEqual(["/before.md"]);
    expect(index.db.confirmedFiles()).toBe(1);
    index.db.transaction(() => index.db.put(entry("/after.md")));
    expect([...index.db.entries.keys()].sort()).toEqual(["/after.md", "/before.md"]);
  });
}
