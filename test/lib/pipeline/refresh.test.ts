/** What a refresh says about itself: each status has its reason, and trouble with one resource stops no other (S18). */
import { describe, expect, test } from "bun:test";
import { materializeContract } from "../../../lib/pipeline/contract.ts";
import { refreshDiscovery } from "../../../lib/pipeline/refresh.ts";
import { PROVIDERS } from "../../../lib/providers/registry.ts";
import { type MemoryTree, memoryTree } from "../../support/memory-tree.ts";
import { pipelineDeps } from "../../support/pipeline.ts";
import { pipelineStack, seededStack, syncAll } from "../../support/seeded-tree.ts";

const deps = pipelineDeps();
const INDEX = "/jira/issues/_index.json";

async function withFile(tree: MemoryTree, path: string, body: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(JSON.stringify(body));
  await tree.apply([{ kind: "write", path, bytes, contentType: "application/json" }], {
    origin: "provider_sync",
    correlationId: "c",
  });
}

describe("refreshDiscovery()", () => {
  test("is complete for every provider whose records can be sampled", async () => {
    const { tree, deps: seeded } = await seededStack();
    for (const { id } of PROVIDERS)
      expect(await refreshDiscovery(tree, id, seeded)).toMatchObject({
        provider: id,
        discoveryBackfilled: true,
        discoveryBackfillStatus: "complete",
        errors: 0,
        samplingWarnings: [],
        durationMs: expect.any(Number),
      });
  });

  test("says skipped-no-records for an empty tree, and complete where nothing flat could have records", async () => {
    const tree = memoryTree();
    expect(await refreshDiscovery(tree, "jira", deps)).toMatchObject({
      discoveryBackfillStatus: "skipped-no-records",
      errors: 0,
    });
    expect(await refreshDiscovery(tree, "github", deps)).toMatchObject({
      discoveryBackfillStatus: "complete",
    });
  });

  test("is degraded, with what it looked at, when rows lead nowhere", async () => {
    const tree = memoryTree();
    await withFile(tree, INDEX, [
      { id: "2", title: "b", updated: "" },
      { id: "1", title: "a", updated: "" },
    ]);
    expect(await refreshDiscovery(tree, "jira", deps)).toMatchObject({
      discoveryBackfilled: true,
      discoveryBackfillStatus: "degraded",
      errors: 0,
      samplingWarnings: [
        {
          resourceName: "issues",
          resourcePath: "/jira/issues",
          indexPath: INDEX,
          indexRows: 2,
          sampledIds: 2,
          sampledRecords: 0,
          reason: "skipped-no-alias-match",
        },
      ],
    });
  });

  test("has failed when a resource cannot be read, and refreshes the others all the same", async () => {
    const stack = pipelineStack();
    await syncAll(stack, "jira");
    const read: string[] = [];
    stack.tree.beforeRead = (path) => {
      read.push(path);
      if (path === INDEX) throw new Error("disk trouble");
    };
    expect(await refreshDiscovery(stack.tree, "jira", stack.deps)).toMatchObject({
      discoveryBackfillStatus: "failed",
      errors: 1,
    });
    expect(read).toContain("/jira/projects/_index.json");
  });

  test("has failed for a provider nobody knows, and brings missing contract files back", async () => {
    const tree = memoryTree();
    expect(await refreshDiscovery(tree, "nobody", deps)).toMatchObject({
      discoveryBackfillStatus: "failed",
      errors: 1,
    });
    expect(tree.paths()).toEqual([]);
    await materializeContract(tree, "slack", deps);
    const all = tree.paths();
    await tree.apply([{ kind: "delete", path: "/slack/LAYOUT.md" }], {
      origin: "system",
      correlationId: "c",
    });
    await refreshDiscovery(tree, "slack", deps);
    expect(tree.paths()).toEqual(all);
  });
});
