/** Every surface of every resource leads back to the same record (D6, issue 4 item 6): generated from the registry. */
import { describe, expect, test } from "bun:test";
import { CURRENT_ERA, MAY_2026_ERA } from "../../../lib/model/era.ts";
import { classifyWrite } from "../../../lib/pipeline/pure/classify.ts";
import {
  advertisedResources,
  authoredSchema,
  lookupIndexPaths,
} from "../../../lib/pipeline/pure/discovery.ts";
import { parseIndex } from "../../../lib/pipeline/pure/index-rows.ts";
import { layoutFile, layoutManifest } from "../../../lib/pipeline/pure/layout.ts";
import {
  fillTemplate,
  isDirectoryRecord,
  isExactFile,
  isFlat,
  placeholdersOf,
  resourceOfParam,
} from "../../../lib/pipeline/pure/paths.ts";
import { validateWrite } from "../../../lib/pipeline/pure/validate.ts";
import type { ProviderDefinition, ResourceDefinition } from "../../../lib/providers/definition.ts";
import { PROVIDERS, resourceOf } from "../../../lib/providers/registry.ts";
import { resourceNamed, seededStack } from "../../support/seeded-tree.ts";

const { tree } = await seededStack();
const paths = tree.paths();
const UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const DRAFTS = ["draft-20260520T080956Z.json", "draft-2026-05-20T08:09:56Z.json", "create request.json"];

/** A concrete collection path: placeholders that name a parent hold the id of a stored one. */
function sampleOf(provider: ProviderDefinition, resource: ResourceDefinition): string {
  const values = placeholdersOf(resource.path).map((name) => {
    const parent = resourceOfParam(provider, resource, name);
    const [file] = parent === null ? [] : canonicalFiles(provider.id, parent.name);
    return [name, file === undefined ? "acme" : (tree.json(file) as { objectId: string }).objectId];
  });
  return fillTemplate(resource.path, Object.fromEntries(values));
}

/** Canonical files of a resource in the seeded tree. */
function canonicalFiles(provider: string, name: string): string[] {
  return paths.filter((path) => {
    if (path.includes("/by-") || path.endsWith("_index.json") || !path.startsWith(`/${provider}/`))
      return false;
    const route = classifyWrite(path, "write");
    const body = path.endsWith(".json") ? (tree.json(path) as { objectType?: string }) : {};
    return route.kind === "edit"
      ? route.resource === name
      : body.objectType === resourceNamed(provider, name).objectType;
  });
}

for (const provider of PROVIDERS) {
  describe(`provider ${provider.id}`, () => {
    test("names are unique and every parent comes first", () => {
      const names = provider.resources.map((resource) => resource.name);
      expect(new Set(names).size).toBe(names.length);
      for (const [index, resource] of provider.resources.entries()) {
        if (resource.parent === undefined) continue;
        expect(names.indexOf(resource.parent.resource)).toBeLessThan(index);
      }
    });

    test("the layout text names every advertised schema and every alias directory (S15)", () => {
      const { text } = layoutFile(provider);
      for (const { schemaPath, examplePath } of advertisedResources(provider.id)) {
        expect(text).toContain(`\`${schemaPath.slice(1)}\``);
        expect(paths).toContain(schemaPath);
        if (examplePath !== null) expect(paths).toContain(examplePath);
      }
      for (const segment of layoutManifest(provider).aliasSegments) expect(text).toContain(segment);
      expect(text).toContain("ls ");
      expect(text).toContain("_index.json");
      expect(text.length).toBeGreaterThan(1_000);
    });

    test("the discovery tree holds exactly what is advertised (S15, S17)", () => {
      const advertised = advertisedResources(provider.id).flatMap((r) => [
        r.schemaPath,
        ...(r.examplePath ? [r.examplePath] : []),
      ]);
      const stored = paths.filter((path) => path.startsWith(`/discovery/${provider.id}/`));
      const others = [...lookupIndexPaths(provider.id), `/discovery/${provider.id}/.adapter.md`];
      expect(stored.sort()).toEqual([...advertised, ...others].sort());
    });

    for (const resource of provider.resources) {
      const { records: rules, write } = resource;
      describe(resource.name, () => {
        test("records have an update or say why they are read-only", () => {
          if (rules === undefined) expect(resource.readOnly).toBeUndefined();
          else expect(write?.update !== undefined).toBe(resource.readOnly === undefined);
        });

        if (rules !== undefined) {
          test("children of directory records are not indexed, and indexed records have an anchor", () => {
            const parent =
              resource.parent === undefined ? null : resourceOf(provider, resource.parent.resource);
            if (parent?.records !== undefined && isDirectoryRecord(parent.records))
              expect(rules.index).toBeUndefined();
            const chained = parent?.records !== undefined && resource.parent !== undefined;
            if (chained) expect(resource.path).toStartWith(`${parent.path}/{${resource.parent?.param}}`);
            const isAnchored = (rules.aliases ?? []).some(
              ({ segment }) => segment === "by-id" || segment === "by-uuid",
            );
            if (!isAnchored) expect(rules.file).not.toContain("{label}");
          });

          test("the seed holds records of it, or nothing here would be judged", () => {
            expect(canonicalFiles(provider.id, resource.name)).not.toEqual([]);
          });

          test("every stored record is routed as an edit or as read-only (S15, S24)", () => {
            for (const path of canonicalFiles(provider.id, resource.name)) {
              const route = classifyWrite(path, "write");
              if (resource.readOnly === undefined)
                expect(route).toMatchObject({ kind: "edit", resource: resource.name });
              else expect(route).toMatchObject({ kind: "none", reason: "read_only" });
            }
          });

          test("a delete is routed exactly where the contract declares one (S22)", () => {
            const declares = write?.delete !== undefined;
            const advertised = advertisedResources(provider.id).find(({ name }) => name === resource.name);
            expect(advertised?.operations.includes("delete") ?? false).toBe(declares);
            for (const path of canonicalFiles(provider.id, resource.name)) {
              const { kind } = classifyWrite(path, "delete");
              expect([path, kind]).toEqual([path, declares ? "delete" : "none"]);
            }
          });
        }

        if (write !== undefined) {
          const schema = authoredSchema(provider, resource, write.schema);
          test("required and read-only fields are disjoint", () => {
            for (const name of write.schema.required)
              expect(schema.properties?.[name]?.readOnly).not.toBe(true);
          });

          if (write.create !== undefined) {
            test("the create example validates", () => {
              const example = write.example ?? null;
              expect(validateWrite(provider.id, resource.name, "create", example, schema)).toMatchObject({
                ok: true,
              });
            });

            test("drafts create, reserved names and new.json do not (S21, S23)", () => {
              const home = sampleOf(provider, resource);
              if (isExactFile(resource.path)) {
                expect(classifyWrite(home, "write")).toMatchObject({
                  kind: "create",
                  resource: resource.name,
                });
                return;
              }
              for (const name of [...DRAFTS, `${resource.objectType} ${UUID}.json`, "wb-1715608327.json"]) {
                expect(classifyWrite(`${home}/${name}`, "write")).toMatchObject({
                  kind: "create",
                  resource: resource.name,
                });
                expect(classifyWrite(`${home}/${name}`, "delete")).toMatchObject({ kind: "none" });
              }
              for (const name of [
                "_index.json",
                "new.json",
                "a.tmp.json",
                ".tmp.json",
                "a.partial.json",
                "LAYOUT.md",
                ".schema.json",
              ]) {
                expect(classifyWrite(`${home}/${name}`, "write")).toMatchObject({
                  kind: "none",
                  reason: "reserved_name",
                });
              }
            });
          }
        }
      });
    }
  });
}

