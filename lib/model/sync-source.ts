/** What a Nango-style sync source tells a workspace: connections made, records ready, webhooks passed through. */
import type { RejectionCode } from "./rejection.ts";

/** Records of one model of one connection that are ready to be fetched. */
export interface SyncJob {
  /** Provider id. */
  readonly provider: string;
  readonly providerConfigKey: string;
  readonly connectionId: string;
  readonly syncName: string;
  readonly model: string;
  /** ISO 8601; only records changed since. Null for everything. */
  readonly modifiedAfter: string | null;
  readonly cursor: string | null;
}

/** What a webhook of the source means. */
export type SourceEvent =
  /** A connection was created or overridden: the integration must be registered (cloud#736). */
  | {
      readonly kind: "connected";
      readonly provider: string;
      readonly connectionId: string;
      readonly providerConfigKey: string;
    }
  | { readonly kind: "disconnected"; readonly provider: string; readonly connectionId: string }
  | { readonly kind: "sync"; readonly provider: string; readonly connectionId: string; readonly job: SyncJob }
  /** A sync of the source failed: nothing to fetch, worth a `sync.error`. */
  | {
      readonly kind: "sync_failed";
      readonly provider: string;
      readonly connectionId: string;
      readonly reason: string;
    }
  /** The provider's own webhook, passed through. `connectionId` is null when the source did not say. */
  | {
      readonly kind: "forward";
      readonly provider: string;
      readonly connectionId: string | null;
      readonly payload: unknown;
      readonly headers: Readonly<Record<string, string>>;
    }
  /** Understood, without consequence. */
  | { readonly kind: "not_applicable"; readonly reason: string }
  | { readonly kind: "rejected"; readonly code: RejectionCode; readonly reason: string };

/** A raw record that could not become a file, kept so that it can be looked at and replayed. */
export interface RefusedRecord {
  readonly model: string;
  readonly record: unknown;
  readonly code: RejectionCode;
  readonly reason: string;
}
