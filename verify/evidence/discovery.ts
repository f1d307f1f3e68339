/** The discovery surface of every provider: contracts, schemas, examples, indexes and, where a schema is empty, samples. */
import {
  type DiscoveredResourceFact,
  type DiscoveryFileFact,
  defineEvidence,
  type EvidenceContext,
  failed,
  type ProviderDiscoveryFact,
} from "../evidence.ts";
import { type FileRead, jsonObjectOf, listTree, problemOf, readFile } from "./_files.ts";
import { readIndex, readSample } from "./sampling.ts";

const RESOURCES_MAX = 60;

/** Read after a refresh when the run refreshes, so that what is judged is what the refresh left behind. */
export default defineEvidence({
  name: "discovery",
  effect: "read",
  reads: "GET fs/tree and fs/file below /discovery, LAYOUT.md and _index.json of each provider",
  collect: async (context) => {
    const access = await context.get("access");
    if (access.gap !== undefined) return access;
    if (context.options.refresh) await context.get("refresh");
    const [roots, integrations] = await Promise.all([
      listTree(context, "/discovery", 1),
      context.get("integrations"),
    ]);
    if (roots.problem !== null) return failed(`/discovery could not be listed: ${roots.problem}`);
    const rows = integrations.gap === undefined ? integrations.value.rows : null;
    const connected = rows === null ? null : new Set(rows.map((row) => row.provider));
    const named = new Set([
      ...(connected ?? []),
      ...roots.dirs.map((dir) => dir.slice("/discovery/".length)),
    ]);
    const asked = [...named]
      .filter((p) => context.target.provider === null || p === context.target.provider)
      .sort();
    const providers = await Promise.all(
      asked.map((provider) =>
        readProvider(context, provider, connected === null ? null : connected.has(provider)),
      ),
    );
    return { providers, collectedAtMs: context.clock.now() };
  },
});

async function readProvider(
  context: EvidenceContext,
  provider: string,
  connected: boolean | null,
): Promise<ProviderDiscoveryFact> {
  const root = `/discovery/${provider}`;
  const [listing, layout, adapterDoc] = await Promise.all([
    listTree(context, root, 20),
    readFile(context, `/${provider}/LAYOUT.md`),
    readFile(context, `${root}/.adapter.md`),
  ]);
  const schemas = listing.files.filter((path) => path.endsWith("/.schema.json")).slice(0, RESOURCES_MAX);
  const resources = await Promise.all(schemas.map((path) => readResource(context, path, listing.files)));
  return {
    provider,
    connected,
    listing: listing.probe,
    truncated: listing.truncated || schemas.length === RESOURCES_MAX,
    files: listing.files,
    layout:
      layout.text === null
        ? null
        : {
            exchangeId: layout.probe.exchangeId,
            bytes: layout.text.length,
            advertised: advertisedIn(layout.text, provider),
            lacks: [/\bls\b/, /_index\.json/].flatMap((word) =>
              word.test(layout.text ?? "") ? [] : [word.source.replace(/\\b|\\/g, "")],
            ),
          },
    adapterDoc:
      adapterDoc.text === null
        ? null
        : {
            exchangeId: adapterDoc.probe.exchangeId,
            bytes: adapterDoc.text.length,
            headings: adapterDoc.text.split("\n").filter((line) => /^#{1,3} /.test(line)),
            names: advertisedIn(adapterDoc.text, provider),
          },
    resources,
    unread: [
      ...(isUnread(layout) ? [`/${provider}/LAYOUT.md`] : []),
      ...(isUnread(adapterDoc) ? [`${root}/.adapter.md`] : []),
    ],
  };
}

/** True when a document may well be there, but the answer does not tell. */
function isUnread({ text, problem }: FileRead): boolean {
  return text === null && problem !== "missing";
}

async function readResource(
  context: EvidenceContext,
  schemaPath: string,
  files: readonly string[],
): Promise<DiscoveredResourceFact> {
  const path = schemaPath.slice("/discovery".length, -"/.schema.json".length);
  const placeholder = path.includes("{");
  const examplePath = schemaPath.replace(/\.schema\.json$/, ".create.example.json");
  const [schema, example, index] = await Promise.all([
    readFile(context, schemaPath),
    files.includes(examplePath) ? readFile(context, examplePath) : null,
    placeholder ? null : readIndex(context, path),
  ]);
  const fact = discoveryFile(schemaPath, schema);
  const empty = fact.document !== null && Object.keys(propertiesOf(fact.document)).length === 0;
  return {
    path,
    placeholder,
    schema: fact,
    example: example === null ? null : discoveryFile(examplePath, example),
    index,
    sample: empty && index !== null ? await readSample(context, path, index) : null,
  };
}

function discoveryFile(path: string, read: FileRead): DiscoveryFileFact {
  const parsed =
    read.text === null ? { problem: read.problem ?? problemOf(read.probe) } : jsonObjectOf(read.text);
  return {
    path,
    exchangeId: read.probe.exchangeId,
    status: read.probe.status,
    problem: "problem" in parsed ? parsed.problem : null,
    revision: read.file?.revision ?? null,
    lastEditedAt: read.file?.lastEditedAt ?? null,
    sha256: read.file?.contentHash ?? null,
    ...(read.text === null ? {} : { bytes: read.text.length }),
    document: "value" in parsed ? parsed.value : null,
  };
}

function propertiesOf(schema: Readonly<Record<string, unknown>>): object {
  return typeof schema.properties === "object" && schema.properties !== null ? schema.properties : {};
}

/** Discovery schemas that a layout text names, as absolute paths, sorted. */
export function advertisedIn(layout: string, provider: string): string[] {
  const found = layout.matchAll(/\/?discovery\/[A-Za-z0-9_.{}/-]+?\.schema\.json/g);
  const paths = [...found].map(([text]) => (text.startsWith("/") ? text : `/${text}`));
  // `<resource>` style prose is no path; globs name many and advertise none in particular.
  return [...new Set(paths)].filter((path) => path.startsWith(`/discovery/${provider}/`)).sort();
}
