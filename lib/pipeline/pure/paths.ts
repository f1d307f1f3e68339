/** Path templates: from a record to its path, and from a path back to placeholders, label and id. */

import { segmentsOf } from "../../model/path.ts";
import type {
  Params,
  ProviderDefinition,
  RecordRules,
  ResourceDefinition,
} from "../../providers/definition.ts";
import { encodeSegment } from "./slug.ts";

const PLACEHOLDER = /\{([A-Za-z]+)\}/g;
const SLUG = "[a-z0-9]+(?:-[a-z0-9]+)*";

/** Names of the placeholders of a template, in order. */
export function placeholdersOf(template: string): string[] {
  return [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? "");
}

/** True when the template names one place: no placeholder. */
export function isFlat(template: string): boolean {
  return placeholdersOf(template).length === 0;
}

/** True when the template is an exact file, not a collection. */
export function isExactFile(template: string): boolean {
  return /\.[a-z]+$/.test(template);
}

/** True when records are directories (`42__title/meta.json`) that may hold further files. */
export function isDirectoryRecord(rules: RecordRules): boolean {
  return rules.file.includes("/");
}

/** The template with its placeholders filled, each encoded as one segment. Missing values stay as they are. */
export function fillTemplate(template: string, params: Params): string {
  return template.replace(PLACEHOLDER, (whole, name: string) => {
    const value = params[name];
    return value === undefined ? whole : encodeSegment(value);
  });
}

/** The place of a record below its collection. */
export function recordFile(rules: RecordRules, id: string, label: string, params: Params): string {
  const encoded = encodeSegment(id);
  const template = label === "" ? rules.file.replace("{label}__", "").replace("__{label}", "") : rules.file;
  return fillTemplate(template.replace("{label}", label).replace("{id}", encoded), params);
}

/** Directory of a record's file: its place when the record says all of it, else its collection. */
export function homeOf(rules: RecordRules, collection: string, params: Params): string {
  if (rules.place === undefined || placeholdersOf(rules.place).some((name) => (params[name] ?? "") === ""))
    return collection;
  return fillTemplate(rules.place, params);
}

/** Raw segments of a path that matches the template, by placeholder; null when it does not. `extra` segments may follow. */
export function matchTemplate(
  template: string,
  path: string,
): { readonly raw: Params; readonly rest: readonly string[] } | null {
  const wanted = segmentsOf(template);
  const segments = segmentsOf(path);
  if (segments.length < wanted.length) return null;
  const raw: Record<string, string> = {};
  for (const [index, part] of wanted.entries()) {
    const segment = segments[index] ?? "";
    const name = /^\{([A-Za-z]+)\}$/.exec(part)?.[1];
    if (name === undefined ? part !== segment : segment === "") return null;
    if (name !== undefined) raw[name] = segment;
  }
  return { raw, rest: segments.slice(wanted.length) };
}

/** The expression that a record's own file or directory name matches, with groups `id` and `label`. */
function nameExpression(rules: RecordRules): RegExp | null {
  const name = rules.file.split("/")[0]?.replace(/\.json$/, "") ?? "";
  if (!name.includes("{id}")) return null;
  const label = `(?<label>${rules.labelPattern ?? SLUG})`;
  const pattern = name
    .replace("{label}__", `(?:${label}__)?`)
    .replace("__{label}", `(?:__${label})?`)
    .replace("{id}", `(?<id>${rules.idPattern})`);
  return new RegExp(`^${pattern}$`);
}

const EXPRESSIONS = new WeakMap<RecordRules, RegExp | null>();

/** The id in a record's file stem or directory name, or null when it is not the name of a record. */
export function idOfName(rules: RecordRules, name: string): string | null {
  let expression = EXPRESSIONS.get(rules);
  if (expression === undefined) {
    expression = nameExpression(rules);
    EXPRESSIONS.set(rules, expression);
  }
  const decoded = decode(name);
  const id = expression?.exec(name)?.groups?.id ?? expression?.exec(decoded)?.groups?.id;
  return id === undefined ? null : decode(id);
}

/** The resource whose records a placeholder names, climbing from parent to parent; null for plain placeholders. */
export function resourceOfParam(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  param: string,
): ResourceDefinition | null {
  if (resource.parent === undefined) return null;
  const parent = parentResource(provider, resource);
  if (parent === null || resource.parent.param === param) return parent;
  return resourceOfParam(provider, parent, param);
}

/** The parent resource, or null. */
export function parentResource(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
): ResourceDefinition | null {
  return provider.resources.find((candidate) => candidate.name === resource.parent?.resource) ?? null;
}

/**
 * Placeholders decoded: a parent's directory or file name becomes the parent's id. `problem` names the placeholder
 * whose segment names no parent record.
 */
export function decodeParams(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  raw: Params,
):
  | { readonly params: Record<string, string> }
  | { readonly problem: string; readonly parent: ResourceDefinition } {
  const params: Record<string, string> = {};
  for (const [name, segment] of Object.entries(raw)) {
    const parent = resourceOfParam(provider, resource, name);
    const id = parent?.records === undefined ? decode(segment) : idOfName(parent.records, segment);
    if (id === null && parent !== null) return { problem: name, parent };
    params[name] = id ?? decode(segment);
  }
  return { params };
}

/** Percent-decodes one segment; malformed text is returned as it is. */
export function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // A stray percent sign is simply part of the name.
    return segment;
  }
}
