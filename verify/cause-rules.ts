/**
 * Which finding explains which, as data: an effect is folded under a cause when both are present and speak of the same
 * thing.
 */
import type { DottedId } from "./check.ts";

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

const SERVICES_DOWN: readonly DottedId[] = [
  "doctor.file-api-unreachable",
  "doctor.control-plane-unreachable",
  "doctor.workspace-unresolved",
];
const MIRROR_BEHIND: readonly DottedId[] = [
  "doctor.mount-lagging",
  "doctor.mirror-stale",
  "doctor.edit-never-queued",
  "doctor.outbox-stuck",
  "doctor.outbox-waiting",
];

const REFUSED_WRITES: readonly DottedId[] = [
  "writeback.provider-rejected",
  "writeback.retries-exhausted",
  "writeback.validation-failed",
  "writeback.no-route",
  "writeback.not-writable-path",
  "writeback.parent-named-by-key",
  "writeback.draft-misrouted",
  "writeback.reserved-name-sent",
  "writeback.draft-delete-sent",
];

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
  // A draft that was taken for a record is answered like any edit of a record that does not exist.
  {
    effect: "writeback.provider-rejected",
    cause: "writeback.draft-misrouted",
    sharing: "fact",
    fact: "opIds",
  },
  // What was sent although it is no record is refused, or made into something, by chance.
  ...(["writeback.reserved-name-sent", "writeback.draft-delete-sent"] as const).flatMap((cause) =>
    (["writeback.provider-rejected", "writeback.retries-exhausted"] as const).map(
      (effect): CauseRule => ({ effect, cause, sharing: "fact", fact: "opIds" }),
    ),
  ),
  {
    effect: "writeback.accepted-unreadable",
    cause: "writeback.success-unconfirmed",
    sharing: "fact",
    fact: "opIds",
  },
  ...causes("writeback.example-invalid", "subject", ["discovery.required-readonly"]),
  { effect: "writeback.create-unroutable", cause: "discovery.orphan-file", sharing: "provider" },
  { effect: "writeback.accepted-unreadable", cause: "doctor.uuid-for-relay-id", sharing: "anything" },
  // Its document cannot name a schema that nobody declared.
  { effect: "discovery.adapter-doc-thin", cause: "discovery.orphan-file", sharing: "provider" },
  ...causes("discovery.tree-empty", "provider", [
    "doctor.sync-never-started",
    "doctor.integration-error",
    "doctor.connection-unmatched",
    "doctor.oauth-pending",
  ]),
  // A schema that was reset is empty for that reason.
  ...causes("discovery.empty-schema", "subject", ["discovery.schema-shrank"]),
  ...causes("discovery.merge-dropped-fields", "subject", ["discovery.schema-shrank"]),
  { effect: "digest.truncated", cause: "digest.budget-eaten", sharing: "anything" },
  // What is listed without being activity is counted as well.
  ...causes("digest.count-mismatch", "anything", [
    "digest.budget-eaten",
    "digest.internal-paths-listed",
    "digest.provider-missing",
  ]),
  ...causes("digest.count-mismatch", "subject", [
    "digest.stale-date",
    "digest.budget-unannounced",
    "digest.stalled",
    "digest.inbound-unseen",
  ]),
  ...causes("digest.window-mismatch", "subject", ["digest.stale-date"]),
  ...causes("digest.inbound-unseen", "subject", ["digest.stalled", "digest.stale-date"]),
  { effect: "digest.stale-date", cause: "digest.stalled", sharing: "subject" },
  { effect: "digest.alias-bullets", cause: "digest.budget-eaten", sharing: "anything" },
  { effect: "digest.alias-bullets", cause: "digest.internal-paths-listed", sharing: "anything" },
  // The record in the mirror and the op on the server are one write; the op says why.
  ...REFUSED_WRITES.map(
    (cause): CauseRule => ({ effect: "doctor.dead-letter-present", cause, sharing: "fact", fact: "opIds" }),
  ),
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
  { effect: "doctor.cloud-wrong-service", cause: "doctor.services-swapped", sharing: "anything" },
  { effect: "doctor.file-api-wrong-service", cause: "doctor.services-swapped", sharing: "anything" },
  { effect: "doctor.server-is-cloud", cause: "doctor.services-swapped", sharing: "anything" },
  ...explainedBy("doctor.tokens-swapped", ["doctor.wrong-token-kind", "doctor.cloud-token-wrong-kind"]),
  ...explainedBy("doctor.network-unreachable", SERVICES_DOWN),
  ...explainedBy("doctor.server-not-running", SERVICES_DOWN),
  ...explainedBy("doctor.workspace-clobbered", ["doctor.workspace-mismatch"]),
  ...explainedBy("doctor.workspace-no-access", ["doctor.workspace-mismatch"]),
  // One proxy that takes the header from both is one fault.
  ...explainedBy("doctor.authorization-stripped", ["doctor.cloud-authorization-stripped"]),
  {
    effect: "doctor.integrations-refused",
    cause: "doctor.cloud-authorization-stripped",
    sharing: "fact",
    fact: "withoutBearer",
  },
  // One host that is neither service is one wrong address.
  {
    effect: "doctor.cloud-wrong-service",
    cause: "doctor.file-api-wrong-service",
    sharing: "fact",
    fact: "host",
  },
  ...explainedBy("doctor.workspace-not-found", ["doctor.workspace-no-access"]),
  ...explainedBy("doctor.issuer-restarted", ["doctor.token-foreign-issuer"]),
  ...explainedBy("doctor.scope-path-shadow", ["doctor.scope-refused"]),
  { effect: "doctor.integration-error", cause: "doctor.atlassian-site-unset", sharing: "provider" },
  { effect: "doctor.sync-lagging", cause: "doctor.sync-no-watermark", sharing: "provider" },
  { effect: "doctor.sync-provider-error", cause: "doctor.envelope-dead", sharing: "provider" },
  // What a daemon cannot send, or does not hold, follows from why it stands still.
  ...explainedBy("doctor.mount-daemon-dead", MIRROR_BEHIND),
  ...explainedBy("doctor.circuit-open", MIRROR_BEHIND),
  ...explainedBy("doctor.mount-stalled", MIRROR_BEHIND),
  ...explainedBy("doctor.mount-predates-login", [...MIRROR_BEHIND, "doctor.mount-stalled"]),
  ...explainedBy("doctor.mount-duplicate", MIRROR_BEHIND),
  ...explainedBy("doctor.disk-nearly-full", MIRROR_BEHIND),
  ...explainedBy("doctor.mirror-not-writable", MIRROR_BEHIND),
  ...explainedBy("doctor.path-collision", [
    "doctor.bootstrap-stalled",
    "doctor.flush-timeout",
    ...MIRROR_BEHIND,
  ]),
  ...explainedBy("doctor.bootstrap-stalled", ["doctor.flush-timeout", ...MIRROR_BEHIND]),
  ...explainedBy("doctor.poll-storm", ["doctor.rate-limited"]),
];

function explainedBy(cause: DottedId, effects: readonly DottedId[]): CauseRule[] {
  return effects.map((effect) => ({ effect, cause, sharing: "anything" }));
}

function causes(effect: DottedId, sharing: Sharing, list: readonly DottedId[]): CauseRule[] {
  return list.map((cause) => ({ effect, cause, sharing }));
}
