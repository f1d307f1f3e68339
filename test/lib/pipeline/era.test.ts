/** The incidents of May 2026 happen by their own mechanism, and do not happen today (cloud#778, cloud#771 family). */
import { describe, expect, test } from "bun:test";
import { CURRENT_ERA, MAY_2026_ERA } from "../../../lib/model/era.ts";
import { classifyWrite } from "../../../lib/pipeline/pure/classify.ts";
import { advertisedResources } from "../../../lib/pipeline/pure/discovery.ts";
import type { IndexRow } from "../../../lib/pipeline/pure/index-rows.ts";
import { isInternalPath } from "../../../lib/pipeline/pure/internal-paths.ts";
import { refreshDiscovery } from "../../../lib/pipeline/refresh.ts";
import { PROVIDERS } from "../../../lib/providers/registry.ts";
import { pipelineStack, syncAll } from "../../support/seeded-tree.ts";

const SCHEMA = "/discovery/jira/issues/.schema.json";
const schemaOf = (text: string) => JSON.parse(text) as { properties: Record<string, unknown> };

describe("cloud#778", () => {
  test("refresh says backfilled while the Jira issue schema stays empty and untouched (S19)", async () => {
    const stack = pipelineStack(MAY_2026_ERA);
    await syncAll(stack, "jira");
    const before = await stack.tree.read(SCHEMA);
    const report = await refreshDiscovery(stack.tree, "jira", stack.deps);
    expect(report).toEqual({ provider: "jira", discoveryBackfilled: true, errors: 0 });
    expect(schemaOf(stack.tree.text(SCHEMA)).properties).toEqual({});
    expect((await stack.tree.read(SCHEMA))?.revision).toBe(before?.revision);
    // The mechanism: rows carry the numeric id, the alias directory is keyed by the issue key.
    const rows = stack.tree.json("/jira/issues/_index.json") as IndexRow[];
    expect(rows.length).toBeGreaterThan(30);
    expect(rows[0]).not.toHaveProperty("canonicalPath");
    const keys = stack.tree.paths().filter((path) => path.startsWith("/jira/issues/by-id/"));
    expect(keys).toContain("/jira/issues/by-id/KAN-1.json");
    for (const row of rows) expect(keys).not.toContain(`/jira/issues/by-id/${row.id}.json`);
    // Projects are keyed by their id and sample well: the twelve properties of the live system.
    expect(
      Object.keys(schemaOf(stack.tree.text("/discovery/jira/projects/.schema.json")).properties).length,
    ).toBe(12);
  });

  test("Linear issues infer their 66 properties in the same era", async () => {
    const stack = pipelineStack(MAY_2026_ERA);
    await syncAll(stack, "linear");
    await refreshDiscovery(stack.tree, "linear", stack.deps);
    expect(
      Object.keys(schemaOf(stack.tree.text("/discovery/linear/issues/.schema.json")).properties).length,
    ).toBe(66);
  });

  test("today the sampler follows canonicalPath and schemas are authored", async () => {
    const stack = pipelineStack();
    await syncAll(stack, "jira");
    const report = await refreshDiscovery(stack.tree, "jira", stack.deps);
    expect(report).toMatchObject({ discoveryBackfillStatus: "complete", samplingWarnings: [], errors: 0 });
    expect(Object.keys(schemaOf(stack.tree.text(SCHEMA)).properties)).toContain("fields");
  });

  test("today's sampler over May's tree still finds the records, by the row's key", async () => {
    const stack = pipelineStack({ ...MAY_2026_ERA, sampler: "current" });
    await syncAll(stack, "jira");
    await refreshDiscovery(stack.tree, "jira", stack.deps);
    expect(Object.keys(schemaOf(stack.tree.text(SCHEMA)).properties)).toContain("fields");
  });

  test("refresh is byte-stable: a second run writes nothing (S17)", async () => {
    for (const era of [CURRENT_ERA, MAY_2026_ERA]) {
      const stack = pipelineStack(era);
      await syncAll(stack, "linear");
      await refreshDiscovery(stack.tree, "linear", stack.deps);
      const events = stack.tree.events.length;
      await refreshDiscovery(stack.tree, "linear", stack.deps);
      expect(stack.tree.events.length).toBe(events);
    }
  });
});

describe("the whole era", () => {
  test("leaves exactly the flat schemas empty whose aliases are keyed by something else than the row id", async () => {
    const empty: string[] = [];
    for (const provider of PROVIDERS.filter(({ id }) => id !== "github")) {
      const stack = pipelineStack(MAY_2026_ERA);
      await syncAll(stack, provider.id);
      expect(await refreshDiscovery(stack.tree, provider.id, stack.deps)).toEqual({
        provider: provider.id,
        discoveryBackfilled: true,
        errors: 0,
      });
      for (const { flat, schemaPath } of advertisedResources(provider.id, MAY_2026_ERA)) {
        const { properties } = schemaOf(stack.tree.text(schemaPath));
        if (flat && Object.keys(properties).length === 0) empty.push(schemaPath);
        if (!flat) expect(properties).toEqual({});
      }
    }
    expect(empty).toEqual([SCHEMA, "/discovery/notion/pages/.schema.json"]);
  });

  test("has no route for the canonical files that today have one (cloud#780, S24)", () => {
    const canonical = [
      "/github/repos/a/b/issues/1__x/meta.json",
      "/github/repos/a/b/pulls/1__x/meta.json",
      "/jira/issues/x__10000.json",
      "/jira/sprints/x__1.json",
      "/confluence/spaces/1/pages/x__2.json",
      "/slack/channels/C0000000001__x/messages/1775000000_000019/replies/1775000001_000019/meta.json",
    ];
    for (const path of canonical) {
      expect(classifyWrite(path, "write", CURRENT_ERA)).toMatchObject({ kind: "edit" });
      expect(classifyWrite(path, "write", MAY_2026_ERA)).toMatchObject({ kind: "none", reason: "no_rule" });
    }
  });
});

describe("digest budget", () => {
  test("60 unchanged re-syncs make 2,100 by-project events that May's filter lets through (S27)", async () => {
    const stack = pipelineStack(MAY_2026_ERA);
    await syncAll(stack, "linear");
    const first = stack.tree.events.length;
    for (let n = 0; n < 60; n++) await syncAll(stack, "linear");
    const burst = stack.tree.events.slice(first);
    expect(burst.length).toBe(2_100);
    expect(
      burst.every(
        ({ path, type }) => path.startsWith("/linear/issues/by-project/") && type === "file.updated",
      ),
    ).toBe(true);
    expect(burst.some(({ path }) => isInternalPath(path, "2026-05"))).toBe(false);
    expect(burst.every(({ path }) => isInternalPath(path, "current"))).toBe(true);
  });

  test("today an unchanged re-sync changes nothing", async () => {
    const stack = pipelineStack();
    for (const provider of ["linear", "jira"]) await syncAll(stack, provider);
    const events = stack.tree.events.length;
    for (const provider of ["linear", "jira"]) await syncAll(stack, provider);
    expect(stack.tree.events.length).toBe(events);
  });
});
