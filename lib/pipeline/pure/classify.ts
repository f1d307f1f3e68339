/** Where a written path leads: an edit, a create or a delete at the provider, or nowhere, with the right path as a hint. */
import { CURRENT_ERA, type Era } from "../../model/era.ts";
import { basenameOf, segmentsOf } from "../../model/path.ts";
import type {
  Params,
  ProviderDefinition,
  RecordRules,
  ResourceDefinition,
} from "../../providers/definition.ts";
import { providerOfPath } from "../../providers/registry.ts";
import { RESERVED_LEAVES } from "./internal-paths.ts";
import { decode, decodeParams, idOfName, isDirectoryRecord, isExactFile, matchTemplate } from "./paths.ts";

/** What a write or delete of a path means. */
export type WriteRoute =
  | {
      readonly kind: "edit" | "create" | "delete";
      readonly provider: string;
      readonly resource: string;
      /** Placeholders of the resource's path, decoded; a parent is named by its id. */
      readonly params: Record<string, string>;
      /** Id of the record; for a create the draft's name. */
      readonly id: string;
    }
  | {
      readonly kind: "none";
      readonly provider: string | null;
      readonly reason: "not_a_provider" | "no_rule" | "reserved_name" | "alias" | "read_only";
      readonly message: string;
      readonly hint: string | null;
      /** Of a path that names a record without being its file: the collection, and what the path calls the record. */
      readonly meant?: { readonly collection: string; readonly name: string };
    };

type Refusal = Extract<WriteRoute, { kind: "none" }>;

const TEMPORARY = /(?:^|\.)(?:tmp|partial)(?:\.[a-z]+)?$/i;

/** The route of a path. Longest template first; the first resource that accepts decides. */
export function classifyWrite(path: string, event: "write" | "delete", era: Era = CURRENT_ERA): WriteRoute {
  const provider = providerOfPath(path.trim());
  if (provider === null) {
    const message = `${path} belongs to no provider`;
    return { kind: "none", provider: null, reason: "not_a_provider", message, hint: null };
  }
  const clean = path.trim().replace(/\/$/, "");
  const refuse = refusalsOf(provider);
  const reserved = reservedName(provider, clean);
  if (reserved !== null) return refuse("reserved_name", reserved.message, reserved.hint);
  const refusals: Refusal[] = [];
  for (const { resource, template, isPlace } of candidates(provider)) {
    const match = matchTemplate(template, clean);
    if (match === null) continue;
    if (isPlace) {
      const placed =
        namedRecord(resource, match.rest) === null
          ? null
          : routeOf(provider, resource, {}, match.rest, event, era, clean);
      if (placed === null) continue;
      if (placed.kind !== "none") return placed;
      refusals.push(placed);
      continue;
    }
    if (
      match.rest[0]?.startsWith("by-") === true &&
      match.rest.length > 1 &&
      resource.records?.aliases !== undefined
    ) {
      const collection = collectionText(resource, clean);
      const hint = `Write the canonical file instead: its path is canonicalPath in ${collection}/_index.json`;
      const refusal = refuse("alias", `${clean} is an alias of a record and cannot be written`, hint);
      return { ...refusal, meant: { collection, name: decode(basenameOf(clean).replace(/\.json$/, "")) } };
    }
    const route = routeOf(provider, resource, match.raw, match.rest, event, era, clean);
    if (route === null) continue;
    if (route.kind !== "none") return route;
    refusals.push(route);
  }
  const [first] = refusals;
  if (first !== undefined) return first;
  return refuse(
    "no_rule",
    noRule(provider, clean),
    `Writable places are listed in /${provider.id}/LAYOUT.md`,
  );
}

function refusalsOf(provider: ProviderDefinition) {
  return (reason: Refusal["reason"], message: string, hint: string | null): Refusal => ({
    kind: "none",
    provider: provider.id,
    reason,
    message,
    hint,
  });
}

function noRule(provider: ProviderDefinition, path: string): string {
  return `No ${provider.id} writeback rule matched ${path}`;
}

/** A template that may match, and whether it is only where records lie (`place`), not a collection of its own. */
interface Candidate {
  readonly resource: ResourceDefinition;
  readonly template: string;
  readonly isPlace: boolean;
}

const CANDIDATES = new WeakMap<ProviderDefinition, readonly Candidate[]>();

