/**
 * The world as the core sees it. Each runtime implements these once (`lib/runtime/bun/ports.ts`,
 * `lib/runtime/workers/entry.ts`); tests pass their own. Nothing else reads a clock, a disk or a socket.
 */

/** Time. All instants are milliseconds since the Unix epoch, UTC. */
export interface Clock {
  /** Wall time in ms. May jump in either direction. */
  now(): number;
  /** Monotonic time in ms, for durations and deadlines. */
  monotonicMs(): number;
  /** Resolves after `ms`, or rejects with the signal's reason when it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls `run` once after `ms`. The returned function cancels it. Never keeps the process alive by itself. */
  after(ms: number, run: () => void): () => void;
}

/** Randomness. */
export interface Random {
  /** `length` uniformly random bytes. */
  bytes(length: number): Uint8Array;
  /** A random UUID v4. */
  uuid(): string;
  /** A float in [0, 1). */
  float(): number;
}

/** Structured fields of a log line; values are rendered as `key=value`. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Diagnostics for people. Never stdout; secrets never reach it unredacted. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Sends one HTTP request. Rejects on transport failure; any status resolves. Follows redirects only if the request says so. */
export type Fetch = (request: Request) => Promise<Response>;

/** A value that SQLite can bind. Booleans are stored as 0 and 1 by the caller. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** One row of a result, by column name. */
export type SqlRow = Record<string, SqlValue>;

/**
 * A synchronous SQLite connection with positional parameters: all that Bun and a Durable Object share.
 * Never concurrent: one statement runs at a time, on one thread.
 */
export interface SqlDriver {
  /** Rows of a query, possibly empty. */
  all<Row extends SqlRow = SqlRow>(sql: string, params?: readonly SqlValue[]): Row[];
  /** Runs a statement that returns nothing. */
  run(sql: string, params?: readonly SqlValue[]): void;
}

/**
 * A database whose writes are grouped. `commit` runs `work` inside a transaction, alone, and resolves with its
 * result once it is durable. When `work` throws, its own changes roll back, others' stay, and the promise rejects.
 * On Bun queued work shares one transaction; in a Durable Object it runs at once.
 */
export interface Database {
  readonly sql: SqlDriver;
  commit<T>(work: () => T): Promise<T>;
  /** Resolves when everything committed is on disk and the file is closed. */
  close(): Promise<void>;
}

/** Immutable bodies by key `${workspaceId}${path}@${revision}`. A key is written once and never changes. */
export interface BodyStore {
  /** Stores bytes durably. Writing the same key again with the same bytes is harmless. */
  put(key: string, bytes: Uint8Array): Promise<void>;
  /** The bytes, or null when the key does not exist. */
  get(key: string): Promise<Uint8Array | null>;
  /** Removes keys; unknown ones are ignored. */
  delete(keys: readonly string[]): Promise<void>;
}

/** A file of a workspace tree as the pipeline reads it. */
export interface StoredFile {
  readonly path: string;
  readonly revision: string;
  readonly bytes: Uint8Array;
  readonly contentType: string;
  /** Empty when the path belongs to no provider. */
  readonly provider: string;
  readonly providerObjectId: string | null;
  /** Last edit, ms. */
  readonly updatedAtMs: number;
  /** True when a client wrote it last, and neither a provider nor the service. */
  readonly byClient: boolean;
}

/** A file of a workspace tree without its content. */
export type ListedFile = Omit<StoredFile, "bytes"> & {
  readonly sizeBytes: number;
  readonly contentHash: string;
};

/** One change to a workspace tree. `ifRevision` makes it conditional: `"0"` means "must not exist". */
export type TreeChange =
  | {
      readonly kind: "write";
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly contentType: string;
      readonly ifRevision?: string;
      readonly provider?: string;
      readonly providerObjectId?: string;
    }
  | { readonly kind: "delete"; readonly path: string; readonly ifRevision?: string };

/** A record that is gone at its provider, remembered so that no older copy of it comes back. */
export interface DeletedRecord {
  /** Names the record within the workspace; the pipeline's own key. */
  readonly record: string;
  /** When it was last changed, ISO 8601. */
  readonly updated: string;
}

/** Who makes a change, for the event feed. */
export interface ChangeContext {
  readonly origin: "agent_write" | "provider_sync" | "system";
  readonly correlationId: string;
  readonly provider?: string;
}

/**
 * One workspace's files as the sync pipeline sees them: no scopes, no ops, events on every change.
 * `apply` is atomic: either all changes happen, in order, or none and it fails with `revision_conflict`.
 * Deleting an absent path without `ifRevision` changes nothing. What was deleted is remembered for a month, restarts
 * included.
 */
export interface TreeStore {
  readonly workspaceId: string;
  read(path: string): Promise<StoredFile | null>;
  /** Files at or below `prefix`, sorted by path, strictly after `after`; at most `limit` (default 1000). */
  list(prefix: string, options?: { after?: string; limit?: number }): Promise<ListedFile[]>;
  /** True when a file lies below a directory; cheaper than listing it. */
  hasFilesBelow(directory: string): Promise<boolean>;
  /** When a deleted record was last changed, ISO 8601; null when it is not known to be deleted. */
  deletedVersion(record: string): Promise<string | null>;
  /** The new revision of each change, in order; null for a delete that changed nothing. `deleted` is remembered with it. */
  apply(
    changes: readonly TreeChange[],
    context: ChangeContext,
    deleted?: readonly DeletedRecord[],
  ): Promise<(string | null)[]>;
}

