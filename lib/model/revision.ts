/** Revisions: opaque ids of one version of one file, `rev_<n>` on our services; `"0"` means "does not exist". */

/** The base revision of a file that does not exist. */
export const ABSENT_REVISION = "0";

/** The n of `rev_<n>`, or null for any other form. */
export function revisionNumber(revision: string): number | null {
  const match = /^rev_(\d+)$/.exec(revision);
  return match ? Number(match[1]) : null;
}

/** `rev_<n>`. */
export function revisionOf(n: number): string {
  return `rev_${n}`;
}

/**
 * The revision inside an If-Match or ETag header: a weak prefix and one pair of quotes are dropped.
 * Null for a missing or blank header.
 */
export function parseIfMatch(header: string | null): string | null {
  if (header === null) return null;
  const bare = header.trim().replace(/^[Ww]\//, "");
  const value = /^"(.*)"$/.exec(bare)?.[1] ?? bare;
  return value === "" ? null : value;
}
