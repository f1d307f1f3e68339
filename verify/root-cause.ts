/** Which findings are root causes: an effect is folded under its cause, so that a report names each independent problem once. */
import { CAUSE_RULES, type CauseRule } from "./cause-rules.ts";
import type { Finding } from "./report.ts";

export { CAUSE_RULES } from "./cause-rules.ts";

/** Findings with `role`, `causedBy`, and the ids of the root causes in the order a reader should meet them. */
export function foldCauses(
  findings: readonly Finding[],
  rules: readonly CauseRule[] = CAUSE_RULES,
): { findings: Finding[]; rootCauses: string[] } {
  const linked = findings.map((finding) => {
    const causedBy = findings
      .filter((other) => other.id !== finding.id && rules.some((rule) => explains(rule, other, finding)))
      .map((other) => other.id);
    return {
      ...finding,
      causedBy,
      role: causedBy.length === 0 ? ("root" as const) : ("consequence" as const),
    };
  });
  const effects = (id: string) => linked.filter((finding) => finding.causedBy.includes(id));
  const explained = (id: string) => effects(id).length;
  // A warning that breaks something is as urgent as what it breaks.
  const rank = { error: 0, warn: 1, info: 2 } as const;
  const urgency = (finding: Finding) =>
    Math.min(rank[finding.severity], ...effects(finding.id).map(({ severity }) => rank[severity]));
  const rootCauses = linked
    .filter((finding) => finding.role === "root" && finding.severity !== "info")
    .sort(
      (a, b) =>
        urgency(a) - urgency(b) ||
        Number(b.class === "auth") - Number(a.class === "auth") ||
        Number(b.knownIssue !== undefined) - Number(a.knownIssue !== undefined) ||
        explained(b.id) - explained(a.id),
    )
    .map((finding) => finding.id);
  return { findings: linked, rootCauses };
}

function explains(rule: CauseRule, cause: Finding, effect: Finding): boolean {
  if (rule.cause !== cause.code || rule.effect !== effect.code) return false;
  if (rule.sharing === "anything") return true;
  if (rule.sharing === "subject") return cause.subject.ref === effect.subject.ref;
  if (rule.sharing === "provider")
    return cause.facts.provider !== undefined && cause.facts.provider === effect.facts.provider;
  const [a, b] = [cause.facts[rule.fact ?? ""], effect.facts[rule.fact ?? ""]];
  const [left, right] = [asList(a), asList(b)];
  return right.length > 0 && right.every((value) => left.includes(value));
}

function asList(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : value == null ? [] : [String(value)];
}
