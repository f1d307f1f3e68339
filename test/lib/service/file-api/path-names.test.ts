/** Names that begin or end in a space: every route takes them as they are, and none for another name (spec file-api 3.1). */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { api, type ContractTarget, put } from "../../../contract/target.ts";
import { type TestStack, testStack } from "../../../support/stack.ts";

let stack: TestStack;
let target: ContractTarget;

beforeAll(async () => {
  stack = await testStack();
  target = {
    ...stack,
    fetch: (request) => stack.fetch(request),
    token: (scopes, options) => stack.mint(scopes, options),
    cloud: () => stack.cloudSession(),
  };
});
afterAll(() => stack.stop());

const at = (path: string) => `fs/file?path=${encodeURIComponent(path)}`;
const pathsBelow = async (directory: string) => {
  const { body } = await api(target, "GET", `fs/tree?path=${encodeURIComponent(directory)}`);
  return body.entries.map(({ path }: { path: string }) => path);
};

describe("a name with spaces at its ends", () => {
  test("POST fs/bulk stores and answers it under exactly its name", async () => {
    const answer = await api(target, "POST", "fs/bulk", {
      body: {
        files: [
          { path: "/bulk/two.txt ", content: "spaced" },
          { path: "/bulk/two.txt", content: "plain" },
        ],
      },
    });
    expect(answer.body.results.map(({ path }: { path: string }) => path)).toEqual([
      "/bulk/two.txt ",
      "/bulk/two.txt",
    ]);
    expect(await pathsBelow("/bulk")).toEqual(["/bulk/two.txt", "/bulk/two.txt "]);
    const read = await api(target, "POST", "fs/bulk-read", {
      body: { paths: ["/bulk/two.txt ", "/bulk/two.txt"] },
    });
    expect(
      read.body.files.map(({ path, content }: { path: string; content: string }) => [path, content]),
    ).toEqual([
      ["/bulk/two.txt ", "spaced"],
      ["/bulk/two.txt", "plain"],
    ]);
  });

  test("fs/file writes, reads and deletes it and leaves the name without the space alone", async () => {
    await put(target, "/one/a", "plain");
    const revision = await put(target, "/one/a ", "spaced");
    expect((await api(target, "GET", at("/one/a "))).body).toMatchObject({
      path: "/one/a ",
      content: "spaced",
    });
    expect((await api(target, "GET", at("/one/a"))).body).toMatchObject({ path: "/one/a", content: "plain" });
    const gone = await api(target, "DELETE", at("/one/a "), { headers: { "If-Match": revision } });
    expect(gone.status).toBe(202);
    expect(await pathsBelow("/one")).toEqual(["/one/a"]);
  });

  test("fs/tree, fs/query and fs/export list below a directory of such a name and below no other", async () => {
    await put(target, "/dir /a", "x");
    await put(target, "/dir/b", "x");
    expect(await pathsBelow("/dir ")).toEqual(["/dir /a"]);
    const query = await api(target, "GET", `fs/query?path=${encodeURIComponent("/dir ")}`);
    expect(query.body.items.map(({ path }: { path: string }) => path)).toEqual(["/dir /a"]);
    const exported = await api(target, "GET", `fs/export?path=${encodeURIComponent("/dir ")}`);
    expect(exported.body.map(({ path }: { path: string }) => path)).toEqual(["/dir /a"]);
  });

  test("a grant of the name without the space does not reach it, in any route", async () => {
    const token = await target.token(["relayfile:fs:write:/mine/a", "relayfile:fs:read:/mine/**"]);
    const headers = { "If-Match": "*" };
    const put = (path: string) => api(target, "PUT", at(path), { token, headers, body: { content: "x" } });
    expect((await put("/mine/a")).status).toBe(202);
    expect((await put("/mine/a ")).status).toBe(403);
    expect((await put(" /mine/a")).status).toBe(403);
    expect((await api(target, "GET", at(" /mine/a"), { token })).status).toBe(403);
    const bulk = await api(target, "POST", "fs/bulk", {
      token,
      body: { files: [{ path: "/mine/a ", content: "x" }] },
    });
    expect(bulk.body.errors).toMatchObject([{ path: "/mine/a ", code: "forbidden" }]);
    expect(await pathsBelow("/mine")).toEqual(["/mine/a"]);
  });

  test("a name of nothing but spaces is a missing path", async () => {
    const single = await api(target, "GET", "fs/file?path=%20%20");
    expect([single.status, single.body.message]).toEqual([400, "missing path query"]);
    const bulk = await api(target, "POST", "fs/bulk", { body: { files: [{ path: "  ", content: "x" }] } });
    expect(bulk.body.errors).toMatchObject([{ code: "invalid_path" }]);
  });
});
