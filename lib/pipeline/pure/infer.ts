/** JSON Schemas from sampled records: node merge, resource schema, monotonic merge with the file already there. */
import type { ProviderRecord, SchemaNode } from "../../providers/definition.ts";
import { compareText, isObject, sortedUnique } from "./json.ts";

/** A schema being built; keywords as in JSON Schema. */
export interface Schema {
  $schema?: string;
  title?: string;
  description?: string;
  type?: string | string[];
  readOnly?: boolean;
  additionalProperties?: boolean;
  properties?: Record<string, Schema>;
  items?: Schema;
  required?: string[];
  [keyword: string]: unknown;
}

const READ_ONLY_NAMES = new Set(
  "id url html_url self createdAt created_at updatedAt updated_at editedAt edited_at completedAt completed_at archivedAt archived_at canceledAt deletedAt number iid identifier key revision version etag _relayfile nodeId node_id globalId global_id".split(
    " ",
  ),
);

/** True for a top-level key that the provider owns, by its name. */
export function looksReadOnly(key: string): boolean {
  return (
    READ_ONLY_NAMES.has(key) ||
    key.startsWith("_") ||
    /(?:^|_)(?:created|updated|edited|deleted|completed|archived|canceled)/i.test(key) ||
    /(?:url|uri|href)$/i.test(key)
  );
}

/** The node of one value. */
export function nodeOf(value: unknown): Schema {
  if (value === null || value === undefined) return { type: "null" };
  if (Array.isArray(value)) {
    return {
      type: "array",
      items: value.map(nodeOf).reduce<Schema>((merged, node) => widen(merged, node), {}),
    };
  }
  if (isObject(value)) {
    const properties = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, nodeOf(inner)]));
    return { type: "object", additionalProperties: true, properties };
  }
  if (typeof value === "number") return { type: Number.isInteger(value) ? "integer" : "number" };
  return { type: typeof value };
}

/** What of a resource names an inferred schema. */
export interface InferenceSubject {
  readonly title: string;
  readonly description: string;
  /** Keys that the read-only rule must spare. */
  readonly writable?: readonly string[];
}

/** The schema of a resource from sampled records; permissive and empty for no records. */
export function inferSchema(subject: InferenceSubject, sampled: readonly ProviderRecord[]): Schema {
  const node = sampled.map(nodeOf).reduce<Schema>((merged, next) => widen(merged, next), { properties: {} });
  const properties: Record<string, Schema> = {};
  for (const [key, value] of Object.entries(node.properties ?? {})) {
    const owned = looksReadOnly(key) && subject.writable?.includes(key) !== true;
    properties[key] = owned ? { ...value, readOnly: true } : value;
  }
  const everywhere = Object.keys(properties).filter(
    (key) => properties[key]?.readOnly !== true && sampled.every((record) => key in record),
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: subject.title,
    description: subject.description,
    type: "object",
    additionalProperties: true,
    properties,
    ...(everywhere.length === 0 || sampled.length === 0 ? {} : { required: sortedUnique(everywhere) }),
  };
}

/** Union of two nodes of sampled values: nothing that was seen is lost. */
function widen(a: Schema, b: Schema): Schema {
  return mergeSchemas(b, a);
}

/**
 * The new schema widened by the one already stored: types unite, properties never disappear, `required` only relaxes,
 * a set `readOnly` stays.
 */
export function mergeSchemas(next: Schema, stored: Schema): Schema {
  const merged: Schema = { ...stored, ...next };
  const types = sortedUnique([...typesOf(next), ...typesOf(stored)]);
  if (types.length === 0) delete merged.type;
  else merged.type = types.length === 1 ? (types[0] ?? "") : types;
  if (next.properties !== undefined || stored.properties !== undefined) {
    const keys = sortedUnique([
      ...Object.keys(stored.properties ?? {}),
      ...Object.keys(next.properties ?? {}),
    ]);
    merged.properties = Object.fromEntries(
      keys.map((key) => [key, mergeOptional(next.properties?.[key], stored.properties?.[key]) ?? {}]),
    );
  }
  const items = mergeOptional(next.items, stored.items);
  if (items !== undefined) merged.items = items;
  if (next.required !== undefined || stored.required !== undefined) {
    const both = (next.required ?? []).filter((key) => stored.required?.includes(key));
    if (both.length === 0) delete merged.required;
    else merged.required = sortedUnique(both);
  }
  if (next.readOnly === true || stored.readOnly === true) merged.readOnly = true;
  if (next.additionalProperties !== undefined || stored.additionalProperties !== undefined) {
    merged.additionalProperties = next.additionalProperties === true || stored.additionalProperties === true;
  }
  return merged;
}

function mergeOptional(next: Schema | undefined, stored: Schema | undefined): Schema | undefined {
  if (next === undefined || stored === undefined) return next ?? stored;
  return mergeSchemas(next, stored);
}

function typesOf(schema: Schema): string[] {
  if (schema.type === undefined) return [];
  return Array.isArray(schema.type) ? schema.type : [schema.type];
}

const KEYWORD_ORDER = [
  "$schema",
  "title",
  "description",
  "type",
  "readOnly",
  "additionalProperties",
  "properties",
  "items",
  "required",
];

/** A schema as stored: fixed keyword order, names by code point, two-space indent, trailing newline. */
export function schemaText(schema: Schema | SchemaNode): string {
  return `${JSON.stringify(ordered(schema as Schema), null, 2)}\n`;
}

function ordered(schema: Schema): Schema {
  const rest = Object.keys(schema)
    .filter((keyword) => !KEYWORD_ORDER.includes(keyword))
    .sort(compareText);
  const result: Schema = {};
  for (const keyword of [...KEYWORD_ORDER, ...rest]) {
    const value = schema[keyword];
    if (value !== undefined) result[keyword] = orderedValue(keyword, value);
  }
  return result;
}

function orderedValue(keyword: string, value: unknown): unknown {
  if (keyword === "properties" && isObject(value)) {
    const names = Object.keys(value).sort(compareText);
    return Object.fromEntries(
      names.map((name) => [name, isObject(value[name]) ? ordered({ ...value[name] }) : value[name]]),
    );
  }
  if (keyword === "items" && isObject(value)) return ordered({ ...value });
  if (keyword === "required" && Array.isArray(value)) return sortedUnique(value.map(String));
  return value;
}

/** A smallest document for a schema without an authored example (2.6.7). */
export function exampleOf(schema: Schema): ProviderRecord {
  const properties = schema.properties ?? {};
  const writable = Object.keys(properties).filter((key) => properties[key]?.readOnly !== true);
  const required = (schema.required ?? []).filter((key) => writable.includes(key));
  const keys = required.length > 0 ? required : writable.sort(compareText).slice(0, 5);
  return Object.fromEntries(keys.map((key) => [key, placeholderOf(properties[key] ?? {})]));
}

function placeholderOf(schema: Schema): unknown {
  switch (typesOf(schema).find((type) => type !== "null")) {
    case "string":
      return "";
    case "number":
    case "integer":
      return 0;
    case "boolean":
      return false;
    case "array":
      return [];
    case "object":
      return {};
    default:
      return null;
  }
}
