/** The digests of the workspace and the newest event they should know about. */
import { EventPage } from "../../lib/model/event.ts";
import {
  type DigestFileFact,
  type DigestsFact,
  defineEvidence,
  type EvidenceContext,
  failed,
} from "../evidence.ts";
import { askFileApi, listTree, readFile } from "./_files.ts";
import { parseDigest } from "./digest-document.ts";

/** Rolling digests are always read; dated ones only the newest. */
const ROLLING = ["today", "yesterday", "this-week", "last-week"];

/** `/digests/*.md` and one page of the event feed, newest first. */
export default defineEvidence({
  name: "digests",
  effect: "read",
  reads: "GET fs/file?path=/digests/{window}.md and fs/events?direction=desc",
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
  };
}

async function newestOutsideDigests(context: EvidenceContext): Promise<DigestsFact["newestEvent"]> {
  const answer = await askFileApi(context, "/fs/events", { direction: "desc", limit: 200 });
  const page = answer.probe.status === 200 ? EventPage.safeParse(answer.json) : null;
  if (page === null || !page.success) return null;
  const newest = page.data.events.find((event) => event.path !== "/" && !event.path.startsWith("/digests/"));
  return newest === undefined
    ? null
    : { path: newest.path, at: newest.timestamp, exchangeId: answer.probe.exchangeId };
}
