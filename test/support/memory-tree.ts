/** A workspace tree in memory with the store's real rules: atomic apply, revisions, conditional changes, events. */
import { fail } from "../../lib/errors.ts";
import { comparePaths, containsPath } from "../../lib/model/path.ts";
import { revisionOf } from "../../lib/model/revision.ts";
import type { ChangeContext, ListedFile, StoredFile, TreeChange, TreeStore } from "../../lib/ports.ts";

/** One change that happened. */
export interface MemoryEvent {
  readonly type: "file.created" | "file.updated" | "file.deleted";
  readonly path: string;
  readonly revision: string;
  readonly origin: ChangeContext["origin"];
  readonly correlationId: string;
  readonly provider: string;
  readonly timestampMs: number;
}

/** The tree, with what a test wants to see of it. */
export interface MemoryTree extends TreeStore {
  readonly events: MemoryEvent[];
  /** All paths, sorted. */
  paths(): string[];
  /** Text of a file; fails when it is absent. */
  text(path: string): string;
  json(path: string): unknown;
  /** Path to text of every file. */
  snapshot(): Record<string, string>;
  /** Called before each apply; lets a test change the tree in between, or throw. */
  beforeApply: ((changes: readonly TreeChange[]) => void) | null;
  /** Called before each read; lets a test fail reads. */
  beforeRead: ((path: string) => void) | null;
}

/** An empty tree. `now` dates its files. */
export function memoryTree(now: () => number = () => Date.UTC(2026, 4, 20, 9)): MemoryTree {
  const files = new Map<string, StoredFile>();
  const events: MemoryEvent[] = [];
  const gone = new Map<string, string>();
  let counter = 0;

  const check = (change: TreeChange, view: ReadonlyMap<string, StoredFile>) => {
    if (change.ifRevision === undefined) return;
    const current = view.get(change.path)?.revision ?? "0";
    if (current !== change.ifRevision) {
      fail("revision_conflict", `${change.path} is at ${current}`, {
        path: change.path,
        currentRevision: current,
      });
    }
  };

  const tree: MemoryTree = {
    workspaceId: "rw_00000000",
    events,
    beforeApply: null,
    beforeRead: null,
    async read(path) {
      tree.beforeRead?.(path);
      return files.get(path) ?? null;
    },
    async list(prefix, options = {}) {
      const paths = [...files.keys()].filter((path) => containsPath(prefix, path)).sort(comparePaths);
      const after = options.after;
      const rest = after === undefined ? paths : paths.filter((path) => comparePaths(path, after) > 0);
      return rest.slice(0, options.limit ?? 1_000).map((path): ListedFile => {
        const { bytes, ...file } = files.get(path) as StoredFile;
        return {
          ...file,
          sizeBytes: bytes.length,
          contentHash: new Bun.CryptoHasher("sha256").update(bytes).digest("hex"),
        };
      });
    },
    async hasFilesBelow(directory) {
      return [...files.keys()].some((path) => path.startsWith(`${directory}/`));
    },
    async deletedVersion(record) {
      return gone.get(record) ?? null;
    },
    async apply(changes, context, deleted = []) {
      tree.beforeApply?.(changes);
      const view = new Map(files);
      const happened: MemoryEvent[] = [];
      const revisions = changes.map((change) => {
        check(change, view);
        const existing = view.get(change.path);
        if (change.kind === "delete" && existing === undefined) return null;
        const revision = revisionOf(++counter);
        const provider =
          change.kind === "write"
            ? (change.provider ?? existing?.provider ?? "")
            : (existing?.provider ?? "");
        const type =
          change.kind === "delete"
            ? "file.deleted"
            : existing === undefined
              ? "file.created"
              : "file.updated";
        const { origin, correlationId } = context;
        happened.push({
          type,
          path: change.path,
          revision,
          origin,
          correlationId,
          provider,
          timestampMs: now(),
        });
        if (change.kind === "delete") view.delete(change.path);
        else {
          const { path, bytes, contentType } = change;
          const providerObjectId = change.providerObjectId ?? existing?.providerObjectId ?? null;
          view.set(path, {
            path,
            revision,
            bytes,
            contentType,
            provider,
            providerObjectId,
            updatedAtMs: now(),
            byClient: context.origin === "agent_write",
          });
        }
        return revision;
      });
      files.clear();
      for (const [path, file] of view) files.set(path, file);
      for (const { record, updated } of deleted) gone.set(record, updated);
      events.push(...happened);
      return revisions;
    },
    paths: () => [...files.keys()].sort(comparePaths),
    text(path) {
      const file = files.get(path);
      if (file === undefined)
        throw new Error(`no file ${path}; there are:\n${tree.paths().slice(0, 80).join("\n")}`);
      return new TextDecoder().decode(file.bytes);
    },
    json: (path) => JSON.parse(tree.text(path)),
    snapshot: () => Object.fromEntries(tree.paths().map((path) => [path, tree.text(path)])),
  };
  return tree;
}
