/** What the daemon needs beyond the ordinary ports: a database, locks, native hashing. Wired in `lib/runtime/bun`. */
import type { Ports, SqlDriver } from "../ports.ts";
import type { Sha256 } from "../sync/names.ts";

/** An open SQLite file. One writer: the holder of the mount's lock. */
export interface StateDatabase {
  readonly sql: SqlDriver;
  /** Checkpoints and closes; the object is spent. */
  close(): void;
}

/** A lock held by this process until released or until the process ends. */
export interface Lease {
  release(): void;
}

/** The world of a mount daemon. */
export interface MountWorld extends Ports {
  readonly sha256: Sha256;
  /** Opens or creates; fails with `state_corrupt` when the file is not a database. Its directory must exist. */
  openDatabase(path: string): StateDatabase;
  /**
   * Takes an exclusive advisory lock (`flock`) on a file, creating it, and writes `content` into it. Null when another
   * process holds it; the file stays after release, only the lock means "held".
   */
  acquireLease(path: string, content: string): Lease | null;
  /** Calls `listener` for each request of another process for one round (SIGUSR1); absent where there is no such signal. */
  onFlushRequest?(listener: () => void): () => void;
  /** Starts this program again with its own arguments changed by `edit`, detached, output appended to a file. */
  spawnSelf(
    edit: (argv: readonly string[]) => readonly string[],
    outputFile: string,
  ): { readonly pid: number };
}
