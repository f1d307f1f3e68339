/** Today's digest tells of every event there was, as the feed has it. */
import { isInternalPath } from "../../lib/pipeline/pure/internal-paths.ts";
import {
  defineCheck,
  type FeedEventFact,
  type FindingDraft,
  judged,
  page,
  plural,
  skip,
  suggest,
} from "../check.ts";
import { guardedDirectories } from "./_guarded.ts";
import { fileProof } from "./_proof.ts";
import { isActivity } from "./freshness.ts";

const TODAY = "/digests/today.md";
/** Events of the same moment as the digest may or may not be in it. */
const EDGE_MS = 1_000;
const LATE_MS = 300_000;
/** Clocks are known to a second or so. */
const READ_AFTER_MS = 2_500;

/** VG-09, VG-17 and VG-18. */
export const eventsCounted = defineCheck({
  id: "digest.events-counted",
  title: "today's digest lists every event of its window that is not internal",
  severity: "warn",
  phase: "digest",
  needs: ["digests", "events"],
  wants: ["clock", "records"],
  after: ["digest.follows-activity"],
  refs: ["VG-09", "VG-17", "VG-18"],
  hint: "Compare the digest with the feed",
  findings: {
    "digest.count-mismatch": page.warn(
      "The digest counts another number of events than the feed holds for its window: its window or its filter is wrong.",
      "Events of the feed in the window, without internal paths, were counted.",
      "Not truncation: a truncated digest says so and is left out. Not what an access rule hides: digests tell only what everybody may read.",
      "Compare both lists; the finding names the first that differ.",
    ),
    "digest.over-filtered": page.warn(
      "Records are missing from the digest whose names look like the service's own files: the filter matches parts of names instead of whole segments.",
      "Events of records such as some-acl-doc or layout-notes are in the feed and not in the digest.",
      "Not internal paths: those are whole segments, like _index.json.",
      "Anchor the filter at path segments.",
    ),
    "digest.inbound-unseen": page.error(
      "A change that arrived from a provider more than five minutes ago is not in today's digest.",
      "The newest provider event of the feed was looked for among the bullets.",
      "Not a webhook that never arrived: the feed has it.",
      "Look at the digest writer; the record itself is current.",
    ),
  },
  run: ({ digests, events, clock, records }) => {
    const today = digests.files.find(({ path }) => path === TODAY);
    const matter = today?.frontMatter;
    if (today === undefined || matter == null) return skip("today's digest cannot be read");
    if (matter.truncated === true) return skip("today's digest is truncated");
    const [startMs, generatedMs] = [
      Date.parse(String(matter.window_start ?? "")),
      Date.parse(String(matter.generated_at ?? "")),
    ];
    const oldestMs = Date.parse(events.items.at(-1)?.at ?? "");
    if (Number.isNaN(startMs) || Number.isNaN(generatedMs) || !(events.complete || oldestMs < startMs)) {
      return skip("the feed does not reach back to the start of the day");
    }
    const nowMs = digests.collectedAtMs + (clock?.skewMs ?? 0);
    const told = new Map<string, number>();
    for (const { path } of today.bullets) told.set(path, (told.get(path) ?? 0) + 1);
    const inWindow = events.items.filter((event) => isListed(event) && Date.parse(event.at) >= startMs);
    const guarded = guardedDirectories(events, records);
    const surely = inWindow.filter(
      ({ at, path }) =>
        Date.parse(at) < generatedMs - EDGE_MS && !guarded.some((dir) => path.startsWith(dir)),
    );
    const perhaps = inWindow.filter(({ at }) => Date.parse(at) <= generatedMs + EDGE_MS);
    const counted = Number(matter.events ?? today.bullets.length);
    // A digest written after the feed was read may well know more than it.
    const readAfter = events.collectedAtMs + (clock?.skewMs ?? 0) > generatedMs + READ_AFTER_MS;
    type Codes = "digest.count-mismatch" | "digest.over-filtered" | "digest.inbound-unseen";
    const findings: FindingDraft<Codes>[] = [];
    const subject = { kind: "digest", ref: TODAY } as const;
    const missing = [...new Set(surely.map(({ path }) => path))].filter(
      (path) => !told.has(path) && path !== "/",
    );
    const resembling = missing.filter((path) =>
      /acl|layout|index|schema|digest|discovery|skills|by-/i.test(path),
    );
    const proofs = missing
      .slice(0, 3)
      .map((path) => ({ type: "log" as const, line: `in the feed, not in the digest: ${path}` }));
    if (resembling.length > 0 && resembling.length === missing.length) {
      findings.push({
        code: "digest.over-filtered",
        title: `${TODAY} leaves out ${plural(resembling.length, "record")} named like the service's own files, for example ${resembling[0]}`,
        subject,
        evidence: [fileProof(today), ...proofs],
        facts: { paths: resembling.slice(0, 10) },
      });
    } else if (counted < surely.length || (readAfter && counted > perhaps.length)) {
      const extra = [...told.keys()].filter((path) => !inWindow.some((event) => event.path === path));
      findings.push({
        code: "digest.count-mismatch",
        title: `${TODAY} counts ${counted} events, the feed has ${surely.length}`,
        subject,
        evidence: [
          fileProof(today),
          ...proofs,
          ...extra
            .slice(0, 2)
            .map((path) => ({ type: "log" as const, line: `in the digest, not in the feed: ${path}` })),
        ],
        facts: { counted, inFeed: surely.length, missing: missing.slice(0, 10), extra: extra.slice(0, 10) },
      });
    }
    const inbound = surely.find((event) => event.origin === "provider_sync" && isActivity(event));
    if (
      inbound !== undefined &&
      !told.has(inbound.path) &&
      nowMs - Date.parse(inbound.at) > LATE_MS &&
      resembling.length < missing.length
    ) {
      findings.push({
        code: "digest.inbound-unseen",
        title: `${inbound.path} arrived at ${inbound.at} and is not in ${TODAY}`,
        subject,
        evidence: [
          fileProof(today),
          {
            type: "http",
            exchangeId: inbound.exchangeId,
            quote: `${inbound.at} ${inbound.type} ${inbound.path}`,
          },
        ],
        facts: { path: inbound.path, provider: inbound.provider, at: inbound.at },
        remedy: {
          text: "Compare again in a minute",
          commands: [suggest("relayfile cat WORKSPACE /digests/today.md")],
        },
      });
    }
    return judged(perhaps.length, findings, `${counted} events listed, ${perhaps.length} in the feed`);
  },
});

/** What a digest lists: everything but internal paths and the results of writebacks. */
function isListed(event: FeedEventFact): boolean {
  return !event.type.startsWith("writeback.") && !isInternalPath(event.path, "current");
}
