import { expect, test } from "bun:test";
import fc from "fast-check";
import { comparePaths } from "../../../../lib/model/path.ts";
import { listTree } from "../../../../lib/service/store/tree.ts";
import { testWorkspace } from "../../../support/workspace.ts";

/** Names around the bytes next to the slash, and beyond the basic plane, where orders differ. */
const segment = fc.constantFrom(
  "a",
  "a-",
  "a.",
  "a b",
  "a0",
  "ab",
  "é",
  "\u{1F600}",
  "\uFF5E",
  "Z",
  "_index.json",
);
const path = fc.array(segment, { minLength: 1, maxLength: 5 }).map((parts) => `/${parts.join("/")}`);

test("listTree() pages through exactly the entries that the files imply, in order, at any depth and page size", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(path, { maxLength: 40 }),
      fc.array(fc.nat({ max: 39 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 7 }),
      fc.option(path, { nil: "/" }),
      async (paths, removed, depth, limit, base) => {
        await using world = await testWorkspace();
        const { workspace } = world;
        const bytes = new Uint8Array(0);
        const items = paths.map((one) => ({
          kind: "write" as const,
          write: { path: one, bytes, contentType: "t", ifMatch: null, identity: null, correlationId: "" },
        }));
        const caller = { agent: "a", workspaceId: "w", scopes: ["fs:read", "fs:write"] };
        const outcomes = await workspace.writeBatch(caller, items);
        const files = new Set(outcomes.flatMap((one) => (one.kind === "accepted" ? [one.write.path] : [])));
        for (const index of removed) {
          const target = paths[index];
          if (target === undefined || !files.delete(target)) continue;
          await workspace.deleteFile({ path: target, ifMatch: "*", correlationId: "" });
        }
        const stem = base === "/" ? "/" : `${base}/`;
        const expected = new Set<string>();
        for (const file of files) {
          if (!file.startsWith(stem)) continue;
          const parts = file.slice(stem.length).split("/");
          for (let level = 1; level <= Math.min(depth, parts.length); level++)
            expected.add(stem + parts.slice(0, level).join("/"));
        }
        const found: string[] = [];
        for (let after = "", more = true; more; after = found.at(-1) ?? "") {
          const page = listTree(workspace.context.store.sql, {
            base,
            depth,
            after,
            limit,
            excludeRuntime: false,
            seesFile: () => true,
            seesDirectory: () => true,
          });
          for (const item of page.items) expect(item.kind).toBe(files.has(item.path) ? "file" : "dir");
          found.push(...page.items.map((item) => item.path));
          more = page.more;
        }
        expect(found).toEqual([...expected].sort(comparePaths));
      },
    ),
    { numRuns: 120 },
  );
}, 60_000);
