/** What Linear's resources share: ids, timestamps, GraphQL requests, and lists that only Linear changes. */
import { byKey, graphql, records, text } from "./_read.ts";
import type { ProviderRecord, ProviderRequest, ResourceDefinition } from "./definition.ts";

/** Ids of everything in Linear. */
export const UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}";

/** The id of a record. */
export const idOf = (record: ProviderRecord) => text(record, "id");

/** When a record last changed. */
export const updatedOf = (record: ProviderRecord) =>
  text(record, "updatedAt", "updated_at", "createdAt", "created_at");

/** Ids of the teams a record belongs to: one, or those of a project. */
export const teamIdsOf = (record: ProviderRecord) =>
  text(record, "team.id", "teamId") || records(record, "teams.nodes").map((team) => text(team, "id"));

/** `mutation { issueCreate(input: $input) { success issue { … } } }`, with typed variables. */
export function mutate(
  field: string,
  args: Record<string, [type: string, value: unknown]>,
  entity?: string,
  fields = "id",
) {
  const names = Object.keys(args);
  const declared = names.map((name) => `$${name}: ${args[name]?.[0]}`).join(", ");
  const passed = names.map((name) => `${name}: $${name}`).join(", ");
  const selection = entity === undefined ? "success" : `success ${entity} { ${fields} }`;
  const variables = Object.fromEntries(names.map((name) => [name, args[name]?.[1]]));
  return graphql(`mutation(${declared}) { ${field}(${passed}) { ${selection} } }`, variables, field, entity);
}

/** Reads one record by id. */
export function readOne(field: string, fields: string, id: string): ProviderRequest {
  return graphql(`query($id: String!) { ${field}(id: $id) { ${fields} } }`, { id }, field);
}

/** A list that only Linear itself changes. */
export function lookup(
  name: string,
  objectType: string,
  model: string,
  about: string,
  title: string,
): ResourceDefinition {
  return {
    name,
    objectType,
    about,
    path: `/linear/${name}`,
    readOnly: `${about} are changed in Linear itself`,
    records: {
      models: [model],
      id: idOf,
      idPattern: UUID,
      title: (record) => text(record, title, "name", "displayName", "number"),
      updated: updatedOf,
      file: "{id}.json",
      label: () => "",
      index: (record) => ({
        name: text(record, "name"),
        ...(name === "teams" ? { key: text(record, "key") } : {}),
      }),
      aliases: [byKey("by-id", idOf), { kind: "title", segment: "by-name" }],
    },
  };
}
