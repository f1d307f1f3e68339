/** LAYOUT.md, the provider's root index and the adapter document, rendered from the registry so that they cannot drift. */
import { CURRENT_ERA, type Era } from "../../model/era.ts";
import type { ProviderDefinition, ResourceDefinition, SchemaNode } from "../../providers/definition.ts";
import { advertisedResources, type DiscoveryFile, operationsOf } from "./discovery.ts";
import { isExactFile, isFlat } from "./paths.ts";

const MARKDOWN = "text/markdown; charset=utf-8";

/** Machine-readable twin of the layout text. */
export interface LayoutManifest {
  readonly provider: string;
  /** Every `by-*` directory some resource has, in order of first use. */
  readonly aliasSegments: readonly string[];
  readonly resources: readonly {
    readonly name: string;
    /** Template of the collection. */
    readonly path: string;
    /** Template of a record's file; null for write-only places. */
    readonly recordPath: string | null;
    readonly indexPath: string | null;
    readonly aliasSegments: readonly string[];
    readonly readOnly: string | null;
  }[];
}

/** What a provider's subtree consists of. */
export function layoutManifest(provider: ProviderDefinition): LayoutManifest {
  const resources = provider.resources.map((resource) => ({
    name: resource.name,
    path: resource.path,
    recordPath: resource.records === undefined ? null : `${resource.path}/${resource.records.file}`,
    indexPath: resource.records?.index === undefined ? null : `${resource.path}/_index.json`,
    aliasSegments: (resource.records?.aliases ?? []).map((alias) => alias.segment),
    readOnly: resource.readOnly ?? null,
  }));
  const aliasSegments = [...new Set(resources.flatMap((resource) => resource.aliasSegments))];
  return { provider: provider.id, aliasSegments, resources };
}

/** `/{provider}/LAYOUT.md`. */
export function layoutFile(provider: ProviderDefinition, era: Era = CURRENT_ERA): DiscoveryFile {
  const sections = [
    `# ${provider.title}`,
    provider.about,
    "## Tree",
    fence(provider.resources.map(treeLine)),
    "`label` is a slug of the title unless it is an identifier. A file name never changes its id; a rename moves the file.",
    "## Indexes",
    indexSection(provider, era),
    "## Aliases",
    aliasSection(provider),
    "## Querying",
    fence([`ls /${provider.id}`, ...provider.queries], "sh"),
    "## Writing",
    writeSection(provider, era),
  ];
  return { path: `/${provider.id}/LAYOUT.md`, contentType: MARKDOWN, text: `${sections.join("\n\n")}\n` };
}

/** `/{provider}/_index.json`: the resources of the provider. */
export function rootIndexFile(provider: ProviderDefinition): DiscoveryFile {
  const rows = provider.resources
    .filter((resource) => resource.records !== undefined)
    .map((resource) => ({ id: resource.name, title: resource.about, updated: "", path: resource.path }));
  return {
    path: `/${provider.id}/_index.json`,
    contentType: "application/json; charset=utf-8",
    text: `${JSON.stringify(rows)}\n`,
  };
}

/** `/discovery/{provider}/.adapter.md`. */
export function adapterFile(provider: ProviderDefinition, era: Era = CURRENT_ERA): DiscoveryFile {
  const advertised = advertisedResources(provider.id, era);
  const writable = provider.resources.filter((resource) => resource.write !== undefined);
  const readOnly = provider.resources.filter((resource) => resource.readOnly !== undefined);
  const rows = advertised.map(
    ({ path, schemaPath, examplePath, name }) =>
      `| \`${path}\` | \`${schemaPath.slice(1)}\` | ${examplePath === null ? "none" : `\`${examplePath.slice(1)}\``} | ${aboutOf(provider, name)} |`,
  );
  const sections = [
    `# ${provider.title} through files`,
    provider.about,
    ...(readOnly.length === 0
      ? []
      : [`Read-only:\n\n${readOnly.map((r) => `- \`${r.path}\`: ${r.readOnly}`).join("\n")}`]),
    "Resources:",
    ["| Resource | Schema | Create example | What it does |", "|---|---|---|---|", ...rows].join("\n"),
    "## Operations",
    operationsTable(),
    "## ID Patterns",
    writable.map(patternLine).join("\n"),
    "## Write field contracts",
    writable.map((resource) => contractOf(resource)).join("\n\n"),
    "## Receipts",
    'After a create the draft is rewritten as `{"kind": "relayfile.receipt", "created": ID, "path": CANONICAL, "url": URL, "opId": OP, "at": TIME}` and removed a day later.',
  ];
  return {
    path: `/discovery/${provider.id}/.adapter.md`,
    contentType: MARKDOWN,
    text: `${sections.join("\n\n")}\n`,
  };
}

function treeLine(resource: ResourceDefinition): string {
  const file = resource.records?.file;
  const path =
    file === undefined
      ? isExactFile(resource.path)
        ? resource.path
        : `${resource.path}/DRAFT.json`
      : `${resource.path}/${file}`;
  return `${path.padEnd(64)}  ${resource.about}`;
}

function indexSection(provider: ProviderDefinition, era: Era): string {
  const indexed = provider.resources.filter((resource) => resource.records?.index !== undefined);
  const base =
    era.emission === "current" ? ["id", "title", "updated", "canonicalPath"] : ["id", "title", "updated"];
  const lines = indexed.map((resource) => {
    const columns = Object.keys(resource.records?.index?.({}) ?? {});
    return `- \`${resource.path}/_index.json\`: ${[...base, ...columns].join(", ")}`;
  });
  const sample = JSON.stringify({
    id: "ID",
    title: "Title",
    updated: "2026-01-31T09:00:00Z",
    ...(era.emission === "current" ? { canonicalPath: "/…" } : {}),
  });
  return [
    "Each `_index.json` is one JSON array, newest first:",
    lines.join("\n"),
    `A row: \`${sample}\``,
  ].join("\n\n");
}

