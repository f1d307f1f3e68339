import { describe, expect, test } from "bun:test";
import { classifyWrite } from "../../../lib/pipeline/pure/classify.ts";
import { authoredSchema } from "../../../lib/pipeline/pure/discovery.ts";
import { PROVIDERS, providerById, resourceOf } from "../../../lib/providers/registry.ts";
import {
  chooseThrowaway,
  draftPath,
  prepareThrowaway,
  readNamedPath,
  referencesOf,
  withFields,
  withKnownName,
} from "../../../verify/write/choose.ts";
import { fieldsWith, markedExample, markerOf, markPlaces, onlyField } from "../../../verify/write/mark.ts";
import { editableField } from "../../../verify/write/named.ts";
import { nextLookMs, OP_WAIT_MS, sendsAgain } from "../../../verify/write/pace.ts";
import { NOON, resource } from "../../support/facts.ts";

const MARKER = markerOf(NOON);
const UUID = "00000000-0000-4000-8000-000000000001";

/** What a workspace advertises for a provider, from the registry. */
function advertised(providerId: string) {
  const provider = providerById(providerId);
  return (provider?.resources ?? []).flatMap((one) => {
    if (provider === null || one.write === undefined) return [];
    const document = authoredSchema(provider, one, one.write.schema);
    const base = resource({ path: one.path });
    const example = one.write.example;
    return [
      {
        ...base,
        schema: { ...base.schema, document },
        example: example === undefined ? null : { ...base.schema, document: { ...example } },
      },
    ];
  });
}

describe("marking", () => {
  test("the marker names the instant in UTC", () => {
    expect(MARKER).toBe("[relayfile writeback test 2026-05-20T12:00:00.000Z]");
  });

  test("goes into title and text, also below the object that holds the fields", () => {
    const [, jira] = advertised("jira").flatMap((one) => (one.path === "/jira/issues" ? [0, one] : []));
    const found = jira as ReturnType<typeof advertised>[number];
    const places = markPlaces(found.schema.document);
    expect(places).toEqual({ title: ["fields", "summary"], body: ["fields", "description"] });
    const marked = markedExample(found.example?.document ?? {}, places, MARKER);
    expect(fieldsWith(marked, MARKER)).toEqual(["fields.summary", "fields.description"]);
    expect(marked).toMatchObject({ fields: { project: { key: "KAN" }, issuetype: { name: "Task" } } });
  });

  test("leaves a document alone that has no writable text", () => {
    const schema = { properties: { title: { type: "string", readOnly: true }, body: { type: "object" } } };
    expect(markPlaces(schema)).toEqual({ title: null, body: null });
    expect(markedExample({ a: 1 }, markPlaces(schema), MARKER)).toBeNull();
  });

  test("is found again in rich text at the field that holds it", () => {
    const doc = {
      type: "doc",
      content: [{ type: "paragraph", content: [{ type: "text", text: `x ${MARKER}` }] }],
    };
    expect(fieldsWith({ fields: { description: doc, summary: "other" } }, MARKER)).toEqual([
      "fields.description",
    ]);
    expect(onlyField(["fields", "description"], "x")).toEqual({ fields: { description: "x" } });
  });
});

describe("chooseThrowaway()", () => {
  test("takes a collection of things people delete every day, with a declared delete first", () => {
    const chosen = Object.fromEntries(
      PROVIDERS.map(({ id }) => {
        const throwaway = chooseThrowaway(id, advertised(id), null);
        return [id, "none" in throwaway ? null : throwaway.collection];
      }),
    );
    expect(chosen).toEqual({
      github: null,
      linear: "/linear/issues",
      jira: "/jira/issues",
      confluence: "/confluence/pages",
      notion: null,
      slack: null,
    });
    expect(chooseThrowaway("github", advertised("github"), null)).toMatchObject({
      flag: "--path COLLECTION",
    });
  });

  test("takes the collection that the operator names", () => {
    const named = "/github/repos/acme/web/issues";
    expect(chooseThrowaway("github", advertised("github"), named)).toMatchObject({ collection: named });
    expect(chooseThrowaway("slack", advertised("slack"), "/slack/channels/C1/messages")).toMatchObject({
      collection: "/slack/channels/C1/messages",
    });
    expect(chooseThrowaway("jira", [], "/jira/issues")).toMatchObject({
      none: expect.stringContaining("example"),
    });
  });

  test("prepares a draft that every provider's router calls a create, and that passes its schema", () => {
    for (const [id, collection] of [
      ["linear", null],
      ["jira", null],
      ["confluence", null],
      ["github", "/github/repos/acme/web/issues"],
      ["slack", "/slack/channels/C1/messages"],
    ] as const) {
      const throwaway = chooseThrowaway(id, advertised(id), collection);
      if ("none" in throwaway) throw new TypeError(`${id} has no throwaway`);
      const path = draftPath(throwaway.collection, throwaway.resource.objectType, UUID);
      expect(classifyWrite(path, "write").kind).toBe("create");
      expect(classifyWrite(path, "delete").kind).toBe("none");
      const prepared = prepareThrowaway(throwaway, id, throwaway.example, MARKER, path);
      expect(prepared).toMatchObject({ ok: true });
    }
  });

  test("sends nothing that the schema refuses", () => {
    const throwaway = chooseThrowaway("jira", advertised("jira"), null);
    if ("none" in throwaway) throw new TypeError("jira has no throwaway");
    const bad = { ...throwaway.example, nonsense: 1 };
    const path = draftPath(throwaway.collection, "issue", UUID);
    expect(prepareThrowaway(throwaway, "jira", bad, MARKER, path)).toMatchObject({
      ok: false,
      code: "additionalProperties",
    });
  });
});

