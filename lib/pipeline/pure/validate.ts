/** Checks and cleans what someone wrote before it is sent: envelopes unwrapped, unchanged read-only fields dropped. */
import { type OutputUnit, Validator } from "@cfworker/json-schema";
import type { ProviderRecord } from "../../providers/definition.ts";
import { providerById, resourceOf } from "../../providers/registry.ts";
import type { Schema } from "./infer.ts";
import { isObject, sameJson } from "./json.ts";
import { unwrapRecord } from "./records.ts";

/** Why a document was refused. */
export type ValidationCode =
  | "required"
  | "type"
  | "readOnly"
  | "additionalProperties"
  | "enum"
  | "oneOf"
  | "anyOf"
  | "format";

/** A clean document, or the first thing wrong with it. */
export type Validated =
  | { readonly ok: true; readonly body: ProviderRecord }
  | { readonly ok: false; readonly code: ValidationCode; readonly field: string; readonly message: string };

const ENVELOPE_KEYS = ["provider", "objectType", "objectId", "deleted", "workspaceId", "connectionId"];

/**
 * Validates a document for a resource.
 *
 * A create must satisfy the whole schema. An edit may hold the changed fields alone, the record, or the envelope:
 * fields equal to `current` are dropped (writable ones stay when nothing else is left), a changed read-only field is
 * refused, and nothing is required.
 *
 * @param body the parsed file
 * @param schema the resource's schema as in its discovery file
 * @param current the record as last synced; without it no read-only field can be told unchanged
 */
export function validateWrite(
  provider: string,
  resource: string,
  kind: "edit" | "create",
  body: unknown,
  schema: Schema,
  current: unknown = null,
): Validated {
  const definition = providerById(provider);
  const write = (definition && resourceOf(definition, resource)?.write) ?? undefined;
  if (!isObject(body)) return refuse("type", "", "the file must hold a JSON object");
  const shape = write?.shape ?? ((value: ProviderRecord) => value);
  const wanted = shape(withoutEnvelope(body));
  const known = shape(unwrapRecord(current) ?? {});
  const pruned = kind === "edit" ? pruneUnchanged(wanted, known, schema) : wanted;
  const owned = findReadOnly(pruned, schema, "");
  if (owned !== null) return refuse("readOnly", owned, `${owned} is read-only and differs from the record`);
  return firstProblem(pruned, kind === "create" ? schema : relaxed(schema)) ?? { ok: true, body: pruned };
}

/** The record inside an envelope; envelope keys left beside a bare record are dropped by the caller's schema. */
function withoutEnvelope(body: ProviderRecord): ProviderRecord {
  const inner = unwrapRecord(body) ?? body;
  if (inner !== body || !("objectType" in body || "objectId" in body)) return inner;
  return Object.fromEntries(Object.entries(body).filter(([key]) => !ENVELOPE_KEYS.includes(key)));
}

/** Drops what equals the record: everything not writable, and writable fields too unless nothing would be left. */
function pruneUnchanged(body: ProviderRecord, current: ProviderRecord, schema: Schema): ProviderRecord {
  const kept: Record<string, unknown> = {};
  const unchanged: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(body)) {
    const node = schema.properties?.[key];
    const writable = node !== undefined && node.readOnly !== true;
    if (key in current && sameJson(value, current[key])) {
      if (writable) unchanged[key] = value;
    } else if (writable && node.properties !== undefined && isObject(value) && isObject(current[key])) {
      const inner = pruneUnchanged(value, current[key], node);
      if (Object.keys(inner).length > 0) kept[key] = inner;
    } else {
      kept[key] = value;
    }
  }
  if (Object.keys(kept).length > 0) return kept;
  return Object.fromEntries(
    Object.entries(unchanged).map(([key, value]) => {
      const node = schema.properties?.[key];
      return [
        key,
        node?.properties !== undefined && isObject(value) ? pruneUnchanged(value, value, node) : value,
      ];
    }),
  );
}

function findReadOnly(body: ProviderRecord, schema: Schema, prefix: string): string | null {
  for (const [key, value] of Object.entries(body)) {
    const node = schema.properties?.[key];
    if (node?.readOnly === true) return `${prefix}${key}`;
    const inner =
      node !== undefined && isObject(value) ? findReadOnly(value, node, `${prefix}${key}.`) : null;
    if (inner !== null) return inner;
  }
  return null;
}

/** The schema of an edit: the same fields, none of them required. */
function relaxed(schema: Schema): Schema {
  const { required: _required, anyOf: _anyOf, oneOf: _oneOf, ...rest } = schema;
  return rest;
}

const VALIDATORS = new WeakMap<Schema, Validator>();

function firstProblem(body: ProviderRecord, schema: Schema): Validated | null {
  let validator = VALIDATORS.get(schema);
  if (validator === undefined) {
    validator = new Validator(schema as ConstructorParameters<typeof Validator>[0], "2020-12", true);
    VALIDATORS.set(schema, validator);
  }
  const result = validator.validate(body);
  if (result.valid) return null;
  const units = result.errors.filter(
    (unit) => codeOf(unit) !== null && !/\/(?:any|one)Of\//.test(unit.keywordLocation),
  );
  const unit = PRIORITY.flatMap((code) => units.find((candidate) => codeOf(candidate) === code) ?? [])[0];
  const code = unit === undefined ? "type" : (codeOf(unit) ?? "type");
  const field = unit === undefined ? "" : fieldOf(unit);
  return refuse(
    code,
    field,
    problemText(code, field, unit?.error.replace(/\.$/, "") ?? "does not satisfy its schema"),
  );
}

/** Which of several problems is named: the one that says most. */
const PRIORITY: readonly ValidationCode[] = [
  "required",
  "additionalProperties",
  "type",
  "enum",
  "format",
  "oneOf",
  "anyOf",
];

function problemText(code: ValidationCode, field: string, error: string): string {
  if (code === "required") return `${field} is required`;
  if (code === "additionalProperties") return `${field} is not a field that can be written`;
  if (code === "anyOf" || code === "oneOf")
    return "one of the alternative required fields is missing; see anyOf in the schema";
  return `${field === "" ? "the document" : field}: ${error}`;
}

function codeOf(unit: OutputUnit): ValidationCode | null {
  switch (unit.keyword) {
    case "required":
    case "type":
    case "enum":
    case "oneOf":
    case "anyOf":
      return unit.keyword;
    case "false":
      return "additionalProperties";
    case "properties":
    case "items":
    case "additionalItems":
    case "additionalProperties":
      // The unit below it (keyword "false") names the field.
      return null;
    default:
      return "format";
  }
}

function fieldOf(unit: OutputUnit): string {
  const place = unit.instanceLocation.replace(/^#\/?/, "").replaceAll("/", ".");
  if (unit.keyword !== "required") return place;
  const missing = /"([^"]+)"/.exec(unit.error)?.[1];
  return missing === undefined ? place : [place, missing].filter((part) => part !== "").join(".");
}

function refuse(code: ValidationCode, field: string, message: string): Validated {
  return { ok: false, code, field, message };
}