function aliasSection(provider: ProviderDefinition): string {
  const aliased = provider.resources.filter((resource) => (resource.records?.aliases ?? []).length > 0);
  const lines = aliased.map((resource) => {
    const names = (resource.records?.aliases ?? []).map((rule) => {
      if (rule.kind === "key") return `\`${rule.segment}/KEY.json\``;
      if (rule.kind === "bucket") return `\`${rule.segment}/VALUE/ID.json\``;
      return rule.kind === "title" ? `\`${rule.segment}/SLUG.json\`` : `\`${rule.segment}/SLUG__ID.json\``;
    });
    return `- \`${resource.path}\`: ${names.join(", ")}`;
  });
  return ["Every alias is a byte-identical, read-only copy of its record:", lines.join("\n")].join("\n\n");
}

function writeSection(provider: ProviderDefinition, era: Era): string {
  const lines = advertisedResources(provider.id, era).map(
    ({ path, operations, schemaPath, examplePath }) =>
      `- \`${path}\` (${operations.join(", ")}): \`${schemaPath.slice(1)}\`${examplePath === null ? "" : `, \`${examplePath.slice(1)}\``}`,
  );
  const example = provider.resources.find(
    (resource) =>
      resource.write?.create !== undefined && resource.records !== undefined && isFlat(resource.path),
  );
  const create = `To create, write a new file such as \`${example?.path ?? `/${provider.id}/…`}/draft 1.json\` with the fields of the create example.`;
  const edit =
    "To edit, write the record's own file; unchanged read-only fields may stay. Aliases and `_index.json` cannot be written.";
  return [lines.join("\n"), create, edit].join("\n\n");
}

function aboutOf(provider: ProviderDefinition, name: string): string {
  return provider.resources.find((resource) => resource.name === name)?.about ?? "";
}

function operationsTable(): string {
  return [
    "| Operation | How |",
    "|---|---|",
    "| Read | Any file; records are envelopes with the record under `payload` |",
    "| Edit | Write the canonical file: changed fields alone, the record, or the whole envelope |",
    "| Create | Write a file whose name is no id, for example `draft 1.json` |",
    "| Ignore | `*.tmp.json`, `*.partial.json` and dotfiles reach no provider |",
    "| Delete | Remove the canonical file, where the resource allows it |",
  ].join("\n");
}

function patternLine(resource: ResourceDefinition): string {
  if (isExactFile(resource.path)) return `- \`${resource.path}\`: exact file path`;
  return resource.records === undefined
    ? `- \`${resource.path}\`: any name creates`
    : `- \`${resource.path}\`: ids match \`${resource.records.idPattern}\``;
}

function contractOf(resource: ResourceDefinition): string {
  const write = resource.write;
  if (write === undefined) return "";
  const { properties, required } = write.schema;
  const fields = Object.entries(properties).flatMap(([name, node]) => fieldLines(name, node));
  const optional = Object.keys(properties).filter((name) => !required.includes(name));
  return [
    `### ${resource.path}`,
    `Operations: ${operationsOf(write).join(", ")}. Required to create: ${required.join(", ") || "nothing"}. Optional: ${optional.join(", ") || "nothing"}.`,
    fields.join("\n"),
  ].join("\n\n");
}

/** A field and, for objects with fields of their own, those too. */
function fieldLines(name: string, node: SchemaNode): string[] {
  const type = Array.isArray(node.type) ? node.type.join(" or ") : (node.type ?? "any");
  const values = Array.isArray(node.enum)
    ? `; one of ${node.enum.map((value) => JSON.stringify(value)).join(", ")}`
    : "";
  const about = typeof node.description === "string" ? `: ${node.description}` : "";
  const inner = Object.entries((node.properties ?? {}) as Record<string, SchemaNode>);
  return [
    `- \`${name}\` (${type}${values})${about}`,
    ...inner.flatMap(([key, child]) => fieldLines(`${name}.${key}`, child)),
  ];
}

function fence(lines: readonly string[], language = ""): string {
  return ["```".concat(language), ...lines, "```"].join("\n");
}

/** `/LAYOUT.md`: how any workspace is read. */
export function workspaceLayoutFile(): DiscoveryFile {
  const sections = [
    "# This workspace",
    "Each top-level directory is one provider; start with its `LAYOUT.md`. Everything is a file: `ls`, `cat`, `grep` and `jq` work.",
    "## Indexes\n\n`_index.json` in a collection lists its records, newest first: id, title, updated, canonicalPath.",
    "## Find by title, id, name, state or date\n\n`by-title`, `by-id`, `by-name`, `by-state`, `by-edited` and other `by-*` directories hold copies of the same records under other names.",
    "## Filenames\n\nA record's file carries its id: `SLUG__ID.json`, or the directory `ID__SLUG` when the record has files of its own.",
    "## Writing\n\nSchemas and create examples are under `/discovery/PROVIDER`, with the same path as the collection they describe.",
    "## Activity\n\n`/digests/today.md` and its neighbours list what happened.",
  ];
  return { path: "/LAYOUT.md", contentType: MARKDOWN, text: `${sections.join("\n\n")}\n` };
}
