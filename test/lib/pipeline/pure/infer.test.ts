/** Inference exactly as the contract states it (2.6), and the merge that only widens. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import {
  exampleOf,
  inferSchema,
  looksReadOnly,
  mergeSchemas,
  nodeOf,
  type Schema,
  schemaText,
} from "../../../../lib/pipeline/pure/infer.ts";

const subject = { title: "acme things", description: "Fields of acme things." };

describe("nodeOf()", () => {
  test("keeps integer apart from number, and null as its own type", () => {
    expect(nodeOf(1)).toEqual({ type: "integer" });
    expect(nodeOf(1.5)).toEqual({ type: "number" });
    expect(nodeOf(null)).toEqual({ type: "null" });
    expect(nodeOf([])).toEqual({ type: "array", items: {} });
    expect(nodeOf([1, 1.5, null, "x"])).toEqual({
      type: "array",
      items: { type: ["integer", "null", "number", "string"] },
    });
    expect(nodeOf([{ a: 1 }, { b: true }])).toMatchObject({
      items: { properties: { a: { type: "integer" }, b: { type: "boolean" } } },
    });
  });
});

describe("inferSchema()", () => {
  test("requires what every record has and nobody owns", () => {
    const schema = inferSchema(subject, [
      { id: 1, title: "a", body: null },
      { id: 2, title: "b" },
    ]);
    expect(schema.required).toEqual(["title"]);
    expect(schema.properties?.id).toEqual({ type: "integer", readOnly: true });
    expect(schema.additionalProperties).toBe(true);
  });

  test("is permissive and empty for no records, with an empty example", () => {
    const schema = inferSchema(subject, []);
    expect(schema).toMatchObject({ type: "object", properties: {}, additionalProperties: true });
    expect(schema.required).toBeUndefined();
    expect(exampleOf(schema)).toEqual({});
  });

  test("spares the keys that a resource declares writable", () => {
    const schema = inferSchema({ ...subject, writable: ["key"] }, [{ key: "KAN", version: 1 }]);
    expect(schema.properties).toMatchObject({ key: { type: "string" }, version: { readOnly: true } });
    expect(schema.required).toEqual(["key"]);
  });
});

test("looksReadOnly() follows the names of the contract (2.6.3)", () => {
  const listed =
    "id url html_url self createdAt created_at updatedAt updated_at editedAt edited_at completedAt completed_at archivedAt archived_at canceledAt deletedAt number iid identifier key revision version etag _relayfile";
  const byRule =
    "_private _ archived completed CreatedBy date_created last_edited_time is_deleted avatarUrl web_uri selfHref HTML_URL nodeId node_id globalId";
  for (const key of `${listed} ${byRule}`.split(" ")) expect([key, looksReadOnly(key)]).toEqual([key, true]);
  for (const key of "title state recreated curly identity priority uncompleted keys numbers versioned urls idea".split(
    " ",
  ))
    expect(looksReadOnly(key), key).toBe(false);
});

describe("mergeSchemas()", () => {
  const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, 1, 1.5, "x", true),
      fc.array(tie("node"), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom("a", "b", "id", "createdAt"), tie("node"), { maxKeys: 3 }),
    ),
  })).node;
  const record = fc.dictionary(fc.constantFrom("a", "b", "c", "id", "url"), value, { maxKeys: 4 });
  const records = fc.array(record, { minLength: 1, maxLength: 4 });

  test("a property never disappears, required only relaxes, readOnly sticks, and merging twice changes nothing (S17)", () => {
    fc.assert(
      fc.property(records, records, (first, second) => {
        const stored = inferSchema(subject, first);
        const next = inferSchema(subject, second);
        const merged = mergeSchemas(next, stored);
        const keys = (schema: Schema) => Object.keys(schema.properties ?? {});
        for (const key of [...keys(stored), ...keys(next)]) expect(keys(merged)).toContain(key);
        for (const key of merged.required ?? []) {
          expect(stored.required).toContain(key);
          expect(next.required).toContain(key);
        }
        for (const key of keys(stored))
          if (stored.properties?.[key]?.readOnly) expect(merged.properties?.[key]?.readOnly).toBe(true);
        expect(schemaText(mergeSchemas(next, merged))).toBe(schemaText(merged));
      }),
    );
  });

  test("each keyword follows its rule: a set readOnly sticks, required is the intersection, new texts win, true wins (2.6.4, S17)", () => {
    const stored: Schema = {
      title: "old",
      type: "object",
      additionalProperties: false,
      properties: { a: { type: "string", readOnly: true }, gone: { type: "null" } },
      required: ["a", "gone"],
    };
    const next: Schema = {
      title: "new",
      type: "object",
      additionalProperties: true,
      properties: { a: { type: "integer" }, b: { type: "array", items: { type: "string" } } },
      required: ["a", "b"],
    };
    expect(mergeSchemas(next, stored)).toEqual({
      title: "new",
      type: "object",
      additionalProperties: true,
      properties: {
        a: { type: ["integer", "string"], readOnly: true },
        b: { type: "array", items: { type: "string" } },
        gone: { type: "null" },
      },
      required: ["a"],
    });
    expect(mergeSchemas({ required: ["b"] }, { required: ["a"] })).toEqual({});
    expect(mergeSchemas({ additionalProperties: false }, { additionalProperties: false })).toEqual({
      additionalProperties: false,
    });
  });

  test("types do not depend on the order of pages", () => {
    fc.assert(
      fc.property(records, records, (first, second) => {
        const [a, b] = [inferSchema(subject, first), inferSchema(subject, second)];
        expect(schemaText(mergeSchemas(a, b))).toBe(schemaText(mergeSchemas(b, a)));
      }),
    );
  });
});

test("schemaText() has a fixed keyword order, code-point names, two spaces and a newline (S17)", () => {
  const text = schemaText({
    required: ["b", "a"],
    properties: { ä: {}, b: { type: "string" }, Z: { items: { type: "null" }, type: "array" } },
    type: "object",
    title: "t",
    $schema: "s",
  });
  expect(text).toBe(
    `${JSON.stringify({ $schema: "s", title: "t", type: "object", properties: { Z: { type: "array", items: { type: "null" } }, b: { type: "string" }, ä: {} }, required: ["a", "b"] }, null, 2)}\n`,
  );
});

test("exampleOf() fills required writable keys, or the first five writable ones", () => {
  const properties: Record<string, Schema> = {
    z: { type: "integer" },
    a: { type: ["null", "array"] },
    id: { type: "string", readOnly: true },
  };
  expect(exampleOf({ properties, required: ["z", "id"] })).toEqual({ z: 0 });
  expect(exampleOf({ properties })).toEqual({ a: [], z: 0 });
  expect(
    Object.keys(exampleOf({ properties: Object.fromEntries([..."gfedcba"].map((key) => [key, {}])) })),
  ).toEqual([..."abcde"]);
});
