/** The marker every test write carries, where it goes in a document, and where it is found again. Pure. */

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;
/** A node of a JSON Schema. */
export type SchemaDocument = Json;

/** Keys that hold a title, most usual first. */
const TITLES = ["title", "summary", "subject"];
/** Keys that hold a text. */
const BODIES = ["body", "description", "text"];

/** Where a document can carry a marker: paths of keys, or null. */
export interface MarkPlaces {
  readonly title: readonly string[] | null;
  readonly body: readonly string[] | null;
}

/** The marker of one run. */
export function markerOf(nowMs: number): string {
  return `[relayfile writeback test ${new Date(nowMs).toISOString()}]`;
}

/** The places that the schema declares as text: at the top, or below the one object that holds the fields. */
export function markPlaces(schema: SchemaDocument): MarkPlaces {
  const top = objectOf(schema.properties);
  const nested = Object.entries(top).flatMap(([key, node]) => {
    const properties = objectOf(objectOf(node).properties);
    return objectOf(node).readOnly === true || Object.keys(properties).length === 0
      ? []
      : [{ at: [key], properties }];
  });
  for (const { at, properties } of [{ at: [] as string[], properties: top }, ...nested]) {
    const first = (keys: readonly string[]) => {
      const key = keys.find((one) => isWritableText(properties[one]));
      return key === undefined ? null : [...at, key];
    };
    const [title, body] = [first(TITLES), first(BODIES)];
    if (title !== null || body !== null) return { title, body };
  }
  return { title: null, body: null };
}

/** The example with the marker in title and text; null when it can carry none. */
export function markedExample(example: Json, places: MarkPlaces, marker: string): Json | null {
  if (places.title === null && places.body === null) return null;
  let document = example;
  if (places.title !== null) {
    const old = valueAt(example, places.title);
    document = withValue(document, places.title, typeof old === "string" ? `${marker} ${old}` : marker);
  }
  if (places.body !== null)
    document = withValue(document, places.body, `${marker} Made by a test; may be deleted.`);
  return document;
}

/** A document that sets one field and nothing else. */
export function onlyField(path: readonly string[], value: unknown): Json {
  return withValue({}, path, value);
}

/** Value at a path of keys; undefined when there is none. */
export function valueAt(document: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, key) => objectOf(node)[key], document);
}

/** A copy with one value set; objects on the way are made. */
export function withValue(document: Json, path: readonly string[], value: unknown): Json {
  const [key, ...rest] = path;
  if (key === undefined) return document;
  const inner = rest.length === 0 ? value : withValue(objectOf(document[key]), rest, value);
  return { ...document, [key]: inner };
}

/** Dotted paths of all texts in a document that contain the words; a rich text counts at its own key. */
export function fieldsWith(document: unknown, words: string, at: readonly string[] = []): string[] {
  if (typeof document === "string") return document.includes(words) ? [at.join(".")] : [];
  if (Array.isArray(document)) return [...new Set(document.flatMap((item) => fieldsWith(item, words, at)))];
  if (typeof document !== "object" || document === null) return [];
  const found = Object.entries(document).flatMap(([key, value]) => fieldsWith(value, words, [...at, key]));
  // A rich text is one value, whatever its nodes are called.
  if ((document as Json).type === "doc") return found.length === 0 ? [] : [at.join(".")];
  return [...new Set(found)];
}

/** The record inside an envelope, or the document itself. */
export function recordOf(document: Json): Json {
  const payload = document.payload;
  return typeof document.objectType === "string" && isObject(payload) ? payload : document;
}

/** Value of the first key of the list that holds a non-empty text. */
export function firstText(document: Json, keys: readonly string[]): string | null {
  for (const key of keys) {
    const value = document[key];
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number") return String(value);
  }
  return null;
}

/** True for a plain JSON object. */
export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

function isWritableText(node: unknown): boolean {
  if (!isObject(node) || node.readOnly === true || node.enum !== undefined) return false;
  return [node.type].flat().includes("string") && node.format === undefined;
}
