/**
 * What may be kept of provider content: keys, types and counts. A report is pasted into issues; somebody's issue titles
 * and messages have no business there unless `--include-bodies` says so (design decision 27).
 */

/** Texts longer than this are described by their length. */
const KEPT_PATH =
  /^\/(?:discovery|digests)\/|\/_index\.json$|^\/_index\.json$|\/LAYOUT\.md$|^\/LAYOUT\.md$|\/\.layout\.md$/;

/** The value with every scalar replaced by its type and every array by its length and first element. */
export function typesOf(value: unknown, depth = 0): unknown {
  if (value === null) return "null";
  if (Array.isArray(value))
    return value.length === 0 ? [] : [typesOf(value[0], depth + 1), `${value.length} items`];
  if (typeof value !== "object") return typeof value;
  if (depth > 6) return "object";
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typesOf(item, depth + 1)]));
}

/** True when the content of a file may be kept as it is: contracts, indexes, digests; never records. */
export function isKeptPath(path: string): boolean {
  return KEPT_PATH.test(path);
}

/** A JSON answer as it may be previewed: record payloads and file contents become types. */
export function previewValue(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(previewValue);
  if (typeof value !== "object" || value === null) return value;
  const object = value as Record<string, unknown>;
  const isFile = typeof object.path === "string" && typeof object.content === "string";
  if (isFile && !isKeptPath(object.path as string)) {
    return { ...previewEntries(object), content: contentShape(object.content as string) };
  }
  return previewEntries(object);
}

function previewEntries(object: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(object).map(([key, item]) => {
      if (key === "payload" || key === "currentContentPreview") return [key, typesOf(item)];
      return [key, previewValue(item)];
    }),
  );
}

function contentShape(content: string): unknown {
  try {
    return typesOf(JSON.parse(content));
  } catch {
    // Not JSON: its size says all that is kept.
    return `text of ${content.length} characters`;
  }
}
