/** What a write probe saw, as plain JSON: the only thing its checks look at. No content of records, only field names. */
import type { ProbeFact } from "../facts.ts";

/** An accepted or refused write. */
export interface SentWrite {
  readonly probe: ProbeFact;
  /** Null unless accepted. */
  readonly opId: string | null;
  readonly targetRevision: string | null;
  readonly state: string | null;
  /** The revision a refusal names as the current one. */
  readonly currentRevision: string | null;
  /** Replies that were lost before this one; each was sent again with the same identity. */
  readonly lostReplies: number;
}

/** An op as it ended, or as it was when waiting for it ended. */
export interface FollowedOp {
  readonly exchangeId: string;
  readonly opId: string;
  /** Null when it could not be read. */
  readonly status: string | null;
  readonly attemptCount: number;
  readonly lastError: string | null;
  readonly lastStatus: number | null;
  readonly waitedMs: number;
  readonly nextAttemptAt: string | null;
  /** Id at the provider, from the result; null when the result names none. */
  readonly externalId: string | null;
  readonly url: string | null;
  /** Canonical path that the result names. */
  readonly canonicalPath: string | null;
  /** True when the service says that no provider was concerned. */
  readonly local: boolean;
}

/** What stands at a path. */
export interface ReadBack {
  readonly path: string;
  readonly exchangeId: string;
  readonly status: number | null;
  readonly revision: string | null;
  /** `receipt`: the draft was rewritten; `record`: JSON that holds a record; `other`: anything else that is there. */
  readonly kind: "missing" | "receipt" | "record" | "other" | "unreadable";
  /** Fields of the record that hold the words looked for. */
  readonly marked: readonly string[];
}

/** The draft after its op ended. */
export interface DraftFact extends ReadBack {
  /** What a receipt names. */
  readonly receiptPath: string | null;
  readonly created: string | null;
}

/** One edit and what it came to. */
export interface EditFact {
  readonly path: string;
  /** The field that was set, dotted. */
  readonly field: string;
  readonly sent: SentWrite;
  readonly op: FollowedOp | null;
  readonly revisionBefore: string | null;
  /** Null when it could not be read afterwards. */
  readonly after: ReadBack | null;
}

/** One place that was written to. */
export interface WriteTargetFact {
  readonly provider: string;
  readonly mode: "throwaway" | "named";
  readonly resource: string | null;
  /** The draft or the named record; null when nothing was written. */
  readonly path: string | null;
  /** Why nothing was written. */
  readonly skipped: { readonly reason: string; readonly flag?: string } | null;
  /** What is wrong with the document, found before anything was sent. */
  readonly invalid: { readonly code: string; readonly field: string; readonly message: string } | null;
  /** A write without If-Match. */
  readonly unconditional: SentWrite | null;
  readonly created: SentWrite | null;
  readonly createOp: FollowedOp | null;
  readonly draft: DraftFact | null;
  readonly canonical: ReadBack | null;
  /** Rows of the collection's index that hold the marker; null when there is no index. */
  readonly marked: { readonly afterCreate: number | null; readonly afterRepeat: number | null };
  /** The same create once more. */
  readonly repeated: SentWrite | null;
  /** A write on a revision that is no longer current. */
  readonly stale: { readonly probe: ProbeFact; readonly namesCurrent: boolean } | null;
  readonly edit: EditFact | null;
  /** What the provider's own API answered; null when it was not asked. */
  readonly upstream: { readonly probe: ProbeFact; readonly marked: boolean } | null;
  /** The edit of a named record taken back. */
  readonly restored: EditFact | null;
  readonly removal: {
    /** True when the contract declares a delete for this record. */
    readonly declared: boolean;
    readonly sent: SentWrite | null;
    readonly op: FollowedOp | null;
    readonly after: ReadBack | null;
    /** Rows of the index that still hold the marker. */
    readonly indexRows: number | null;
  } | null;
}

/** Everything a run wrote. */
export interface WriteProbeFact {
  readonly marker: string;
  readonly targets: readonly WriteTargetFact[];
  readonly collectedAtMs: number;
}
