/** What may be written: the codes of the contract, and the three forms of an edit (D5). */
import { describe, expect, test } from "bun:test";
import { authoredSchema } from "../../../../lib/pipeline/pure/discovery.ts";
import { validateWrite } from "../../../../lib/pipeline/pure/validate.ts";
import { ISSUES } from "../../../../lib/simulator/seed/linear.ts";
import { providerNamed, resourceNamed } from "../../../support/seeded-tree.ts";

function check(
  provider: string,
  resource: string,
  kind: "edit" | "create",
  body: unknown,
  current?: unknown,
) {
  const definition = resourceNamed(provider, resource);
  if (definition.write === undefined) throw new Error("read-only");
  const schema = authoredSchema(providerNamed(provider), definition, definition.write.schema);
  return validateWrite(provider, resource, kind, body, schema, current ?? null);
}
const linear = (kind: "edit" | "create", body: unknown, current?: unknown) =>
  check("linear", "issues", kind, body, current);
const UUID = "3f2504e0-4f89-41d3-9a0c-0305e82c3301";

describe("validateWrite()", () => {
  test("names the field and the code of each problem", () => {
    const cases: [unknown, string, string][] = [
      [{ team: "ENG" }, "required", "title"],
      [{ title: "x" }, "anyOf", ""],
      [{ title: 7, team: "ENG" }, "type", "title"],
      [{ title: "", team: "ENG" }, "format", "title"],
      [{ title: "x", team: "ENG", priority: 9 }, "enum", "priority"],
      [{ title: "x", team: "ENG", color: "red" }, "additionalProperties", "color"],
      [{ title: "x", team: "ENG", createdAt: "now" }, "readOnly", "createdAt"],
      [{ title: "x", teamId: "not-a-uuid" }, "format", "teamId"],
      [{ title: "x", team: "ENG", dueDate: "tomorrow" }, "format", "dueDate"],
      [{ title: "x", team: "ENG", labelIds: ["nope"] }, "format", "labelIds.0"],
    ];
    for (const [body, code, field] of cases)
      expect(linear("create", body)).toMatchObject({ ok: false, code, field });
    for (const body of ["text", null, [1], 7])
      expect(linear("create", body)).toMatchObject({ ok: false, code: "type" });
  });

  test("an edit requires nothing and sends what changed", () => {
    const record = ISSUES[0];
    const envelope = {
      provider: "linear",
      objectType: "issue",
      objectId: record?.id,
      deleted: false,
      payload: record,
    };
    expect(linear("edit", { priority: 2 }, record)).toEqual({ ok: true, body: { priority: 2 } });
    expect(linear("edit", { ...record, title: "New" }, record)).toEqual({ ok: true, body: { title: "New" } });
    expect(linear("edit", { ...envelope, payload: { ...record, title: "New" } }, envelope)).toEqual({
      ok: true,
      body: { title: "New" },
    });
  });

  test("an edit that changes nothing still sends its writable fields", () => {
    expect(linear("edit", { title: ISSUES[0]?.title }, ISSUES[0])).toEqual({
      ok: true,
      body: { title: String(ISSUES[0]?.title) },
    });
  });

  test("a changed read-only field is refused, an unchanged one is not", () => {
    const record = ISSUES[0];
    expect(linear("edit", { id: UUID, title: "x" }, record)).toMatchObject({
      ok: false,
      code: "readOnly",
      field: "id",
    });
    expect(linear("edit", { id: record?.id, title: "x" }, record)).toEqual({
      ok: true,
      body: { title: "x" },
    });
    expect(linear("edit", { state: { name: "Done" } }, record)).toMatchObject({
      ok: false,
      code: "additionalProperties",
      field: "state",
    });
  });

  test("nested objects are pruned field by field", () => {
    const current = {
      id: "1",
      key: "KAN-1",
      fields: { summary: "a", workratio: -1, assignee: null, status: { name: "To Do" } },
    };
    const edited = { ...current, fields: { ...current.fields, summary: "b" } };
    expect(check("jira", "issues", "edit", edited, current)).toEqual({
      ok: true,
      body: { fields: { summary: "b" } },
    });
    const state = { ...current, fields: { ...current.fields, status: { name: "Done" } } };
    expect(check("jira", "issues", "edit", state, current)).toMatchObject({
      ok: false,
      field: "fields.status",
    });
    expect(check("jira", "issues", "edit", { summary: "b" }, current)).toEqual({
      ok: true,
      body: { fields: { summary: "b" } },
    });
  });

  test("a record's own shape is understood where it differs from the write document", () => {
    const current = {
      number: 1,
      title: "a",
      labels: [{ name: "bug", color: "f00" }],
      assignees: [{ login: "ana" }],
      milestone: { number: 3 },
    };
    const labels = [{ name: "bug", color: "f00" }, { name: "new" }];
    expect(check("github", "issues", "edit", { ...current, labels }, current)).toEqual({
      ok: true,
      body: { labels: ["bug", "new"] },
    });
    expect(check("github", "issues", "edit", { milestone: null }, current)).toEqual({
      ok: true,
      body: { milestone: null },
    });
  });
});
