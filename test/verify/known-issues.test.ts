import { describe, expect, test } from "bun:test";
import { explain } from "../../verify/explain.ts";
import { KNOWN_ISSUES, type KnownIssue } from "../../verify/known-issues.ts";
import { matchKnownIssue } from "../../verify/match-known-issue.ts";
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
    issue: "cloud#745",
    code: "discovery.contract-incomplete",
    positive: { connected: true, discoveryFiles: 9 },
    nearMiss: { connected: true, discoveryFiles: 0 },
    byDesign: "discovery.no-records",
  },
  {
    issue: "cloud#756",
    code: "discovery.refresh-partial",
    positive: { reported: true, unreached: 2 },
    nearMiss: { reported: false, unreached: 2 },
    byDesign: "discovery.refresh-slow",
  },
  {
    issue: "cloud#756",
    code: "discovery.refresh-left-out",
    positive: { reported: true, unreached: 1 },
    nearMiss: { reported: true, unreached: 0 },
    byDesign: "discovery.refresh-failed",
  },
  {
    issue: "cloud#762",
    code: "doctor.control-plane-unreachable",
    positive: { status: 500, message: 'Error: No such module "pg"' },
    nearMiss: { status: 500, message: "" },
    byDesign: "doctor.cloud-wrong-service",
  },
  {
    issue: "cloud#775",
    code: "writeback.created-twice",
    positive: { sameDocument: true, records: 2 },
    nearMiss: { sameDocument: true, records: 1 },
    byDesign: "writeback.left-behind",
  },
  {
    issue: "relayfile#137",
    code: "doctor.workspace-token-expired",
    positive: { cloudSessionAlive: true },
    nearMiss: { cloudSessionAlive: false },
    byDesign: "doctor.cloud-session-expired",
  },
  {
    issue: "relayfile#166",
    code: "doctor.bootstrap-stalled",
    positive: { complete: false, stalled: true },
    nearMiss: { complete: true, stalled: true },
    byDesign: "doctor.mount-lagging",
  },
  {
    issue: "relayfile#242",
    code: "writeback.draft-residue",
    positive: { status: "succeeded", placeKind: "raw" },
    nearMiss: { status: "succeeded", placeKind: "receipt" },
    byDesign: "writeback.left-behind",
  },
  {
    issue: "relayfile#242",
    code: "writeback.draft-left-raw",
    positive: { status: "succeeded", placeKind: "raw" },
    nearMiss: { status: "failed", placeKind: "raw" },
    byDesign: "writeback.draft-vanished",
  },
  {
    issue: "relayfile#306",
    code: "writeback.accepted-unreadable",
    positive: { status: "succeeded", placeKind: "missing" },
    nearMiss: { status: "pending", placeKind: "missing" },
    byDesign: "writeback.receipt-astray",
  },
  {
    issue: "relayfile#306",
    code: "doctor.uuid-for-relay-id",
    positive: { claimed: "rw_aaaaaaaa", askedForm: "cloud" },
    nearMiss: { claimed: "rw_aaaaaaaa", askedForm: "relay" },
    byDesign: "doctor.workspace-mismatch",
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
    expect([...new Set(FIXTURES.map((fixture) => fixture.issue))].sort()).toEqual(
      KNOWN_ISSUES.map((issue) => issue.id).sort(),
    );
  });

  for (const { issue, code, positive, nearMiss, byDesign } of FIXTURES) {
    test(`${issue} as ${code}: all signs confirm, one contradicted excludes, the look-alike never matches`, () => {
      expect(matchKnownIssue(finding(code, positive))).toMatchObject({
        id: issue,
        confidence: "confirmed",
        missing: [],
        matched: expect.arrayContaining([expect.any(String)]),
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

describe("a match on a server that should contain the fix", () => {
  const fixed = finding("writeback.no-route", { attemptCount: 0, noRuleMatched: true, canonical: true });
  const on = (serverVersion: string | null, over: Partial<KnownIssue> = {}) => {
    const issues = KNOWN_ISSUES.map((issue) =>
      issue.id === "cloud#780" ? { ...issue, fixedIn: "1.4.0", ...over } : issue,
    );
    return matchKnownIssue(fixed, { serverVersion, issues })?.regression;
  };

  test("asks whether it came back", () => {
    for (const version of ["1.4.0", "v1.4.1", "1.10.0", "2.0.0-rc.1"])
      expect(on(version)).toEqual({ fixedIn: "1.4.0" });
  });

  test("says nothing for an older server, an unknown version, one that emulates, and an open issue", () => {
    for (const version of ["1.3.9", "0.9.0", null, "unknown", "3f9c1e2", "1.4.0+emulates-2026-05"])
      expect(on(version)).toBeUndefined();
    expect(on("9.9.9", { status: "open" })).toBeUndefined();
    expect(on("9.9.9", { fixedIn: undefined })).toBeUndefined();
  });
});

describe("explain() of a known issue", () => {
  for (const issue of KNOWN_ISSUES) {
    test(`${issue.id} says what it means, how it was decided, what it is not and what to do`, () => {
      const [page] = explain(issue.id);
      expect(page?.type).toBe("issue");
      expect(page?.sections.map(({ heading }) => heading)).toEqual([
        "What it means",
        "How it is recognised",
        "What it is not",
        "What to do",
        "State",
      ]);
      for (const { text } of page?.sections ?? []) expect(text.length).toBeGreaterThan(3);
      expect(page?.see).toEqual([...issue.codes]);
    });
  }
});

describe("matchKnownIssue() without evidence", () => {
  test("matches nothing when no sign could be looked at", () => {
    for (const { code } of FIXTURES) expect(matchKnownIssue(finding(code, {}))).toBeNull();
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
