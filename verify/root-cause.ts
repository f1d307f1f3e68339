/**
 * Which finding explains which. The rules are data: an effect is folded under a cause when both are present and speak
 * of the same thing, so that a report names each independent problem once.
 */
import type { DottedId } from "./check.ts";
import type { Finding } from "./report.ts";

/** What cause and effect must share. `provider`: the first path segment after /discovery, or the fact `provider`. */
export type Sharing = "subject" | "provider" | "fact" | "anything";

/** One way in which a finding explains another. */
export interface CauseRule {
  readonly effect: DottedId;
  readonly cause: DottedId;
  readonly sharing: Sharing;
  /** The fact that must be equal when sharing is `fact`. */
  readonly fact?: string;
}

/** Every rule, causes of a suite together. */
export const CAUSE_RULES: readonly CauseRule[] = [
  ...causes("discovery.empty-schema", "subject", [
    "discovery.row-alias-mismatch",
    "discovery.index-missing",
    "discovery.records-unwrap-empty",
    "discovery.merge-dropped-fields",
    "discovery.silent-empty",
  ]),
  { effect: "discovery.empty-schema", cause: "discovery.not-refreshed", sharing: "fact", fact: "resources" },
  ...causes("discovery.schema-older-than-refresh", "subject", [
    "discovery.row-alias-mismatch",
    "discovery.index-missing",
    "discovery.records-unwrap-empty",
    "discovery.merge-dropped-fields",
    "discovery.silent-empty",
  ]),
  ...causes("discovery.backfilled-but-empty", "provider", [
    "discovery.row-alias-mismatch",
    "discovery.index-missing",
    "discovery.records-unwrap-empty",
    "discovery.merge-dropped-fields",
    "discovery.silent-empty",
  ]),
  ...causes("discovery.refresh-degraded", "provider", [
    "discovery.row-alias-mismatch",
    "discovery.index-missing",
    "discovery.records-unwrap-empty",
  ]),
  { effect: "discovery.contract-incomplete", cause: "discovery.advertised-missing", sharing: "provider" },
  { effect: "digest.truncated", cause: "digest.budget-eaten", sharing: "anything" },
  { effect: "digest.alias-bullets", cause: "digest.budget-eaten", sharing: "anything" },
  { effect: "digest.alias-bullets", cause: "digest.internal-paths-listed", sharing: "anything" },
  {
    effect: "doctor.dead-letter-present",
    cause: "writeback.provider-rejected",
    sharing: "fact",
    fact: "opIds",
  },
  {
    effect: "doctor.dead-letter-present",
    cause: "writeback.retries-exhausted",
    sharing: "fact",
    fact: "opIds",
  },
  { effect: "doctor.sync-provider-error", cause: "writeback.provider-rejected", sharing: "provider" },
  { effect: "doctor.sync-provider-error", cause: "writeback.retries-exhausted", sharing: "provider" },
  { effect: "doctor.route-refused", cause: "doctor.scope-missing", sharing: "anything" },
  { effect: "doctor.scope-refused", cause: "doctor.scope-missing", sharing: "anything" },
  { effect: "doctor.integrations-refused", cause: "doctor.scope-missing", sharing: "anything" },
  { effect: "discovery.refresh-refused", cause: "doctor.scope-missing", sharing: "anything" },
  // The overwrite that should have been refused gave the record a revision the clean-up did not know.
  { effect: "writeback.delete-failed", cause: "writeback.stale-write-accepted", sharing: "provider" },
  // Both look at one file: the part of the target that could not be read is the problem, the file is where it lies.
  {
    effect: "doctor.cloud-credential-damaged",
    cause: "doctor.credential-unusable",
    sharing: "fact",
    fact: "part",
  },
  { effect: "doctor.workspace-unresolved", cause: "doctor.uuid-for-relay-id", sharing: "anything" },
  { effect: "doctor.mount-lagging", cause: "doctor.mount-daemon-dead", sharing: "anything" },
  { effect: "doctor.mount-lagging", cause: "doctor.circuit-open", sharing: "anything" },
  { effect: "doctor.cloud-wrong-service", cause: "doctor.services-swapped", sharing: "anything" },
  { effect: "doctor.file-api-wrong-service", cause: "doctor.services-swapped", sharing: "anything" },
];

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
  const explained = (id: string) => linked.filter((finding) => finding.causedBy.includes(id)).length;
  const rank = { error: 0, warn: 1, info: 2 } as const;
  const rootCauses = linked
    .filter((finding) => finding.role === "root" && finding.severity !== "info")
    .sort(
      (a, b) =>
        rank[a.severity] - rank[b.severity] ||
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

function causes(effect: DottedId, sharing: Sharing, list: readonly DottedId[]): CauseRule[] {
  return list.map((cause) => ({ effect, cause, sharing }));
}
