/** The digests of the workspace and the newest event they should know about. */
import { sha256Hex } from "../../lib/model/sha256.ts";
import {
  type DigestFileFact,
  type DigestsFact,
  defineEvidence,
  type EvidenceContext,
  failed,
} from "../evidence.ts";
import { listTree, readFile } from "./_files.ts";
import { parseDigest } from "./digest-document.ts";

/** Rolling digests are always read; dated ones only the newest. */
const ROLLING = ["today", "yesterday", "this-week", "last-week"];

/** `/digests/*.md` beside the event feed. */
export default defineEvidence({
  name: "digests",
  effect: "read",
  reads: "GET fs/file?path=/digests/{window}.md",
  collect: async (context) => {
    const access = await context.get("access");
    if (access.gap !== undefined) return access;
    const [listing, newestEvent] = await Promise.all([
      listTree(context, "/digests", 1),
      newestOutsideDigests(context),
    ]);
    if (listing.problem !== null) return failed(`/digests could not be listed: ${listing.problem}`);
    const dated = listing.files.filter((path) => /\/\d{4}-\d{2}-\d{2}\.md$/.test(path)).sort();
    const wanted = [...ROLLING.map((window) => `/digests/${window}.md`), ...dated.slice(-2)];
    const files = await Promise.all(
      wanted.filter((path) => listing.files.includes(path)).map((path) => readDigest(context, path)),
    );
    return { files, listed: listing.files, newestEvent, collectedAtMs: context.clock.now() };
  },
});

async function readDigest(context: EvidenceContext, path: string): Promise<DigestFileFact> {
  const read = await readFile(context, path);
  const parsed = read.text === null ? null : parseDigest(read.text);
  return {
    path,
    exchangeId: read.probe.exchangeId,
    status: read.probe.status,
    problem: read.problem,
    revision: read.file?.revision ?? null,
    lastEditedAt: read.file?.lastEditedAt ?? null,
    frontMatter: parsed?.frontMatter ?? null,
    sections: parsed?.sections ?? [],
    bullets: parsed?.bullets ?? [],
    ...(read.text === null ? {} : { bodySha256: sha256Hex(bodyOf(read.text)) }),
  };
}

/** What follows the front matter. */
function bodyOf(text: string): string {
  return text.replace(/^---\r?\n[\s\S]*?\n---\r?\n/, "");
}

async function newestOutsideDigests(context: EvidenceContext): Promise<DigestsFact["newestEvent"]> {
  const feed = await context.get("events");
  if (feed.gap !== undefined) return null;
  const newest = feed.value.items.find((event) => event.path !== "/" && !event.path.startsWith("/digests/"));
  return newest === undefined ? null : { path: newest.path, at: newest.at, exchangeId: newest.exchangeId };
}
