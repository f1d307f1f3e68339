/** Where access rules lie: digests tell only what everybody may read, so nothing is expected from there. */
import type { EventsFact, RecordsFact } from "../check.ts";

const MARKER = "/.relayfile.acl";

/** Directories with an access rule of their own, each with a slash at its end. */
export function guardedDirectories(events: EventsFact | null, records: RecordsFact | null): string[] {
  const paths = [
    ...(events?.items ?? []).map(({ path }) => path),
    ...(records?.providers ?? []).flatMap(({ files }) => files.map(({ path }) => path)),
  ];
  const marked = paths.filter((path) => path.endsWith(MARKER));
  return [...new Set(marked)].map((path) => path.slice(0, -MARKER.length + 1));
}
