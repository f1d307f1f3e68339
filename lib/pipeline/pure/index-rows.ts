/** `_index.json`: one row per record of a collection, as rows and as bytes. */
import type { ProviderRecord } from "../../providers/definition.ts";
import { compareText, isObject, parseJsonBytes } from "./json.ts";
import type { NormalRecord } from "./normalize.ts";

/** One row. Further columns come from the provider's entry. */
export interface IndexRow {
  readonly id: string;
  readonly title: string;
  /** ISO 8601, or empty. */
  readonly updated: string;
  /** Absent in the May 2026 form. */
  readonly canonicalPath?: string;
  readonly [column: string]: unknown;
}

/** Content type of indexes and records. */
export const JSON_TYPE = "application/json; charset=utf-8";

/** Path of the index of a collection. */
export function indexPathOf(collection: string): string {
  return `${collection}/_index.json`;
}

/** The row of a record; `canonicalPath` null leaves the column out. */
export function rowOf(record: NormalRecord, canonicalPath: string | null): IndexRow {
  return {
    id: record.id,
    title: record.title,
    updated: record.updated,
    ...record.resource.records?.index?.(record.payload),
    ...(canonicalPath === null ? {} : { canonicalPath }),
  };
}

/** Newest first, then by id in code-point order. */
export function compareRows(a: IndexRow, b: IndexRow): number {
  return compareText(b.updated, a.updated) || compareText(a.id, b.id);
}

/** Rows of a stored index; null when the bytes are no index (which is never the same as an empty one). */
export function parseIndex(bytes: Uint8Array): IndexRow[] | null {
  const value = parseJsonBytes(bytes);
  if (!Array.isArray(value)) return null;
  return value.every(isRow) ? value : null;
}

function isRow(value: unknown): value is IndexRow {
  return isObject(value) && typeof (value as ProviderRecord).id === "string";
}
