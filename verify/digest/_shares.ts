/** Who fills a digest: the share of its bullets per path prefix, internal paths apart. */
import { isInternalPath } from "../../lib/pipeline/pure/internal-paths.ts";
import type { DigestFileFact } from "../check.ts";

/** One prefix and how many bullets lie below it. */
export interface PrefixShare {
  readonly prefix: string;
  readonly count: number;
  /** Of all bullets of the digest, rounded. */
  readonly percent: number;
  /** True when these paths hold no records of their own. */
  readonly internal: boolean;
}

/** Shares in descending order. An alias counts under its `by-*` directory, a record under its resource. */
export function prefixShares(file: Pick<DigestFileFact, "bullets">): PrefixShare[] {
  const counts = new Map<string, { count: number; internal: boolean }>();
  for (const { path } of file.bullets) {
    const prefix = prefixOf(path);
    const entry = counts.get(prefix) ?? { count: 0, internal: isInternalPath(path, "current") };
    entry.count++;
    counts.set(prefix, entry);
  }
  return [...counts]
    .map(([prefix, { count, internal }]) => ({
      prefix,
      count,
      percent: Math.round((count / file.bullets.length) * 100),
      internal,
    }))
    .sort((a, b) => b.count - a.count || (a.prefix < b.prefix ? -1 : 1));
}

/** Percentage of bullets that are internal paths; 0 for a digest without bullets. */
export function internalShare(file: Pick<DigestFileFact, "bullets">): number {
  if (file.bullets.length === 0) return 0;
  const internal = file.bullets.filter(({ path }) => isInternalPath(path, "current")).length;
  return Math.round((internal / file.bullets.length) * 100);
}

/** The directory that stands for a path: up to and including its first `by-*` segment, else its first two segments. */
export function prefixOf(path: string): string {
  const directories = path.split("/").slice(1, -1);
  const alias = directories.findIndex((segment) => segment.startsWith("by-"));
  const kept = alias === -1 ? directories.slice(0, 2) : directories.slice(0, alias + 1);
  return `/${kept.join("/")}`;
}
