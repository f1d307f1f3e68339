/**
 * Inferred directories. A directory exists while a file lies below it; the number of files below is kept per
 * directory, so that neither a listing nor a count ever walks a subtree.
 */
import { ancestorsOf, segmentsOf } from "../../model/path.ts";
import type { SqlDriver } from "../../ports.ts";

/** Files below one directory; `runtime` of them are a mount's private files. */
export interface DirectoryCount {
  readonly files: number;
  readonly runtime: number;
}

/**
 * True for a mount's private files: a segment `.relay` or `.relayfile-mount-state.json`, or a temporary file of the
 * latter (spec file-api 4.1, `excludeMountRuntime`).
 */
export function isMountRuntimePath(path: string): boolean {
  if (!path.includes("/.relay")) return false;
  return segmentsOf(path).some(
    (segment) =>
      segment === ".relay" ||
      segment === ".relayfile-mount-state.json" ||
      segment.startsWith(".relayfile-mount-state.json.tmp-"),
  );
}

/** The counts of a directory; zeros when it does not exist. */
export function directoryCount(sql: SqlDriver, path: string): DirectoryCount {
  const [row] = sql.all<{ files: number; runtime: number }>(
    "SELECT files, runtime FROM dirs WHERE path = ?",
    [path],
  );
  return row ?? { files: 0, runtime: 0 };
}

/** Changes of the counts during one piece of work, written once per directory at its end. */
export class DirectoryCounts {
  private readonly deltas = new Map<string, { files: number; runtime: number }>();
  /** Stored counts of directories asked for before: many files of one piece of work share a parent. */
  private readonly stored = new Map<string, number>();

  constructor(private readonly sql: SqlDriver) {}

  /** A file appeared at `path`. */
  added(path: string): void {
    this.shift(path, 1);
  }

  /** The file at `path` is gone. */
  removed(path: string): void {
    this.shift(path, -1);
  }

  /** True when a file lies below `path`, changes of this work included. */
  exists(path: string): boolean {
    let stored = this.stored.get(path);
    if (stored === undefined) {
      stored = directoryCount(this.sql, path).files;
      this.stored.set(path, stored);
    }
    return stored + (this.deltas.get(path)?.files ?? 0) > 0;
  }

  /** Writes the changes; called once, at the end of the work. */
  flush(): void {
    for (const [path, { files, runtime }] of this.deltas) {
      if (files === 0 && runtime === 0) continue;
      this.sql.run(
        `INSERT INTO dirs (path, files, runtime) VALUES (?, ?, ?)
         ON CONFLICT (path) DO UPDATE SET files = files + excluded.files, runtime = runtime + excluded.runtime`,
        [path, files, runtime],
      );
      if (files < 0) this.sql.run("DELETE FROM dirs WHERE path = ? AND files <= 0", [path]);
    }
    this.deltas.clear();
    this.stored.clear();
  }

  private shift(path: string, by: 1 | -1): void {
    const runtime = isMountRuntimePath(path) ? by : 0;
    for (const directory of ancestorsOf(path)) {
      const delta = this.deltas.get(directory) ?? { files: 0, runtime: 0 };
      this.deltas.set(directory, { files: delta.files + by, runtime: delta.runtime + runtime });
    }
  }
}
