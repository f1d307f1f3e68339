/**
 * Known issues as data: which finding an issue shows as, and the signs that tell it from its look-alikes. Signs compare
 * the typed facts of a finding, never its words, so a match can say which sign was seen and which could not be looked at.
 */
import type { Confidence, FactValue } from "./check.ts";
import type { Finding, KnownIssueMatch } from "./report.ts";

/** One comparison over the facts of a finding. `than` names another fact. */
export type Predicate =
  | { readonly fact: string; readonly is: FactValue }
  | { readonly fact: string; readonly not: FactValue }
  | { readonly fact: string; readonly atLeast: number }
  | { readonly fact: string; readonly earlierThan: string }
  | { readonly fact: string; readonly startsWith: string };

/** One issue. */
export interface KnownIssue {
  readonly id: string;
  readonly title: string;
  readonly status: "open" | "fixed";
  /** File API version in which it is fixed; a later match is called a regression. */
  readonly fixedIn?: string;
  /** Finding codes it shows as. */
  readonly codes: readonly string[];
  /** Signs in words, each with its comparison. All must hold. */
  readonly signs: readonly { readonly words: string; readonly when: Predicate }[];
  readonly explain: string;
  readonly workaround: string;
  /** What looks like it and is not. */
  readonly notThis: readonly string[];
}

/** The catalogue. */
export const KNOWN_ISSUES: readonly KnownIssue[] = [
  {
    id: "cloud#736",
    title: "the event that a connection was made never reached the control plane",
    status: "open",
    codes: ["doctor.connection-unmatched"],
    signs: [
      { words: "connectionMatched is false", when: { fact: "connectionMatched", is: false } },
      { words: "a current connection id exists", when: { fact: "hasCurrentConnection", is: true } },
    ],
    explain:
      "The user finished signing in at the provider, and a connection exists, but the integration still points elsewhere because the connection-created event was not ingested.",
    workaround: "Adopt the connection by its id, or connect again.",
    notThis: ["sign-in at the provider was never finished: oauth.connected is false"],
  },
  {
    id: "cloud#761",
    title: "the layout advertises discovery files that no producer writes",
    status: "fixed",
    codes: ["discovery.advertised-missing"],
    signs: [
      { words: "the layout names schema paths", when: { fact: "advertised", atLeast: 1 } },
      { words: "the provider has no discovery files at all", when: { fact: "discoveryFiles", is: 0 } },
    ],
    explain:
      "Layout text and discovery files came from two places; a provider whose layout promised schemas had nobody to write them until they were produced on demand.",
    workaround: "Refresh discovery; if nothing appears, the deployment is older than the producer.",
    notThis: ["one resource renamed while others exist: that is drift of a single path"],
  },
  {
    id: "cloud#766",
    title: "joining a workspace takes tens of seconds",
    status: "open",
    codes: ["doctor.join-slow"],
    signs: [
      { words: "join took at least ten times as long as other calls", when: { fact: "ratio", atLeast: 10 } },
      { words: "other calls of the same minute were fast", when: { fact: "othersFast", is: true } },
    ],
    explain:
      "The control plane's join route can take 15 to 90 seconds under load while every other route answers at once. Clients with a 30 s budget give up although the server succeeds later.",
    workaround: "Wait: join has a 120 s budget here. Do not retry in a loop.",
    notThis: ["everything is slow: that is the network or the region"],
  },
  {
    id: "cloud#771",
    title: "the digest's internal-path filter misses a family of alias directories",
    status: "open",
    codes: ["digest.budget-eaten"],
    signs: [
      { words: "the digest is truncated at its event budget", when: { fact: "truncated", is: true } },
      {
        words: "more than half of its bullets are internal paths",
        when: { fact: "internalPercent", atLeast: 50 },
      },
    ],
    explain:
      "A digest holds the newest 2,000 events of its window. Alias copies below by-* directories are the service's own bookkeeping; when the filter does not know a segment, they fill the budget and real activity falls out.",
    workaround:
      "Read the affected records directly; the digest is right again once the filter knows the segment and the window is rendered again.",
    notThis: ["a genuinely busy day: then canonical records fill the budget"],
  },
  {
    id: "cloud#778",
    title: "refresh says backfilled, yet the schema stays empty: row ids are not the alias keys",
    status: "open",
    codes: ["discovery.row-alias-mismatch"],
    signs: [
      { words: "refresh reported the provider as backfilled", when: { fact: "refreshBackfilled", is: true } },
      { words: "the schema has no properties", when: { fact: "properties", is: 0 } },
      {
        words: "the schema was last edited before the refresh",
        when: { fact: "lastEditedAt", earlierThan: "refreshedAt" },
      },
      { words: "the resource path has no placeholder", when: { fact: "placeholder", is: false } },
      { words: "the index has rows", when: { fact: "indexRows", atLeast: 1 } },
      { words: "none of the first rows resolves to a record", when: { fact: "readableRows", is: 0 } },
    ],
    explain:
      "The sampler looks for records under by-id and by-uuid with the id of each index row. When the emitter names those files by another field, nothing is found, the schema is left as it was, and the report still says backfilled because nothing threw.",
    workaround:
      "Do not trust validation of this resource; name the alias files by the row id, or add canonicalPath to the index rows, and refresh.",
    notThis: [
      "a placeholder resource such as /jira/issues/{key}/comments: empty by design",
      "a resource without records: there is nothing to sample",
      "an old deployment whose refresh route does not exist",
    ],
  },
  {
    id: "cloud#780",
    title: "a canonical record has no writeback rule",
    status: "fixed",
    codes: ["writeback.no-route"],
    signs: [
      { words: "the op failed without an attempt", when: { fact: "attemptCount", is: 0 } },
      { words: "its error says that no rule matched", when: { fact: "noRuleMatched", is: true } },
      { words: "the path is a canonical record", when: { fact: "canonical", is: true } },
    ],
    explain:
      "The layout documents a record as editable, but the router of the deployed adapter has no rule for its file name, so the op fails before any call to the provider. Retrying cannot help.",
    workaround: "Use the create flow or the provider itself until the adapter is updated.",
    notThis: [
      "a write to an alias or an index: those have no route by design",
      "a body that the validator refuses: there a rule matched",
    ],
  },
  {
    id: "relayfile#84",
    title: "a rejected write ends as a dead letter that needs a person",
    status: "fixed",
    codes: ["writeback.provider-rejected", "writeback.retries-exhausted", "doctor.dead-letter-present"],
    signs: [
      { words: "the write is dead-lettered", when: { fact: "deadLettered", is: true } },
      { words: "it was attempted", when: { fact: "attempts", atLeast: 1 } },
    ],
    explain:
      "Once retries end, or the provider refuses for good, a write is set aside with the provider's answer instead of being dropped. It stays unresolved until it is retried or dropped; the lifetime failure counter is no health signal.",
    workaround: "Fix the file as the provider's answer says, then retry the op.",
    notThis: ["a transient failure that later succeeded: that is healthy"],
  },
  {
    id: "relayfile#164",
    title: "the mount root was replaced by a file",
    status: "fixed",
    codes: ["doctor.mount-root-clobbered"],
    signs: [
      { words: "the root exists", when: { fact: "exists", is: true } },
      { words: "the root is not a directory", when: { fact: "isDirectory", is: false } },
    ],
    explain:
      "Something renamed a file over the mirror's root. The daemon refuses to go on, because every file would look deleted.",
    workaround:
      "Look at the file, then mount again with --reset-after-clobber: the file is moved aside and kept.",
    notThis: ["the root is missing: it was moved or never created"],
  },
  {
    id: "relayfile#165",
    title: "deletes wait: the circuit breaker is open or a listing flaps",
    status: "fixed",
    codes: ["doctor.circuit-open", "doctor.pending-deletes-old"],
    signs: [{ words: "destructive work is suspended", when: { fact: "suspended", is: true } }],
    explain:
      "While the file API answers with 5xx, or a path is missing from one listing only, the daemon keeps files instead of deleting them.",
    workaround: "Wait for the cool-down; the daemon closes the breaker by itself after a good probe.",
    notThis: ["the daemon is not running: then nothing is decided at all"],
  },
];

