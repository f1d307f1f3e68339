import { describe, expect, test } from "bun:test";
import collector from "../../../verify/evidence/records.ts";
import type { RecordsFact } from "../../../verify/facts.ts";
import { answering } from "../../support/evidence-context.ts";
import { probe } from "../../support/facts.ts";

const INDEX = "/jira/issues/_index.json";
const RECORD = "/jira/issues/one__10001.json";
const integrations = {
  list: probe(),
  rows: [{ provider: "jira", status: "ready" }],
  statuses: [],
};
const entry = (path: string, revision: string) => ({
  path,
  type: "file",
  revision,
  contentHash: "h",
  size: 1,
});
const contents: Record<string, string> = {
  [INDEX]: JSON.stringify([{ id: 10001, title: "one", updated: "2026-05-20", canonicalPath: RECORD }]),
  [RECORD]: JSON.stringify({
    provider: "jira",
    objectType: "issue",
    objectId: "1",
    payload: { n: 1, s: "x", z: null },
  }),
  "/jira/LAYOUT.md": "ls by-id and by-state",
};
const world = (over: { index?: string; bulk?: number; cursor?: string | null; tree?: number } = {}) =>
  answering(
    {
      "/fs/tree": () =>
        over.tree ?? {
          path: "/jira",
          entries: [entry(INDEX, "rev_1"), entry(RECORD, "rev_2"), entry("/jira/LAYOUT.md", "rev_3")],
          nextCursor: over.cursor ?? null,
        },
      "/fs/bulk-read": ({ body }) =>
        over.bulk ?? {
          results: (body as { paths: string[] }).paths.map((path) => ({
            path,
            revision: path === INDEX ? (over.index ?? "rev_1") : "rev_2",
            content: contents[path] ?? "",
            contentType: "application/json",
          })),
        },
      "/fs/file": ({ query }) => ({
        path: String(query?.path),
        revision: "rev_1",
        content: contents[String(query?.path)] ?? "",
        contentType: "application/json",
      }),
    },
    { access: { probe: probe(), entries: ["/jira/", "/digests/"], totalFiles: 3 }, integrations },
  );
const read = async (over: Parameters<typeof world>[0] = {}) => {
  const context = world(over);
  const { providers } = (await collector.collect(context)) as RecordsFact;
  return { jira: providers[0], providers, asked: context.asked };
};

describe("records", () => {
  test("reads a provider in two requests and keeps types, not values", async () => {
    const { jira, providers, asked } = await read();
    expect(providers).toHaveLength(1);
    expect(asked.map(({ path }) => path.split("/").at(-1))).toEqual(["tree", "bulk-read"]);
    expect(jira).toMatchObject({
      provider: "jira",
      connected: true,
      truncated: false,
      reading: { status: 200 },
      layoutAliases: ["by-id", "by-state"],
      indexes: [
        { path: INDEX, problem: null, rows: [{ id: "10001", complete: true, canonicalPath: RECORD }] },
      ],
      samples: [{ path: RECORD, payloadTypes: { n: "integer", s: "string", z: "null" } }],
    });
    expect(jira?.indexes[0]?.moved).toBeUndefined();
  });

  test("marks an index that changed between listing and reading", async () => {
    expect((await read({ index: "rev_9" })).jira?.indexes[0]?.moved).toBe(true);
  });

  test("says when it read one by one, when reading failed, and when the listing failed or was cut short", async () => {
    expect((await read({ bulk: 404 })).jira).toMatchObject({ reading: null, indexes: [{ problem: null }] });
    expect((await read({ bulk: 503 })).jira).toMatchObject({
      reading: { status: 503 },
      indexes: [],
      samples: [],
    });
    expect((await read({ tree: 503 })).jira).toMatchObject({
      listing: { status: 503 },
      truncated: true,
      files: [],
    });
    expect((await read({ cursor: "more" })).jira).toMatchObject({ truncated: true });
  });
});
