/** Every size, count and timeout that is part of a contract, with its unit in the name. */

const KIB = 1024;
const MIB = 1024 * KIB;
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Limits of the file API (spec file-api 12). */
export const FILE_API = {
  pathBytesMax: 1_024,
  pathSegmentBytesMax: 200,
  fileBytesMax: 10 * MIB,
  bodyBytesMax: 16 * MIB,
  treePageEntries: 1_000,
  treeDepthDefault: 10,
  treeDepthMax: 100,
  eventsPageDefault: 200,
  listPageDefault: 100,
  listPageMax: 1_000,
  conflictPreviewBytes: 4_000,
  inlineContentBytesMax: MIB,
  socketCatchUpPage: 100,
  socketBufferEventsMax: 4_096,
  mergeBytesMax: 512 * KIB,
  mergeLinesMax: 3_000,
  semanticsEntriesMax: 100,
  deleteStormMax: 500,
  deleteStormWindowMs: MINUTE,
  lagWarnMs: 30 * SECOND,
  /** Requests per workspace and agent in one window; a polling loop gone wild meets it, a mirror's first pull does not. */
  rateLimitMax: 10_000,
  rateLimitWindowMs: 10 * SECOND,
  eventsKeptMin: 10_000,
  eventsKeptMs: 7 * DAY,
  opsKeptMin: 10_000,
  opsKeptMs: 30 * DAY,
  garbageEveryMs: HOUR,
  supersededKeptMax: 10_000,
  supersededKeptMs: 48 * HOUR,
} as const;

/** Limits of webhook ingestion and provider writebacks. */
export const PIPELINE = {
  envelopeAttemptsMax: 3,
  envelopesKeptMax: 10_000,
  writebackAttemptsMax: 3,
  writebackRetryBaseMs: 500,
  suppressionWindowMs: 2 * MINUTE,
  receiptKeptMs: 24 * HOUR,
  deletedKeptMs: 30 * DAY,
  indexWriteAttemptsMax: 5,
  discoverySampleDefault: 20,
  discoverySampleMax: 500,
  refreshParallelProviders: 4,
  refreshProviderTimeoutMs: 30 * SECOND,
  refreshTotalTimeoutMs: 90 * SECOND,
  recordBytesMax: 8 * MIB,
  batchRecordsMax: 1_000,
  slugCharsMax: 80,
} as const;

/** Digest rules (spec provider-contract 4). */
export const DIGEST = {
  eventBudget: 2_000,
  regenerateAfterMs: 30 * SECOND,
  providersListedMax: 64,
  contentReadsMax: 200,
  contentReadBytesMax: 512 * KIB,
  contentTotalBytesMax: 16 * MIB,
} as const;

/** Lifetimes of credentials (spec control-plane 1.5). */
export const TOKENS = {
  cloudAccessMs: DAY,
  cloudRefreshMs: 90 * DAY,
  workspaceMs: HOUR,
  clockSkewWarnMs: MINUTE,
} as const;

/** Client-side time budgets. */
export const CLIENT = {
  requestTimeoutMs: 10 * SECOND,
  joinTimeoutMs: 120 * SECOND,
  refreshTimeoutMs: 240 * SECOND,
  answerBytesMax: 64 * MIB,
  probeAnswerBytesMax: 8 * MIB,
  retriesMax: 3,
  retryBaseMs: 100,
  retryCapMs: MINUTE,
} as const;

/** Mount daemon numbers (spec mount-daemon 6). Defaults; flags and variables override those that have one. */
export const MOUNT = {
  intervalMs: 30 * SECOND,
  intervalFloorMs: 5 * SECOND,
  intervalJitter: 0.2,
  cycleTimeoutMs: 15 * SECOND,
  bootstrapIdleTimeoutMs: 90 * SECOND,
  bootstrapStallCyclesMax: 20,
  bootstrapDirectoriesMax: 50_000,
  readConcurrency: 16,
  readConcurrencyMax: 64,
  cursorTimeoutMs: MINUTE,
  exportTimeoutMs: 45 * SECOND,
  outboxTimeoutMs: MINUTE,
  auditMinIntervalMs: DAY,
  eventSilenceMs: DAY,
  fileSettleMs: 100,
  atomicSettleMs: 1,
  changeBatchWindowMs: 5,
  changeBatchWindowsMax: 10,
  writebackBytesMax: 8 * MIB,
  writebackBatchBytesMax: 8 * MIB,
  snapshotDeleteMinRatio: 0.5,
  snapshotDeleteFloor: 10,
  circuitWindowMs: MINUTE,
  circuitThreshold: 5,
  circuitCooldownMs: 30 * SECOND,
  outboxAttemptsMax: 5,
  outboxBackoffBaseMs: 500,
  outboxBackoffCapMs: 30 * SECOND,
  deleteHoldMs: 2 * SECOND,
  /** Two writes this far apart get different times, whatever clock the kernel stamps files with. */
  clockStepMs: 20,
  massDeleteFloor: 10,
  massDeleteRatio: 0.25,
  basenameBytesMax: 220,
  pathBytesMax: 4_096,
  eventPageSize: 50,
  deadLetterBodyBytesMax: KIB,
  stopFlushMs: 5 * SECOND,
  registerTimeoutMs: 2 * MINUTE,
  logBytesMax: 10 * MIB,
  logFilesKept: 3,
} as const;
