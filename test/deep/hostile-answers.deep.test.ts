import { describe, expect, test } from "bun:test";
import type { SeenRequest } from "../support/fake-file-api.ts";
import { HostileRig } from "../support/hostile-rig.ts";

const MIB = 1024 * 1024;

/** A body of a gigabyte, a piece at a time; counts what was really taken. */
function gigabyte(head: string): { response: Response; takenBytes: () => number } {
  let taken = 0;
  const piece = new Uint8Array(MIB).fill(0x78);
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const next = taken === 0 ? new TextEncoder().encode(head) : piece;
      taken += next.byteLength;
      if (taken > 1024 * MIB) controller.close();
      else controller.enqueue(next);
    },
  });
  return {
    response: new Response(body, { headers: { "content-type": "application/json" } }),
    takenBytes: () => taken,
  };
}

const json = (value: unknown, status = 200) => Response.json(value, { status });
const document = (over: object = {}) => ({
  path: "/there.md",
  revision: "rev_90",
  contentType: "text/markdown",
  content: "forged\n",
  ...over,
});
const entry = (over: object = {}) => ({ path: "/there.md", type: "file", revision: "rev_90", ...over });
let page = 0;

/** What a broken or hostile server says instead of the truth. */
const ANSWERS: Readonly<Record<string, (request: SeenRequest) => Response>> = {
  "a page of a portal": () =>
    new Response("<html>sign in</html>", { headers: { "content-type": "text/html" } }),
  "a portal that says JSON": () =>
    new Response("<html>sign in</html>", { headers: { "content-type": "application/json" } }),
  nothing: () => new Response(null, { status: 200 }),
  "no content": () => new Response(null, { status: 204 }),
  "a redirect": () => new Response(null, { status: 302, headers: { location: "http://elsewhere.test/" } }),
  "half a document": () => new Response('{"path":"/the', { headers: { "content-type": "application/json" } }),
  null: () => json(null),
  "a list": () => json([]),
  "a number": () => json(7),
  "an empty object": () => json({}),
  "fields of other types": () =>
    json({
      path: 7,
      revision: {},
      content: [],
      entries: "many",
      events: 3,
      results: { a: 1 },
      errors: "none",
      files: 1,
    }),
  "null entries": () =>
    json({
      entries: [null],
      events: [null],
      results: [null],
      files: [null],
      errors: [null],
      nextCursor: null,
    }),
  "a wrong hash": () =>
    json({
      ...document({ contentHash: "0".repeat(64) }),
      results: [document({ contentHash: "0".repeat(64) })],
      errors: [],
      entries: [],
      events: [],
      nextCursor: null,
    }),
  "content that is not base64": () =>
    json({
      ...document({ encoding: "base64", content: "%%%" }),
      results: [document({ encoding: "base64", content: "%%%" })],
      errors: [],
      entries: [],
      events: [],
      nextCursor: null,
    }),
  "pages without end": () =>
    json({
      path: "/",
      entries: [entry({ path: `/endless/${page}.md` })],
      events: [],
      nextCursor: `cursor_${page++}`,
      results: [],
      errors: [],
    }),
  "one page for ever": () =>
    json({ path: "/", entries: [entry()], events: [], nextCursor: "again", results: [], errors: [] }),
  "revisions that go back": () =>
    json({
      ...document({ revision: "rev_0" }),
      entries: [entry({ revision: "rev_0" })],
      results: [document({ revision: "rev_0" })],
      events: [],
      errors: [],
      nextCursor: null,
    }),
  "one path many times": () =>
    json({
      entries: [entry(), entry({ revision: "rev_1" }), entry({ type: "dir" })],
      events: [],
      results: [],
      errors: [],
      nextCursor: null,
    }),
  "sizes below zero": () =>
    json({
      entries: [entry({ size: -1 }), entry({ size: 1e300 })],
      events: [],
      results: [],
      errors: [],
      nextCursor: null,
    }),
  "an empty truth": () =>
    json({
      path: "/",
      entries: [],
      events: [],
      results: [],
      errors: [],
      files: [],
      nextCursor: null,
      providers: [],
    }),
  "a success that names others": () =>
    json(
      {
        written: 1,
        errorCount: 0,
        results: [{ path: "/other.md", revision: "rev_5", opId: "../../x" }],
        errors: [],
      },
      202,
    ),
  "an operation that is somewhere else": () =>
    json({
      opId: "/../../etc/passwd",
      path: "/../x",
      status: "dead_lettered",
      attemptCount: 1,
      revision: "rev_1",
    }),
  "a refusal for good": () => json({ code: "bad_request", message: "no" }, 400),
  "a refusal of everything": () => json({ code: "forbidden", message: "no" }, 403),
  "not found": () => json({ code: "not_found", message: "no" }, 404),
  gone: () => json({ code: "cursor_expired", message: "no" }, 410),
  "too large": () => json({ code: "payload_too_large", message: "no" }, 413),
  "a teapot": () => new Response("short and stout", { status: 418 }),
  "a server error": () => new Response("oops", { status: 500 }),
  "an unknown error": () => new Response("???", { status: 599 }),
};

