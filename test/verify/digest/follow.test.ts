import { describe, expect, test } from "bun:test";
import { eventsCounted } from "../../../verify/digest/coverage.ts";
import { digestsExist, notTruncated } from "../../../verify/digest/digests.ts";
import { closedStaysClosed, digestsFollow, windowsInZone } from "../../../verify/digest/freshness.ts";
import { sectionsComplete, terminalStatesTold } from "../../../verify/digest/sections.ts";
import { digest, digests, EMPTY_FACTS, probe } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";
import {
  before,
  event,
  feed,
  ISSUES,
  indexOf,
  issueTree,
  records,
  row,
  tree,
} from "../../support/tree-facts.ts";

const TODAY = "/digests/today.md";
const WINDOW = { window_start: "2026-05-20T00:00:00.000Z", window_end: "2026-05-21T00:00:00.000Z" };
/** Of 11:59, a minute before everything is looked at. */
const today = (paths: readonly string[], matter = {}) => digest(paths, { ...WINDOW, ...matter });

describe("VG-01 digest.windows-exist", () => {
  test("notes weekly and dated digests that are missing, and is content with all five", () => {
    const daily = [digest([]), digest([], { date: "2026-05-19" }, "/digests/yesterday.md")];
    const found = findingsOf(digestsExist, { digests: digests(daily) });
    expect(found.map(({ code, severity }) => `${code} ${severity ?? ""}`)).toEqual([
      "digest.window-missing ",
    ]);
    const others = ["/digests/this-week.md", "/digests/last-week.md", "/digests/2026-05-19.md"];
    expect(found[0]?.facts?.missing).toEqual(others);
    const listed = [...daily.map(({ path }) => path), ...others];
    expect(codesOf(digestsExist, { digests: digests(daily, { listed }) })).toEqual([]);
  });
});

describe("VG-15 digest.not-truncated", () => {
  test("names the providers whose sync failed", () => {
    const facts = {
      digests: digests([today([], { warnings: ["provider_partial_failure"] })]),
      events: feed([event("/", { type: "sync.error", provider: "notion" })]),
    };
    expect(findingsOf(notTruncated, facts)[0]).toMatchObject({
      code: "digest.partial-failure",
      facts: { providers: ["notion"] },
    });
  });
});

describe("VG-07 and VG-08 digest.follows-activity", () => {
  const judge = (generated: string, ...events: ReturnType<typeof event>[]) =>
    codesOf(digestsFollow, {
      digests: digests([today([], { generated_at: generated })]),
      events: feed(events),
    });

  test("sees a writer that stands still", () => {
    expect(judge(before(3_600), event(ISSUES[0], { at: before(600) }))).toEqual(["digest.stalled"]);
  });

  test("allows a digest after the activity, activity of this minute, and activity that is none", () => {
    expect(judge(before(500), event(ISSUES[0], { at: before(600) }))).toEqual([]);
    expect(judge(before(3_600), event(ISSUES[0], { at: before(30) }))).toEqual([]);
    expect(judge(before(3_600), event("/jira/issues/_index.json", { at: before(600) }))).toEqual([]);
  });

  test("sees a digest that feeds on itself, and none where something happened in between", () => {
    const version = event(TODAY, { origin: "system" });
    expect(judge(before(60), version, version, version, version)).toEqual(["digest.feeds-itself"]);
    expect(judge(before(60), version, version, event(ISSUES[0]), version, version)).toEqual([]);
  });

  test("skips without a digest that can be read, and judges nothing on a silent feed", () => {
    expect(runCheck(digestsFollow, { digests: digests([]), events: feed([]) }).kind).toBe("skip");
    expect(runCheck(digestsFollow, { digests: digests([today([])]), events: feed([]) })).toMatchObject({
      exercised: 0,
    });
  });
});

