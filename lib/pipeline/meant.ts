/** The file somebody meant who wrote to another name of its record: an alias, or its identifier. */
import type { TreeStore } from "../ports.ts";
import { type IndexRow, indexPathOf, parseIndex } from "./pure/index-rows.ts";
import { aliasSlugOf } from "./pure/slug.ts";

/** The canonical path of the one record that goes by a name in a collection; null when none or several do. */
export async function fileMeant(
  tree: TreeStore,
  meant: { readonly collection: string; readonly name: string },
): Promise<string | null> {
  const index = await tree.read(indexPathOf(meant.collection));
  const rows = index === null ? null : parseIndex(index.bytes);
  // `by-title` names end in the id; an id alone is found the same way.
  const names = new Set([meant.name, meant.name.split("__").at(-1) ?? meant.name]);
  const found = (rows ?? []).filter((row) => namesOf(row).some((name) => names.has(name)));
  const path = found.length === 1 ? found[0]?.canonicalPath : undefined;
  return typeof path === "string" ? path : null;
}

/** Everything a row's record goes by: its id with and without hyphens, its columns, its title as a file name. */
function namesOf(row: IndexRow): string[] {
  const { title, updated: _updated, canonicalPath: _path, ...columns } = row;
  const texts = Object.values(columns).flatMap((value) =>
    typeof value === "string" || typeof value === "number" ? [String(value)] : [],
  );
  return [...texts, row.id.replaceAll("-", ""), aliasSlugOf(title)];
}
