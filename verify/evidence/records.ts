/** The tree of every provider with its hashes, indexes and a few records: one listing and one bulk read each. */
import {
  defineEvidence,
  type EvidenceContext,
  type IndexRowFact,
  type ListedFileFact,
  type ProviderIndexFact,
  type ProviderRecordsFact,
  type RecordSampleFact,
} from "../evidence.ts";
import { type BulkFile, readMany } from "./_bulk.ts";
import { jsonObjectOf, listTree } from "./_files.ts";

const FILES_MAX = 4_000;
const INDEXES_MAX = 24;
const SAMPLES_MAX = 5;
const ROWS_MAX = 1_000;
const DEPTH = 20;

/** Read after a refresh when the run refreshes, as `discovery` is. */
export default defineEvidence({
  name: "records",
  effect: "read",
  reads: "GET fs/tree?path=/{provider} and POST fs/bulk-read of its indexes and five records",
  collect: async (context) => {
    const access = await context.get("access");
    if (access.gap !== undefined) return access;
    if (context.options.refresh) await context.get("refresh");
    const integrations = await context.get("integrations");
    const rows = integrations.gap === undefined ? integrations.value.rows : null;
    const connected = rows === null ? null : new Set(rows.map((row) => row.provider));
    const found = access.value.entries.flatMap((entry) => /^\/([a-z][a-z0-9-]*)\/$/.exec(entry)?.[1] ?? []);
    const named = new Set([...(connected ?? []), ...found.filter((name) => !NOT_PROVIDERS.has(name))]);
    const asked = [...named]
      .filter((name) => context.target.provider === null || name === context.target.provider)
      .sort();
    const providers = await Promise.all(
      asked.map((name) => readProvider(context, name, connected === null ? null : connected.has(name))),
    );
    return {
      // A directory that is no provider has neither an index nor a connection.
      providers: providers.filter(({ indexes, connected: linked }) => linked === true || indexes.length > 0),
      collectedAtMs: context.clock.now(),
    };
  },
});

const NOT_PROVIDERS = new Set(["discovery", "digests"]);

async function readProvider(
  context: EvidenceContext,
  provider: string,
  connected: boolean | null,
): Promise<ProviderRecordsFact> {
  const root = `/${provider}`;
  const listing = await listTree(context, root, DEPTH);
  const files = listing.entries.flatMap(({ path, type, contentHash }): ListedFileFact[] =>
    type === "file" ? [{ path, hash: contentHash ?? null }] : [],
  );
  const indexPaths = files.flatMap(({ path }) => (path.endsWith("/_index.json") ? [path] : []));
  const chosen = spread(files.map(({ path }) => path).filter(isRecordPath), SAMPLES_MAX);
  const layoutPath = files.find(({ path }) => path === `${root}/LAYOUT.md`)?.path;
  const {
    probe,
    oneByOne,
    files: read,
  } = await readMany(context, [
    ...indexPaths.slice(0, INDEXES_MAX),
    ...chosen,
    ...(layoutPath === undefined ? [] : [layoutPath]),
    ...(provider === "slack"
      ? ["/discovery/slack/channels/_index.json", "/discovery/slack/users/_index.json"]
      : []),
  ]);
  const revisions = new Map(listing.entries.map(({ path, revision }) => [path, revision]));
  const layout = layoutPath === undefined ? null : (read.get(layoutPath)?.text ?? null);
  return {
    provider,
    connected,
    listing: listing.probe,
    reading: oneByOne ? null : probe,
    truncated: listing.truncated || files.length > FILES_MAX,
    files: files.slice(0, FILES_MAX),
    indexes: [...read.values()]
      .filter(({ path }) => path.endsWith("/_index.json"))
      .map((file) => {
        const listed = revisions.get(file.path);
        const moved = listed !== undefined && file.revision !== null && listed !== file.revision;
        return moved ? { ...indexFact(file), moved } : indexFact(file);
      }),
    samples: chosen.flatMap((path) => {
      const file = read.get(path);
      return file === undefined ? [] : [sampleFact(file)];
    }),
    layoutAliases:
      layout === null ? null : [...new Set(layout.match(/\bby-[a-z]+(?:-[a-z]+)*/g) ?? [])].sort(),
  };
}

/** A path that looks like a record of its own: no alias, no index, no layout, nothing hidden. */
function isRecordPath(path: string): boolean {
  const segments = path.split("/").slice(1);
  const leaf = segments.at(-1) ?? "";
  if (!leaf.endsWith(".json") || leaf.startsWith("_") || leaf.startsWith(".")) return false;
  // A draft is named with a space and may still hold what was written, or a receipt.
  return (
    !leaf.includes(" ") && !segments.some((segment) => segment.startsWith("by-") || segment.startsWith("."))
  );
}

/** `count` entries at even distances, so that every part of a tree is met. */
function spread<T>(items: readonly T[], count: number): T[] {
  if (items.length <= count) return [...items];
  return Array.from({ length: count }, (_, n) => items[Math.floor((n * items.length) / count)] as T);
}

function indexFact(file: BulkFile): ProviderIndexFact {
  const base = { path: file.path, exchangeId: file.exchangeId };
  if (file.text === null) return { ...base, problem: file.problem ?? "not text", rows: null };
  try {
    const value: unknown = JSON.parse(file.text);
    if (!Array.isArray(value)) return { ...base, problem: "not a JSON array", rows: null };
    return { ...base, problem: null, rows: value.slice(0, ROWS_MAX).map(rowFact) };
  } catch {
    // What the parser says quotes the content; that it is not JSON is enough.
    return { ...base, problem: "not JSON", rows: null };
  }
}

function rowFact(value: unknown): IndexRowFact {
  const row = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const own = row.canonicalPath ?? row.path;
  return {
    id: isId(row.id) ? String(row.id) : null,
    complete: isId(row.id) && typeof row.title === "string" && typeof row.updated === "string",
    updated: typeof row.updated === "string" ? row.updated : "",
    canonicalPath: typeof own === "string" && own.startsWith("/") ? own : null,
    state: typeof row.state === "string" ? row.state : null,
  };
}

function isId(value: unknown): boolean {
  return (typeof value === "string" && value !== "") || typeof value === "number";
}

function sampleFact(file: BulkFile): RecordSampleFact {
  const base = { path: file.path, exchangeId: file.exchangeId, revision: file.revision };
  const parsed = file.text === null ? { problem: file.problem ?? "not text" } : jsonObjectOf(file.text);
  if ("problem" in parsed) return { ...base, problem: parsed.problem, envelope: [], payloadTypes: null };
  const { payload } = parsed.value;
  const types = typeof payload === "object" && payload !== null && !Array.isArray(payload) ? payload : null;
  return {
    ...base,
    problem: null,
    envelope: Object.keys(parsed.value).sort(),
    payloadTypes:
      types === null
        ? null
        : Object.fromEntries(Object.entries(types).map(([key, value]) => [key, typeOf(value)])),
  };
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}
