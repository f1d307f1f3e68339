/** Changes staged on top of a workspace tree, so that one batch sees its own writes and is applied at once. */
import type { ChangeContext, DeletedRecord, ListedFile, TreeChange, TreeStore } from "../ports.ts";

/** A file as a batch sees it: stored or staged. */
export interface SeenFile {
  readonly bytes: Uint8Array;
  /** Revision in the store; `"0"` when only staged. */
  readonly revision: string;
  /** True when a client wrote it last. */
  readonly byClient: boolean;
}

/** What staging a write may say. */
export interface StageOptions {
  readonly contentType: string;
  readonly provider?: string;
  readonly providerObjectId?: string;
  /** Apply only if the stored revision is still this one. */
  readonly ifRevision?: string;
}

/** A tree with staged changes. Duplicate paths are coalesced: the last change wins. */
export interface Stage {
  read(path: string): Promise<SeenFile | null>;
  /** Stored revision of a path without reading its content; `"0"` when it does not exist. Staged changes do not count. */
  revisionOf(path: string): Promise<string>;
  /** Paths below a directory, staged changes included, in no particular order. */
  pathsBelow(directory: string): Promise<string[]>;
  write(path: string, bytes: Uint8Array, options: StageOptions): void;
  remove(path: string): void;
  /** The staged changes: deletes of existing files first, then writes, each in staging order. */
  changes(): TreeChange[];
  /** Applies the staged changes atomically and remembers what was deleted; nothing to do is fine. Fails with `revision_conflict`. */
  flush(context: ChangeContext, deleted?: readonly DeletedRecord[]): Promise<Flushed>;
}

/** What a flush changed. */
export interface Flushed {
  readonly written: readonly string[];
  readonly deleted: readonly string[];
  /** New revision of each written path. */
  readonly revisions: ReadonlyMap<string, string>;
}

type Staged = { kind: "write"; bytes: Uint8Array; options: StageOptions } | { kind: "delete" };

/** An empty stage over a tree. */
export function stageOver(tree: TreeStore): Stage {
  const staged = new Map<string, Staged>();
  const stored = new Map<string, SeenFile | null>();

  /** Directory to the names staged directly in it, so that what is below a directory is found without a full scan. */
  const children = new Map<string, Set<string>>();

  /** Remembers a path about to be staged; staging it again moves it to the end. */
  const note = (path: string) => {
    if (staged.delete(path)) return;
    for (
      let child = path, cut = path.lastIndexOf("/");
      cut > 0;
      child = path.slice(0, cut), cut = child.lastIndexOf("/")
    ) {
      const directory = path.slice(0, cut);
      const known = children.get(directory);
      if (known !== undefined) {
        known.add(child);
        return;
      }
      children.set(directory, new Set([child]));
    }
  };

  const stagedBelow = (directory: string): string[] =>
    [...(children.get(directory) ?? [])].flatMap((child) =>
      staged.has(child) ? [child] : stagedBelow(child),
    );

  const readStored = async (path: string): Promise<SeenFile | null> => {
    const known = stored.get(path);
    if (known !== undefined) return known;
    const file = await tree.read(path);
    const seen =
      file === null ? null : { bytes: file.bytes, revision: file.revision, byClient: file.byClient };
    stored.set(path, seen);
    return seen;
  };

  const changes = (): TreeChange[] => {
    const deletes: TreeChange[] = [];
    const writes: TreeChange[] = [];
    for (const [path, change] of staged) {
      if (change.kind === "delete") {
        if (stored.get(path) !== null) deletes.push({ kind: "delete", path });
      } else writes.push({ kind: "write", path, bytes: change.bytes, ...change.options });
    }
    return [...deletes, ...writes];
  };

  return {
    async read(path) {
      const change = staged.get(path);
      if (change === undefined) return readStored(path);
      if (change.kind === "delete") return null;
      const revision = (await readStored(path))?.revision ?? "0";
      return { bytes: change.bytes, revision, byClient: false };
    },
    async revisionOf(path) {
      const known = stored.get(path);
      if (known !== undefined) return known?.revision ?? "0";
      const [first] = await tree.list(path, { limit: 1 });
      return first?.path === path ? first.revision : "0";
    },
    async pathsBelow(directory) {
      const prefix = `${directory}/`;
      const below = stagedBelow(directory);
      const stored = await tree.hasFilesBelow(directory);
      const found = new Set(stored ? (await listAll(tree, directory)).map((file) => file.path) : []);
      for (const path of below) staged.get(path)?.kind === "write" ? found.add(path) : found.delete(path);
      return [...found].filter((path) => path.startsWith(prefix));
    },
    write(path, bytes, options) {
      note(path);
      staged.set(path, { kind: "write", bytes, options });
    },
    remove(path) {
      note(path);
      staged.set(path, { kind: "delete" });
    },
    changes,
    async flush(context, deleted = []) {
      const all = changes();
      if (all.length === 0 && deleted.length === 0) return { written: [], deleted: [], revisions: new Map() };
      const revisions = await tree.apply(all, context, deleted);
      const done = all.filter((_, index) => revisions[index] !== null);
      return {
        written: done.filter((change) => change.kind === "write").map((change) => change.path),
        deleted: done.filter((change) => change.kind === "delete").map((change) => change.path),
        revisions: new Map(
          all.flatMap(({ path }, index) => (revisions[index] ? [[path, revisions[index]] as const] : [])),
        ),
      };
    },
  };
}

const LIST_PAGE = 1_000;

/** Every file at or below a path. */
export async function listAll(tree: TreeStore, prefix: string): Promise<ListedFile[]> {
  const found: ListedFile[] = [];
  let after: string | undefined;
  for (;;) {
    const page = await tree.list(
      prefix,
      after === undefined ? { limit: LIST_PAGE } : { after, limit: LIST_PAGE },
    );
    found.push(...page);
    after = page.at(-1)?.path;
    if (page.length < LIST_PAGE || after === undefined) return found;
  }
}
