/** What a digest calls a record and says happened to it. */
import { segmentsOf } from "../model/path.ts";

const CONTENT_FILES = new Set(["meta.json", "metadata.json", "page.md", "content.md"]);

/** The short name of a path: its last telling segment, without extension, up to the first `__`. `/` for the root. */
export function identifierOf(path: string): string {
  const segments = segmentsOf(path);
  const leaf = segments.at(-1) ?? "/";
  const telling = CONTENT_FILES.has(leaf) ? (segments.at(-2) ?? leaf) : leaf;
  const stem = telling.replace(/(?<=.)\.[A-Za-z0-9]+$/, "");
  return stem.split("__", 1)[0] || stem;
}

/** The verb of an event by its type alone. */
export function verbOfType(type: string): string {
  switch (type) {
    case "file.created":
      return "was created";
    case "file.deleted":
      return "was deleted";
    case "sync.error":
      return "had a sync error";
    case "sync.ignored":
    case "sync.suppressed":
    case "sync.stale":
      return `was ${type.slice("sync.".length)}`;
    default:
      return "was updated";
  }
}

/** Words a webhook's action may contain, strongest first, and the verb each gives. */
const ACTION_VERBS: readonly (readonly [RegExp, string])[] = [
  [/\bunarchive/i, "was unarchived"],
  [/\brestore/i, "was restored"],
  [/\barchive/i, "was archived"],
  [/\bsuccess|\bsucceed/i, "succeeded"],
  [/\bfail/i, "failed"],
  [/\bskip/i, "was skipped"],
  [/\bcancel/i, "was canceled"],
];

/** States that end a record's life, by the words providers use. */
const STATE_VERBS: Readonly<Record<string, string>> = {
  closed: "was closed",
  done: "was completed",
  completed: "was completed",
  canceled: "was canceled",
  cancelled: "was canceled",
  success: "succeeded",
  failed: "failed",
  failure: "failed",
  skipped: "was skipped",
  archived: "was archived",
};

/**
 * The verb that a record's own content gives to a created or updated event, or null to keep the plain one.
 *
 * @param record the stored envelope or record
 * @param path where it is stored; only pull and merge requests can be merged
 */
export function verbOfRecord(record: unknown, path: string): string | null {
  const payload = objectAt(record, "payload") ?? (isObject(record) ? record : null);
  if (payload === null) return null;
  const action = [objectAt(payload, "_webhook")?.action, payload.action].find(
    (value) => typeof value === "string",
  );
  const word =
    typeof action === "string" ? ACTION_VERBS.find(([pattern]) => pattern.test(action)) : undefined;
  if (word !== undefined) return word[1];
  const isPull = path.includes("/pulls/") || path.includes("/merge_requests/");
  if (isPull && (payload.merged === true || typeof payload.merged_at === "string")) return "was merged";
  const fields = objectAt(payload, "fields");
  const candidates = [
    payload.state,
    payload.status,
    fields?.status,
    payload.archived,
    payload.trashed,
    payload.in_trash,
  ];
  for (const candidate of candidates.slice(0, 3)) {
    const name = isObject(candidate) ? (candidate.name ?? candidate.type) : candidate;
    const verb = typeof name === "string" ? STATE_VERBS[name.toLowerCase()] : undefined;
    if (verb !== undefined) return verb;
  }
  const archived =
    candidates.slice(3).some((flag) => flag === true) || typeof payload.archivedAt === "string";
  return archived ? "was archived" : null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(value: unknown, key: string): Record<string, unknown> | null {
  const inner = isObject(value) ? value[key] : undefined;
  return isObject(inner) ? inner : null;
}
