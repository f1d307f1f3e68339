/** Raw provider records become normal ones: placed, identified, redacted, and known to be alive or gone. */

import { PIPELINE } from "../../limits.ts";
import type { RejectionCode } from "../../model/rejection.ts";
import type {
  Params,
  ProviderDefinition,
  ProviderRecord,
  ResourceDefinition,
} from "../../providers/definition.ts";
import { isObject } from "./json.ts";
import { placeholdersOf } from "./paths.ts";
import { slugOf } from "./slug.ts";

/** One record ready to be placed. */
export interface NormalRecord {
  readonly resource: ResourceDefinition;
  readonly id: string;
  readonly deleted: boolean;
  /** Used only when nothing is stored under this id. */
  readonly onlyIfAbsent: boolean;
  /** Placeholders of the collection path and of the file name. */
  readonly params: Params;
  /** Title for people, possibly empty. */
  readonly title: string;
  /** Label of the file name, possibly empty. */
  readonly label: string;
  /** ISO 8601 in UTC, or empty. */
  readonly updated: string;
  /** The record without transport metadata and private parts. */
  readonly payload: ProviderRecord;
}

/** A record that cannot be placed. */
export interface RejectedRecord {
  readonly rejected: string;
  readonly code: RejectionCode;
}

/** What a source knows beside the raw record. */
export interface RecordHints {
  readonly deleted?: boolean;
  readonly onlyIfAbsent?: boolean;
}

/** A normal record, or why there is none. Records of resources without files are rejected. */
export function normalizeRecord(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  raw: unknown,
  hints: RecordHints = {},
): NormalRecord | RejectedRecord {
  const rules = resource.records;
  if (rules === undefined) return refused("unknown_model", `${provider.id} ${resource.name} has no records`);
  if (!isObject(raw))
    return refused("record_not_object", `a ${resource.objectType} record must be a JSON object`);
  const { _nango_metadata: metadata, ...record } = raw;
  const id = rules.id(record);
  if (id === "") return refused("record_without_id", `a ${resource.objectType} record has no id`);
  const params = rules.params?.(record) ?? {};
  const missing = placeholdersOf(resource.path).find((name) => (params[name] ?? "") === "");
  if (missing !== undefined)
    return refused("record_without_place", `${resource.objectType} ${id} does not say its ${missing}`);
  const payload = provider.redact?.(record, resource.name) ?? record;
  const title = rules.title(payload);
  return {
    resource,
    id,
    deleted: hints.deleted === true || isTombstone(record, metadata),
    onlyIfAbsent: hints.onlyIfAbsent === true,
    params,
    title,
    label: rules.label === undefined ? slugOf(rules.labelText?.(payload) ?? title) : rules.label(payload),
    updated: instantOf(rules.updated(payload)),
    payload,
  };
}

function refused(code: RejectionCode, rejected: string): RejectedRecord {
  return { rejected, code };
}

/** True when the stored bytes of a record are over the limit of one file. */
export function isOversize(bytes: Uint8Array): boolean {
  return bytes.length > PIPELINE.recordBytesMax;
}

function isTombstone(record: ProviderRecord, metadata: unknown): boolean {
  const action = isObject(metadata) ? metadata.last_action : undefined;
  return (
    (typeof action === "string" && action.toLowerCase() === "deleted") ||
    (typeof record.deleted_at === "string" && record.deleted_at !== "") ||
    record._deleted === true
  );
}

/** A timestamp in UTC when it parses, so that timestamps compare as text; empty otherwise. */
export function instantOf(timestamp: string): string {
  if (/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,3})?Z$/.test(timestamp)) return timestamp;
  const ms = Date.parse(timestamp);
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}
