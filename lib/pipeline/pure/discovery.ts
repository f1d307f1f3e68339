/** How a provider subtree explains itself: which resources are advertised, their schemas, examples and the adapter document. */
import { CURRENT_ERA, type Era } from "../../model/era.ts";
import type {
  ProviderDefinition,
  ResourceDefinition,
  WriteRules,
  WriteSchema,
} from "../../providers/definition.ts";
import { providerById } from "../../providers/registry.ts";
import { exampleOf, inferSchema, type Schema, schemaText } from "./infer.ts";
import { isFlat } from "./paths.ts";

/** One writable resource as the discovery tree shows it. */
export interface AdvertisedResource {
  readonly name: string;
  /** Template: `/jira/issues`. */
  readonly path: string;
  readonly schemaPath: string;
  /** Null when it cannot be created. */
  readonly examplePath: string | null;
  /** True when the template has no placeholder. */
  readonly flat: boolean;
  readonly operations: ("create" | "update" | "delete")[];
  /** Index whose rows are sampled; null when the path has placeholders, or the resource has no index of its own. */
  readonly sampleIndexPath: string | null;
}

/** The writable resources of a provider, in registry order; empty for unknown providers. */
export function advertisedResources(provider: string, era: Era = CURRENT_ERA): AdvertisedResource[] {
  return (providerById(provider)?.resources ?? []).flatMap((resource) => {
    const advertised = advertise(resource, era);
    return advertised === null ? [] : [advertised];
  });
}

function advertise(resource: ResourceDefinition, _era: Era): AdvertisedResource | null {
  const write = resource.write;
  if (write === undefined) return null;
  const flat = isFlat(resource.path);
  return {
    name: resource.name,
    path: resource.path,
    schemaPath: `/discovery${resource.path}/.schema.json`,
    examplePath: write.create === undefined ? null : `/discovery${resource.path}/.create.example.json`,
    flat,
    operations: operationsOf(write),
    sampleIndexPath: flat && resource.records?.index !== undefined ? `${resource.path}/_index.json` : null,
  };
}

/** Operations with a route. */
export function operationsOf(write: WriteRules): ("create" | "update" | "delete")[] {
  return (["create", "update", "delete"] as const).filter((operation) => write[operation] !== undefined);
}

/** Indexes below /discovery that translate names to paths; they are the one thing there that is no schema. */
export function lookupIndexPaths(provider: string): string[] {
  const resources = providerById(provider)?.resources ?? [];
  return resources
    .filter((resource) => resource.records?.lookup !== undefined)
    .map((resource) => `/discovery${resource.path}/_index.json`);
}

/** Keys of every record that only relayfile or the provider sets. */
export const SYSTEM_FIELDS: Readonly<Record<string, Schema>> = {
  id: { type: ["string", "integer"] },
  createdAt: { type: "string", format: "date-time" },
  updatedAt: { type: "string", format: "date-time" },
  url: { type: "string", format: "uri" },
  identifier: { type: "string" },
  provider: { type: "string" },
  objectType: { type: "string" },
  objectId: { type: "string" },
  workspaceId: { type: "string" },
  connectionId: { type: "string" },
  _webhook: { type: "object" },
  _connection: { type: "object" },
};

/** The authored schema of a resource's write document: system fields read-only, then the writable ones. */
export function authoredSchema(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  write: WriteSchema,
): Schema {
  const system = Object.entries(SYSTEM_FIELDS).map(
    ([key, node]) => [key, { ...node, readOnly: true }] as const,
  );
  return {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    title: subjectOf(provider, resource).title,
    description: `What may be written to ${resource.path}. Read-only fields may be left out or kept unchanged.`,
    type: "object",
    additionalProperties: false,
    properties: { ...Object.fromEntries(system), ...(write.properties as Record<string, Schema>) },
    required: [...write.required],
    ...(write.anyOf === undefined ? {} : { anyOf: write.anyOf }),
    ...(write.oneOf === undefined ? {} : { oneOf: write.oneOf }),
  };
}

/** Title and description of an inferred schema. */
export function subjectOf(provider: ProviderDefinition, resource: ResourceDefinition) {
  const title = `${provider.id} ${resource.name}`;
  return { title, description: `Fields of ${title} as seen in synced records.` };
}

/** One discovery file. */
export interface DiscoveryFile {
  readonly path: string;
  readonly contentType: string;
  readonly text: string;
}

const JSON_FILE = "application/json; charset=utf-8";

/** Schema and example of one resource; `inferred` is used where May 2026 had no authored schemas. */
export function resourceFiles(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  era: Era,
  inferred: Schema | null,
): DiscoveryFile[] {
  const advertised = advertise(resource, era);
  const write = resource.write;
  if (advertised === null || write === undefined) return [];
  const authored = era.discovery === "current";
  const schema = authored
    ? authoredSchema(provider, resource, write.schema)
    : (inferred ?? inferSchema(subjectOf(provider, resource), []));
  const example = authored ? (write.example ?? {}) : exampleOf(schema);
  const files = [{ path: advertised.schemaPath, contentType: JSON_FILE, text: schemaText(schema) }];
  if (advertised.examplePath !== null) {
    const text = `${JSON.stringify(example, null, 2)}\n`;
    files.push({ path: advertised.examplePath, contentType: JSON_FILE, text });
  }
  return files;
}
