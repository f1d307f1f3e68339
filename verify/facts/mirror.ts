/** What lies in a mirror's runtime area, and its content beside the server's. */
import type { ProbeFact } from "../facts.ts";

/** One write answer in the daemon's log. */
export interface LoggedAnswer {
  readonly status: number;
  readonly path: string | null;
  readonly at: string | null;
}

/** What the end of the daemon's log says, counted. */
export interface MountLogFact {
  /** Lines looked at. */
  readonly lines: number;
  readonly firstAt: string | null;
  readonly lastAt: string | null;
  /** The largest number of status or refresh calls in one minute; 0 when none is logged. */
  readonly statusCallsPerMinuteMax: number;
  readonly rateLimited: number;
  readonly unauthorized: number;
  /** Answers 400 that say invalid_scope. */
  readonly invalidScope: number;
  /** `not a directory`, with the path named last. */
  readonly notADirectory: { readonly count: number; readonly path: string | null };
  readonly forcedReconciles: number;
  readonly flushTimeouts: number;
  /** Answers to writes other than 2xx, newest last, at most 50. */
  readonly refusedWrites: readonly LoggedAnswer[];
}

/** The runtime area of a mirror beside its state file. */
export interface MountAreaFact {
  readonly dir: string;
  /** Null when there is no log. */
  readonly log: MountLogFact | null;
  readonly outbox: {
    readonly count: number;
    readonly oldestAtMs: number | null;
    readonly paths: readonly string[];
  };
  /** Conflict artifacts, relative to the mirror. */
  readonly conflicts: readonly string[];
  /** Lines of the denial log, the last five. */
  readonly denials: { readonly count: number; readonly last: readonly string[] };
  readonly freeBytes: number | null;
  readonly writable: boolean;
  /** The pid in the lock file, and whether it lives. */
  readonly lock: { readonly pid: number; readonly alive: boolean } | null;
  /** Other live processes that hold a lease on the same directory. */
  readonly rivals: readonly number[];
  /** Mirrors of other workspaces above this one. */
  readonly enclosing: readonly { readonly dir: string; readonly workspaceId: string | null }[];
  readonly collectedAtMs: number;
}

/** One tracked file, compared by its bytes. */
export interface ComparedFile {
  readonly path: string;
  readonly exchangeId: string;
  /** SHA-256 of the local bytes; null when there is no such file. */
  readonly local: string | null;
  /** SHA-256 of the server's bytes; null when it could not be read. */
  readonly remote: string | null;
  readonly remoteStatus: "ok" | "missing" | "refused";
  readonly remoteRevision: string | null;
  readonly remoteEditedAt: string | null;
  /** The revision the daemon believes it has. */
  readonly knownRevision: string | null;
  /** The daemon's own word for the file, for example `ready`. */
  readonly status: string;
  /** ISO 8601 UTC. */
  readonly localEditedAt: string | null;
}

/** Local bytes beside the server's. */
export interface MirrorFact {
  readonly probe: ProbeFact | null;
  /** Files the daemon tracks. */
  readonly tracked: number;
  readonly compared: readonly ComparedFile[];
  /** Why nothing could be compared; null otherwise. */
  readonly problem: string | null;
  readonly collectedAtMs: number;
}
