/** What the workspace remembers: its event feed, its webhook counters, and what became of create drafts. */
import type { ProbeFact } from "../facts.ts";

/** One event of the feed. */
export interface FeedEventFact {
  readonly id: string;
  readonly type: string;
  readonly path: string;
  /** Empty when unknown. */
  readonly origin: string;
  readonly provider: string;
  readonly revision: string;
  /** Null for events without content. */
  readonly hash: string | null;
  /** ISO 8601 UTC. */
  readonly at: string;
  readonly exchangeId: string;
}

/** The end of the event feed. */
export interface EventsFact {
  readonly probe: ProbeFact;
  /** Newest first. */
  readonly items: readonly FeedEventFact[];
  /** True when the feed was read to its beginning. */
  readonly complete: boolean;
  readonly collectedAtMs: number;
}

/** Counters of inbound webhooks, for all providers or one. */
export interface IngressCounts {
  readonly provider: string;
  readonly accepted: number;
  readonly dropped: number;
  readonly pending: number;
  readonly oldestPendingSeconds: number;
  readonly suppressed: number;
  readonly stale: number;
}

/** Inbound webhooks and the ones that failed. */
export interface IngressFact {
  readonly probe: ProbeFact;
  /** One entry per provider; null when the route gave no usable answer. */
  readonly counts: readonly IngressCounts[] | null;
  readonly deadProbe: ProbeFact;
  /** Null when the route gave no usable answer. */
  readonly dead:
    | readonly {
        readonly id: string;
        readonly provider: string;
        readonly failedAt: string | null;
        readonly error: string | null;
      }[]
    | null;
  readonly collectedAtMs: number;
}

/** What stands where a succeeded op wrote. */
export interface WrittenPlaceFact {
  readonly opId: string;
  readonly path: string;
  readonly exchangeId: string;
  readonly revision: string | null;
  /** `raw`: still the document that was written; `receipt`: rewritten to name its record; `record`: the record itself. */
  readonly kind: "missing" | "receipt" | "record" | "raw" | "unreadable";
  /** What a receipt, or the provider's result, names as the record. */
  readonly canonicalPath: string | null;
  /** Whether the named record can be read; null when none is named or it was not looked at. */
  readonly canonicalThere: boolean | null;
}

/** The newest succeeded ops and what their paths hold now. */
export interface WrittenPlacesFact {
  /** The bulk read; null when there was nothing to read or no such route, absent in older evidence. */
  readonly probe?: ProbeFact | null;
  readonly items: readonly WrittenPlaceFact[];
  readonly collectedAtMs: number;
}