/** What `lstat` tells about an entry. */
export interface FileStat {
  readonly kind: "file" | "directory" | "symlink" | "other";
  readonly sizeBytes: number;
  /** Modification time in ms, with fractions where the file system has them. */
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly inode: number;
  readonly deviceId: number;
  /** Permission bits, for example 0o644. */
  readonly mode: number;
  /** The user it belongs to; absent where the system counts no users. */
  readonly ownerId?: number;
}

/** A child of a directory. */
export interface DirEntry {
  readonly name: string;
  readonly kind: FileStat["kind"];
}

/**
 * A local file system. Paths are absolute. Calls are synchronous on purpose: a sequence without `await` cannot be
 * interleaved by the rest of the daemon, and listing is five times faster. Errors are those of the operating
 * system with their `code` (`ENOENT`, `EACCES`, `ENOSPC`, ...).
 */
export interface LocalFs {
  /** Facts about the entry itself, links not followed; null when it does not exist. */
  lstat(path: string): FileStat | null;
  /** Children in no particular order. */
  readDir(path: string): DirEntry[];
  readFile(path: string): Uint8Array;
  /** Creates or truncates. `exclusive` fails with EEXIST when it exists. `sync` makes the bytes durable. */
  writeFile(
    path: string,
    bytes: Uint8Array,
    options?: { mode?: number; exclusive?: boolean; sync?: boolean },
  ): void;
  appendFile(path: string, bytes: Uint8Array): void;
  /** Replaces the target atomically. */
  rename(from: string, to: string): void;
  /** Swaps two existing entries atomically; false where the system cannot. */
  exchange(a: string, b: string): boolean;
  /** Renames without replacing; false when the target exists, or null where the system cannot promise it. */
  renameNew(from: string, to: string): boolean | null;
  /**
   * Writes bytes into a file that has no name yet, on the file system of an existing directory, and answers with a handle
   * for `nameUnnamed`; null where the system cannot. Every handle must be dropped.
   */
  writeUnnamed(directory: string, bytes: Uint8Array, mode: number): number | null;
  /** Gives such a file its name without replacing; false when the name is taken, null where it turns out to be impossible. */
  nameUnnamed(handle: number, path: string): boolean | null;
  /** Frees a handle; a file without a name is gone. */
  dropUnnamed(handle: number): void;
  /** Removes a file or link; false when it did not exist. */
  unlink(path: string): boolean;
  /** Removes an empty directory. */
  removeDir(path: string): void;
  /** Creates the directory and its parents; existing ones are fine. */
  makeDir(path: string, mode?: number): void;
  chmod(path: string, mode: number): void;
  /** Resolves links; throws when the path does not exist. */
  realPath(path: string): string;
  /** Makes the directory's entries durable. */
  syncDir(path: string): void;
  /** Makes everything written below the path durable with one call. */
  syncTree(path: string): void;
  /** Free bytes of the volume that holds the path. */
  freeBytes(path: string): number;
}

/** A recursive watch. Events are hints: the caller looks at the disk itself. */
export interface Watcher {
  /** Stops delivering events. */
  close(): void;
}

/**
 * Watches a tree. `onChange` gets a path relative to the root, or null when only "something changed" is known;
 * `onError` means that events may have been lost: rescan.
 */
export type WatchTree = (
  root: string,
  handlers: {
    /** `rename`: created, removed or moved; `change`: written. Absent when the system does not tell. */
    onChange(relativePath: string | null, kind?: "rename" | "change"): void;
    onError(error: Error): void;
  },
) => Watcher;

/** A client WebSocket. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
}

/** Opens a WebSocket. Callbacks run in order; `onClose` is the last and comes exactly once. */
export type ConnectSocket = (
  url: string,
  options: { headers?: Record<string, string> },
  handlers: { onOpen(): void; onMessage(text: string): void; onClose(code: number, reason: string): void },
) => Socket;

/** Environment variables; undefined when unset. */
export type Env = Readonly<Record<string, string | undefined>>;

/** Facts and effects of the process that are not files or network. */
export interface Host {
  readonly env: Env;
  /** The working directory, absolute. */
  readonly cwd: string;
  /** The user's home directory, or null when there is none. */
  readonly homeDir: string | null;
  readonly tempDir: string;
  readonly pid: number;
  readonly platform: "linux" | "darwin" | "win32" | "other";
  readonly arch: string;
  /** True when the process with this id exists. */
  isAlive(pid: number): boolean;
  /** Absolute path of a process' executable, or null when unknown. */
  executableOf(pid: number): string | null;
  kill(pid: number, signal: "SIGTERM" | "SIGKILL" | "SIGUSR1"): void;
}

/** Everything a command may touch. */
export interface Ports {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly fs: LocalFs;
  readonly watch: WatchTree;
  readonly fetch: Fetch;
  readonly connectSocket: ConnectSocket;
  readonly host: Host;
}
