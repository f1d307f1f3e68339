/**
 * Known issues as data: which finding an issue shows as, and the signs that tell it from its look-alikes. Signs compare
 * the typed facts of a finding, never its words, so a match can say which sign was seen and which could not be looked at.
 */
import type { DottedId, FactValue } from "./check.ts";

/** One comparison over the facts of a finding. `than` names another fact. */
export type Predicate =
  | { readonly fact: string; readonly is: FactValue }
  | { readonly fact: string; readonly atLeast: number }
  | { readonly fact: string; readonly earlierThan: string }
  | { readonly fact: string; readonly startsWith: string }
  | { readonly fact: string; readonly contains: string };

/** One sign: words for people, a comparison for the program. */
export interface Sign {
  readonly words: string;
  readonly when: Predicate;
  /** The finding code it speaks of; absent when it holds for every code of the issue. */
  readonly of?: DottedId;
}

/** One issue. */
export interface KnownIssue {
  readonly id: string;
  readonly title: string;
  readonly status: "open" | "fixed";
  /** First version of the services that cannot have it any more: a match there asks whether it came back. */
  readonly fixedIn?: string;
  /** Finding codes it shows as. */
  readonly codes: readonly DottedId[];
  /** All must hold. */
  readonly signs: readonly Sign[];
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
    id: "cloud#745",
    title: "a sync leaves resources without their discovery files",
    status: "fixed",
    fixedIn: "0.1.0",
    codes: ["discovery.contract-incomplete"],
    signs: [
      { words: "the provider is connected", when: { fact: "connected", is: true } },
      { words: "some of its discovery files exist", when: { fact: "discoveryFiles", atLeast: 1 } },
    ],
    explain:
      "Discovery files were produced only for resources that a batch happened to touch, so a batch without changes, or a resource without records, left its schema unwritten until something else arrived.",
    workaround: "Refresh discovery: it writes the contract of every resource, records or not.",
    notThis: [
      "a provider without any discovery file although its layout promises some: that is cloud#761",
      "a schema that exists and is empty",
    ],
  },
  {
    id: "cloud#756",
    title: "a refresh on demand does not reach every provider",
    status: "fixed",
    fixedIn: "0.1.0",
    codes: ["discovery.refresh-partial", "discovery.refresh-left-out"],
    signs: [
      { words: "the refresh answered with a report", when: { fact: "reported", is: true } },
      { words: "a connected provider failed in it or is not in it", when: { fact: "unreached", atLeast: 1 } },
    ],
    explain:
      "Sampling six providers takes minutes. Where one of them throws or the budget ends, the report still comes, and the providers behind it stay as they were.",
    workaround: "Refresh the provider that is named by itself, with a budget of 240 seconds.",
    notThis: [
      "a refresh without any answer: that is an outage or a budget of the client that is too small",
      "a refresh that answers for all and leaves a schema empty: that is cloud#778",
    ],
  },
  {
    id: "cloud#761",
    title: "the layout advertises discovery files that no producer writes",
    status: "fixed",
    fixedIn: "0.1.0",
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
    id: "cloud#762",
    title: "the Worker of the control plane needs a module that its runtime does not have",
    status: "fixed",
    fixedIn: "0.1.0",
    codes: ["doctor.control-plane-unreachable"],
    signs: [
      { words: "the control plane answers 500", when: { fact: "status", is: 500 } },
      { words: "its answer names a missing module", when: { fact: "message", contains: "No such module" } },
    ],
    explain:
      "An import that only a Node server can resolve, such as a database driver, found its way into the Worker's bundle. Bundling succeeds where a bundler fills such modules in silently; the deployment then fails whenever that code is loaded.",
    workaround:
      "Deploy the version before. Split the import graph and bundle for a neutral platform, where such an import is an error.",
    notThis: ["an outage or maintenance: its answer names no module", "a wrong base URL"],
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
    id: "cloud#775",
    title: "one create becomes several records while duplicates are not recognised",
    status: "fixed",
    fixedIn: "0.1.0",
    codes: ["writeback.created-twice"],
    signs: [
      {
        words: "the same document was sent twice to the same path",
        when: { fact: "sameDocument", is: true },
      },
      { words: "the collection holds more than one record of it", when: { fact: "records", atLeast: 2 } },
    ],
    explain:
      "Recognising duplicates rests on rows that claim an identity before the work begins. Until that is switched on for a workspace, two deliveries of one document are both applied.",
    workaround:
      "Remove the second record. Do not repeat creates on this deployment, not even after a lost reply.",
    notThis: [
      "two drafts with the same text: different paths are different records",
      "a record of an earlier test: the marker carries the time of the run",
    ],
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
    fixedIn: "0.1.0",
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
      "a write below a parent that is named by its key: the directory is no record",
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
    id: "relayfile#137",
    title: "signing in renewed the cloud session and left the workspace token expired",
    status: "open",
    codes: ["doctor.workspace-token-expired"],
    signs: [{ words: "the cloud session is alive", when: { fact: "cloudSessionAlive", is: true } }],
    explain:
      "There are two tokens. Signing in renews the one for the cloud; the workspace token beside it keeps its own expiry of an hour, so commands go on saying that the token has expired right after a good login.",
    workaround: "Join the workspace again: that mints a workspace token.",
    notThis: [
      "a cloud session that expired as well: then signing in is the first step",
      "a clock that is wrong: expiry is judged by the server's time",
    ],
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
  {
    id: "relayfile#166",
    title: "the first sync of a large workspace never ends",
    status: "fixed",
    codes: ["doctor.bootstrap-stalled"],
    signs: [
      { words: "the first sync is not complete", when: { fact: "complete", is: false } },
      { words: "it stands still or starts over", when: { fact: "stalled", is: true } },
    ],
    explain:
      "The budget of one cycle was smaller than what a large first sync needs, so each cycle began again, and what had arrived so far passed for everything. A path that is both a file and a directory has the same effect.",
    workaround:
      "Look for a path that is both file and directory first; else raise RELAYFILE_BOOTSTRAP_TIMEOUT until one cycle suffices.",
    notThis: [
      "a first sync that is slow and moves on with every cycle",
      "a mirror that lags after its first sync was complete",
    ],
  },
  {
    id: "relayfile#242",
    title: "drafts stay behind as they were written although their record exists",
    status: "fixed",
    fixedIn: "0.1.0",
    codes: ["writeback.draft-residue", "writeback.draft-left-raw"],
    signs: [
      { words: "the op of the draft succeeded", when: { fact: "status", is: "succeeded" } },
      {
        words: "the draft still holds the document that was written",
        when: { fact: "placeKind", is: "raw" },
      },
    ],
    explain:
      "Nothing settled the draft when the provider confirmed it, so it looks unsent: whoever lists the directory sees it beside its record, and whoever writes it again creates a second one.",
    workaround:
      "List such drafts with a dry run of writeback/sweep-drafts, then apply it. Never delete one by hand: a deployment may take that for the deletion of a record.",
    notThis: [
      "a receipt: it names the record and goes away after a day",
      "a draft whose op failed: it is kept on purpose",
    ],
  },
  {
    id: "relayfile#306",
    title: "a write under the cloud's UUID is accepted and is not where it is read",
    status: "open",
    codes: ["writeback.accepted-unreadable", "doctor.uuid-for-relay-id"],
    signs: [
      {
        words: "the op succeeded",
        when: { fact: "status", is: "succeeded" },
        of: "writeback.accepted-unreadable",
      },
      {
        words: "nothing can be read at its path",
        when: { fact: "placeKind", is: "missing" },
        of: "writeback.accepted-unreadable",
      },
      {
        words: "the token is for the workspace's own id",
        when: { fact: "claimed", startsWith: "rw_" },
        of: "doctor.uuid-for-relay-id",
      },
      {
        words: "the cloud's UUID was asked for",
        when: { fact: "askedForm", is: "cloud" },
        of: "doctor.uuid-for-relay-id",
      },
    ],
    explain:
      "A workspace has two ids. The file API keeps its files under the rw_ id; a request under the UUID reaches another object, which may accept it, and nobody who reads under the right id ever sees what was written there.",
    workaround: "Use the rw_ id in every path of the file API; the UUID is for the control plane.",
    notThis: [
      "a token of another workspace: then both ids are of the same form",
      "a receipt that was swept after a day: its op names the record",
    ],
  },
];
