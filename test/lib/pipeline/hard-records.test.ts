/** The seeds and the hard fixtures of five providers: what they hold, and that a tree survives all of it (issue 4, real data). */
import { describe, expect, test } from "bun:test";
import { CURRENT_ERA, MAY_2026_ERA } from "../../../lib/model/era.ts";
import { utf8Length } from "../../../lib/model/path.ts";
import { applyRecords } from "../../../lib/pipeline/apply.ts";
import { materializeContract } from "../../../lib/pipeline/contract.ts";
import type { IndexRow } from "../../../lib/pipeline/pure/index-rows.ts";
import { refreshDiscovery } from "../../../lib/pipeline/refresh.ts";
import { modelsOf, PROVIDERS, resourceOfModel } from "../../../lib/providers/registry.ts";
import { createSimulator } from "../../../lib/simulator/mod.ts";
import { HARD_RECORDS } from "../../fixtures/hard-records.ts";
import { type MemoryTree, memoryTree } from "../../support/memory-tree.ts";
import { pipelineDeps } from "../../support/pipeline.ts";
import { providerNamed } from "../../support/seeded-tree.ts";

type Raw = Readonly<Record<string, unknown>>;
type Batches = readonly (readonly [model: string, records: readonly Raw[]])[];
const deps = pipelineDeps();
const FIVE = PROVIDERS.filter(({ id }) => id !== "github").map(({ id }) => id);
const isGone = (record: Raw) => "_nango_metadata" in record;

/** What a provider's seed and fixture hold, model by model. */
async function batchesOf(provider: string): Promise<Batches> {
  const simulator = createSimulator(deps);
  const hard = HARD_RECORDS[provider] ?? {};
  const all: [string, readonly Raw[]][] = [];
  for (const model of modelsOf(providerNamed(provider))) {
    const response = await simulator.fetch(new Request(`http://s/records/${provider}/${model}?limit=250`));
    const seed = response.ok ? ((await response.json()) as { records: Raw[] }).records : [];
    all.push([model, [...seed, ...(hard[model] ?? [])]]);
  }
  return all;
}

async function build(provider: string, batches: Batches): Promise<MemoryTree> {
  const tree = memoryTree();
  for (const [model, records] of batches) {
    const outcome = await applyRecords(tree, provider, { model, records, correlationId: "c" }, deps);
    expect([provider, model, outcome.errorSamples]).toEqual([provider, model, []]);
  }
  return tree;
}

const records = (tree: MemoryTree) =>
  Object.fromEntries(Object.entries(tree.snapshot()).filter(([, text]) => text !== "[]\n"));

/** Types of every field, by its name and the names around it. */
function typesOf(value: unknown, at = "", found = new Map<string, Set<string>>()): Map<string, Set<string>> {
  const type = value === null ? "null" : Array.isArray(value) ? "array" : typeof value;
  found.set(at, (found.get(at) ?? new Set()).add(type));
  if (Array.isArray(value)) for (const item of value) typesOf(item, `${at}[]`, found);
  else if (type === "object")
    for (const [key, inner] of Object.entries(value as object)) typesOf(inner, `${at}.${key}`, found);
  return found;
}

test("every name of a file is made by one slug function: no provider has its own", async () => {
  const tree = await build("slack", [["Channel", [{ id: "C1", name: "größe-und-form" }]]]);
  expect(tree.paths()).toContain("/slack/channels/C1__gro-e-und-form/meta.json");
  expect(tree.paths()).toContain("/slack/channels/by-name/gro-e-und-form.json");
});

for (const provider of FIVE) {
  describe(`${provider} fixtures`, () => {
    test("hold nulls, unions, nested objects, unicode, very long, empty and equal titles, archived and deleted records", async () => {
      const batches = await batchesOf(provider);
      const all = batches.flatMap(([, records]) => records);
      const text = JSON.stringify(all);
      const titles = batches.flatMap(([model, records]) =>
        records.map(
          (record) => resourceOfModel(providerNamed(provider), model)?.records?.title(record) ?? "",
        ),
      );
      const types = new Map<string, Set<string>>();
      for (const record of all) typesOf(record, "", types);
      const longest = Math.max(...all.map((record) => longestText(record)));
      expect({
        records: all.length >= 25,
        nulls: /:null/.test(text),
        unions: [...types.values()].some((kinds) => kinds.size > 1),
        nested: [...types.keys()].some((path) => path.split(".").length > 3),
        arraysOfObjects: [...types].some(([path, kinds]) => path.endsWith("[]") && kinds.has("object")),
        unicode: titles.some((title) => [...title].some((char) => (char.codePointAt(0) ?? 0) > 0x7f)),
        emojiOnly: titles.some((title) => /^\p{Emoji_Presentation}+$/u.test(title)),
        veryLong: longest > 200,
        emptyTitle: titles.includes(""),
        emptyText: /:""/.test(text),
        equalTitles: new Set(titles).size < titles.length,
        slashes: titles.some((title) => title.includes("/")) || text.includes("/__"),
        archived: /"(?:archived|is_archived)":true|"archivedAt":"|"status":"archived"/.test(text),
        deleted: all.some(isGone),
      }).toEqual({
        records: true,
        nulls: true,
        unions: true,
        nested: true,
        arraysOfObjects: true,
        unicode: true,
        emojiOnly: true,
        veryLong: true,
        emptyTitle: true,
        emptyText: true,
        equalTitles: true,
        slashes: true,
        archived: true,
        deleted: true,
      });
    });

    test("leave the tree of their survivors, archived ones included, without ghosts and with names that any disk takes", async () => {
      const batches = await batchesOf(provider);
      const tree = await build(provider, batches);
      const survivors = batches.map(([model, records]) => {
        const rules = resourceOfModel(providerNamed(provider), model)?.records;
        const dead = new Set(records.filter(isGone).map((record) => rules?.id(record)));
        return [model, records.filter((record) => !dead.has(rules?.id(record)))] as const;
      });
      expect(records(tree)).toEqual(records(await build(provider, survivors)));
      for (const path of tree.paths()) {
        for (const segment of path.split("/")) expect(utf8Length(segment)).toBeLessThanOrEqual(255);
        if (!path.endsWith("/_index.json") || path.startsWith("/discovery/")) continue;
        const rows = tree.json(path) as IndexRow[];
        for (const row of rows) expect(tree.paths()).toContain(String(row.canonicalPath));
        expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
      }
      const archived = Object.values(tree.snapshot()).some((text) =>
        /"(?:archived|is_archived)": true|"archivedAt": "|"status": "archived"/.test(text),
      );
      expect(archived).toBe(true);
    });

    test("give a complete refresh, and in May 2026 schemas with every type that was sampled", async () => {
      const batches = await batchesOf(provider);
      const tree = await build(provider, batches);
      await materializeContract(tree, provider, deps);
      const report = await refreshDiscovery(tree, provider, { ...deps, era: CURRENT_ERA });
      expect(report).toMatchObject({ discoveryBackfillStatus: "complete", errors: 0, samplingWarnings: [] });
      const old = pipelineDeps({ era: { ...MAY_2026_ERA, sampler: "current", emission: "current" } });
      expect(await refreshDiscovery(tree, provider, old)).toMatchObject({ errors: 0 });
    });
  });
}

function longestText(value: unknown): number {
  if (typeof value === "string") return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Math.max(0, ...Object.values(value).map(longestText));
}
