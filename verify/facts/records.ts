/** What the tree of each provider holds: names, hashes and indexes, so that copies are compared without reading them. */
import type { ProbeFact } from "../facts.ts";

/** One file of a listing. */
export interface ListedFileFact {
  readonly path: string;
  /** SHA-256 of its bytes, lower-case hex; null where the server lists none. */
  readonly hash: string | null;
}

/** One row of an index, reduced to what checks compare. */
export interface IndexRowFact {
  readonly id: string | null;
  /** True when the minimum columns (id, title, updated) are there. */
  readonly complete: boolean;
  readonly updated: string;
  readonly canonicalPath: string | null;
  readonly state: string | null;
}

/** One `_index.json` below a provider. */
export interface ProviderIndexFact {
  readonly path: string;
  readonly exchangeId: string;
  readonly problem: string | null;
  /** Null exactly when there is a problem. At most 1,000. */
  readonly rows: readonly IndexRowFact[] | null;
  /** True when it changed between the listing and the reading: what it says then cannot be held against the listing. */
  readonly moved?: boolean;
}

/** One canonical record, without its values. */
export interface RecordSampleFact {
  readonly path: string;
  readonly exchangeId: string;
  readonly revision: string | null;
  readonly problem: string | null;
  /** Keys of the envelope, sorted. */
  readonly envelope: readonly string[];
  /** JSON type of each top-level payload key; null when there is no payload. */
  readonly payloadTypes: Readonly<Record<string, string>> | null;
}

/** The tree of one provider. */
export interface ProviderRecordsFact {
  readonly provider: string;
  /** True when the control plane lists it; null when that is unknown. */
  readonly connected: boolean | null;
  readonly listing: ProbeFact;
  /**
   * The bulk read of indexes and samples; null when there was nothing to read, or when a server without that route was
   * asked for the first files one by one; absent in older evidence.
   */
  readonly reading?: ProbeFact | null;
  /** True when there is more than was listed: absence then proves nothing. */
  readonly truncated: boolean;
  /** Sorted by path. */
  readonly files: readonly ListedFileFact[];
  readonly indexes: readonly ProviderIndexFact[];
  readonly samples: readonly RecordSampleFact[];
  /** Names of `by-*` directories that the layout text mentions, sorted; null without a layout. */
  readonly layoutAliases: readonly string[] | null;
}

/** The trees of the providers asked about. */
export interface RecordsFact {
  readonly providers: readonly ProviderRecordsFact[];
  readonly collectedAtMs: number;
}
