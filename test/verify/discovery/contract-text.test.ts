import { describe, expect, test } from "bun:test";
import { sha256Hex } from "../../../lib/model/sha256.ts";
import { schemaText } from "../../../lib/pipeline/pure/infer.ts";
import { documentsTelling, schemasSound } from "../../../verify/discovery/contract-text.ts";
import type { DiscoveredResourceFact } from "../../../verify/facts.ts";
import { discovery, resource } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";

const LAYOUT = { exchangeId: "x1", bytes: 4_000, advertised: [], lacks: [] };
const SCHEMA = "/discovery/jira/issues/.schema.json";
const DOC = { exchangeId: "x2", bytes: 900, headings: ["## Operations", "## ID Patterns"], names: [SCHEMA] };

describe("VD-02 and VD-05 discovery.documents-telling", () => {
  const judge = (over: Parameters<typeof discovery>[1]) => ({
    discovery: discovery([resource()], { layout: LAYOUT, adapterDoc: DOC, ...over }),
  });

  test("is content with documents that say how to list, read and write", () => {
    expect(runCheck(documentsTelling, judge({}))).toMatchObject({
      kind: "judged",
      exercised: 1,
      findings: [],
    });
  });

  test("sees a fallback layout by its size, its words or its absence", () => {
    for (const layout of [null, { ...LAYOUT, bytes: 200 }, { ...LAYOUT, lacks: ["_index.json"] }])
      expect(codesOf(documentsTelling, judge({ layout }))).toEqual(["discovery.layout-generic"]);
  });

  test("sees a thin adapter document", () => {
    for (const adapterDoc of [null, { ...DOC, headings: ["# Jira"] }, { ...DOC, names: [] }])
      expect(codesOf(documentsTelling, judge({ adapterDoc }))).toEqual(["discovery.adapter-doc-thin"]);
  });

  test("cannot tell when a document gave no usable answer", () => {
    const dark = judge({ layout: null, unread: ["/jira/LAYOUT.md"] });
    expect(runCheck(documentsTelling, dark).kind).toBe("unknown");
  });

  test("leaves a provider without discovery files to the checks of those", () => {
    expect(runCheck(documentsTelling, judge({ files: [], layout: null }))).toMatchObject({ exercised: 0 });
  });
});

describe("VD-06 and VD-16 discovery.schemas-sound", () => {
  const inferred = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: "jira issues",
    type: "object",
    additionalProperties: true,
    properties: { key: { type: "string", readOnly: true }, summary: { type: "string" } },
  };
  const withDocument = (document: Record<string, unknown>, text = schemaText(document)) => {
    const one = resource();
    const schema = { ...one.schema, document, sha256: sha256Hex(text) };
    return { discovery: discovery([{ ...one, schema } satisfies DiscoveredResourceFact]) };
  };

  test("is content with a canonical schema, and with an authored one in its author's order", () => {
    expect(codesOf(schemasSound, withDocument(inferred))).toEqual([]);
    const authored = {
      type: "object",
      $schema: inferred.$schema,
      additionalProperties: false,
      properties: { b: {} },
    };
    const asWritten = `${JSON.stringify(authored, null, 2)}\n`;
    expect(codesOf(schemasSound, withDocument(authored, asWritten))).toEqual([]);
  });

  test("sees another dialect, another type and other bytes than its own form", () => {
    const { $schema: _none, ...undated } = inferred;
    for (const facts of [
      withDocument(undated),
      withDocument({ ...inferred, $schema: "http://json-schema.org/draft-07/schema#" }),
      withDocument({ ...inferred, type: "array" }),
      withDocument(inferred, JSON.stringify(inferred)),
    ])
      expect(codesOf(schemasSound, facts)).toEqual(["discovery.schema-not-canonical"]);
  });

  test("takes the order of an author only from a schema that was authored", () => {
    const { $schema, title, ...rest } = inferred;
    const unordered = { title, ...rest, $schema };
    const asWritten = `${JSON.stringify(unordered, null, 2)}\n`;
    expect(codesOf(schemasSound, withDocument(unordered, asWritten))).toEqual([
      "discovery.schema-not-canonical",
    ]);
    const authored = { ...unordered, additionalProperties: false };
    expect(codesOf(schemasSound, withDocument(authored, `${JSON.stringify(authored, null, 2)}\n`))).toEqual(
      [],
    );
  });

  test("compares no bytes that were redacted, of an empty schema, or under a hash of another kind", () => {
    const hidden = { ...inferred, description: "[redacted:jwt#0123456789ab]" };
    expect(codesOf(schemasSound, withDocument(hidden, "the real text"))).toEqual([]);
    expect(codesOf(schemasSound, withDocument({ ...inferred, properties: {} }, "{}"))).toEqual([]);
    const facts = withDocument(inferred);
    const [provider] = facts.discovery.providers;
    const [one] = provider?.resources ?? [];
    if (one === undefined) throw new Error("no resource");
    const tagged = discovery([{ ...one, schema: { ...one.schema, sha256: 'W/"12"' } }]);
    expect(codesOf(schemasSound, { discovery: tagged })).toEqual([]);
  });

  test("sees a field that is required and read-only", () => {
    const [found] = findingsOf(schemasSound, withDocument({ ...inferred, required: ["key", "summary"] }));
    expect(found).toMatchObject({ code: "discovery.required-readonly", facts: { fields: ["key"] } });
  });

  test("judges nothing where no schema could be read", () => {
    const facts = { discovery: discovery([resource({ properties: null })]) };
    expect(runCheck(schemasSound, facts)).toMatchObject({ kind: "judged", exercised: 0 });
  });
});