describe("VG-12 and VG-13 digest.closed-stays-closed", () => {
  const closed = (body: string) => ({
    ...digest([], { date: "2026-05-19" }, "/digests/yesterday.md"),
    bodySha256: body,
  });
  const dated = (body: string) => ({
    ...digest([], { date: "2026-05-19" }, "/digests/2026-05-19.md"),
    bodySha256: body,
  });
  const version = event("/digests/yesterday.md", { origin: "system" });

  test("sees a closed day that was written twice since midnight", () => {
    const facts = { digests: digests([closed("a"), dated("a")]), events: feed([version, version]) };
    expect(codesOf(closedStaysClosed, facts)).toEqual(["digest.closed-rewritten"]);
  });

  test("allows the version that closes the day, and those of the day before", () => {
    const earlier = event("/digests/yesterday.md", { at: "2026-05-19T22:00:00.000Z" });
    const facts = { digests: digests([closed("a"), dated("a")]), events: feed([version, earlier, earlier]) };
    expect(codesOf(closedStaysClosed, facts)).toEqual([]);
  });

  test("takes midnight from the digest's own zone", () => {
    const tokyo = { ...closed("a"), frontMatter: { ...closed("a").frontMatter, timezone: "Asia/Tokyo" } };
    const night = event("/digests/yesterday.md", { at: "2026-05-19T15:30:00.000Z" });
    expect(codesOf(closedStaysClosed, { digests: digests([tokyo]), events: feed([version, night]) })).toEqual(
      ["digest.closed-rewritten"],
    );
  });

  test("sees a dated file that tells something else", () => {
    const facts = { digests: digests([closed("a"), dated("b")]), events: feed([version]) };
    expect(codesOf(closedStaysClosed, facts)).toEqual(["digest.dated-differs"]);
  });

  test("judges nothing of a feed that does not reach midnight, without a dated file", () => {
    const short = feed([event(ISSUES[0])], { complete: false });
    const facts = { digests: digests([closed("a")]), events: short };
    expect(runCheck(closedStaysClosed, facts)).toMatchObject({ exercised: 0, findings: [] });
    const far = feed([event(ISSUES[0], { at: "2026-05-19T23:00:00.000Z" })], { complete: false });
    expect(runCheck(closedStaysClosed, { ...facts, events: far })).toMatchObject({ exercised: 1 });
  });

  test("skips without yesterday's digest", () => {
    expect(runCheck(closedStaysClosed, { digests: digests([]), events: feed([]) }).kind).toBe("skip");
  });
});

describe("VG-16 digest.windows-in-zone", () => {
  const judge = (matter: Record<string, string | string[]>, path = TODAY) =>
    codesOf(windowsInZone, { digests: digests([digest([], matter, path)]) });

  test("computes days and weeks of a zone again", () => {
    expect(judge(WINDOW)).toEqual([]);
    const berlin = { window_start: "2026-05-19T22:00:00.000Z", window_end: "2026-05-20T22:00:00.000Z" };
    expect(judge({ ...berlin, timezone: "Europe/Berlin" })).toEqual([]);
    expect(judge({ ...WINDOW, timezone: "Europe/Berlin" })).toEqual(["digest.window-mismatch"]);
    const week = { window_start: "2026-05-18T00:00:00.000Z", window_end: "2026-05-25T00:00:00.000Z" };
    expect(judge({ ...week, date: "2026-05-18" }, "/digests/this-week.md")).toEqual([]);
  });

  test("knows the day on which clocks change: it has 23 hours", () => {
    const spring = {
      date: "2026-03-29",
      timezone: "Europe/Berlin",
      window_start: "2026-03-28T23:00:00.000Z",
    };
    expect(judge({ ...spring, window_end: "2026-03-29T22:00:00.000Z" })).toEqual([]);
    expect(judge({ ...spring, window_end: "2026-03-29T23:00:00.000Z" })).toEqual(["digest.window-mismatch"]);
  });

  test("says once that the zone does not exist, for all digests", () => {
    const odd = { ...WINDOW, timezone: "Mars/Olympus", warnings: ["timezone_invalid"] };
    const files = [digest([], odd), digest([], odd, "/digests/this-week.md")];
    const found = findingsOf(windowsInZone, { digests: digests(files) });
    expect(found.map(({ code }) => code)).toEqual(["digest.zone-invalid"]);
    expect(found[0]?.facts?.paths).toHaveLength(2);
  });

  test("judges nothing where digests name no window", () => {
    expect(runCheck(windowsInZone, { digests: digests([digest([])]) })).toMatchObject({ exercised: 0 });
  });
});

