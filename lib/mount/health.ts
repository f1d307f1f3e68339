/** What the daemon knows about itself: counters, the breaker, the last error, what is held. One object, one writer. */
import type { MountState } from "../model/mount-state.ts";
import { type Circuit, CLOSED_CIRCUIT } from "../sync/backoff.ts";
import type { DeleteHold, RootProblem } from "../sync/safety.ts";
import type { Staying } from "./stays-here.ts";

/** Lifetime counters of the public state (spec mount-daemon 4.8). */
export const COUNTERS = [
  "skippedOversizeWriteback",
  "deniedRootTarget",
  "pathMaterializationSkipped",
  "snapshotDeleteBlocked",
  "circuitOpenEvents",
  "tombstonesPending",
  "tombstonesConfirmed",
  "tombstonesAgedOut",
  "pathCollisionQuarantined",
  "skippedLazyUntrackedPush",
] as const;

/** Name of a lifetime counter. */
export type Counter = (typeof COUNTERS)[number];

/** The last thing that went wrong. */
export interface LastError {
  readonly kind: "error" | "http" | "offline" | "conflict" | "bootstrap_stalled" | "auth";
  readonly statusCode?: number;
  readonly code?: string;
  readonly message: string;
  readonly atMs: number;
}

/** The daemon's facts about itself. Times in ms; null means never. */
export interface Health {
  counters: Record<Counter, number>;
  circuit: Circuit;
  lastError: LastError | null;
  lastReconcileAtMs: number | null;
  lastSuccessAtMs: number | null;
  lastHeartbeatAtMs: number | null;
  lastEventAtMs: number | null;
  failedWritebacks: number;
  /** The first copy while it runs, or was given up. */
  bootstrap: {
    readonly phase: "bootstrapping" | "stalled";
    readonly filesSynced: number;
    /** Files in place when this attempt began. */
    readonly filesBefore: number;
    readonly filesTotal: number | null;
    /** Received in this attempt. */
    readonly bytes: number;
    readonly startedAtMs: number;
    readonly startedMonotonicMs: number;
    /** Attempts in a row that brought nothing. */
    readonly stallCycles: number;
    readonly reason: string | null;
  } | null;
  /** True while event pages remain. */
  draining: boolean;
  /** Set while the root is not a directory. */
  rootProblem: RootProblem | null;
  /** Deletes seen on disk that wait for a person. */
  heldDeletes: { reason: DeleteHold; paths: number } | null;
  /** The credential is refused, and why: for uploads, which wait, and for reading. Each lane takes back its own word. */
  authProblem: string | null;
  readAuthProblem: string | null;
  /** Files that never go up, by path below the mirror, and why. */
  readonly staysHere: Map<string, Staying>;
  /** Parts of the daemon that fail right now, by name, and why. */
  readonly faults: Map<string, string>;
  listener: { mode: "websocket" | "poll" | "disabled"; status: string; connectedAtMs: number | null };
  watcher: "watching" | "polling";
  providers: NonNullable<MountState["providers"]>;
}

/** A fresh daemon; lifetime values continue from an earlier public state. */
export function newHealth(previous: MountState | null): Health {
  const counters = Object.fromEntries(
    COUNTERS.map((name) => [name, countOf(previous?.counters?.[name])]),
  ) as Record<Counter, number>;
  return {
    counters,
    circuit: { ...CLOSED_CIRCUIT, openEvents: counters.circuitOpenEvents },
    lastError: null,
    lastReconcileAtMs: null,
    lastSuccessAtMs: null,
    lastHeartbeatAtMs: null,
    lastEventAtMs: null,
    failedWritebacks: previous?.failedWritebacks ?? 0,
    bootstrap: null,
    draining: false,
    rootProblem: null,
    heldDeletes: null,
    authProblem: null,
    readAuthProblem: null,
    staysHere: new Map(),
    faults: new Map(),
    listener: { mode: "poll", status: "polling", connectedAtMs: null },
    watcher: "polling",
    providers: [],
  };
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isFinite(value) && value > 0 ? Math.floor(value) : 0;
}
