/** The texts by which providers explain themselves, whole. */
import { describe, test } from "bun:test";
import { MAY_2026_ERA } from "../../../../lib/model/era.ts";
import { authoredSchema } from "../../../../lib/pipeline/pure/discovery.ts";
import { schemaText } from "../../../../lib/pipeline/pure/infer.ts";
import {
  adapterFile,
  layoutFile,
  rootIndexFile,
  workspaceLayoutFile,
} from "../../../../lib/pipeline/pure/layout.ts";
import { PROVIDERS } from "../../../../lib/providers/registry.ts";
import { expectGolden } from "../../../support/golden.ts";

for (const provider of PROVIDERS) {
  describe(`${provider.id} texts`, () => {
    test("LAYOUT.md", () => expectGolden(`layout/${provider.id}.md`, layoutFile(provider).text));
    test(".adapter.md", () =>
      expectGolden(`discovery/${provider.id}.adapter.md`, adapterFile(provider).text));
    test("_index.json", () => expectGolden(`layout/${provider.id}.index.json`, rootIndexFile(provider).text));
    test("schemas", () => {
      const schemas = provider.resources.flatMap(({ write, ...resource }) =>
        write === undefined
          ? []
          : [`${resource.path}\n${schemaText(authoredSchema(provider, resource, write.schema))}`],
      );
      expectGolden(`discovery/${provider.id}.schemas.txt`, schemas.join("\n"));
    });
  });
}

test("the workspace's LAYOUT.md", () => expectGolden("layout/workspace.md", workspaceLayoutFile().text));
test("the layout of May 2026 promises no canonicalPath", () => {
  for (const provider of PROVIDERS)
    expectGolden(`layout/${provider.id}.2026-05.md`, layoutFile(provider, MAY_2026_ERA).text);
});