describe("VG-09, VG-17 and VG-18 digest.events-counted", () => {
  const judge = (listed: readonly string[], events: ReturnType<typeof event>[], over = {}) =>
    runCheck(eventsCounted, { digests: digests([today(listed)]), events: feed(events, over) });
  const codes = (...args: Parameters<typeof judge>) => {
    const outcome = judge(...args);
    return outcome.kind === "skip" ? outcome.kind : (outcome.findings ?? []).map(({ code }) => code);
  };

  test("is content when digest and feed agree", () => {
    expect(judge([ISSUES[0]], [event(ISSUES[0]), event("/jira/issues/_index.json")])).toMatchObject({
      exercised: 1,
      findings: [],
    });
  });

  test("sees events that are missing or too many", () => {
    const agent = { origin: "agent_write" };
    expect(codes([], [event(ISSUES[0], agent)])).toEqual(["digest.count-mismatch"]);
    expect(codes([ISSUES[0], ISSUES[1]], [event(ISSUES[0], agent)])).toEqual(["digest.count-mismatch"]);
  });

  test("says that a change from a provider never reached the digest", () => {
    expect(codes([], [event(ISSUES[0])])).toEqual(["digest.count-mismatch", "digest.inbound-unseen"]);
  });

  test("names what is in the digest and not in the feed", () => {
    const facts = { digests: digests([today(ISSUES)]), events: feed([event(ISSUES[0])]) };
    expect(findingsOf(eventsCounted, facts)[0]?.facts).toMatchObject({ missing: [], extra: [ISSUES[1]] });
  });

  test("counts a sync event without a file", () => {
    expect(codes([], [event("/", { type: "sync.ignored", origin: "system" })])).toEqual([
      "digest.count-mismatch",
    ]);
  });

  test("tells a filter that is too eager from a wrong count", () => {
    expect(codes([], [event("/jira/issues/some-acl-doc__7.json")])).toEqual(["digest.over-filtered"]);
  });

  test("holds nothing against what happened as the digest was written", () => {
    expect(codes([], [event(ISSUES[0], { at: before(60) })])).toEqual([]);
    expect(codes([ISSUES[0]], [event(ISSUES[0], { at: before(60) })])).toEqual([]);
  });

  test("allows a digest that was written after the feed was read to know more", () => {
    const early = { collectedAtMs: Date.parse(before(61)) };
    expect(codes(ISSUES, [event(ISSUES[0])], early)).toEqual([]);
    expect(codes([], [event(ISSUES[0], { origin: "agent_write" })], early)).toEqual([
      "digest.count-mismatch",
    ]);
  });

  test("expects nothing from below an access rule", () => {
    const secret = "/jira/secret/a__1.json";
    expect(
      codes([], [event("/jira/secret/.relayfile.acl"), event(secret, { origin: "agent_write" })]),
    ).toEqual([]);
  });

  test("skips a truncated digest and a feed that does not reach midnight", () => {
    const full = { digests: digests([today([], { truncated: true })]), events: feed([event(ISSUES[0])]) };
    expect(runCheck(eventsCounted, full).kind).toBe("skip");
    expect(codes([], [event(ISSUES[0])], { complete: false })).toBe("skip");
    expect(runCheck(eventsCounted, { digests: digests([]), events: feed([]) }).kind).toBe("skip");
  });
});

