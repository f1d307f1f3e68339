import { describe, expect, test } from "bun:test";
import { findingCodes } from "../../verify/explain.ts";
import { CAUSE_RULES, foldCauses } from "../../verify/root-cause.ts";
import { aFinding } from "../support/report-parts.ts";

const found = (id: string, code: string, over: Parameters<typeof aFinding>[1] = {}) =>
  aFinding(id, { code, severity: "error", subject: { kind: "endpoint", ref: id }, ...over });
const rootsOf = (...findings: ReturnType<typeof found>[]) => {
  const folded = foldCauses(findings);
  return folded.rootCauses.map((id) => folded.findings.find((finding) => finding.id === id)?.code);
};

describe("CAUSE_RULES", () => {
  test("never go in a circle: a cause that is explained by its own effect would vanish", () => {
    const effects = Map.groupBy(CAUSE_RULES, ({ cause }) => cause as string);
    const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
      (effects.get(from) ?? []).some(({ effect }) => {
        if (effect === to) return true;
        if (seen.has(effect)) return false;
        seen.add(effect);
        return reaches(effect, to, seen);
      });
    expect([...effects.keys()].filter((cause) => reaches(cause, cause))).toEqual([]);
  });

  test("take no note for a cause: what it explains would be hidden", () => {
    const severities = new Map(findingCodes().map(({ code, spec }) => [code, spec.severity]));
    expect(CAUSE_RULES.filter(({ cause }) => severities.get(cause) === "info")).toEqual([]);
  });

  test("are each there once", () => {
    const lines = CAUSE_RULES.map(
      (rule) => `${rule.cause} > ${rule.effect} by ${rule.sharing} ${rule.fact ?? ""}`,
    );
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
  });
});

describe("foldCauses()", () => {
  test("names one cause for a network that is down, whatever could not be asked because of it", () => {
    expect(
      rootsOf(
        found("f1", "doctor.file-api-unreachable"),
        found("f2", "doctor.control-plane-unreachable"),
        found("f3", "doctor.workspace-unresolved"),
        found("f4", "doctor.network-unreachable"),
      ),
    ).toEqual(["doctor.network-unreachable"]);
  });

  test.each([
    "writeback.provider-rejected",
    "writeback.retries-exhausted",
    "writeback.validation-failed",
    "writeback.no-route",
  ])("takes the record of a dead letter and its op for one write: %s", (cause) => {
    const letter = found("f1", "doctor.dead-letter-present", { facts: { opIds: ["op_1"] } });
    expect(rootsOf(letter, found("f2", cause, { facts: { opIds: ["op_1", "op_2"] } }))).toEqual([cause]);
    expect(rootsOf(letter, found("f2", cause, { facts: { opIds: ["op_2"] } }))).toHaveLength(2);
  });

  test("keeps two problems apart that have nothing to do with each other", () => {
    expect(
      rootsOf(found("f1", "doctor.file-api-unreachable"), found("f2", "doctor.mount-daemon-dead")),
    ).toHaveLength(2);
  });

  test("asks for the same provider, the same subject or the same fact where a rule says so", () => {
    const error = found("f1", "doctor.integration-error", { facts: { provider: "jira" } });
    const site = (provider: string) => found("f2", "doctor.atlassian-site-unset", { facts: { provider } });
    expect(rootsOf(error, site("jira"))).toEqual(["doctor.atlassian-site-unset"]);
    expect(rootsOf(error, site("confluence"))).toHaveLength(2);
    const wrong = (code: string, host: string) => found(code, code, { facts: { host } });
    expect(
      rootsOf(wrong("doctor.cloud-wrong-service", "a:1"), wrong("doctor.file-api-wrong-service", "a:1")),
    ).toEqual(["doctor.file-api-wrong-service"]);
    expect(
      rootsOf(wrong("doctor.cloud-wrong-service", "a:1"), wrong("doctor.file-api-wrong-service", "b:1")),
    ).toHaveLength(2);
  });

  test("puts errors before warnings, a missing sign-in before other errors, and notes nowhere", () => {
    expect(
      rootsOf(
        found("f1", "doctor.edit-oversize", { severity: "warn" }),
        found("f2", "doctor.mount-daemon-dead"),
        found("f3", "doctor.workspace-token-expired", { class: "auth" }),
        found("f4", "doctor.feed-polling", { severity: "info" }),
      ),
    ).toEqual(["doctor.workspace-token-expired", "doctor.mount-daemon-dead", "doctor.edit-oversize"]);
  });

  test("puts a warning that breaks something among the errors", () => {
    expect(
      rootsOf(
        found("f1", "doctor.mount-nested"),
        found("f2", "doctor.disk-nearly-full", { severity: "warn" }),
        found("f3", "doctor.outbox-stuck"),
      ),
    ).toEqual(["doctor.disk-nearly-full", "doctor.mount-nested"]);
  });

  test("links every effect to all that explain it", () => {
    const { findings } = foldCauses([
      found("f1", "doctor.outbox-stuck"),
      found("f2", "doctor.circuit-open"),
      found("f3", "doctor.mount-daemon-dead"),
    ]);
    expect(findings[0]).toMatchObject({ role: "consequence", causedBy: ["f2", "f3"] });
  });
});
