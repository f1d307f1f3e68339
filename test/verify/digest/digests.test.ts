import { describe, expect, test } from "bun:test";
import { prefixOf, prefixShares } from "../../../verify/digest/_shares.ts";
import { noAliasBullets, noInternalPaths } from "../../../verify/digest/budget.ts";
import {
  budgetHonest,
  digestsExist,
  frontMatterValid,
  notTruncated,
} from "../../../verify/digest/digests.ts";
import { parseDigest } from "../../../verify/evidence/digest-document.ts";
import { digest, digests } from "../../support/facts.ts";
import { codesOf, findingsOf, runCheck } from "../../support/run-check.ts";

const records = Array.from({ length: 20 }, (_, n) => `/linear/issues/a__${n}.json`);
const aliases = Array.from({ length: 80 }, (_, n) => `/linear/issues/by-project/p1/${n}.json`);
const TRUNCATED = { truncated: true, events: 2000, warnings: ["digest_event_limit_exceeded"] };

describe("digest checks", () => {
  test("find nothing in a healthy digest", () => {
    const windows = ["today", "yesterday", "this-week", "last-week", "2026-05-20"];
    const facts = {
      digests: digests([digest(records), digest([], {}, "/digests/yesterday.md")], {
        listed: windows.map((name) => `/digests/${name}.md`),
      }),
    };
    for (const check of [
      digestsExist,
      frontMatterValid,
      notTruncated,
      budgetHonest,
      noInternalPaths,
      noAliasBullets,
    ]) {
      expect(codesOf(check, facts)).toEqual([]);
    }
  });

  test("name the prefix that eats the budget, once for all windows (cloud#771)", () => {
    const full = [...records, ...aliases];
    const facts = {
      digests: digests([digest(full, TRUNCATED), digest(full, TRUNCATED, "/digests/this-week.md")]),
    };
    const found = findingsOf(noInternalPaths, facts);
    expect(found.map((finding) => finding.code)).toEqual(["digest.budget-eaten"]);
    expect(found[0]?.subject.ref).toBe("/linear/issues/by-project");
    expect(found[0]?.facts).toMatchObject({
      truncated: true,
      internalPercent: 80,
      windows: ["today", "this-week"],
    });
    expect(codesOf(notTruncated, facts)).toEqual(["digest.truncated", "digest.truncated"]);
    expect(codesOf(noAliasBullets, facts)).toEqual(["digest.alias-bullets"]);
  });

  test("call a busy day real volume, not a filter gap", () => {
    const facts = { digests: digests([digest(records, TRUNCATED)]) };
    expect(codesOf(noInternalPaths, facts)).toEqual(["digest.real-volume"]);
    expect(findingsOf(notTruncated, facts)[0]?.severity).toBe("warn");
  });

  test("report internal paths below the budget as a gap of their own", () => {
    const facts = { digests: digests([digest([...records, aliases[0] ?? ""])]) };
    expect(codesOf(noInternalPaths, facts)).toEqual(["digest.internal-paths-listed"]);
  });

  test("keep records whose names look internal", () => {
    const facts = {
      digests: digests([
        digest(["/linear/issues/by-the-way__7.json", "/notion/pages/layout-notes__1/page.md"]),
      ]),
    };
    expect(codesOf(noInternalPaths, facts)).toEqual([]);
    expect(codesOf(noAliasBullets, facts)).toEqual([]);
  });

  test("miss a digest only where there is activity", () => {
    expect(codesOf(digestsExist, { digests: digests([digest(records)]) })).toEqual(["digest.missing"]);
    const quiet = { digests: digests([], { newestEvent: null }) };
    expect(runCheck(digestsExist, quiet).kind).toBe("skip");
  });

  test("see a stale date only after activity of the new day", () => {
    const old = digest(records, { date: "2026-05-19" });
    expect(codesOf(frontMatterValid, { digests: digests([old]) })).toEqual([]);
    const active = digests([old], {
      newestEvent: { path: "/x/y", at: "2026-05-20T09:00:00.000Z", exchangeId: "x" },
    });
    expect(codesOf(frontMatterValid, { digests: active })).toEqual(["digest.stale-date"]);
  });

  test("see front matter that contradicts itself", () => {
    expect(codesOf(budgetHonest, { digests: digests([digest(records, { truncated: true })]) })).toEqual([
      "digest.budget-unannounced",
    ]);
    expect(
      codesOf(frontMatterValid, { digests: digests([{ ...digest(records), frontMatter: null }]) }),
    ).toEqual(["digest.front-matter-invalid"]);
  });
});

describe("parseDigest()", () => {
  const hosted = `---
date: 2026-05-20
covers: today
providers: [github, jira]
events: 1
truncated: false
warnings: []
---

# Activity summary for 2026-05-20

## github
_no activity_

## jira
- task-1 was updated - [/jira/issues/task-1__10000.json]
`;

  test("reads the hosted form", () => {
    const parsed = parseDigest(hosted);
    expect(parsed.frontMatter).toMatchObject({
      events: 1,
      truncated: false,
      providers: ["github", "jira"],
      warnings: [],
    });
    expect(parsed.sections).toEqual(["github", "jira"]);
    expect(parsed.bullets).toEqual([
      {
        provider: "jira",
        identifier: "task-1",
        path: "/jira/issues/task-1__10000.json",
        verb: "was updated",
      },
    ]);
  });

  test("reads the older form with block lists and relative paths", () => {
    const parsed = parseDigest(
      "---\nevents: 2\nwarnings:\n  - a\n  - b\n---\n## x\n- i was updated — [x/y.json]\n",
    );
    expect(parsed.frontMatter).toEqual({ events: 2, warnings: ["a", "b"] });
    expect(parsed.bullets[0]?.path).toBe("/x/y.json");
  });

  test("has no front matter when it is not closed or damaged", () => {
    expect(parseDigest("---\nevents: 2\n").frontMatter).toBeNull();
    expect(parseDigest("---\n}{\n---\n").frontMatter).toBeNull();
    expect(parseDigest("").frontMatter).toBeNull();
  });
});

describe("prefixShares()", () => {
  test("counts an alias under its directory and a record under its resource", () => {
    expect(prefixOf("/linear/issues/by-project/p/1.json")).toBe("/linear/issues/by-project");
    expect(prefixOf("/github/repos/o/r/issues/1/meta.json")).toBe("/github/repos");
    expect(
      prefixShares(digest([...records, ...aliases])).map((share) => [
        share.prefix,
        share.percent,
        share.internal,
      ]),
    ).toEqual([
      ["/linear/issues/by-project", 80, true],
      ["/linear/issues", 20, false],
    ]);
  });
});
