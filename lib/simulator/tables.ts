/**
 * What a simulated provider holds, kept over restarts: maps that begin with the seed and remember what differs from it.
 * A real provider forgets nothing when relayfile stops, and neither must its stand-in.
 */
import type { Database } from "../ports.ts";

/** Makes the maps of simulated providers. */
export interface Tables {
  /** A map of records by key; `seed` is what it holds at first. */
  open<Record>(name: string, seed: Iterable<readonly [string, Record]>): Map<string, Record>;
  /** Resolves when every change so far is kept. */
  flush(): Promise<void>;
}

/** Maps in memory alone. */
export function memoryTables(): Tables {
  return { open: (_name, seed) => new Map(seed), flush: async () => {} };
}

/** Maps whose changes are written to a database. Prepares its one table. */
export async function storedTables(database: Database): Promise<Tables> {
  const create =
    "CREATE TABLE IF NOT EXISTS records (name TEXT NOT NULL, key TEXT NOT NULL, json TEXT, PRIMARY KEY (name, key)) WITHOUT ROWID";
  if (database.sql.all("SELECT 1 FROM sqlite_master WHERE name = 'records'").length === 0)
    await database.commit(() => database.sql.run(create));
  const dirty = new Map<string, KeptMap<unknown>>();
  return {
    open<Record>(name: string, seed: Iterable<readonly [string, Record]>) {
      const map = new KeptMap<Record>(seed, () => dirty.set(name, map as KeptMap<unknown>));
      for (const row of database.sql.all<{ key: string; json: string | null }>(
        "SELECT key, json FROM records WHERE name = ?",
        [name],
      ))
        map.restore(row.key, row.json === null ? undefined : (JSON.parse(row.json) as Record));
      return map;
    },
    async flush() {
      if (dirty.size === 0) return;
      const changes = [...dirty].flatMap(([name, map]) =>
        map.takeChanged().map((key): [string, string, string | null] => {
          const value = map.get(key);
          return [name, key, value === undefined ? null : JSON.stringify(value)];
        }),
      );
      dirty.clear();
      await database.commit(() => {
        for (const change of changes)
          database.sql.run("INSERT OR REPLACE INTO records (name, key, json) VALUES (?, ?, ?)", change);
      });
    },
  };
}

/** A map that knows which of its keys changed. */
class KeptMap<Value> extends Map<string, Value> {
  private changed = new Set<string>();

  constructor(
    seed: Iterable<readonly [string, Value]>,
    private readonly onChange: () => void,
  ) {
    super();
    for (const [key, value] of seed) super.set(key, value);
  }

  override set(key: string, value: Value): this {
    this.note(key);
    return super.set(key, value);
  }

  override delete(key: string): boolean {
    this.note(key);
    return super.delete(key);
  }

  /** Brings back what was kept; undefined for a record that was deleted. */
  restore(key: string, value: Value | undefined): void {
    if (value === undefined) super.delete(key);
    else super.set(key, value);
  }

  /** The keys changed since the last call. */
  takeChanged(): string[] {
    const keys = [...this.changed];
    this.changed = new Set();
    return keys;
  }

  private note(key: string): void {
    this.changed.add(key);
    this.onChange();
  }
}
