/**
 * The rows of one index in memory, in stored order and as text, so that a batch changes a large index without parsing,
 * sorting or serialising all of it again. Kept between batches as long as the stored file is the one it came from.
 */
import type { TreeStore } from "../ports.ts";
import { compareRows, type IndexRow } from "./pure/index-rows.ts";
import { bytesOf } from "./pure/json.ts";

interface Entry {
  readonly row: IndexRow;
  readonly json: string;
}

/** Rows of one index, changed in place. */
export class IndexState {
  private readonly entries = new Map<string, Entry>();
  private sorted: Entry[];
  private changed = new Set<string>();

  /** `revision` is that of the stored file, `"0"` when there is none; `rows` are its rows in any order. */
  constructor(
    public revision: string,
    rows: readonly IndexRow[],
  ) {
    this.sorted = rows.map((row) => ({ row, json: JSON.stringify(row) }));
    this.sorted.sort((a, b) => compareRows(a.row, b.row));
    for (const entry of this.sorted) this.entries.set(entry.row.id, entry);
  }

  /** Number of rows. */
  get size(): number {
    return this.entries.size;
  }

  /** True when rows differ from what `bytes` last returned. */
  get isChanged(): boolean {
    return this.changed.size > 0;
  }

  row(id: string): IndexRow | null {
    return this.entries.get(id)?.row ?? null;
  }

  /** Rows in stored order as of the last `bytes`. */
  rows(): IndexRow[] {
    return this.sorted.map((entry) => entry.row);
  }

  put(row: IndexRow): void {
    const json = JSON.stringify(row);
    if (this.entries.get(row.id)?.json === json) return;
    this.entries.set(row.id, { row, json });
    this.changed.add(row.id);
  }

  remove(id: string): void {
    if (this.entries.delete(id)) this.changed.add(id);
  }

  /** Makes the next `bytes` worth writing although no row differs: the stored file is damaged. */
  touch(): void {
    this.changed.add("");
  }

  /** The index as stored: one JSON array on one line and a newline. Settles the changes. */
  bytes(): Uint8Array {
    const fresh = [...this.changed].flatMap((id) => this.entries.get(id) ?? []);
    fresh.sort((a, b) => compareRows(a.row, b.row));
    this.sorted = merged(
      this.sorted.filter((entry) => !this.changed.has(entry.row.id)),
      fresh,
    );
    this.changed = new Set();
    return bytesOf(`[${this.sorted.map((entry) => entry.json).join(",")}]\n`);
  }
}

function merged(kept: readonly Entry[], fresh: readonly Entry[]): Entry[] {
  const all: Entry[] = [];
  let next = 0;
  for (const entry of kept) {
    for (
      let head = fresh[next];
      head !== undefined && compareRows(head.row, entry.row) < 0;
      head = fresh[++next]
    ) {
      all.push(head);
    }
    all.push(entry);
  }
  return [...all, ...fresh.slice(next)];
}

const INDEXES_KEPT_MAX = 8;
const ROWS_KEPT_MAX = 150_000;
const KEPT = new WeakMap<TreeStore, Map<string, IndexState>>();

/**
 * Takes the state of an index out of memory, if it is still that of the stored revision. Whoever takes it puts it back
 * with `keepIndex` after a successful write, and forgets it otherwise.
 */
export function takeIndex(tree: TreeStore, path: string, revision: string): IndexState | null {
  const kept = KEPT.get(tree);
  const state = kept?.get(path);
  kept?.delete(path);
  return state !== undefined && state.revision === revision && !state.isChanged ? state : null;
}

/** Keeps the state of an index that was written or found unchanged. The least recently used ones make room. */
export function keepIndex(tree: TreeStore, path: string, state: IndexState): void {
  const kept = KEPT.get(tree) ?? new Map<string, IndexState>();
  KEPT.set(tree, kept);
  kept.delete(path);
  kept.set(path, state);
  let rows = [...kept.values()].reduce((sum, { size }) => sum + size, 0);
  for (const [oldest, { size }] of kept) {
    if (kept.size <= INDEXES_KEPT_MAX && rows <= ROWS_KEPT_MAX) break;
    kept.delete(oldest);
    rows -= size;
  }
}