/** Templates of a provider, longest first; of equal depth the one with fewer placeholders first. */
function candidates(provider: ProviderDefinition): readonly Candidate[] {
  let ordered = CANDIDATES.get(provider);
  if (ordered === undefined) {
    const weight = ({ template }: Candidate) =>
      segmentsOf(template).length * 100 - (template.match(/\{/g)?.length ?? 0);
    const all = provider.resources.flatMap((resource): Candidate[] => [
      ...(resource.records?.place === undefined
        ? []
        : [{ resource, template: resource.records.place, isPlace: true }]),
      { resource, template: resource.path, isPlace: false },
    ]);
    ordered = all.sort((a, b) => weight(b) - weight(a) || Number(b.isPlace) - Number(a.isPlace));
    CANDIDATES.set(provider, ordered);
  }
  return ordered;
}

function reservedName(provider: ProviderDefinition, path: string): { message: string; hint: string } | null {
  const leaf = basenameOf(path);
  if (leaf === "new.json") {
    const hint = `Create with any other name, for example ${path.slice(0, -"new.json".length)}draft 1.json`;
    return { message: "new.json is not a way to create", hint };
  }
  if (RESERVED_LEAVES.includes(leaf) || leaf.startsWith(".")) {
    return {
      message: `${leaf} is a reserved name and reaches no provider`,
      hint: `Read /${provider.id}/LAYOUT.md for what can be written`,
    };
  }
  const stem = leaf.replace(/\.json$/, "");
  if (TEMPORARY.test(stem) || TEMPORARY.test(leaf)) {
    return {
      message: `${leaf} is a temporary name and reaches no provider`,
      hint: "Rename it when it is complete",
    };
  }
  return null;
}

function routeOf(
  provider: ProviderDefinition,
  resource: ResourceDefinition,
  raw: Params,
  rest: readonly string[],
  event: "write" | "delete",
  era: Era,
  path: string,
): WriteRoute | null {
  const refuse = refusalsOf(provider);
  const named = namedRecord(resource, rest);
  const draft =
    rest.length === 1 && rest[0]?.endsWith(".json") === true ? rest[0].slice(0, -".json".length) : null;
  const isAction = isExactFile(resource.path) && rest.length === 0;
  if (named === null && draft === null && !isAction) return null;

  const decoded = decodeParams(provider, resource, raw);
  if ("problem" in decoded) {
    const { problem, parent } = decoded;
    const hint = `Use the directory or id found in ${parent.path}/_index.json`;
    return refuse("no_rule", `${decode(raw[problem] ?? "")} names no record of ${parent.path}`, hint);
  }
  const { params } = decoded;
  const route = (kind: "edit" | "create" | "delete", id: string): WriteRoute => ({
    kind,
    provider: provider.id,
    resource: resource.name,
    params,
    id,
  });

  if (named !== null) {
    const write = resource.write;
    const operation = event === "delete" ? write?.delete : write?.update;
    if (era.routes === "2026-05" && resource.may2026NoEditRoute === true) {
      return refuse("no_rule", noRule(provider, path), null);
    }
    if (operation !== undefined) return route(event === "delete" ? "delete" : "edit", named);
    const why =
      event === "delete" ? "cannot be deleted through files" : (resource.readOnly ?? "cannot be edited");
    return refuse("read_only", `${path} is read-only: ${why}`, null);
  }
  if (isAction) {
    if (event === "delete")
      return refuse("no_rule", `deleting ${basenameOf(path)} does nothing at ${provider.title}`, null);
    if (resource.write?.update === undefined) return route("create", "");
    return route("edit", params[resource.parent?.param ?? ""] ?? "");
  }
  if (event === "delete") {
    return refuse("no_rule", `${path} is not a record: deleting it does nothing at ${provider.title}`, null);
  }
  const produced = provider.resources.find((candidate) => candidate.name === resource.write?.produces);
  const identified = identifiedRecord(resource.records ?? produced?.records, draft ?? "");
  if (identified !== null) {
    const collection = collectionText(resource, path);
    const hint = `Find its file with: jq '.[] | .canonicalPath' ${collection}/_index.json`;
    const message = `${draft}.json names an existing ${resource.objectType}, not a new one`;
    return { ...refuse("reserved_name", message, hint), meant: { collection, name: decode(draft ?? "") } };
  }
  if (resource.write?.create !== undefined) return route("create", decode(draft ?? ""));
  if (resource.records === undefined) return null;
  const other = provider.resources.find((candidate) => candidate.write?.produces === resource.name);
  const hint = other === undefined ? null : `New ones are created under ${other.path}`;
  return refuse("read_only", `${resource.about} cannot be created in ${resource.path}`, hint);
}

/** The id when the rest of the path is the canonical file of a record. */
function namedRecord(resource: ResourceDefinition, rest: readonly string[]): string | null {
  const rules = resource.records;
  if (rules === undefined) return null;
  if (!rules.file.includes("{id}")) {
    const wanted = rules.file.split("/");
    const fits =
      rest.length === wanted.length && wanted.every((part, i) => part.startsWith("{") || part === rest[i]);
    return fits ? rest.slice(0, -1).map(decode).join("/") : null;
  }
  if (!isDirectoryRecord(rules)) {
    const [file = ""] = rest;
    return rest.length === 1 && file.endsWith(".json")
      ? idOfName(rules, file.slice(0, -".json".length))
      : null;
  }
  const [directory = "", file] = rest;
  return rest.length === 2 && file === rules.file.split("/")[1] ? idOfName(rules, directory) : null;
}

/** True for drafts whose name is an id or a label of a record: `42.json`, `AGE-16.json`, `KAN-4.json`. */
function identifiedRecord(rules: RecordRules | undefined, stem: string): string | null {
  if (rules === undefined) return null;
  const byName = rules.file.includes("{id}") ? idOfName(rules, stem) : null;
  if (byName !== null) return byName;
  const key = new RegExp(`^(?:${rules.labelPattern ?? "[A-Z][A-Z0-9_]*-\\d+"})$`);
  return key.test(stem) ? stem : null;
}

/** The concrete collection directory of a path below it. */
function collectionText(resource: ResourceDefinition, path: string): string {
  return `/${segmentsOf(path).slice(0, segmentsOf(resource.path).length).join("/")}`;
}
