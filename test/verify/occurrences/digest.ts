/** Evidence in which each finding of `verify digest` occurs. What the fault lab stages with a real service needs none. */
import type { DottedId } from "../../../verify/check.ts";
import type { DigestFileFact, Facts } from "../../../verify/facts.ts";
import { digest, digests, probe } from "../../support/facts.ts";
import { before, event, feed, ISSUES, indexOf, issueTree, records, row } from "../../support/tree-facts.ts";

const TODAY = "/digests/today.md";
const WINDOW = { window_start: "2026-05-20T00:00:00.000Z", window_end: "2026-05-21T00:00:00.000Z" };
const today = (paths: readonly string[], matter = {}) => digest(paths, { ...WINDOW, ...matter });
const closed = (path: string, body: string): DigestFileFact => ({
  ...digest([], { date: "2026-05-19" }, path),
  bodySha256: body,
});
const YESTERDAY = "/digests/yesterday.md";
const withBullets = (
  paths: readonly string[],
  sections: readonly string[] = ["jira"],
  verb = "was updated",
) =>
  digests([
    {
      ...today([]),
      sections,
      bullets: paths.map((path) => ({ provider: "jira", identifier: "x", path, verb })),
    },
  ]);
const ended = records(
  issueTree({
    indexes: [indexOf("/jira/issues/_index.json", [row("10001", ISSUES[0], { state: "closed" })])],
  }),
);
const version = event(TODAY, { origin: "system" });

/** By code: what is given to its check. */
export const DIGEST: Readonly<Record<DottedId, Partial<Facts>>> = {
  "digest.window-missing": { digests: digests([digest([]), digest([], {}, YESTERDAY)]) },
  "digest.window-mismatch": { digests: digests([today([], { timezone: "Europe/Berlin" })]) },
  "digest.zone-invalid": { digests: digests([today([], { warnings: ["timezone_invalid"] })]) },
  "digest.real-volume": { digests: digests([today([ISSUES[0]], { truncated: true, events: 2000 })]) },
  "digest.stalled": {
    digests: digests([today([], { generated_at: before(3_600) })]),
    events: feed([event(ISSUES[0])]),
  },
  "digest.feeds-itself": {
    digests: digests([today([])]),
    events: feed([version, version, version, version]),
  },
  "digest.closed-rewritten": {
    digests: digests([closed(YESTERDAY, "a")]),
    events: feed([event(YESTERDAY), event(YESTERDAY)]),
  },
  "digest.dated-differs": {
    digests: digests([closed(YESTERDAY, "a"), closed("/digests/2026-05-19.md", "b")]),
    events: feed([]),
  },
  "digest.count-mismatch": { digests: digests([today([])]), events: feed([event(ISSUES[0])]) },
  "digest.inbound-unseen": { digests: digests([today([])]), events: feed([event(ISSUES[0])]) },
  "digest.over-filtered": {
    digests: digests([today([])]),
    events: feed([event("/jira/issues/layout-notes__7.json")]),
  },
  "digest.provider-missing": {
    digests: withBullets([], ["linear"]),
    integrations: { list: probe(), rows: [], statuses: [] },
    records: records(issueTree()),
  },
  "digest.sections-unsorted": { digests: withBullets([], ["linear", "jira"]) },
  "digest.bullets-unsorted": {
    digests: withBullets(ISSUES),
    events: feed([event(ISSUES[0], { at: before(300) }), event(ISSUES[1])]),
  },
  "digest.bullet-dangling": {
    digests: withBullets(["/jira/issues/gone__9.json"]),
    events: feed([]),
    records: records(issueTree()),
  },
  "digest.closed-as-deleted": { digests: withBullets([ISSUES[0]], ["jira"], "was deleted"), records: ended },
  "digest.end-untold": { digests: withBullets([ISSUES[0]]), records: ended },
};
