/** How providers name their records in digests. */
import { basenameOf, segmentsOf } from "../../model/path.ts";
import { providerOfPath } from "../../providers/registry.ts";
import { idOfName, isDirectoryRecord, matchTemplate } from "./paths.ts";

/** The provider's own name of the record at a path (`#42`), or null to use the generic one. */
export function digestNameOf(path: string): string | null {
  const provider = providerOfPath(path);
  if (provider === null) return null;
  const depth = segmentsOf(path).length;
  for (const resource of provider.resources) {
    const rules = resource.records;
    if (rules?.digestName === undefined) continue;
    const match = matchTemplate(resource.path, path);
    const names = rules.file.split("/").length;
    if (match === null || match.rest.length !== names || depth !== segmentsOf(resource.path).length + names)
      continue;
    const name = isDirectoryRecord(rules) ? (match.rest[0] ?? "") : basenameOf(path).replace(/\.json$/, "");
    const id = idOfName(rules, name);
    if (id !== null) return rules.digestName(id);
  }
  return null;
}
