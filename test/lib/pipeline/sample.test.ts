/** The sampler finds records by canonicalPath, by every key a row may be filed under, or says exactly why not (2.7). */
import { describe, expect, test } from "bun:test";
import { CURRENT_ERA, MAY_2026_ERA } from "../../../lib/model/era.ts";
import { candidateKeys, sampleResource } from "../../../lib/pipeline/sample.ts";
import { sampleLimitOf } from "../../../lib/service/provider-settings.ts";
import { memoryTree } from "../../support/memory-tree.ts";
import { resourceNamed, seededStack } from "../../support/seeded-tree.ts";

const UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";
const row = (id: string, extra: Record<string, unknown> = {}) => ({ id, title: "", updated: "", ...extra });
const issues = resourceNamed("jira", "issues");
const envelope = (payload: unknown, deleted = false) => ({
  provider: "jira",
  objectType: "issue",
  objectId: "1",
  deleted,
  payload,
});

async function treeOf(files: Record<string, unknown>) {
  const tree = memoryTree();
  const changes = Object.entries(files).map(
    ([path, body]) =>
      ({
        kind: "write",
        path,
        bytes: new TextEncoder().encode(JSON.stringify(body)),
        contentType: "application/json",
      }) as const,
  );
  await tree.apply(changes, { origin: "provider_sync", correlationId: "c" });
  return tree;
}

describe("candidateKeys()", () => {
  test("May 2026 knows the id and columns named like one; today also other spellings of the id", () => {
    const notion = row(UUID, { parent_id: "p", key: "KAN-1", number: 7, uuid: "u" });
    expect(candidateKeys(notion, MAY_2026_ERA)).toEqual([UUID, "p", "u"]);
    expect(candidateKeys(notion, CURRENT_ERA)).toEqual([
      UUID,
      "p",
      "u",
      UUID.replaceAll("-", ""),
      "KAN-1",
      "7",
    ]);
    expect(candidateKeys(row("a/b"), MAY_2026_ERA)).toEqual(["a/b", "a__b"]);
    expect(candidateKeys(row(UUID.replaceAll("-", "")), CURRENT_ERA)).toContain(UUID);
  });
});