describe("VG-10 and VG-11 digest.sections-complete", () => {
  const integrations = { list: probe(), rows: [], statuses: [] };
  const withSections = (sections: readonly string[], bullets: readonly string[] = []) =>
    digests([
      {
        ...today(bullets),
        sections,
        bullets: bullets.map((path) => ({ provider: "jira", identifier: "x", path })),
      },
    ]);

  test("sees a provider without a section, and allows one that came after the digest", () => {
    const facts = { digests: withSections(["linear"]), integrations, records: records(issueTree()) };
    expect(codesOf(sectionsComplete, facts)).toEqual(["digest.provider-missing"]);
    expect(codesOf(sectionsComplete, { ...facts, digests: withSections(["jira", "linear"]) })).toEqual([]);
    const late = feed([event(ISSUES[0], { at: before(10) })]);
    expect(codesOf(sectionsComplete, { ...facts, events: late })).toEqual([]);
  });

  test("expects no section of a provider that is not connected, has no files, or is unknown here", () => {
    const sections = withSections(["linear"]);
    for (const over of [{ connected: false }, { files: [] }, { provider: "hubspot" }]) {
      const facts = { digests: sections, integrations, records: records(issueTree(over)) };
      expect(codesOf(sectionsComplete, facts)).toEqual([]);
    }
    const closed = { digests: sections, integrations, records: records(issueTree()) };
    for (const path of ["/jira/.relayfile.acl", "/.relayfile.acl"])
      expect(codesOf(sectionsComplete, { ...closed, events: feed([event(path)]) })).toEqual([]);
    const some = feed([event(ISSUES[0], { at: before(10) }), event(ISSUES[1], { at: before(600) })]);
    const facts = { digests: sections, integrations, records: records(issueTree()), events: some };
    expect(codesOf(sectionsComplete, facts)).toEqual(["digest.provider-missing"]);
  });

  test("sees sections out of order or twice", () => {
    for (const sections of [
      ["linear", "jira"],
      ["jira", "jira"],
    ])
      expect(codesOf(sectionsComplete, { digests: withSections(sections) })).toEqual([
        "digest.sections-unsorted",
      ]);
  });

  test("notes bullets against the time and bullets that lead nowhere", () => {
    const gone = "/jira/issues/gone__9.json";
    const events = feed([event(ISSUES[0], { at: before(300) }), event(ISSUES[1], { at: before(600) })]);
    const facts = { events, integrations, records: records(issueTree()) };
    expect(codesOf(sectionsComplete, { ...facts, digests: withSections(["jira"], ISSUES) })).toEqual([
      "digest.bullets-unsorted",
    ]);
    expect(
      codesOf(sectionsComplete, { ...facts, digests: withSections(["jira"], [...ISSUES].reverse()) }),
    ).toEqual([]);
    expect(codesOf(sectionsComplete, { ...facts, digests: withSections(["jira"], [gone]) })).toEqual([
      "digest.bullet-dangling",
    ]);
    const deleted = { ...facts, events: feed([event(gone, { type: "file.deleted" })]) };
    expect(codesOf(sectionsComplete, { ...deleted, digests: withSections(["jira"], [gone]) })).toEqual([]);
  });

  test("judges nothing where no digest can be read", () => {
    expect(runCheck(sectionsComplete, { digests: EMPTY_FACTS.digests })).toMatchObject({ exercised: 0 });
  });
});

describe("VG-14 digest.terminal-states-told", () => {
  const judge = (verb: string, state = "closed", events = feed([])) => {
    const index = indexOf("/jira/issues/_index.json", [
      row("10001", ISSUES[0], { state }),
      row("10002", ISSUES[1]),
    ]);
    const bullets = [{ provider: "jira", identifier: "one", path: ISSUES[0], verb }];
    return codesOf(terminalStatesTold, {
      digests: digests([{ ...today([]), bullets }]),
      records: records(issueTree({ indexes: [index] })),
      events,
    });
  };

  test("sees an end told as a deletion, by the bullet or by the feed", () => {
    expect(judge("was deleted")).toEqual(["digest.closed-as-deleted"]);
    const removed = feed([event(ISSUES[0], { type: "file.deleted" })]);
    expect(judge("was updated", "Done", removed)).toEqual(["digest.closed-as-deleted"]);
  });

  test("is content with a terminal verb and with a record that is open", () => {
    expect(judge("was closed")).toEqual([]);
    expect(judge("was updated", "In Progress")).toEqual([]);
  });

  test("notes an end that no bullet tells", () => {
    expect(judge("was updated")).toEqual(["digest.end-untold"]);
  });

  test("skips a digest without bullets", () => {
    const facts = { digests: digests([today([])]), records: records(tree([])) };
    expect(runCheck(terminalStatesTold, facts).kind).toBe("skip");
  });
});
