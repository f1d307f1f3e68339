/**
 * What a sampler would find from the index rows of a resource: the client-side half of the decision procedure for empty
 * schemas (spec provider-contract 2.12), from `fs/file` and `fs/tree` alone.
 */
import type { EvidenceContext, IndexFact, SampleFact } from "../evidence.ts";
import { jsonObjectOf, listTree, readFile } from "./_files.ts";

const ROWS = 5;
const CANONICAL_PATHS_MAX = 200;

/** Reads `<root>/_index.json`. */
export async function readIndex(context: EvidenceContext, root: string): Promise<IndexFact> {
  const path = `${root}/_index.json`;
  const read = await readFile(context, path);
  const base = { path, exchangeId: read.probe.exchangeId, status: read.probe.status };
  const none = { ...base, rows: null, first: [], canonicalPaths: [] };
  if (read.text === null) return { ...none, problem: read.problem };
  const rows = rowsOf(read.text);
  if (rows === null) return { ...none, problem: "not a JSON array of objects" };
  const sorted = [...rows].sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1));
  return {
    ...base,
    problem: null,
    rows: rows.length,
    first: sorted.slice(0, ROWS),
    canonicalPaths: rows.flatMap((row) => canonicalPathOf(row) ?? []).slice(0, CANONICAL_PATHS_MAX),
  };
}

/** Resolves the first five rows through the alias trees, in the order a sampler tries. */
export async function readSample(
  context: EvidenceContext,
  root: string,
  index: IndexFact,
): Promise<SampleFact> {
  const [listing, byId, byUuid] = await Promise.all([
    listTree(context, root, 2),
    listTree(context, `${root}/by-id`, 1),
    listTree(context, `${root}/by-uuid`, 1),
  ]);
  const rows = await Promise.all(index.first.map((row) => resolveRow(context, root, row)));
  return {
    canonicalChildren: listing.files.filter((path) => isCanonicalLeaf(root, path)).slice(0, 25),
    byId: leavesOf(byId.files),
    byUuid: leavesOf(byUuid.files),
    rows,
  };
}

/** The paths a sampler tries for one row: its own path, then by-id and by-uuid with each key. */
export function candidatePaths(root: string, row: Readonly<Record<string, unknown>>): string[] {
  const id = idOf(row);
  const columns = Object.entries(row)
    .filter(([name, value]) => (name === "uuid" || name.endsWith("_id")) && isScalar(value))
    .map(([, value]) => String(value));
  const keys = [...new Set([...(id === null ? [] : [id, id.replaceAll("/", "__")]), ...columns])];
  const own = canonicalPathOf(row);
  const aliases = ["by-id", "by-uuid"].flatMap((dir) =>
    keys.map((key) => `${root}/${dir}/${encodeURIComponent(key)}.json`),
  );
  return own === null ? aliases : [own, ...aliases];
}

async function resolveRow(
  context: EvidenceContext,
  root: string,
  row: Readonly<Record<string, unknown>>,
): Promise<SampleFact["rows"][number]> {
  const tried: { path: string; exchangeId: string; status: number | null }[] = [];
  for (const path of candidatePaths(root, row)) {
    const read = await readFile(context, path);
    tried.push({ path, exchangeId: read.probe.exchangeId, status: read.probe.status });
    if (read.text === null) continue;
    return { id: idOf(row), tried, hit: path, ...contentOf(read.text) };
  }
  return { id: idOf(row), tried, hit: null, content: null, fieldCount: 0 };
}

/** What a record holds once its envelope is removed (spec provider-contract 1.4). */
function contentOf(text: string): { content: SampleFact["rows"][number]["content"]; fieldCount: number } {
  const parsed = jsonObjectOf(text);
  if ("problem" in parsed) return { content: "not-json", fieldCount: 0 };
  const { value } = parsed;
  if (value.deleted === true) return { content: "tombstone", fieldCount: 0 };
  const payload = value.payload;
  const enveloped =
    typeof value.provider === "string" && typeof value.objectType === "string" && isObject(payload);
  const fieldCount = Object.keys(enveloped ? (payload as object) : value).length;
  return { content: fieldCount === 0 ? "empty" : "fields", fieldCount };
}

function rowsOf(text: string): Record<string, unknown>[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) && value.every(isObject) ? (value as Record<string, unknown>[]) : null;
  } catch {
    // A broken index is a finding of its own, reported by its problem.
    return null;
  }
}

function isCanonicalLeaf(root: string, path: string): boolean {
  const rest = path.slice(root.length + 1);
  if (rest.endsWith("_index.json") || rest.startsWith("by-") || rest.includes("/by-")) return false;
  return /^[^/]+\.json$/.test(rest) || /^[^/]+\/(?:meta|metadata)\.json$/.test(rest);
}

function canonicalPathOf(row: Readonly<Record<string, unknown>>): string | null {
  const path = row.canonicalPath ?? row.path;
  return typeof path === "string" && path.startsWith("/") ? path : null;
}

function idOf(row: Readonly<Record<string, unknown>>): string | null {
  return isScalar(row.id) && row.id !== "" ? String(row.id) : null;
}

function leavesOf(files: readonly string[]): string[] {
  return files.slice(0, 20).map((path) => path.slice(path.lastIndexOf("/") + 1));
}

function isScalar(value: unknown): boolean {
  return typeof value === "string" || typeof value === "number";
}

function isObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
