/**
 * What a write probe may write to: the record or collection that the operator names, else a throwaway made from an
 * advertised example, else nothing. Pure; never a guessed payload and never a record without marker.
 */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import type { Schema } from "../../lib/pipeline/pure/infer.ts";
import { isFlat } from "../../lib/pipeline/pure/paths.ts";
import { validateWrite } from "../../lib/pipeline/pure/validate.ts";
import type { Reference, ResourceDefinition } from "../../lib/providers/definition.ts";
import { providerById, providerOfPath, resourceOf } from "../../lib/providers/registry.ts";
import type { DiscoveredResourceFact } from "../facts.ts";
import { isObject, type Json, type MarkPlaces, markedExample, markPlaces, withValue } from "./mark.ts";

/** Object types that a throwaway may be: things people delete every day. A project or a repository is none. */
const THROWAWAY_TYPES = new Set(["issue", "page", "message", "comment", "issue_comment", "reply"]);

/** What the operator's `--path` names. */
export type NamedPath =
  | { readonly kind: "record"; readonly provider: string; readonly resource: string }
  | { readonly kind: "collection"; readonly provider: string; readonly resource: string }
  | { readonly kind: "neither"; readonly message: string; readonly hint: string | null };

/** Reads a `--path`: a record that can be edited, or a collection in which something can be created. */
export function readNamedPath(path: string): NamedPath {
  const edit = classifyWrite(path, "write");
  if (edit.kind === "edit") return { kind: "record", provider: edit.provider, resource: edit.resource };
  const create = classifyWrite(draftPath(path, "draft", "00000000-0000-4000-8000-000000000000"), "write");
  if (!path.endsWith(".json") && create.kind === "create") {
    return { kind: "collection", provider: create.provider, resource: create.resource };
  }
  const refusal = edit.kind === "none" ? edit : null;
  const message = refusal?.message ?? `${path} is the name of a new record, not of one that exists`;
  return { kind: "neither", message, hint: refusal?.hint ?? null };
}

/** A place for a throwaway, or why there is none. */
export type Throwaway =
  | {
      readonly resource: ResourceDefinition;
      /** Collection without placeholders. */
      readonly collection: string;
      readonly example: Json;
      readonly schema: Json;
      readonly places: MarkPlaces;
    }
  | { readonly none: string; readonly flag?: string };

/**
 * The throwaway of a provider: in the named collection, else in the first collection without placeholders whose records
 * people throw away, that has an example which can carry the marker; collections that also declare a delete go first.
 */
export function chooseThrowaway(
  providerId: string,
  discovered: readonly DiscoveredResourceFact[],
  collection: string | null,
): Throwaway {
  const provider = providerById(providerId);
  if (provider === null) return { none: `no provider ${providerId} is known here` };
  const named = collection === null ? null : readNamedPath(collection);
  const candidates = provider.resources.filter((resource) =>
    named === null
      ? isFlat(resource.path) && THROWAWAY_TYPES.has(resource.objectType)
      : named.kind === "collection" && resource.name === named.resource,
  );
  const usable = candidates.flatMap((resource) => {
    const found = discovered.find((one) => one.path === resource.path);
    const { example, schema } = { example: found?.example?.document, schema: found?.schema.document };
    if (resource.write?.create === undefined || example == null || schema == null) return [];
    const places = markPlaces(schema);
    if (places.title === null && places.body === null) return [];
    return [{ resource, collection: collection ?? resource.path, example, schema, places }];
  });
  const [first] = usable.sort(
    (a, b) => Number(b.resource.write?.delete !== undefined) - Number(a.resource.write?.delete !== undefined),
  );
  if (first !== undefined) return first;
  if (named !== null) return { none: `${collection} advertises no example that can carry a marker` };
  return {
    none: `${providerId} has no collection of its own for a throwaway record; its collections lie below parents`,
    flag: "--path COLLECTION",
  };
}

/** Path of a draft that no resource takes for a record of its own. */
export function draftPath(collection: string, objectType: string, uuid: string): string {
  return `${collection.replace(/\/+$/, "")}/${objectType.replaceAll("_", "-")} ${uuid}.json`;
}

/** A reference of an example that the workspace's own index must fill. */
export interface OpenReference {
  readonly field: string;
  readonly given: string;
  /** Path of the index. */
  readonly index: string;
  readonly columns: readonly string[];
}

/** Names in a document that stand for records of other collections. */
export function referencesOf(providerId: string, resource: string, document: Json): OpenReference[] {
  const provider = providerById(providerId);
  const definition = provider === null ? null : resourceOf(provider, resource);
  const references: readonly Reference[] = definition?.write?.references ?? [];
  return references.flatMap(({ from, resource: target, columns, many }) => {
    const given = document[from];
    const home = provider === null ? null : resourceOf(provider, target);
    if (typeof given !== "string" || many === true || home === null) return [];
    return [{ field: from, given, index: `${home.path}/_index.json`, columns }];
  });
}

/** The document with a name that the index holds: the given one if it does, else its first row's. */
export function withKnownName(document: Json, open: OpenReference, rows: readonly Json[]): Json {
  const wanted = open.given.toLowerCase();
  const known = rows.some((row) =>
    ["id", ...open.columns].some((column) => String(row[column] ?? "").toLowerCase() === wanted),
  );
  const name = rows[0] === undefined ? undefined : open.columns.map((column) => rows[0]?.[column])[0];
  return known || typeof name !== "string" ? document : { ...document, [open.field]: name };
}

/** The document with the operator's own values, by dotted key; numbers and booleans are read as such. */
export function withFields(document: Json, fields: Readonly<Record<string, string>>): Json {
  return Object.entries(fields).reduce((made, [key, text]) => {
    const value = /^(?:-?\d+|true|false)$/.test(text) ? JSON.parse(text) : text;
    return withValue(made, key.split("."), value);
  }, document);
}

/** A document ready to be sent, or why it must not be. */
export type Prepared =
  | { readonly ok: true; readonly body: Json; readonly route: "create" }
  | { readonly ok: false; readonly code: string; readonly field: string; readonly message: string };

/** Marks and validates a throwaway as the service will, before anything is sent (VW-01, VW-03). */
export function prepareThrowaway(
  throwaway: Extract<Throwaway, { resource: unknown }>,
  providerId: string,
  example: Json,
  marker: string,
  path: string,
): Prepared {
  const refuse = (code: string, field: string, message: string): Prepared => ({
    ok: false,
    code,
    field,
    message,
  });
  const route = classifyWrite(path, "write");
  if (route.kind !== "create") return refuse("route", path, `${path} would not create a record`);
  const body = markedExample(example, throwaway.places, marker);
  if (body === null) return refuse("marker", "", "the example can carry no marker");
  const { resource, schema } = throwaway;
  const result = validateWrite(providerId, resource.name, "create", body, schema as unknown as Schema);
  return result.ok ? { ok: true, body, route: "create" } : refuse(result.code, result.field, result.message);
}

/** The provider a path belongs to, or null. */
export function providerOfNamed(path: string): string | null {
  return providerOfPath(path)?.id ?? null;
}

/** Rows of an index file that are objects. */
export function rowsOf(document: unknown): Json[] {
  return Array.isArray(document) ? document.filter(isObject) : [];
}