describe("readNamedPath()", () => {
  test("tells records, collections and neither apart, offline", () => {
    expect(readNamedPath("/jira/issues/fix-it__10001.json")).toMatchObject({
      kind: "record",
      resource: "issues",
    });
    expect(readNamedPath("/github/repos/a/b/issues")).toMatchObject({
      kind: "collection",
      provider: "github",
    });
    for (const path of [
      "/jira/issues/by-id/10001.json",
      "/jira/issues/_index.json",
      "/notes/a.md",
      "/jira/boards",
    ])
      expect(readNamedPath(path).kind).toBe("neither");
  });
});

describe("references and fields", () => {
  test("a name that the workspace does not know is replaced by one of its index, a known one stays", () => {
    const [open] = referencesOf("linear", "issues", { title: "t", team: "ENG" });
    expect(open).toMatchObject({ field: "team", given: "ENG", index: "/linear/teams/_index.json" });
    if (open === undefined) return;
    const rows = [
      { id: "1", key: "OPS", name: "Operations" },
      { id: "2", key: "ENG", name: "Engineering" },
    ];
    expect(withKnownName({ team: "ENG" }, open, rows)).toEqual({ team: "ENG" });
    expect(withKnownName({ team: "ENG" }, open, rows.slice(0, 1))).toEqual({ team: "OPS" });
    expect(withKnownName({ team: "ENG" }, open, [])).toEqual({ team: "ENG" });
  });

  test("the operator's values win, by dotted key", () => {
    const fields = { "fields.project.key": "ABC", priority: "2" };
    expect(withFields({ fields: { project: { key: "KAN" } } }, fields)).toEqual({
      fields: { project: { key: "ABC" } },
      priority: 2,
    });
  });
});

describe("editableField()", () => {
  const schema = { properties: { title: { type: "string" }, body: { type: ["string", "null"] } } };

  test("appends to the text before the title and keeps what was there", () => {
    expect(editableField(schema, { title: "t", body: "b" }, "M")).toEqual({
      field: ["body"],
      old: "b",
      marked: "b\n\nM",
    });
    expect(editableField(schema, { title: "t", body: null }, "M")).toEqual({
      field: ["title"],
      old: "t",
      marked: "t M",
    });
  });

  test("never touches text that could not be put back", () => {
    expect(editableField(schema, { body: "key [redacted:token#0123456789ab]" }, "M")).toBeNull();
    expect(editableField(schema, { title: 7, body: { type: "doc" } }, "M")).toBeNull();
  });
});

describe("pace", () => {
  test("looks more and more rarely, and two minutes at most", () => {
    let waitedMs = 0;
    let looks = 1;
    for (let wait = nextLookMs({ status: "pending", looks, waitedMs }); wait !== null; looks++) {
      expect(wait).toBeLessThanOrEqual(2_000);
      waitedMs += wait;
      wait = nextLookMs({ status: "pending", looks, waitedMs });
    }
    expect(waitedMs).toBe(OP_WAIT_MS);
    expect(looks).toBeLessThan(90);
    expect(nextLookMs({ status: "dead_lettered", looks: 1, waitedMs: 0 })).toBeNull();
  });

  test("sends again only what was not answered", () => {
    expect(sendsAgain({ status: null, failure: "reset", sends: 1 })).toBe(true);
    expect(sendsAgain({ status: 503, failure: null, sends: 2 })).toBe(true);
    expect(sendsAgain({ status: null, failure: "reset", sends: 3 })).toBe(false);
    expect(sendsAgain({ status: null, failure: "aborted", sends: 1 })).toBe(false);
    expect(sendsAgain({ status: 409, failure: null, sends: 1 })).toBe(false);
  });
});

test("resourceOf() knows what the examples are for", () => {
  const jira = providerById("jira");
  expect(jira && resourceOf(jira, "issues")?.write?.delete).toBeDefined();
});
