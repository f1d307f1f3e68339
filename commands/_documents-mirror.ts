/** zod schemas of what commands on a mirror and its saves print. */
import { z } from "zod";
import { count, documentSchema, maybeText, maybeTime, nextCommand } from "./_document-parts.ts";

const maybeWorkspace = maybeText;
const malformed = z.array(z.looseObject({ file: z.string(), reason: z.string() }));
const version = z.looseObject({ file: z.string(), hash: maybeText });

/** `relayfile.mount`. */
export const MountSchema = documentSchema("mount", {
  workspaceId: z.string(),
  localDir: z.string(),
  remoteRoot: z.string(),
  server: z.string(),
  mode: z.enum(["foreground", "background", "once"]),
  pid: count,
  logFile: z.string(),
  stateDir: z.string(),
  state: z.enum(["running", "stopped"]),
});

/** `relayfile.mount-once`. */
export const MountOnceSchema = documentSchema("mount-once", {
  workspaceId: z.string(),
  localDir: z.string(),
  remoteRoot: z.string(),
  converged: z.boolean(),
  pulled: z.boolean(),
  trackedFiles: count,
  pending: count,
  heldDeletes: count,
  deadLetters: count,
  conflicts: count,
  problems: count,
  error: z.looseObject({ kind: z.string(), code: maybeText, message: z.string() }).nullable(),
});

/** `relayfile.mount-flush`. */
export const MountFlushSchema = documentSchema("mount-flush", {
  workspaceId: z.string(),
  localDir: z.string(),
  remoteRoot: z.string(),
  mode: z.enum(["flush-outbox", "push-local"]),
  sent: count,
  pending: count,
  needsAttention: count,
  deadLetters: count,
  conflicts: count,
  drained: z.boolean(),
});

/** `relayfile.mount-notify`. `pid` and `sequence` are null when no daemon holds the lease, `reason` when `ok`. */
export const MountNotifySchema = documentSchema("mount-notify", {
  workspaceId: z.string(),
  localDir: z.string(),
  pid: count.nullable(),
  sequence: count.nullable(),
  ok: z.boolean(),
  reason: maybeText,
  next: z.array(nextCommand),
});

/** `relayfile.mount-resume`. */
export const MountResumeSchema = documentSchema("mount-resume", {
  workspaceId: maybeWorkspace,
  localDir: z.string(),
  deletes: z.string(),
  held: count,
  /** Files brought back, or deletes let through; the one that was chosen. */
  restored: count.optional(),
  confirmed: count.optional(),
});

/** `relayfile.unmount`. */
export const UnmountSchema = documentSchema("unmount", {
  workspaceId: maybeWorkspace,
  localDir: z.string(),
  outcome: z.string(),
  pid: count.nullish(),
});

/** `relayfile.status`. */
export const StatusSchema = documentSchema("status", {
  workspaceId: maybeWorkspace,
  name: maybeText,
  localDir: maybeText,
  remoteRoot: maybeText,
  verdict: z.enum(["ok", "catching-up", "degraded", "halted", "stopped"]),
  reason: z.string(),
  daemon: z.looseObject({ pid: count.nullable(), startedAt: maybeTime }).nullable(),
  trackedFiles: count.nullable(),
  pending: count,
  needsAttention: count,
  heldDeletes: count,
  deadLetters: count,
  conflicts: count,
  localOnly: z
    .looseObject({
      files: count,
      tooLarge: count,
      unnamable: count,
      links: count,
      examples: z.array(z.string()),
    })
    .nullable(),
  lastSuccessAt: maybeTime,
  lastEventAt: maybeTime,
  listener: maybeText,
  circuitOpen: z.boolean(),
  bootstrap: z.unknown(),
  lastError: maybeText,
  next: z.array(nextCommand),
});

/** `relayfile.why`. */
export const WhySchema = documentSchema("why", {
  workspaceId: maybeWorkspace,
  localDir: z.string(),
  path: z.string(),
  remotePath: z.string(),
  state: z.enum([
    "in-step",
    "pending",
    "refused",
    "conflict",
    "excluded",
    "local-only",
    "not-placed",
    "missing",
    "unknown",
  ]),
  because: z.string(),
  local: z.looseObject({ hash: z.string(), bytes: count }).nullable(),
  revision: maybeText,
  agreedHash: maybeText,
  deadLetters: z.array(z.string()),
  asOf: maybeTime,
  next: z.array(nextCommand),
});

/** `relayfile.logs`. */
export const LogsSchema = documentSchema("logs", {
  workspaceId: maybeWorkspace,
  logFile: z.string(),
  lines: z.array(z.string()),
});

/** `relayfile.conflicts`. */
export const ConflictsSchema = documentSchema("conflicts", {
  workspaceId: maybeWorkspace,
  localDir: z.string(),
  conflicts: z.array(
    z.looseObject({
      path: z.string(),
      baseRevision: z.string(),
      mine: version,
      current: version,
      next: nextCommand,
    }),
  ),
});

/** `relayfile.conflict-resolved`. */
export const ConflictResolvedSchema = documentSchema("conflict-resolved", {
  workspaceId: maybeWorkspace,
  path: z.string(),
  keep: z.enum(["local", "remote", "both"]),
  /** Kept versions that were settled. */
  artifacts: count,
});

/** `relayfile.writeback-status`. */
export const WritebackStatusSchema = documentSchema("writeback-status", {
  workspaceId: maybeWorkspace,
  name: maybeText,
  localDir: maybeText,
  pending: count,
  failed: count,
  deadLettered: z.array(
    z.looseObject({
      opId: z.string(),
      path: z.string(),
      lastStatus: z.number().nullable(),
      ts: maybeTime,
    }),
  ),
  malformed,
  lastErrorByProvider: z.record(z.string(), z.string()),
});

/** `relayfile.writeback-list`. */
export const WritebackListSchema = documentSchema("writeback-list", {
  workspaceId: maybeWorkspace,
  state: z.string(),
  items: z.array(z.looseObject({ path: z.string() })),
  malformed,
});

/** `relayfile.writeback-show`. */
export const WritebackShowSchema = documentSchema("writeback-show", {
  workspaceId: maybeWorkspace,
  record: z.looseObject({ opId: z.string(), path: z.string() }),
  error: z.looseObject({}).nullable(),
  file: z.string(),
  next: nextCommand,
});

/** `relayfile.writeback-retry`. */
export const WritebackRetrySchema = documentSchema("writeback-retry", {
  workspaceId: maybeWorkspace,
  opId: z.string(),
  path: z.string(),
  status: z.literal("succeeded"),
  revision: maybeText,
});

/** `relayfile.writeback-skip-stuck`. */
export const WritebackSkipStuckSchema = documentSchema("writeback-skip-stuck", {
  workspaceId: maybeWorkspace,
  localDir: z.string(),
  skipped: count,
  backlogRemaining: count,
});

/** `relayfile.writeback-sweep-drafts`. */
export const WritebackSweepDraftsSchema = documentSchema("writeback-sweep-drafts", {
  workspaceId: z.string(),
  dryRun: z.boolean(),
  scanned: count,
  removed: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  skipped: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
});

/** `relayfile.writeback-drop`. */
export const WritebackDropSchema = documentSchema("writeback-drop", {
  workspaceId: maybeWorkspace,
  opId: z.string(),
  path: maybeText,
});
