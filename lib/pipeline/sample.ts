/** Finds stored records to infer a schema from: index rows, then the file each row should lead to. */
import type { z } from "zod";
import { PIPELINE } from "../limits.ts";
import type { Era } from "../model/era.ts";
import type { SAMPLING_REASONS, SamplingWarning } from "../model/integration.ts";
import { parentOf, segmentsOf } from "../model/path.ts";
import type { TreeStore } from "../ports.ts";
import type { ProviderRecord, ResourceDefinition } from "../providers/definition.ts";
import { type IndexRow, indexPathOf, parseIndex } from "./pure/index-rows.ts";
import { compareText } from "./pure/json.ts";
import { isExactFile, isFlat } from "./pure/paths.ts";
import { recordOfBytes } from "./pure/records.ts";
import { encodeSegment } from "./pure/slug.ts";

type Warning = z.infer<typeof SamplingWarning>;
type Reason = (typeof SAMPLING_REASONS)[number];

/** Records found for one resource. */
export interface Sample {
  readonly records: readonly ProviderRecord[];
  /** Rows of all its indexes. */
  readonly indexRows: number;
  /** Null when sampling worked or there was nothing to sample. */
  readonly warning: Warning | null;
}

const EXPANDED_ROOTS_MAX = 25;
const LISTED_MAX = 500;
const LOOKED_AT_MAX = 25;
/** Sorts after every name. */
const LAST_CHAR = "\u{10ffff}";

/** Samples at most `limit` records of a resource. A missing index is not a warning unless records lie beside it. */
export async function sampleResource(
  tree: TreeStore,
  resource: ResourceDefinition,
  era: Era,
  limit: number = PIPELINE.discoverySampleDefault,
): Promise<Sample> {
  const roots = await rootsOf(tree, resource, era);
  const records: ProviderRecord[] = [];
  let indexRows = 0;
  let sampledIds = 0;
  let unresolved = 0;
  let warning: Warning | null = null;
  const warn = (reason: Reason, root: string) => {
    warning ??= {
      resourceName: resource.name,
      resourcePath: resource.path,
      indexPath: indexPathOf(root),
      indexRows,
      sampledIds,
      sampledRecords: records.length,
      reason,
    };
  };
  for (const root of roots) {
    if (sampledIds >= limit) break;
    const index = await tree.read(indexPathOf(root));
    const rows = index === null ? [] : (parseIndex(index.bytes) ?? []);
    indexRows += rows.length;
    if (rows.length === 0) {
      if (await hasCanonicalChildren(tree, root)) warn("skipped-missing-index-with-canonical-records", root);
      continue;
    }
    const chosen = rows
      .filter((row) => row.id !== "")
      .sort((a, b) => compareText(a.id, b.id))
      .slice(0, limit - sampledIds);
    if (chosen.length === 0) warn("skipped-no-readable-row-ids", root);
    sampledIds += chosen.length;
    for (const row of chosen) {
      const file = await fileOfRow(tree, root, row, era);
      if (file === null) unresolved++;
      const record = file === null ? null : recordOfBytes(file.bytes);
      if (record !== null) records.push(record);
    }
    if (records.length === 0 && chosen.length > 0) {
      warn(unresolved === sampledIds ? "skipped-no-alias-match" : "skipped-no-sampleable-records", root);
    }
  }
  return { records, indexRows, warning: records.length > 0 ? null : warning };
}

/** Concrete collections of a resource. May 2026 left out templates with placeholders. */
async function rootsOf(tree: TreeStore, resource: ResourceDefinition, era: Era): Promise<string[]> {
  if (resource.records?.index === undefined) return [];
  const template = isExactFile(resource.path) ? parentOf(resource.path) : resource.path;
  if (isFlat(template)) return [template];
  if (era.sampler === "2026-05") return [];
  let roots = [""];
  for (const segment of segmentsOf(template)) {
    const next: string[] = [];
    for (const root of roots) {
      if (next.length >= EXPANDED_ROOTS_MAX) break;
      if (isFlat(segment)) next.push(`${root}/${segment}`);
      else next.push(...(await directoriesIn(tree, root, EXPANDED_ROOTS_MAX - next.length)));
    }
    roots = next;
  }
  const found = await Promise.all(
    roots.map(async (root) => ((await tree.hasFilesBelow(root)) ? [root] : [])),
  );
  return found.flat();
}

/** Directories directly below one, sorted; alias directories are none. Each costs one look, however much lies below it. */
async function directoriesIn(tree: TreeStore, parent: string, limit: number): Promise<string[]> {
  const found: string[] = [];
  let after: string | undefined;
  while (found.length < limit) {
    const [file] = await tree.list(parent, after === undefined ? { limit: 1 } : { after, limit: 1 });
    if (file === undefined) break;
    const [name = "", ...below] = segmentsOf(file.path.slice(parent.length));
    const isDirectory = below.length > 0;
    if (isDirectory && !name.startsWith("by-")) found.push(`${parent}/${name}`);
    after = isDirectory ? `${parent}/${name}/${LAST_CHAR}` : file.path;
  }
  return found;
}

async function hasCanonicalChildren(tree: TreeStore, root: string): Promise<boolean> {
  const isCanonical = ({ path }: { path: string }) =>
    path.endsWith(".json") && !path.endsWith("/_index.json") && !path.includes("/by-");
  if ((await tree.list(root, { limit: LOOKED_AT_MAX })).some(isCanonical)) return true;
  // Aliases sort before most records and are more numerous.
  return (await tree.list(root, { after: `${root}/by-${LAST_CHAR}`, limit: LOOKED_AT_MAX })).some(
    isCanonical,
  );
}

/** The first readable file a row leads to. */
async function fileOfRow(
  tree: TreeStore,
  root: string,
  row: IndexRow,
  era: Era,
): Promise<{ bytes: Uint8Array } | null> {
  if (era.sampler === "current") {
    for (const path of [row.canonicalPath, row.path]) {
      const file = typeof path === "string" && path.startsWith("/") ? await tree.read(path) : null;
      if (file !== null) return file;
    }
  }
  for (const directory of ["by-id", "by-uuid"]) {
    for (const key of candidateKeys(row, era)) {
      const file = await tree.read(`${root}/${directory}/${encodeSegment(key)}.json`);
      if (file !== null) return file;
    }
  }
  return era.sampler === "current" ? fileBySuffix(tree, root, row.id) : null;
}

/** Names under which a row's record may be filed in `by-id` or `by-uuid`. */
export function candidateKeys(row: IndexRow, era: Era): string[] {
  const scalar = (value: unknown) =>
    typeof value === "string" || typeof value === "number" ? String(value) : "";
  const columns = Object.keys(row).filter((name) => name === "uuid" || name.endsWith("_id"));
  const keys = [row.id, row.id.replaceAll("/", "__"), ...columns.map((name) => scalar(row[name]))];
  if (era.sampler === "current") {
    const bare = row.id.replaceAll("-", "");
    const hyphenated = bare.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
    keys.push(bare, hyphenated, ...["key", "identifier", "number", "iid"].map((name) => scalar(row[name])));
  }
  return [...new Set(keys)].filter((key) => key !== "");
}

/** The last resort: a file whose name ends in the row's id. */
async function fileBySuffix(
  tree: TreeStore,
  root: string,
  id: string,
): Promise<{ bytes: Uint8Array } | null> {
  const suffix = `__${encodeSegment(id)}.json`;
  const found = (await tree.list(root, { limit: LISTED_MAX })).find(({ path }) => path.endsWith(suffix));
  return found === undefined ? null : tree.read(found.path);
}
