/** Path filters of the event socket: segment-wise globs (spec file-api 5.3). */
import { segmentsOf } from "../../model/path.ts";

/** True when a path passes a filter: exact, `*` for one segment anywhere, a trailing `**` for the rest or nothing. */
export function matchesPathFilter(filter: string, path: string): boolean {
  const pattern = segmentsOf(filter);
  const segments = segmentsOf(path);
  const open = pattern.at(-1) === "**";
  const fixed = open ? pattern.slice(0, -1) : pattern;
  if (open ? segments.length < fixed.length : segments.length !== fixed.length) return false;
  return fixed.every((part, index) => part === "*" || part === segments[index]);
}
