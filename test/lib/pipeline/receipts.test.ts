/** Receipts replace the very draft that made the op, and expire after a day. */
import { describe, expect, test } from "bun:test";
import { RECEIPT_TYPE, sweepReceipts, writeReceipt } from "../../../lib/pipeline/receipts.ts";
import { memoryTree } from "../../support/memory-tree.ts";

const NOW = Date.UTC(2026, 4, 20, 9);
const DAY = 24 * 3_600_000;
const path = "/jira/issues/draft 1.json";
const context = { origin: "system", correlationId: "c" } as const;
const receipt = {
  kind: "relayfile.receipt",
  created: "1",
  path: "/x",
  url: null,
  opId: "op_1",
  at: new Date(NOW).toISOString(),
} as const;
const write = (text: string) =>
  ({ kind: "write", path, bytes: new TextEncoder().encode(text), contentType: "application/json" }) as const;

describe("writeReceipt()", () => {
  test("rewrites the draft with its own content type", async () => {
    const tree = memoryTree();
    const [revision] = await tree.apply([write("{}")], context);
    expect(await writeReceipt(tree, path, revision ?? "", receipt, context)).toBe(true);
    expect(tree.json(path)).toEqual(receipt);
    expect((await tree.read(path))?.contentType).toBe(RECEIPT_TYPE);
  });

  test("leaves a draft alone that was edited or removed meanwhile", async () => {
    const tree = memoryTree();
    const [revision] = await tree.apply([write("{}")], context);
    await tree.apply([write('{"newer": true}')], context);
    expect(await writeReceipt(tree, path, revision ?? "", receipt, context)).toBe(false);
    expect(tree.json(path)).toEqual({ newer: true });
    await tree.apply([{ kind: "delete", path }], context);
    expect(await writeReceipt(tree, path, revision ?? "", receipt, context)).toBe(false);
    expect(tree.paths()).toEqual([]);
  });

  test("reports a store that fails for another reason", async () => {
    const tree = memoryTree();
    tree.beforeApply = () => {
      throw new Error("disk full");
    };
    await expect(writeReceipt(tree, path, "rev_1", receipt, context)).rejects.toThrow("disk full");
  });
});

describe("sweepReceipts()", () => {
  test("removes receipts older than a day and nothing else", async () => {
    const tree = memoryTree();
    const [revision] = await tree.apply([write("{}")], context);
    await writeReceipt(tree, path, revision ?? "", receipt, context);
    const other = {
      kind: "write",
      path: "/jira/issues/x__1.json",
      bytes: new TextEncoder().encode("{}"),
      contentType: "application/json",
    } as const;
    await tree.apply([other], context);
    const paths = [...tree.paths(), "/gone.json"];
    expect(await sweepReceipts(tree, paths, NOW + DAY - 1, context)).toEqual([]);
    expect(await sweepReceipts(tree, paths, NOW + DAY, context)).toEqual([path]);
    expect(tree.paths()).toEqual(["/jira/issues/x__1.json"]);
  });
});
