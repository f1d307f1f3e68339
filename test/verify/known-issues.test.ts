import { describe, expect, test } from "bun:test";
import { KNOWN_ISSUES, matchKnownIssue } from "../../verify/known-issues.ts";
import type { Finding } from "../../verify/report.ts";
import { foldCauses } from "../../verify/root-cause.ts";

/** A finding with only what matching and folding look at. */
function finding(code: string, facts: Finding["facts"], over: Partial<Finding> = {}): Finding {
  return {
    id: code,
    code,
    fingerprint: code,
    checkId: "c",
    phase: "discovery",
    severity: "error",
    confidence: "confirmed",
    title: code,
    subject: { kind: "path", ref: "/jira/issues" },
    role: "root",
    causedBy: [],
    evidence: [],
    facts,
    ruledOut: [],
    refs: [],
    class: "other",
    ...over,
  };
}

interface Fixture {
  readonly issue: string;
  readonly code: string;
  readonly positive: Finding["facts"];
  /** One sign contradicted. */
  readonly nearMiss: Finding["facts"];
  /** The finding code that the by-design look-alike has instead. */
  readonly byDesign: string;
}

const MISMATCH = {
  refreshBackfilled: true,
  properties: 0,
  lastEditedAt: "2026-05-18T00:00:00Z",
  refreshedAt: "2026-05-20T12:00:00Z",
  placeholder: false,
  indexRows: 3,
  readableRows: 0,
};

const FIXTURES: readonly Fixture[] = [
  {
    issue: "cloud#736",
    code: "doctor.connection-unmatched",
    positive: { connectionMatched: false, hasCurrentConnection: true },
    nearMiss: { connectionMatched: false, hasCurrentConnection: false },
    byDesign: "doctor.oauth-pending",
  },
  {
    issue: "cloud#761",
    code: "discovery.advertised-missing",
    positive: { advertised: 2, discoveryFiles: 0 },
    nearMiss: { advertised: 2, discoveryFiles: 9 },
    byDesign: "discovery.placeholder-by-design",
  },
  {
    issue: "cloud#766",
    code: "doctor.join-slow",
    positive: { ratio: 40, othersFast: true },
    nearMiss: { ratio: 40, othersFast: false },
    byDesign: "doctor.file-api-slow",
  },
  {
    issue: "cloud#771",
    code: "digest.budget-eaten",
    positive: { truncated: true, internalPercent: 81 },
    nearMiss: { truncated: true, internalPercent: 12 },
    byDesign: "digest.real-volume",
  },
  {
    issue: "cloud#778",
    code: "discovery.row-alias-mismatch",
    positive: MISMATCH,
    nearMiss: { ...MISMATCH, refreshBackfilled: false },
    byDesign: "discovery.placeholder-by-design",
  },
  {
    issue: "cloud#780",
    code: "writeback.no-route",
    positive: { attemptCount: 0, noRuleMatched: true, canonical: true },
    nearMiss: { attemptCount: 0, noRuleMatched: true, canonical: false },
    byDesign: "writeback.not-writable-path",
  },
  {
    issue: "relayfile#84",
    code: "writeback.provider-rejected",
    positive: { deadLettered: true, attempts: 1 },
    nearMiss: { deadLettered: false, attempts: 1 },
    byDesign: "writeback.validation-failed",
  },
  {
    issue: "relayfile#164",
    code: "doctor.mount-root-clobbered",
    positive: { exists: true, isDirectory: false },
    nearMiss: { exists: false, isDirectory: false },
    byDesign: "doctor.mount-root-missing",
  },
  {
    issue: "relayfile#165",
    code: "doctor.circuit-open",
    positive: { suspended: true },
    nearMiss: { suspended: false },
    byDesign: "doctor.mount-daemon-dead",
  },
];

describe("matchKnownIssue()", () => {
  test("has a fixture for every issue of the catalogue", () => {
    expect(FIXTURES.map((fixture) => fixture.issue).sort()).toEqual(
      KNOWN_ISSUES.map((issue) => issue.id).sort(),
    );
  });

  for (const { issue, code, positive, nearMiss, byDesign } of FIXTURES) {
    test(`${issue}: all signs confirm, one contradicted excludes, the look-alike never matches`, () => {
      expect(matchKnownIssue(finding(code, positive))).toMatchObject({
        id: issue,
        confidence: "confirmed",
        missing: [],
      });
      expect(matchKnownIssue(finding(code, nearMiss))).toBeNull();
      expect(matchKnownIssue(finding(byDesign, positive))).toBeNull();
    });
  }

  test("a sign that could not be looked at lowers the confidence and is named", () => {
    const match = matchKnownIssue(
      finding("discovery.row-alias-mismatch", { ...MISMATCH, refreshBackfilled: null, refreshedAt: null }),
    );
    expect(match?.confidence).toBe("likely");
    expect(match?.missing).toHaveLength(2);
  });
});

describe("foldCauses()", () => {
  test("folds effects of one subject under their cause and leaves other subjects alone", () => {
    const other = { subject: { kind: "path", ref: "/jira/projects" } };
    const { findings, rootCauses } = foldCauses([
      finding("discovery.empty-schema", {}),
      finding("discovery.row-alias-mismatch", {}),
      finding("discovery.empty-schema", {}, { ...other, id: "other" }),
    ]);
    expect(rootCauses).toEqual(["discovery.row-alias-mismatch", "other"]);
    expect(findings[0]).toMatchObject({ role: "consequence", causedBy: ["discovery.row-alias-mismatch"] });
  });

  test("never calls a note a root cause and puts sign-in first", () => {
    const { rootCauses } = foldCauses([
      finding("digest.real-volume", {}, { severity: "info" }),
      finding("digest.budget-eaten", {}),
      finding("doctor.scope-missing", {}, { class: "auth" }),
    ]);
    expect(rootCauses).toEqual(["doctor.scope-missing", "digest.budget-eaten"]);
  });

  test("matches a local dead letter with its op by id", () => {
    const { rootCauses } = foldCauses([
      finding("writeback.provider-rejected", { opIds: ["op_1", "op_2"] }),
      finding("doctor.dead-letter-present", { opIds: ["op_2"] }, { id: "local" }),
      finding("doctor.dead-letter-present", { opIds: ["op_9"] }, { id: "upload" }),
    ]);
    expect(rootCauses).toEqual(["writeback.provider-rejected", "upload"]);
  });
});
