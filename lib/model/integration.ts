/** Integrations, refresh reports and sync status: what the control plane and file API say about providers. */
import { z } from "zod";

/** `GET workspaces/{id}/integrations/{provider}/status`. */
export const IntegrationStatus = z.looseObject({
  ready: z.boolean(),
  provider: z.string().optional(),
  state: z.string().optional(),
  connectionId: z.string().nullish(),
  currentConnectionId: z.string().nullish(),
  connectionMatched: z.boolean().optional(),
  oauth: z.looseObject({ connected: z.boolean() }).optional(),
  initialSync: z
    .looseObject({ state: z.string(), syncName: z.string().nullish(), model: z.string().nullish() })
    .optional(),
  lastError: z.unknown().optional(),
  webhookHealthy: z.boolean().optional(),
});
/** Status of one integration. */
export type IntegrationStatus = z.infer<typeof IntegrationStatus>;

/** One row of `GET workspaces/{id}/integrations`, a bare array. */
export const IntegrationRow = z.looseObject({
  provider: z.string(),
  status: z.string(),
  lagSeconds: z.number().optional(),
  lastEventAt: z.string().nullish(),
  connectionId: z.string().nullish(),
  webhookHealthy: z.boolean().optional(),
});
/** One row of the integrations list. */
export type IntegrationRow = z.infer<typeof IntegrationRow>;

/** Why sampling found no record for a resource. */
export const SAMPLING_REASONS = [
  "skipped-missing-index-with-canonical-records",
  "skipped-no-readable-row-ids",
  "skipped-no-alias-match",
  "skipped-no-sampleable-records",
  "skipped-duplicate-resource-name",
] as const;

/** One resource whose schema could not be sampled. */
export const SamplingWarning = z.looseObject({
  resourceName: z.string(),
  resourcePath: z.string(),
  indexPath: z.string(),
  indexRows: z.number(),
  sampledIds: z.number(),
  sampledRecords: z.number(),
  reason: z.string(),
});
/** One resource whose schema could not be sampled. */
export type SamplingWarning = z.infer<typeof SamplingWarning>;

/** What refresh did for one provider. Never judge by `discoveryBackfilled` alone (cloud#778). */
export const RefreshedProvider = z.looseObject({
  provider: z.string(),
  /** True whenever the call did not throw. Older deployments write `backfilled`. */
  discoveryBackfilled: z.boolean().optional(),
  backfilled: z.boolean().optional(),
  errors: z.number().default(0),
  discoveryBackfillStatus: z.string().optional(),
  samplingWarnings: z.array(SamplingWarning).optional(),
  durationMs: z.number().optional(),
  timedOut: z.boolean().optional(),
});
/** What refresh did for one provider. */
export type RefreshedProvider = z.infer<typeof RefreshedProvider>;

/** `POST {controlPlane}/api/v1/workspaces/{id}/sync/refresh`; the same body with 504 when something timed out. */
export const RefreshReport = z.looseObject({
  workspaceId: z.string(),
  refreshed: z.array(RefreshedProvider),
  errors: z
    .array(z.looseObject({ provider: z.string().optional(), reason: z.string(), message: z.string() }))
    .optional(),
  durationMs: z.number().optional(),
  timedOut: z.boolean().optional(),
});
/** The control plane's refresh report. */
export type RefreshReport = z.infer<typeof RefreshReport>;

/** `GET /v1/workspaces/{id}/sync/status`. */
export const SyncStatus = z.looseObject({
  workspaceId: z.string(),
  providers: z.array(
    z.looseObject({
      provider: z.string(),
      status: z.string(),
      cursor: z.string().nullish(),
      watermarkTs: z.string().nullish(),
      lagSeconds: z.number().optional(),
      lastError: z.string().nullish(),
      failureCodes: z.record(z.string(), z.number()).optional(),
      deadLetteredEnvelopes: z.number().optional(),
      deadLetteredOps: z.number().optional(),
    }),
  ),
});
/** `GET /v1/workspaces/{id}/sync/status`. */
export type SyncStatus = z.infer<typeof SyncStatus>;

/** One page of `GET sync/dead-letter`, newest first. */
export const DeadLetterPage = z.looseObject({
  items: z.array(
    z.looseObject({
      envelopeId: z.string(),
      provider: z.string(),
      deliveryId: z.string().optional(),
      failedAt: z.string().optional(),
      attemptCount: z.number().optional(),
      lastError: z.string().nullish(),
    }),
  ),
  nextCursor: z.string().nullable(),
});
/** One page of `GET sync/dead-letter`. */
export type DeadLetterPage = z.infer<typeof DeadLetterPage>;

/** Answer of a request that was queued: `sync/refresh` of the file API and op replay. */
export const QueuedRefresh = z.looseObject({ status: z.string(), id: z.string() });
/** Answer of a request that was queued. */
export type QueuedRefresh = z.infer<typeof QueuedRefresh>;
