/** Contract files are there before any record, are put right when they drift, and are left alone when they are right. */
import { describe, expect, test } from "bun:test";
import { MAY_2026_ERA } from "../../../lib/model/era.ts";
import { materializeContract } from "../../../lib/pipeline/contract.ts";
import { ingestWebhook } from "../../../lib/pipeline/ingest.ts";
import { refreshDiscovery } from "../../../lib/pipeline/refresh.ts";
import { PROVIDERS } from "../../../lib/providers/registry.ts";
import { memoryTree } from "../../support/memory-tree.ts";
import { pipelineDeps } from "../../support/pipeline.ts";
import { pipelineStack, syncAll } from "../../support/seeded-tree.ts";

const deps = pipelineDeps();
const context = { origin: "agent_write", correlationId: "c" } as const;
const SCHEMA = "/discovery/jira/issues/.schema.json";
const write = (path: string, text: string) =>
  ({ kind: "write", path, bytes: new TextEncoder().encode(text), contentType: "text/plain" }) as const;

describe("materializeContract()", () => {
  test("writes once, then nothing, for every provider (S17)", async () => {
    const tree = memoryTree();
    for (const provider of PROVIDERS) {
      expect((await materializeContract(tree, provider.id, deps)).written.length).toBeGreaterThan(4);
      expect((await materializeContract(tree, provider.id, deps)).written).toEqual([]);
    }
    expect((await materializeContract(tree, "unknown", deps)).written).toEqual([]);
  });

  test("repairs what was edited or removed, and only that", async () => {
    const tree = memoryTree();
    await materializeContract(tree, "jira", deps);
    const original = tree.snapshot();
    await tree.apply([write(SCHEMA, "{}"), { kind: "delete", path: "/jira/LAYOUT.md" }], context);
    expect([...(await materializeContract(tree, "jira", deps)).written].sort()).toEqual(
      [SCHEMA, "/jira/LAYOUT.md"].sort(),
    );
    expect(tree.snapshot()).toEqual(original);
  });

  test("leaves inferred schemas to refresh", async () => {
    const stack = pipelineStack(MAY_2026_ERA);
    await syncAll(stack, "linear");
    await refreshDiscovery(stack.tree, "linear", stack.deps);
    const inferred = stack.tree.text("/discovery/linear/issues/.schema.json");
    expect((await materializeContract(stack.tree, "linear", stack.deps)).written).toEqual([]);
    expect(stack.tree.text("/discovery/linear/issues/.schema.json")).toBe(inferred);
  });

  test("runs before a webhook is looked at, even one that is not applicable (S14, S17)", async () => {
    const tree = memoryTree();
    const input = {
      provider: "github",
      headers: { "x-github-event": "ping" },
      payload: { zen: "x" },
      receivedAtMs: 0,
      deliveryId: "1",
      correlationId: "c",
    };
    expect(await ingestWebhook(tree, input, deps)).toMatchObject({ status: "not_applicable" });
    expect(tree.paths()).toContain("/github/LAYOUT.md");
    expect(await ingestWebhook(tree, { ...input, provider: "nope" }, deps)).toMatchObject({
      status: "rejected",
    });
  });
});

test("refreshDiscovery() with reset forgets a wrong sticky readOnly (S18)", async () => {
  const stack = pipelineStack({ ...MAY_2026_ERA, sampler: "current", emission: "current" });
  await syncAll(stack, "jira");
  const wrong = {
    type: "object",
    additionalProperties: true,
    properties: { fields: { type: "object", readOnly: true } },
  };
  await stack.tree.apply([write(SCHEMA, JSON.stringify(wrong))], context);
  const readOnly = () =>
    (stack.tree.json(SCHEMA) as { properties: { fields: { readOnly?: boolean } } }).properties.fields
      .readOnly;
  await refreshDiscovery(stack.tree, "jira", stack.deps);
  expect(readOnly()).toBe(true);
  await refreshDiscovery(stack.tree, "jira", stack.deps, ["issues"]);
  expect(readOnly()).toBeUndefined();
});
