/**
 * Remembers what was deleted lately, so that an update that was overtaken by its record's deletion does not bring the
 * record back. In memory only: deliveries overtake each other within seconds, not across restarts.
 */
import type { TreeStore } from "../ports.ts";

const KEPT_MAX = 10_000;
const DELETED = new WeakMap<TreeStore, Map<string, string>>();

/** Remembers that a record, last changed at `updated` (ISO 8601, or empty), was deleted. The oldest make room. */
export function rememberDeleted(tree: TreeStore, record: string, updated: string): void {
  if (updated === "") return;
  const deleted = DELETED.get(tree) ?? new Map<string, string>();
  DELETED.set(tree, deleted);
  deleted.delete(record);
  deleted.set(record, updated);
  for (const oldest of deleted.keys()) {
    if (deleted.size <= KEPT_MAX) break;
    deleted.delete(oldest);
  }
}

/** When a lately deleted record was last changed, ISO 8601; empty when it is not known to be deleted. */
export function deletedVersion(tree: TreeStore, record: string): string {
  return DELETED.get(tree)?.get(record) ?? "";
}
