import { describe, expect, test } from "bun:test";
import { segmentsOf } from "../../../lib/model/path.ts";
import { executeWriteback } from "../../../lib/pipeline/execute.ts";
import { PROVIDERS } from "../../../lib/providers/registry.ts";
import { type PipelineStack, seededStack } from "../../support/seeded-tree.ts";

async function refusalOf({ tree, deps }: PipelineStack, path: string): Promise<string> {
  const bytes = new TextEncoder().encode("{}");
  const op = {
    opId: "op_1",
    path,
    revision: "rev_1",
    action: "file_upsert",
    correlationId: "c",
    bytes,
  } as const;
  const outcome = await executeWriteback(tree, op, deps);
  return outcome.outcome === "failed" ? outcome.error : outcome.outcome;
}

/** One alias of every kind in every collection: the canonical file with the same bytes, and the alias. */
function aliases({ tree }: PipelineStack): Map<string, readonly [alias: string, canonical: string]> {
  const canonical = new Map<string, string>();
  const kinds = new Map<string, readonly [string, string]>();
  const records = tree.paths().filter((path) => PROVIDERS.some(({ id }) => path.startsWith(`/${id}/`)));
  const aliasAt = (path: string) => segmentsOf(path).findIndex((segment) => segment.startsWith("by-"));
  for (const path of records) if (aliasAt(path) < 0) canonical.set(tree.text(path), path);
  for (const path of records) {
    const at = aliasAt(path);
    const file = at < 0 ? undefined : canonical.get(tree.text(path));
    if (file !== undefined)
      kinds.set(
        segmentsOf(path)
          .slice(0, at + 1)
          .join("/"),
        [path, file],
      );
  }
  return kinds;
}

describe("fileMeant()", () => {
  test("a write to an alias is refused with the record's own file, for every kind of alias of every provider (S23)", async () => {
    const stack = await seededStack();
    const kinds = aliases(stack);
    expect(kinds.size).toBeGreaterThan(40);
    const told: string[] = [];
    const general: string[] = [];
    for (const [kind, [alias, file]] of kinds) {
      const refusal = await refusalOf(stack, alias);
      expect(refusal).toContain("is an alias of a record and cannot be written");
      if (refusal.endsWith(`. Write ${file} instead`)) told.push(kind);
      else general.push(`${alias}: ${refusal}`);
    }
    // A title that several records share names none of them.
    expect(general.filter((line) => !/\/by-(?:title|name)\//.test(line))).toEqual([]);
    expect(told.length).toBeGreaterThan(40);
  }, 20_000);

  test("a file named after an identifier is refused with the record's own file", async () => {
    const stack = await seededStack();
    const row = (path: string) =>
      (stack.tree.json(path) as { canonicalPath: string; identifier?: string; key?: string }[])[0];
    const linear = row("/linear/issues/_index.json");
    const jira = row("/jira/issues/_index.json");
    expect(await refusalOf(stack, `/linear/issues/${linear?.identifier}.json`)).toContain(
      `Write ${linear?.canonicalPath} instead`,
    );
    expect(await refusalOf(stack, `/jira/issues/${jira?.key}.json`)).toContain(
      `Write ${jira?.canonicalPath} instead`,
    );
    expect(await refusalOf(stack, "/jira/issues/NOPE-1.json")).toContain("/jira/issues/_index.json");
    expect(stack.simulator.calls).toEqual([]);
  });
});
