/**
 * What a look at one local path means. One choke point for scans, watcher events and retries, so that no path can be
 * sent around a rule (spec mount-daemon 2.8, 3.1).
 */

/** What is known of one local path. */
export interface LocalFacts {
  readonly local: "absent" | "blocked" | { readonly hash: string; readonly sizeBytes: number };
  /** The server confirmed the path. */
  readonly tracked: boolean;
  /** Hash both sides agreed on; empty when none. */
  readonly baseHash: string;
  /** Hash of the save that is already on its way, or null. */
  readonly pendingHash: string | null;
  /** True when that save may have reached the server: its fate is unknown. */
  readonly pendingMayHaveLanded: boolean;
  /** Bytes refused for good; empty when none. */
  readonly refusedHash: string;
  readonly deletePending: boolean;
  readonly writable: boolean;
  readonly readDenied: boolean;
  /** Excluded by name. */
  readonly excluded: boolean;
  readonly bytesMax: number | null;
  /** How the path came here: an event for it, or a walk over everything. */
  readonly trigger: "signal" | "scan";
  /** True when no watcher delivers events, so that a walk is the only witness of a delete. */
  readonly polling: boolean;
  /** Scans before this one that missed the file. */
  readonly missingScans: number;
}

/** What to do. */
export type LocalVerdict =
  | { readonly kind: "nothing" }
  /** The disk is as agreed: note what was seen; a save on its way is obsolete when it never left. */
  | { readonly kind: "clean"; readonly cancelPending: boolean }
  /** A new save: record it, replacing one that is on its way. */
  | { readonly kind: "save" }
  /** Too large to send; counted once per content. */
  | { readonly kind: "oversize" }
  /** A person deleted a confirmed file. */
  | { readonly kind: "delete" }
  /** Seen missing for the first time without a witness. */
  | { readonly kind: "missed" }
  /** Gone without a person's delete, or not ours to change: the server's bytes come back. */
  | { readonly kind: "restore" }
  /** Created and gone before anything was sent. */
  | { readonly kind: "cancel" };

/** Scans that must miss a file before its absence counts as a delete when nobody watched. */
const MISSING_SCANS = 2;

/** The decision table for one local path. */
export function judgeLocal(facts: LocalFacts): LocalVerdict {
  if (facts.local === "blocked") return { kind: "nothing" };
  // What is never sent is the server's: nobody can delete it here.
  if (facts.excluded)
    return facts.local === "absent" && facts.tracked && !facts.readDenied
      ? { kind: "restore" }
      : { kind: "nothing" };
  if (facts.local === "absent") return judgeAbsent(facts);
  const { hash, sizeBytes } = facts.local;
  const { pendingHash } = facts;
  if (facts.tracked && hash === facts.baseHash) {
    return { kind: "clean", cancelPending: pendingHash !== null && !facts.pendingMayHaveLanded };
  }
  if (!facts.writable) return facts.tracked && !facts.readDenied ? { kind: "restore" } : { kind: "nothing" };
  if (facts.bytesMax !== null && sizeBytes > facts.bytesMax) return { kind: "oversize" };
  if (pendingHash === hash || facts.refusedHash === hash) return { kind: "nothing" };
  return { kind: "save" };
}

function judgeAbsent(facts: LocalFacts): LocalVerdict {
  if (!facts.tracked) {
    if (facts.pendingHash === null || facts.pendingMayHaveLanded) return { kind: "nothing" };
    return { kind: "cancel" };
  }
  if (facts.readDenied) return { kind: "nothing" };
  if (!facts.writable) return { kind: "restore" };
  if (facts.deletePending || facts.trigger === "signal") return { kind: "delete" };
  if (!facts.polling) return { kind: "restore" };
  return facts.missingScans + 1 >= MISSING_SCANS ? { kind: "delete" } : { kind: "missed" };
}
