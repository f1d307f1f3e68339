/** Names that people write where a provider wants ids: looked up in the synced indexes before the call. */
import type { TreeStore } from "../ports.ts";
import type { ProviderDefinition, ProviderRecord, Reference } from "../providers/definition.ts";
import { resourceOf } from "../providers/registry.ts";
import { type IndexRow, indexPathOf, parseIndex } from "./pure/index-rows.ts";

/** The body with ids, or why a name has none. */
export type Resolved = { readonly body: ProviderRecord } | { readonly problem: string };

/** Replaces every named reference of a write document. A name that fits several records is an error, never a guess. */
export async function resolveReferences(
  tree: TreeStore,
  provider: ProviderDefinition,
  references: readonly Reference[],
  body: ProviderRecord,
): Promise<Resolved> {
  let resolved: Record<string, unknown> = { ...body };
  for (const reference of references) {
    const given = resolved[reference.from];
    if (given === undefined) continue;
    const names = (reference.many === true && Array.isArray(given) ? given : [given]).map(String);
    const resource = resourceOf(provider, reference.resource);
    const index = resource === null ? null : await tree.read(indexPathOf(resource.path));
    const rows = index === null ? [] : (parseIndex(index.bytes) ?? []);
    const ids: string[] = [];
    for (const name of names) {
      const found = matching(rows, reference, name, resolved);
      const [only] = found;
      const place = `/${provider.id}/${reference.resource}/_index.json`;
      if (only === undefined)
        return { problem: `${reference.from} ${JSON.stringify(name)} is not in ${place}` };
      if (found.length > 1) {
        return {
          problem: `${reference.from} ${JSON.stringify(name)} fits ${found.length} rows of ${place}; use ${reference.to}`,
        };
      }
      ids.push(only.id);
    }
    const { [reference.from]: _named, ...rest } = resolved;
    resolved = { ...rest, [reference.to]: reference.many === true ? ids : ids[0] };
  }
  return { body: resolved };
}

/** Rows with this name; those of the document's own team win over those of the workspace. */
function matching(
  rows: readonly IndexRow[],
  reference: Reference,
  name: string,
  body: ProviderRecord,
): IndexRow[] {
  const wanted = name.trim().toLowerCase();
  for (const column of ["id", ...reference.columns]) {
    const found = rows.filter((row) => String(row[column] ?? "").toLowerCase() === wanted);
    if (found.length === 0) continue;
    const own = found.filter((row) => typeof body.teamId === "string" && row.teamId === body.teamId);
    const shared = found.filter((row) => row.teamId === undefined || row.teamId === "");
    return own.length > 0 ? own : shared.length > 0 ? shared : found;
  }
  return [];
}
