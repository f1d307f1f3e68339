/** Small readers of untyped provider records; absent and odd values become empty, never an exception. */
import type { AliasRule, BucketStyle, Params, ProviderRecord, ProviderRequest } from "./definition.ts";

/** True for a plain JSON object. */
export function isRecord(value: unknown): value is ProviderRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value at a dotted place (`fields.status.name`), or undefined. */
export function at(record: ProviderRecord, place: string): unknown {
  let value: unknown = record;
  for (const key of place.split(".")) {
    if (!isRecord(value)) return undefined;
    value = value[key];
  }
  return value;
}

/** The first text or number at the given places, as text; empty when there is none. */
export function text(record: ProviderRecord, ...places: string[]): string {
  for (const place of places) {
    const value = at(record, place);
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" && Number.isFinite(value)) return String(value);
  }
  return "";
}

/** The list at a place; empty when it is not a list. */
export function list(record: ProviderRecord, place: string): readonly unknown[] {
  const value = at(record, place);
  return Array.isArray(value) ? value : [];
}

/** The objects of the list at a place. */
export function records(record: ProviderRecord, place: string): ProviderRecord[] {
  return list(record, place).filter(isRecord);
}

/** The object at a place, or null. */
export function child(record: ProviderRecord, place: string): ProviderRecord | null {
  const value = at(record, place);
  return isRecord(value) ? value : null;
}

/** A copy with only the named keys, those that are present. */
export function pick(record: ProviderRecord, keys: readonly string[]): ProviderRecord {
  return Object.fromEntries(keys.filter((key) => key in record).map((key) => [key, record[key]]));
}

/** A copy without the named keys. */
export function omit(record: ProviderRecord, keys: readonly string[]): ProviderRecord {
  return Object.fromEntries(Object.entries(record).filter(([key]) => !keys.includes(key)));
}

/** Groups of a regular expression as placeholders, percent-decoding each; null when it does not match. */
export function paramsOf(value: string, pattern: RegExp): Params | null {
  const groups = pattern.exec(value)?.groups;
  if (groups === undefined) return null;
  return Object.fromEntries(Object.entries(groups).map(([key, group]) => [key, decodeSegment(group ?? "")]));
}

/** Percent-decodes; malformed text is returned as it is. */
export function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign is simply part of the name.
    return segment;
  }
}

/** `by-id/<key>.json`. */
export function byKey(
  segment: string,
  key: (record: ProviderRecord) => string | null,
  may2026?: AliasRule["may2026"],
): AliasRule {
  return may2026 === undefined ? { kind: "key", segment, key } : { kind: "key", segment, key, may2026 };
}

/** `by-state/<bucket>/<id>.json`; an empty value means "in no bucket". */
export function byBucket(
  segment: string,
  style: BucketStyle,
  value: (record: ProviderRecord) => string | readonly string[],
  may2026?: AliasRule["may2026"],
): AliasRule {
  const buckets = (record: ProviderRecord): readonly string[] => {
    const found = value(record);
    return (typeof found === "string" ? [found] : found).filter((bucket) => bucket !== "");
  };
  return may2026 === undefined
    ? { kind: "bucket", segment, style, buckets }
    : { kind: "bucket", segment, style, buckets, may2026 };
}

/** `by-edited/YYYY-MM-DD/<id>.json`, by the UTC date of the first usable timestamp. */
export function byEdited(...places: string[]): AliasRule {
  return byBucket(
    "by-edited",
    "raw",
    (record) => /^\d{4}-\d{2}-\d{2}/.exec(text(record, ...places))?.[0] ?? "",
  );
}

/** A REST call. */
export function rest(method: string, path: string, body?: unknown): ProviderRequest {
  return body === undefined ? { kind: "rest", method, path } : { kind: "rest", method, path, body };
}

/** A GraphQL call; `root` is the field that answers, `entity` the record below it. */
export function graphql(
  query: string,
  variables: Record<string, unknown>,
  root: string,
  entity?: string,
): ProviderRequest {
  return entity === undefined
    ? { kind: "graphql", query, variables, root }
    : { kind: "graphql", query, variables, root, entity };
}
