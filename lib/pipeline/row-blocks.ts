/**
 * The rows of an index in stored order and as text, in blocks: a change touches one block, and only touched blocks are
 * turned into text again. With 100,000 rows that is the difference between a batch that costs what it brings and one that
 * costs what was there before.
 */
import { compareRows, type IndexRow } from "./pure/index-rows.ts";
import { bytesOf } from "./pure/json.ts";

/** A row and its JSON. */
export interface RowText {
  readonly row: IndexRow;
  readonly json: string;
}

interface Block {
  readonly entries: RowText[];
  /** The entries' JSON with commas between; null after a change. */
  bytes: Uint8Array | null;
}

const BLOCK_ROWS_MAX = 512;

/** Rows kept in the order of the stored index. */
export class RowBlocks {
  private readonly blocks: Block[] = [];

  /** `rows` come in any order. */
  constructor(rows: readonly RowText[]) {
    const sorted = [...rows].sort((a, b) => compareRows(a.row, b.row));
    for (let start = 0; start < sorted.length; start += BLOCK_ROWS_MAX)
      this.blocks.push({ entries: sorted.slice(start, start + BLOCK_ROWS_MAX), bytes: null });
  }

  /** Rows in stored order. */
  *rows(): Generator<IndexRow> {
    for (const { entries } of this.blocks) for (const { row } of entries) yield row;
  }

  add(entry: RowText): void {
    const at = this.blockOf(entry.row);
    const block = this.blocks[at];
    if (block === undefined) {
      this.blocks.push({ entries: [entry], bytes: null });
      return;
    }
    block.entries.splice(placeOf(block.entries, entry.row), 0, entry);
    block.bytes = null;
    if (block.entries.length <= BLOCK_ROWS_MAX) return;
    const half = block.entries.splice(BLOCK_ROWS_MAX / 2);
    this.blocks.splice(at + 1, 0, { entries: half, bytes: null });
  }

  /** Removes a row that is there. */
  remove(row: IndexRow): void {
    const at = this.blockOf(row);
    const block = this.blocks[at];
    if (block === undefined) return;
    block.entries.splice(placeOf(block.entries, row), 1);
    block.bytes = null;
    if (block.entries.length === 0) this.blocks.splice(at, 1);
  }

  /** The index as stored: one JSON array on one line and a newline. */
  text(): Uint8Array {
    const parts = this.blocks.map((block) => {
      block.bytes ??= bytesOf(block.entries.map(({ json }) => json).join(","));
      return block.bytes;
    });
    const commas = Math.max(0, parts.length - 1);
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 3 + commas));
    let at = 0;
    const put = (char: string) => {
      whole[at++] = char.charCodeAt(0);
    };
    put("[");
    for (const [index, part] of parts.entries()) {
      if (index > 0) put(",");
      whole.set(part, at);
      at += part.length;
    }
    put("]");
    put("\n");
    return whole;
  }

  /** The last block that begins at or before a row; the first one when none does. */
  private blockOf(row: IndexRow): number {
    let [low, high] = [0, this.blocks.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      const first = this.blocks[middle]?.entries[0]?.row;
      if (first !== undefined && compareRows(first, row) <= 0) low = middle + 1;
      else high = middle;
    }
    return Math.max(0, low - 1);
  }
}

/** The place of the first entry that is not before a row. */
function placeOf(entries: readonly RowText[], row: IndexRow): number {
  let [low, high] = [0, entries.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = entries[middle]?.row;
    if (other !== undefined && compareRows(other, row) < 0) low = middle + 1;
    else high = middle;
  }
  return low;
}
