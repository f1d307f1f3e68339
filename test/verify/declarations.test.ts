import { describe, expect, test } from "bun:test";
import { ERRORS } from "../../lib/errors.ts";
import { COLLECTORS } from "../../verify/evidence/mod.ts";
import { explain, explainTerms, findingCodes } from "../../verify/explain.ts";
import { KNOWN_ISSUES } from "../../verify/known-issues.ts";
import { CAUSE_RULES } from "../../verify/root-cause.ts";
import { runChecks } from "../../verify/schedule.ts";
import { ALL_CHECKS, SUITES } from "../../verify/suites.ts";
import { EMPTY_FACTS } from "../support/facts.ts";

const DOTTED = /^(doctor|discovery|digest|writeback)\.[a-z0-9]+(-[a-z0-9]+)*$/;

describe("suites", () => {
  test("name every check once, by suite and fact", () => {
    const ids = ALL_CHECKS.map((check) => check.id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(DOTTED);
    for (const [suite, checks] of Object.entries(SUITES)) {
      for (const check of checks) expect(check.id.startsWith(`${suite}.`)).toBe(true);
    }
  });

  test("refer only to checks and evidence that exist", () => {
    const ids = new Set<string>(ALL_CHECKS.map((check) => check.id));
    const evidence = new Set<string>(COLLECTORS.map((spec) => spec.name));
    for (const check of ALL_CHECKS) {
      for (const parent of check.after) expect(ids).toContain(parent);
      for (const name of [...check.needs, ...(check.wants ?? [])]) expect(evidence).toContain(name);
    }
  });

  test("declare each finding code once, with a page that fills every part", () => {
    const codes = findingCodes();
    expect(new Set(codes.map(({ code }) => code)).size).toBe(codes.length);
    for (const { code, spec } of codes) {
      expect(code).toMatch(DOTTED);
      for (const text of [spec.means, spec.decided, spec.not, spec.fix])
        expect(text.length).toBeGreaterThan(7);
      expect(explain(code)).toHaveLength(1);
    }
  });

  test("never pass on empty evidence", async () => {
    const results = await runChecks({
      checks: ALL_CHECKS.map((check) => ({ check: { ...check, after: [] }, prerequisite: false })),
      evidence: { get: async (name) => ({ value: EMPTY_FACTS[name] }), records: [] },
      clock: { now: () => 0, monotonicMs: () => 0 },
      signal: new AbortController().signal,
      effectOf: () => "read",
    });
    const passed = results.filter(({ result }) => result.status === "pass").map(({ result }) => result.id);
    // A mount without dead letters was looked at, and a route that answers is there: health of both is emptiness.
    const healthyEmpty = ["doctor.dead-letters-empty", "doctor.routes-deployed"];
    expect(passed.filter((id) => !healthyEmpty.includes(id))).toEqual([]);
  });
});

describe("every check, when one piece of what it needs could not be had", () => {
  for (const { id, needs } of ALL_CHECKS) {
    test(`${id} cannot tell`, async () => {
      const check = ALL_CHECKS.find((one) => one.id === id);
      if (check === undefined) throw new TypeError(`no check ${id}`);
      for (const lost of needs) {
        const [raw] = await runChecks({
          checks: [{ check: { ...check, after: [] }, prerequisite: false }],
          evidence: {
            get: async (name) =>
              name === lost ? { gap: "failed", reason: "the server is down" } : { value: EMPTY_FACTS[name] },
            records: [],
          },
          clock: { now: () => 0, monotonicMs: () => 0 },
          signal: new AbortController().signal,
          effectOf: () => "read",
        });
        expect(raw?.result).toMatchObject({ status: "unknown", reason: `${lost}: the server is down` });
        expect(raw?.findings).toEqual([]);
      }
    });
  }
});

describe("explain()", () => {
  test("knows every term it offers", () => {
    for (const term of explainTerms()) expect(explain(term).length).toBeGreaterThan(0);
  });

  test("answers issues, symptoms, probes, seed rows and error codes", () => {
    expect(explain("cloud#778")[0]?.type).toBe("issue");
    expect(explain("symptom:37")[0]?.type).toBe("symptom");
    expect(explain("VD-12")[0]?.id).toBe("discovery.samples-reachable");
    expect(explain("S19").map((page) => page.id)).toContain("discovery.samples-reachable");
    expect(explain(Object.keys(ERRORS)[0] ?? "")[0]?.type).toBe("error");
    expect(explain("no-such-thing")).toEqual([]);
  });
});

describe("known issues and cause rules", () => {
  test("speak only of codes that exist", () => {
    const codes = new Set(findingCodes().map(({ code }) => code));
    for (const issue of KNOWN_ISSUES) {
      for (const code of issue.codes) expect(codes).toContain(code);
    }
    for (const rule of CAUSE_RULES) {
      expect(codes).toContain(rule.cause);
      expect(codes).toContain(rule.effect);
    }
  });
});