/** The known issue a finding matches, or null. One unseen sign lowers the confidence; one contradicted sign excludes it. */
export function matchKnownIssue(
  finding: Finding,
  issues: readonly KnownIssue[] = KNOWN_ISSUES,
): KnownIssueMatch | null {
  for (const issue of issues) {
    if (!issue.codes.includes(finding.code)) continue;
    const verdicts = issue.signs.map((sign) => ({
      words: sign.words,
      holds: holds(sign.when, finding.facts),
    }));
    if (verdicts.some((verdict) => verdict.holds === false)) continue;
    const missing = verdicts.filter((verdict) => verdict.holds === null).map((verdict) => verdict.words);
    const confidence: Confidence =
      missing.length === 0 ? "confirmed" : missing.length * 2 < verdicts.length ? "likely" : "possible";
    return {
      id: issue.id,
      title: issue.title,
      confidence,
      matched: verdicts.filter((verdict) => verdict.holds === true).map((verdict) => verdict.words),
      missing,
      workaround: issue.workaround,
    };
  }
  return null;
}

/** True, false, or null when a fact is not known. */
function holds(when: Predicate, facts: Finding["facts"]): boolean | null {
  const value = facts[when.fact];
  if (value === undefined || value === null) return null;
  if ("is" in when) return value === when.is;
  if ("not" in when) return value !== when.not;
  if ("atLeast" in when) return typeof value === "number" ? value >= when.atLeast : null;
  if ("startsWith" in when) return typeof value === "string" ? value.startsWith(when.startsWith) : null;
  const other = facts[when.earlierThan];
  if (typeof value !== "string" || typeof other !== "string") return null;
  const [a, b] = [Date.parse(value), Date.parse(other)];
  return Number.isNaN(a) || Number.isNaN(b) ? null : a < b;
}
