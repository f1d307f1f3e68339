/**
 * The decision procedure for one resource whose schema may be empty (spec provider-contract 2.12). Every step reads only
 * recorded facts, so the same evidence always gives the same verdict.
 */
import type { DiscoveredResourceFact, EventsFact, FactValue, RefreshFact } from "../check.ts";
import { historyFact, propertyHistory } from "./_property-history.ts";

/** What an empty schema means. The number is the step of the procedure. */
export type Diagnosis =
  | { readonly step: 0; readonly verdict: "undetermined"; readonly why: string }
  | { readonly step: 1; readonly verdict: "by-design" }
  | { readonly step: 2; readonly verdict: "schema-missing" }
  | { readonly step: 3; readonly verdict: "healthy"; readonly properties: number }
  | { readonly step: 4; readonly verdict: "no-records" }
  | { readonly step: 5; readonly verdict: "index-missing" }
  | { readonly step: 6; readonly verdict: "row-alias-mismatch" }
  | { readonly step: 7; readonly verdict: "unwraps-empty" }
  /** Only without a refresh: nobody has sampled since the records arrived. */
  | { readonly step: 8; readonly verdict: "not-refreshed" }
  | { readonly step: 8; readonly verdict: "merge-dropped-fields" }
  | { readonly step: 9; readonly verdict: "silent-empty" };

/** Names of a schema's properties; empty for none, null when the schema could not be read. */
export function propertyNames(resource: DiscoveredResourceFact): string[] | null {
  const { document } = resource.schema;
  if (document === null) return null;
  const { properties } = document;
  return typeof properties === "object" && properties !== null ? Object.keys(properties) : [];
}

/** Why a resource's schema is empty, or that it is not. */
export function diagnose(resource: DiscoveredResourceFact, refresh: RefreshFact | null): Diagnosis {
  const properties = propertyNames(resource);
  if (properties === null) return { step: 2, verdict: "schema-missing" };
  if (properties.length > 0) return { step: 3, verdict: "healthy", properties: properties.length };
  if (resource.placeholder) return { step: 1, verdict: "by-design" };
  const { index, sample } = resource;
  // An outage while reading must not look like a missing file.
  if (index !== null && index.status !== 200 && index.status !== 404) {
    return {
      step: 0,
      verdict: "undetermined",
      why: `${index.path} gave no usable answer (${index.status ?? "none"})`,
    };
  }
  const rows = index?.rows ?? 0;
  if (rows === 0) {
    const children = sample?.canonicalChildren.length ?? 0;
    return children === 0 ? { step: 4, verdict: "no-records" } : { step: 5, verdict: "index-missing" };
  }
  const read = sample?.rows.filter((row) => row.hit !== null) ?? [];
  if (read.length === 0) {
    const tried = sample?.rows.flatMap((row) => row.tried) ?? [];
    const failed = tried.find((attempt) => attempt.status !== 404);
    if (failed !== undefined) {
      return {
        step: 0,
        verdict: "undetermined",
        why: `${failed.path} gave no usable answer (${failed.status ?? "none"})`,
      };
    }
    return { step: 6, verdict: "row-alias-mismatch" };
  }
  if (read.every((row) => row.content !== "fields")) return { step: 7, verdict: "unwraps-empty" };
  if (refresh?.report == null) return { step: 8, verdict: "not-refreshed" };
  if (wroteDuring(resource, refresh)) return { step: 9, verdict: "silent-empty" };
  return { step: 8, verdict: "merge-dropped-fields" };
}

/** The typed facts that known-issue signs compare. A fact that was not observed is null. */
export function diagnosisFacts(
  provider: string,
  resource: DiscoveredResourceFact,
  refresh: RefreshFact | null,
  events: EventsFact | null = null,
): Record<string, FactValue> {
  const row = refresh?.report?.refreshed.find((entry) => entry.provider === provider);
  const readable = resource.sample?.rows.filter((entry) => entry.hit !== null).length ?? null;
  return {
    provider,
    resource: resource.path,
    resources: [resource.path],
    placeholder: resource.placeholder,
    properties: propertyNames(resource)?.length ?? null,
    indexRows: resource.index?.rows ?? null,
    readableRows: readable,
    lastEditedAt: resource.schema.lastEditedAt,
    refreshedAt: refresh?.report == null ? null : new Date(refresh.startedAtMs).toISOString(),
    refreshBackfilled: row === undefined ? null : (row.discoveryBackfilled ?? row.backfilled ?? null),
    refreshStatus: row?.discoveryBackfillStatus ?? null,
    propertyHistory: historyFact(propertyHistory(resource.schema, refresh, events)),
  };
}

/** True when the schema file was written after the refresh began. */
function wroteDuring(resource: DiscoveredResourceFact, refresh: RefreshFact | null): boolean {
  const editedMs = Date.parse(resource.schema.lastEditedAt ?? "");
  return refresh?.report != null && editedMs >= refresh.startedAtMs;
}
