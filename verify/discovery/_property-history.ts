/** How many properties a schema had, revision by revision, as far as recorded evidence tells. */
import { sha256Hex } from "../../lib/model/sha256.ts";
import { schemaText } from "../../lib/pipeline/pure/infer.ts";
import {
  type DiscoveryFileFact,
  type EventsFact,
  type EvidenceItem,
  plural,
  type RefreshFact,
} from "../check.ts";

/** One revision of a schema. */
export interface PropertyCount {
  readonly revision: string;
  /** ISO 8601 UTC; empty when unknown. */
  readonly at: string;
  readonly properties: number;
}

/**
 * Revisions whose number of properties is known, oldest first. Servers keep no old bodies, so a revision of the feed
 * counts when its hash is one of three that are known: the schema as it is, as it was before this run's refresh, and the
 * same schema without any property. Empty when the schema cannot be read.
 */
export function propertyHistory(
  schema: DiscoveryFileFact,
  refresh: RefreshFact | null,
  events: EventsFact | null,
): PropertyCount[] {
  const { document, revision, lastEditedAt } = schema;
  if (document === null) return [];
  const now = countOf(document);
  const before = refresh?.schemasBefore?.[schema.path];
  const known = new Map<string, number>([[emptyHash(document), 0]]);
  if (before?.sha256 != null) known.set(before.sha256, before.properties);
  if (schema.sha256 !== null) known.set(schema.sha256, now);
  const points = new Map<string, PropertyCount>();
  for (const event of [...(events?.items ?? [])].reverse()) {
    const properties = event.path === schema.path && event.hash !== null ? known.get(event.hash) : undefined;
    if (properties !== undefined && event.revision !== "")
      points.set(event.revision, { revision: event.revision, at: event.at, properties });
  }
  const add = (one: string | null, at: string | null, properties: number) => {
    if (one !== null && !points.has(one)) points.set(one, { revision: one, at: at ?? "", properties });
  };
  if (before !== undefined) add(before.revision, before.lastEditedAt, before.properties);
  add(revision, lastEditedAt, now);
  return [...points.values()].sort(
    (a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0) || ordinalOf(a.revision) - ordinalOf(b.revision),
  );
}

/** The number in a revision, for revisions of one moment; 0 where there is none. */
function ordinalOf(revision: string): number {
  return Number(/(\d{1,15})$/.exec(revision)?.[1] ?? 0);
}

/** One revision as proof: the file with its number of properties, as charts read it. */
export function countedFile(path: string, { revision, at, properties }: PropertyCount): EvidenceItem {
  return {
    type: "file",
    path,
    revision,
    lastEditedAt: at === "" ? null : at,
    excerpt: plural(properties, "property", "properties"),
  };
}

/** The history as the fact `propertyHistory`: `rev_12 2026-05-20T12:00:00.000Z 66`, oldest first. */
export function historyFact(points: readonly PropertyCount[]): readonly string[] {
  return points.map(({ revision, at, properties }) => `${revision} ${at} ${properties}`.replace("  ", " "));
}

/** The hash of the schema as its writer leaves it while nothing was sampled. */
function emptyHash(document: Readonly<Record<string, unknown>>): string {
  const { required: _required, ...rest } = document;
  return sha256Hex(schemaText({ ...rest, properties: {} }));
}

function countOf(document: Readonly<Record<string, unknown>>): number {
  const { properties } = document;
  return typeof properties === "object" && properties !== null ? Object.keys(properties).length : 0;
}
