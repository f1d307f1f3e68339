/** Alias paths of a record below its collection, and the names that equal titles share. */
import type { EraSwitch } from "../../model/era.ts";
import type { AliasRule, ProviderRecord, RecordRules } from "../../providers/definition.ts";
import { compareText } from "./json.ts";
import type { NormalRecord } from "./normalize.ts";
import { aliasSlugOf, bucketOf, collisionSuffixOf, encodeSegment } from "./slug.ts";

/** Aliases of a record whose paths depend on this record alone. Sorted by path, absolute. */
export function aliasPathsOf(
  collection: string,
  record: NormalRecord,
  emission: EraSwitch,
  only: (rule: AliasRule) => boolean = () => true,
): string[] {
  const rules = record.resource.records?.aliases ?? [];
  return rules
    .filter(only)
    .flatMap((rule) =>
      leavesOf(rule, record, emission).map((leaf) => `${collection}/${rule.segment}/${leaf}`),
    )
    .sort(compareText);
}

function leavesOf(rule: AliasRule, record: NormalRecord, emission: EraSwitch): string[] {
  const id = encodeSegment(record.id);
  switch (rule.kind) {
    case "key": {
      const key = keyOf(rule, record.payload, emission);
      return key === null ? [] : [`${encodeSegment(key)}.json`];
    }
    case "bucket":
      return [...new Set(rule.buckets(record.payload))].map(
        (bucket) => `${bucketOf(bucket, rule.style)}/${id}.json`,
      );
    case "title-and-id":
      return [`${aliasSlugOf(record.title)}__${id}.json`];
    case "title":
      return [];
  }
}

function keyOf(
  rule: AliasRule & { kind: "key" },
  payload: ProviderRecord,
  emission: EraSwitch,
): string | null {
  const key = (emission === "2026-05" && rule.may2026?.key) || rule.key;
  return key(payload);
}

/** True when May 2026 wrote this alias on every sync, whether or not the record had changed. */
export function isAlwaysRewritten(rule: AliasRule): boolean {
  return rule.may2026?.alwaysRewritten === true;
}

/** Segments of the aliases that are named after the title alone and may therefore collide. */
export function titleSegmentsOf(rules: RecordRules): string[] {
  return (rules.aliases ?? []).filter((rule) => rule.kind === "title").map((rule) => rule.segment);
}

/** Leaf name of a record whose title has this slug: the first of its holders keeps the plain name. */
export function sharedName(slug: string, id: string, isFirst: boolean): string {
  return isFirst ? `${slug}.json` : `${slug}-${collisionSuffixOf(id)}.json`;
}

/**
 * The alias that names a record by its own id (or in May 2026 possibly by another key): it holds the last synced copy,
 * so it is read before a record is replaced. Null when the resource has no such alias.
 */
export function anchorPathOf(
  collection: string,
  rules: RecordRules,
  id: string,
  known: ProviderRecord,
  emission: EraSwitch,
): string | null {
  const keys = (rules.aliases ?? []).filter((rule) => rule.kind === "key");
  const rule =
    keys.find(({ segment }) => segment === "by-uuid") ?? keys.find(({ segment }) => segment === "by-id");
  if (rule === undefined) return null;
  const key = keyOf(rule, known, emission) ?? id;
  return `${collection}/${rule.segment}/${encodeSegment(key)}.json`;
}