describe("sampleResource()", () => {
  const sample = async (files: Record<string, unknown>, era = CURRENT_ERA) =>
    sampleResource(await treeOf(files), issues, era);
  const reason = async (files: Record<string, unknown>, era = CURRENT_ERA) =>
    (await sample(files, era)).warning?.reason ?? null;

  test("unwraps envelopes, follows canonicalPath first, and falls back to a name ending in the id (S18)", async () => {
    const index = "/jira/issues/_index.json";
    expect(
      (
        await sample({
          [index]: [row("1", { canonicalPath: "/jira/x.json" })],
          "/jira/x.json": envelope({ a: 1 }),
        })
      ).records,
    ).toEqual([{ a: 1 }]);
    expect((await sample({ [index]: [row("1")], "/jira/issues/by-id/1.json": { b: 2 } })).records).toEqual([
      { b: 2 },
    ]);
    const bySuffix = { [index]: [row("1")], "/jira/issues/some-slug__1.json": envelope({ c: 3 }) };
    expect((await sample(bySuffix)).records).toEqual([{ c: 3 }]);
    expect((await sample(bySuffix, MAY_2026_ERA)).records).toEqual([]);
  });

  test("names the reason when nothing can be sampled (S18)", async () => {
    const index = "/jira/issues/_index.json";
    expect(await reason({})).toBeNull();
    expect(await reason({ [index]: [] })).toBeNull();
    expect(await reason({ "/jira/issues/x__1.json": envelope({}) })).toBe(
      "skipped-missing-index-with-canonical-records",
    );
    expect(await reason({ [index]: [row("")] })).toBe("skipped-no-readable-row-ids");
    expect(
      await reason({ [index]: [row("1")], "/jira/issues/by-id/KAN-1.json": envelope({}) }, MAY_2026_ERA),
    ).toBe("skipped-no-alias-match");
    expect(await reason({ [index]: [row("1")], "/jira/issues/by-id/1.json": envelope({}, true) })).toBe(
      "skipped-no-sampleable-records",
    );
  });

  test("reads at most the asked number of rows, the smallest ids first", async () => {
    const files = Object.fromEntries(
      ["3", "1", "2"].map((id) => [`/jira/issues/by-id/${id}.json`, { n: id }]),
    );
    const tree = await treeOf({ ...files, "/jira/issues/_index.json": ["3", "1", "2"].map((id) => row(id)) });
    expect((await sampleResource(tree, issues, CURRENT_ERA, 2)).records).toEqual([{ n: "1" }, { n: "2" }]);
  });

  test("reads no more rows than were asked for over all roots, twenty unless told, and sorts ids as text (S18)", async () => {
    const pulls = resourceNamed("github", "pulls");
    const files: Record<string, unknown> = {};
    for (const repo of ["a", "b"]) {
      const home = `/github/repos/acme/${repo}/pulls`;
      const ids = Array.from({ length: 15 }, (_, n) => String(n + 1));
      files[`${home}/_index.json`] = ids.map((id) => row(id));
      for (const id of ids) files[`${home}/by-id/${id}.json`] = { repo, id };
    }
    const tree = await treeOf(files);
    const sampled = (await sampleResource(tree, pulls, CURRENT_ERA)).records as {
      repo: string;
      id: string;
    }[];
    expect(sampled.filter(({ repo }) => repo === "a").length).toBe(15);
    expect(sampled.filter(({ repo }) => repo === "b").map(({ id }) => id)).toEqual([
      "1",
      "10",
      "11",
      "12",
      "13",
    ]);
  });

  test("finds the collections below thousands of other files, and records behind aliases (S18)", async () => {
    const files: Record<string, unknown> = {};
    for (let n = 0; n < 700; n++) files[`/github/repos/acme/a/issues/${n}__x/meta.json`] = envelope({});
    for (const repo of ["a", "b"]) {
      files[`/github/repos/acme/${repo}/pulls/_index.json`] = [row("7")];
      files[`/github/repos/acme/${repo}/pulls/by-id/7.json`] = envelope({ repo });
    }
    const pulls = await sampleResource(await treeOf(files), resourceNamed("github", "pulls"), CURRENT_ERA);
    expect(pulls.records).toEqual([{ repo: "a" }, { repo: "b" }]);
    const hidden: Record<string, unknown> = { "/jira/issues/x__1.json": envelope({}) };
    for (let n = 0; n < 60; n++) hidden[`/jira/issues/by-id/${n}.json`] = envelope({});
    expect(await reason(hidden)).toBe("skipped-missing-index-with-canonical-records");
  });

  test("May 2026 leaves out templates with placeholders, whatever lies there (cloud#761)", async () => {
    const files = {
      "/github/repos/acme/a/pulls/_index.json": [row("7")],
      "/github/repos/acme/a/pulls/by-id/7.json": envelope({}),
    };
    const sampled = await sampleResource(await treeOf(files), resourceNamed("github", "pulls"), MAY_2026_ERA);
    expect(sampled).toEqual({ records: [], indexRows: 0, warning: null });
  });

  test("reaches every indexed resource of the seeded tree (S18)", async () => {
    const { tree } = await seededStack();
    for (const [provider, names] of Object.entries({
      github: ["repos", "issues", "pulls", "labels", "releases"],
      linear: ["issues", "comments", "users", "states", "cycles", "projects"],
      jira: ["issues", "projects", "sprints"],
      confluence: ["pages", "spaces"],
      notion: ["pages", "databases", "users"],
      slack: ["channels", "users"],
    })) {
      for (const name of names) {
        const { records, warning } = await sampleResource(tree, resourceNamed(provider, name), CURRENT_ERA);
        expect(records.length, `${provider} ${name}`).toBeGreaterThan(0);
        expect(warning).toBeNull();
      }
    }
  });
});

test("sampleLimitOf() takes DISCOVERY_SAMPLE_LIMIT within 1 and 500", () => {
  const table = { "": 20, x: 20, "7": 7, "0": 1, "-3": 1, "900": 500, "12.9": 12 };
  for (const [given, limit] of Object.entries(table))
    expect([given, sampleLimitOf({ DISCOVERY_SAMPLE_LIMIT: given })]).toEqual([given, limit]);
  expect(sampleLimitOf({})).toBe(20);
});
