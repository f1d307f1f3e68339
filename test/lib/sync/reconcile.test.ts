import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { apply } from "../../../lib/sync/apply.ts";
import { diff } from "../../../lib/sync/diff.ts";
import { reconcile, reconcilePath } from "../../../lib/sync/reconcile.ts";
import { fileDirectoryCollisions, type Leaf, type Tree, treeOf } from "../../../lib/sync/tree.ts";

const at = (hash: string, revision = `rev_${hash}`): Leaf => ({ hash, revision });
const hash = (text: string) => ({ hash: text });

/** base, local, remote -> step; the whole table of spec 2.8 and 2.9. */
const TABLE: [string, Leaf | null, { hash: string } | null, Leaf | null, string][] = [
  ["nothing anywhere", null, null, null, "none"],
  ["new there", null, null, at("B"), "write"],
  ["new here", null, hash("B"), null, "upload"],
  ["new on both, same", null, hash("B"), at("B"), "adopt"],
  ["new on both, different", null, hash("A"), at("B"), "conflict"],
  ["unchanged", at("A"), hash("A"), at("A"), "none"],
  ["same bytes, new revision", at("A"), hash("A"), at("A", "rev_9"), "adopt"],
  ["changed there", at("A"), hash("A"), at("B"), "write"],
  ["changed here", at("A"), hash("B"), at("A"), "upload"],
  ["changed alike", at("A"), hash("B"), at("B"), "adopt"],
  ["changed apart", at("A"), hash("B"), at("C"), "conflict"],
  ["deleted there", at("A"), hash("A"), null, "remove"],
  ["deleted here", at("A"), null, at("A"), "missing"],
  ["deleted on both", at("A"), null, null, "forget"],
  ["deleted there, changed here", at("A"), hash("B"), null, "recreate"],
  ["deleted here, changed there", at("A"), null, at("B"), "restore"],
];

describe("reconcilePath()", () => {
  for (const [name, base, local, remote, kind] of TABLE) {
    test(`${name}: ${kind}`, () => expect(reconcilePath({ base, local, remote }).kind).toBe(kind as never));
  }
  test("an upload names the revision both sides agreed on, a create names 0", () => {
    expect(reconcilePath({ base: at("A"), local: hash("B"), remote: at("A") })).toEqual({
      kind: "upload",
      ifRevision: "rev_A",
    });
    expect(reconcilePath({ base: null, local: hash("B"), remote: null })).toEqual({
      kind: "upload",
      ifRevision: "0",
    });
  });
});

const tree = fc
  .dictionary(fc.constantFrom("a", "b", "c/d", "c/e"), fc.constantFrom("A", "B", "C"))
  .map((files) => treeOf(files));

describe("reconcile()", () => {
  test("lists work and conflicts apart, in path order", () => {
    const plan = reconcile(
      treeOf({ a: "A", b: "A", c: "A" }),
      treeOf({ a: "B", b: "A", c: "B" }),
      treeOf({ a: "C", b: "B", c: "A" }),
    );
    expect(plan.conflicts.map(({ path }) => path)).toEqual(["a"]);
    expect(plan.steps.map(({ path, step }) => [path, step.kind])).toEqual([
      ["b", "write"],
      ["c", "upload"],
    ]);
  });

  test("never deletes or overwrites bytes that only one side has", () => {
    fc.assert(
      fc.property(tree, tree, tree, (base, local, remote) => {
        for (const { path, step } of reconcile(base, local, remote).steps) {
          const mine = local.get(path)?.hash;
          const agreed = base.get(path)?.hash;
          if (step.kind === "write" || step.kind === "remove")
            expect(mine === undefined || mine === agreed).toBe(true);
        }
      }),
    );
  });
});

describe("diff() and apply()", () => {
  test("apply(base, diff(base, x)) is x", () => {
    const same = (a: Tree, b: Tree) => expect([...a].sort()).toEqual([...b].sort());
    fc.assert(fc.property(tree, tree, (base, next) => same(apply(base, diff(base, next)), next)));
  });
  test("fileDirectoryCollisions() names the file, not the directory", () => {
    expect(fileDirectoryCollisions(["a", "a/b", "c/d", "c", "e"])).toEqual(["a", "c"]);
  });
});
