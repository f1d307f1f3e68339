import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { IndexState } from "../../../lib/pipeline/index-state.ts";
import { compareRows, type IndexRow } from "../../../lib/pipeline/pure/index-rows.ts";

const day = (n: number) => (n === 0 ? "" : `2026-05-${String(n).padStart(2, "0")}T00:00:00.000Z`);
const rowOf = (id: string, updated: number, title: string): IndexRow => ({
  id,
  title,
  updated: day(updated),
});
const textOf = (state: IndexState) => new TextDecoder().decode(state.bytes());
const plain = (rows: Iterable<IndexRow>) => `${JSON.stringify([...rows].sort(compareRows))}\n`;

describe("IndexState", () => {
  test("is the sorted list of what was put and not removed, however many rows come and go", () => {
    const step = fc.record({
      id: fc.integer({ min: 0, max: 1_500 }).map(String),
      updated: fc.integer({ min: 0, max: 28 }),
      title: fc.constantFrom("a", "ä, b", "🚀"),
      gone: fc.boolean(),
    });
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 0, maxLength: 2_500, size: "max" }),
        fc.integer({ min: 0, max: 1_400 }),
        (steps, first) => {
          const rows = Array.from({ length: first }, (_, n) => rowOf(String(n), n % 29, "seed"));
          const model = new Map(rows.map((row) => [row.id, row] as const));
          const state = new IndexState("rev_1", rows);
          for (const [n, { id, updated, title, gone }] of steps.entries()) {
            if (gone) {
              model.delete(id);
              state.remove(id);
            } else {
              model.set(id, rowOf(id, updated, title));
              state.put(rowOf(id, updated, title));
            }
            // Text in between must not spoil what comes later.
            if (n % 400 === 0) expect(textOf(state)).toBe(plain(model.values()));
          }
          expect(textOf(state)).toBe(plain(model.values()));
          expect([state.isChanged, state.size]).toEqual([false, model.size]);
          expect(state.rows().map(({ id }) => id)).toEqual(
            [...model.values()].sort(compareRows).map(({ id }) => id),
          );
        },
      ),
      { numRuns: 40 },
    );
  });

  test("rows that go leave nothing behind: neither a comma nor a place that later rows are lost in", () => {
    const rows = Array.from({ length: 1_100 }, (_, n) => rowOf(String(n), 0, "t"));
    const state = new IndexState("rev_1", rows);
    // In stored order these are whole blocks.
    const sorted = [...rows].sort(compareRows);
    for (const { id } of sorted.slice(0, 600)) state.remove(id);
    expect(textOf(state)).toBe(plain(sorted.slice(600)));
    state.put(rowOf("a", 3, "new"));
    expect(textOf(state)).toBe(plain([rowOf("a", 3, "new"), ...sorted.slice(600)]));
    for (const { id } of [...sorted.slice(600), { id: "a" }]) state.remove(id);
    expect(textOf(state)).toBe("[]\n");
  });

  test("counts only what differs as a change", () => {
    const state = new IndexState("rev_1", [rowOf("1", 1, "a")]);
    state.put(rowOf("1", 1, "a"));
    state.remove("2");
    expect(state.isChanged).toBe(false);
    state.put(rowOf("1", 2, "a"));
    expect(state.isChanged).toBe(true);
  });
});
