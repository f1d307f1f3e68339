/** A digest as proof: the file with its front matter, the request that read it, and what fills it. */
import type { DigestFileFact, EvidenceItem } from "../check.ts";
import { prefixShares } from "./_shares.ts";

/** The digest file as proof. */
export function fileProof(file: DigestFileFact): EvidenceItem {
  const matter = file.frontMatter;
  const excerpt =
    matter === null
      ? (file.problem ?? "no front matter")
      : `events: ${matter.events}, truncated: ${matter.truncated ?? "-"}, warnings: [${listOf(matter.warnings).join(", ")}]`;
  return { type: "file", path: file.path, revision: file.revision, lastEditedAt: file.lastEditedAt, excerpt };
}

/** The request that read the digest. */
export function readProof(file: DigestFileFact): EvidenceItem {
  return {
    type: "http",
    exchangeId: file.exchangeId,
    quote: `${file.path} -> ${file.status ?? "no answer"}`,
  };
}

/** The three largest prefixes of a digest's bullets. */
export function shareProof(file: DigestFileFact): EvidenceItem[] {
  return prefixShares(file)
    .slice(0, 3)
    .map(({ prefix, count, percent }) => ({
      type: "metric",
      name: `bullets under ${prefix}`,
      value: percent,
      unit: `% (${count})`,
    }));
}

/** A list of the front matter; a single word counts as one entry. */
export function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : typeof value === "string" && value !== "" ? [value] : [];
}