const ROUTES = [
  "fs/tree",
  "fs/file",
  "fs/bulk-read",
  "fs/events",
  "fs/export",
  "fs/bulk",
  "ops/",
  "sync/status",
];

/** A mount with files on both sides, one save on its way and one edit of a known file. */
async function settledMount(): Promise<HostileRig> {
  const rig = new HostileRig();
  rig.api.put("/there.md", "theirs\n");
  rig.api.put("/d/also.md", "theirs too\n");
  await rig.pass();
  rig.save("mine.md", "a save nobody may lose\n");
  rig.save("there.md", "an edit nobody may lose\n");
  rig.api.put("/new.md", "news\n");
  return rig;
}

function expectKept(rig: HostileRig, what: string): void {
  for (const text of ["a save nobody may lose\n", "an edit nobody may lose\n"])
    expect([what, text, rig.keeps(text)]).toEqual([what, text, true]);
  expect([what, rig.escaped()]).toEqual([what, ""]);
  expect([what, rig.local("d/also.md")]).toEqual([what, "theirs too\n"]);
}

describe("a hostile answer loses nothing and is over when the server comes to its senses", () => {
  for (const route of ROUTES) {
    test(`${route}: ${Object.keys(ANSWERS).length} answers`, async () => {
      for (const [name, answer] of Object.entries(ANSWERS)) {
        using rig = await settledMount();
        const what = `${route}: ${name}`;
        let times = 0;
        rig.api.intercept = (request) => {
          if (!request.path.includes(`/${route}`) || (route === "fs/bulk" && request.path.endsWith("read")))
            return null;
          // Nobody can follow a list that never ends; after this many pages the test has seen enough.
          return ++times > 300 ? new Response("enough", { status: 503 }) : answer(request);
        };
        await rig.pass();
        expectKept(rig, what);
        expect([what, rig.verdict()]).not.toEqual([what, null]);
        rig.api.intercept = () => null;
        await rig.later();
        await rig.pass();
        await rig.later();
        const last = await rig.pass();
        expectKept(rig, what);
        expect([what, "report" in last && last.report.pulled]).toEqual([what, true]);
        expect([what, rig.local("new.md")]).toEqual([what, "news\n"]);
      }
    }, 120_000);
  }

  test("a gigabyte is refused long before it is in memory, on every route that is read", async () => {
    for (const route of ROUTES) {
      using rig = await settledMount();
      const giants: ReturnType<typeof gigabyte>[] = [];
      rig.api.intercept = (request) => {
        if (!request.path.includes(`/${route}`)) return null;
        const giant = gigabyte(
          '{"path":"/there.md","revision":"rev_90","contentType":"text/plain","content":"',
        );
        giants.push(giant);
        return giant.response;
      };
      await rig.pass();
      for (const { takenBytes } of giants) expect([route, takenBytes() <= 80 * MIB]).toEqual([route, true]);
      expectKept(rig, route);
      rig.api.intercept = () => null;
      await rig.later();
      expect([route, "report" in (await rig.pass())]).toEqual([route, true]);
      expectKept(rig, route);
    }
  }, 120_000);
});
