/** What GitHub's resources share: ids, timestamps, API paths, and where a record belongs. */
import { paramsOf, text } from "./_read.ts";
import type { Params, ProviderRecord } from "./definition.ts";

/** Template of one repository's subtree. */
export const REPO = "/github/repos/{owner}/{repo}";
/** The numeric id of a record. */
export const idOf = (record: ProviderRecord) => text(record, "id");
/** The number of an issue, pull request or milestone. */
export const numberOf = (record: ProviderRecord) => text(record, "number");
/** When a record last changed. */
export const updatedOf = (record: ProviderRecord) =>
  text(record, "updated_at", "submitted_at", "published_at", "created_at");
/** API path below the repository. */
export const api = (params: Params, rest: string) =>
  `/repos/${encodeURIComponent(params.owner ?? "")}/${encodeURIComponent(params.repo ?? "")}/${rest}`;

/** Owner, repository and (for children) the number, from the first API or web address that names them. */
export function placeOf(...places: string[]): (record: ProviderRecord) => Params | null {
  const address =
    /\/(?:repos\/)?(?<owner>[^/]+)\/(?<repo>[^/]+)\/(?:issues|pulls?|labels|milestones?|releases|commits?|comments)\/(?<number>[^/?#]*)/;
  return (record) => {
    for (const place of places) {
      const found = paramsOf(text(record, place).replace(/^https?:\/\/[^/]+(\/api\/v3)?/, ""), address);
      if (found !== null) return found;
    }
    return null;
  };
}

/** Owner and repository from a full name. */
export function fullNameOf(record: ProviderRecord): Params | null {
  return paramsOf(text(record, "full_name", "repository.full_name"), /^(?<owner>[^/]+)\/(?<repo>[^/]+)$/);
}
