/**
 * The rows of one index in memory, so that a batch changes a large index without parsing, sorting or serialising all of it
 * again. Kept between batches as long as the stored file is the one it came from.
 */
import type { TreeStore } from "../ports.ts";
import type { IndexRow } from "./pure/index-rows.ts";
import { RowBlocks, type RowText } from "./row-blocks.ts";

/** Rows of one index, changed in place. */
export class IndexState {
  private readonly entries = new Map<string, RowText>();
  private readonly blocks: RowBlocks;
  private changed = false;

  /** `revision` is that of the stored file, `"0"` when there is none; `rows` are its rows in any order. */
  constructor(
    public revision: string,
    rows: readonly IndexRow[],
  ) {
    // A damaged index may name a record twice; the last row counts.
    for (const row of rows) this.entries.set(row.id, { row, json: JSON.stringify(row) });
    this.blocks = new RowBlocks([...this.entries.values()]);
  }

  /** Number of rows. */
  get size(): number {
    return this.entries.size;
  }

  /** True when rows differ from what `bytes` last returned. */
  get isChanged(): boolean {
    return this.changed;
  }

  row(id: string): IndexRow | null {
    return this.entries.get(id)?.row ?? null;
  }

  /** Rows in stored order. */
  rows(): IndexRow[] {
    return [...this.blocks.rows()];
  }

  put(row: IndexRow): void {
    const entry = { row, json: JSON.stringify(row) };
    const known = this.entries.get(row.id);
    if (known?.json === entry.json) return;
    if (known !== undefined) this.blocks.remove(known.row);
    this.blocks.add(entry);
    this.entries.set(row.id, entry);
    this.changed = true;
  }

  remove(id: string): void {
    const known = this.entries.get(id);
    if (known === undefined) return;
    this.blocks.remove(known.row);
    this.entries.delete(id);
    this.changed = true;
  }

  /** Makes the next `bytes` worth writing although no row differs: the stored file is damaged. */
  touch(): void {
    this.changed = true;
  }

  /** The index as stored. Settles the changes. */
  bytes(): Uint8Array {
    this.changed = false;
    return this.blocks.text();
  }
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
