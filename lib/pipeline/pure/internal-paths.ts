/** Paths that are not records: one list, anchored by segments, as a predicate and as SQL that agree exactly. */
import type { EraSwitch } from "../../model/era.ts";
import { basenameOf, segmentsOf } from "../../model/path.ts";

const ROOTS: Readonly<Record<EraSwitch, readonly string[]>> = {
  current: ["discovery", "digests", ".skills", ".relay"],
  "2026-05": ["discovery", "digests", ".skills"],
};

/** Names of files that the service keeps for itself, anywhere in a tree. */
export const RESERVED_LEAVES: readonly string[] = [
  ".relayfile.acl",
  "LAYOUT.md",
  ".layout.md",
  "_index.json",
  "_PERMISSIONS.md",
  ".schema.json",
  ".create.example.json",
  ".adapter.md",
];

const LEAVES: Readonly<Record<EraSwitch, readonly string[]>> = {
  current: RESERVED_LEAVES,
  "2026-05": [".relayfile.acl", "LAYOUT.md", "_index.json"],
};

const EXACT = "/.relayfile-mount-state.json";

/** Alias directories that May 2026 knew; by-project and by-team are missing, which is the incident. */
const ALIASES_MAY_2026 =
  "assignee author calendar conversation creator database day edited id key label name organizer parent participant priority query ref role sender space state status thread title username uuid"
    .split(" ")
    .map((name) => `by-${name}`);

/** A create draft by its recommended name: `<resource> <uuid>.json`. */
const DRAFT = /^.* .{8}-.{4}-.{4}-.{4}-.{12}\.[jJ][sS][oO][nN]$/su;
const DRAFT_LIKE = `% ${["_".repeat(8), "_".repeat(4), "_".repeat(4), "_".repeat(4), "_".repeat(12)].join("-")}.json`;

/** True when a path holds no record: it never appears in a digest and does not count against its budget. */
export function isInternalPath(path: string, filter: EraSwitch): boolean {
  if (path === EXACT) return true;
  const segments = segmentsOf(path);
  if (segments.length > 1 && ROOTS[filter].includes(segments[0] ?? "")) return true;
  if (LEAVES[filter].includes(basenameOf(path))) return true;
  const directories = segments.slice(0, -1);
  if (filter === "2026-05") return directories.some((segment) => ALIASES_MAY_2026.includes(segment));
  return directories.some((segment) => segment.startsWith("by-")) || DRAFT.test(path);
}

/**
 * The same list as an SQL condition over the column `path` that is true for internal paths: use it as `NOT (sql)`.
 * No pattern is longer than a Durable Object allows, and text comparisons are by case.
 */
export function internalPathClause(filter: EraSwitch): { sql: string; params: (string | number)[] } {
  const conditions: string[] = ["path = ?"];
  const params: (string | number)[] = [EXACT];
  const add = (condition: string, ...values: (string | number)[]) => {
    conditions.push(condition);
    params.push(...values);
  };
  for (const root of ROOTS[filter]) add("substr(path, 1, ?) = ?", root.length + 2, `/${root}/`);
  for (const leaf of LEAVES[filter]) add("substr(path, ?) = ?", -(leaf.length + 1), `/${leaf}`);
  if (filter === "2026-05") {
    for (const segment of ALIASES_MAY_2026) add("instr(path, ?) > 0", `/${segment}/`);
  } else {
    // The first `/by-` with a `/` after it: a leaf that starts with `by-` is a record's own name.
    add("(instr(path, '/by-') > 0 AND instr(substr(path, instr(path, '/by-') + 1), '/') > 0)");
    add("path LIKE ?", DRAFT_LIKE);
  }
  return { sql: conditions.join(" OR "), params };
}