describe("the seeded tree", () => {
  test("every index row leads to its record, and every indexed record has one row", () => {
    for (const path of paths.filter(
      (candidate) =>
        candidate.endsWith("/_index.json") &&
        candidate.split("/").length > 3 &&
        !candidate.startsWith("/discovery/"),
    )) {
      const rows = parseIndex(new TextEncoder().encode(tree.text(path)));
      expect(rows).not.toBeNull();
      expect(new Set(rows?.map((row) => row.id)).size).toBe(rows?.length ?? -1);
      for (const row of rows ?? []) {
        const body = tree.json(String(row.canonicalPath)) as { objectId: string };
        expect(body.objectId).toBe(row.id);
      }
      const home = path.slice(0, -"/_index.json".length);
      const canonical = paths.filter((candidate) => rows?.some((row) => row.canonicalPath === candidate));
      expect(canonical.length).toBe(rows?.length ?? -1);
      for (const alias of paths.filter((candidate) => candidate.startsWith(`${home}/by-`))) {
        const { objectId } = tree.json(alias) as { objectId: string };
        const row = rows?.find(({ id }) => id === objectId);
        expect(tree.text(alias)).toBe(tree.text(String(row?.canonicalPath)));
        expect(classifyWrite(alias, "write")).toMatchObject({ kind: "none", reason: "alias" });
        expect(classifyWrite(alias, "delete")).toMatchObject({ kind: "none", reason: "alias" });
      }
    }
  });

  test("no path is both a file and a directory", () => {
    const files = new Set(paths);
    for (const path of paths) {
      for (let cut = path.lastIndexOf("/"); cut > 0; cut = path.lastIndexOf("/", cut - 1))
        expect(files.has(path.slice(0, cut))).toBe(false);
    }
  });

  test("identifier-named files are refused with the right place as a hint (S23)", () => {
    for (const path of [
      "/linear/issues/AGE-16.json",
      "/jira/issues/KAN-4.json",
      "/github/repos/a/b/issues/42.json",
      "/github/repos/a/b/issues/42__x.json",
    ]) {
      const route = classifyWrite(path, "write");
      expect(route).toMatchObject({ kind: "none", reason: "reserved_name" });
      if (route.kind === "none") expect(route.hint).toContain("_index.json");
    }
    expect(classifyWrite("/linear/issues/AGE-16/comments/a b.json", "write")).toMatchObject({
      kind: "none",
      reason: "no_rule",
    });
  });

  test("May 2026 has no route for Jira edits and still has one for Linear issues", () => {
    const jira = classifyWrite("/jira/issues/board-shows-cards-twice__10000.json", "write", MAY_2026_ERA);
    expect(jira).toMatchObject({ kind: "none", reason: "no_rule" });
    if (jira.kind === "none") expect(jira.message).toStartWith("No jira writeback rule matched");
    expect(classifyWrite("/jira/issues/x__10000.json", "write", CURRENT_ERA)).toMatchObject({
      kind: "edit",
      id: "10000",
    });
    expect(classifyWrite(`/linear/issues/AGE-1__${UUID}.json`, "write", MAY_2026_ERA)).toMatchObject({
      kind: "edit",
      id: UUID,
    });
  });

  test("flat resources are the ones with an index of their own", () => {
    for (const provider of PROVIDERS) {
      for (const { flat, path, sampleIndexPath } of advertisedResources(provider.id)) {
        expect(flat).toBe(isFlat(path));
        if (!flat) expect(sampleIndexPath).toBeNull();
      }
    }
  });
});
