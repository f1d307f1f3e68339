/** `.relay/state.json` in a mount: the public state, union of the two historical shapes (spec mount-daemon 1.3). */
import { z } from "zod";

/** Where a mount keeps its runtime area. Never synced. */
export const RUNTIME_DIR = ".relay";

/** Sliding-window circuit breaker as shown to people. */
export const CircuitState = z.looseObject({
  open: z.boolean(),
  openedAt: z.string().optional(),
  openEvents: z.number().optional(),
  failures: z.number().optional(),
  windowMs: z.number().optional(),
  cooldownMs: z.number().optional(),
  threshold: z.number().optional(),
  nextRetry: z.string().optional(),
});
/** Sliding-window circuit breaker as shown to people. */
export type CircuitState = z.infer<typeof CircuitState>;

/** The public state. Everything is optional: older and foreign daemons write subsets; unknown keys survive. */
export const MountState = z.looseObject({
  workspaceId: z.string().optional(),
  remoteRoot: z.string().optional(),
  localRoot: z.string().optional(),
  mode: z.string().optional(),
  syncMode: z.string().optional(),
  intervalMs: z.number().optional(),
  lastReconcileAt: z.string().optional(),
  lastSuccessfulReconcileAt: z.string().optional(),
  lastHeartbeatAt: z.string().optional(),
  lastEventAt: z.string().optional(),
  staleAfter: z.string().optional(),
  status: z.string().optional(),
  pendingWriteback: z.number().optional(),
  pendingConflicts: z.number().optional(),
  deniedPaths: z.number().optional(),
  /** Lifetime counter of refused write answers. Telemetry, never health; older files read as 0. */
  failedWritebacks: z.number().default(0),
  lastError: z
    .looseObject({
      kind: z.string().optional(),
      statusCode: z.number().optional(),
      code: z.string().optional(),
      message: z.string().optional(),
      at: z.string().optional(),
    })
    .nullish(),
  counters: z.record(z.string(), z.unknown()).optional(),
  circuit: CircuitState.optional(),
  outbox: z
    .looseObject({
      pending: z.number().default(0),
      needsAttention: z.number().default(0),
      failed: z.number().default(0),
      acked: z.number().default(0),
    })
    .optional(),
  bootstrap: z.looseObject({ phase: z.string().optional() }).nullish(),
  providers: z.array(z.looseObject({ provider: z.string(), lastError: z.string().nullish() })).optional(),
  daemon: z.looseObject({ pid: z.number().optional() }).optional(),
  stallReason: z.string().optional(),
});
/** The public state of a mount. */
export type MountState = z.infer<typeof MountState>;

/** `.relay/mount.pid`. */
export const PidRecord = z.looseObject({
  pid: z.number().int().positive(),
  registered: z.boolean().optional(),
  workspaceId: z.string().optional(),
  localDir: z.string().optional(),
  logFile: z.string().optional(),
  startedAt: z.string().optional(),
  executable: z.string().optional(),
});
/** `.relay/mount.pid`. */
export type PidRecord = z.infer<typeof PidRecord>;

/** Parses a pid file: the record, a bare integer (what older launchers write), or null. */
export function parsePidRecord(text: string): PidRecord | null {
  const bare = /^\s*(\d+)\s*$/.exec(text);
  if (bare) return { pid: Number(bare[1]) };
  try {
    const parsed = PidRecord.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    // A damaged pid file says nothing about any process.
    return null;
  }
}
