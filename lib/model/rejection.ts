/** Why something that arrived could not become files: the typed reasons that `sync/dead-letter` shows. */

/** Every reason. The text beside it says what exactly. */
export const REJECTION_CODES = [
  /** The body is not JSON, or not an object. */
  "malformed_payload",
  /** JSON of a shape in which the event's records cannot be found. */
  "unreadable_payload",
  "unknown_provider",
  /** The provider has no records under this model name. */
  "unknown_model",
  "record_not_object",
  "record_without_id",
  /** The record does not say where it belongs, for example in which repository. */
  "record_without_place",
  "record_too_large",
  /** It came through a connection that is not the workspace's own for this provider. */
  "other_connection",
  /** The sync source reported that its own sync failed. */
  "source_failed",
] as const;

/** A typed reason. */
export type RejectionCode = (typeof REJECTION_CODES)[number];

/** One record of a batch that could not be used. */
export interface RejectedItem {
  /** Its place in the batch, from 0. */
  readonly index: number;
  readonly code: RejectionCode;
  readonly reason: string;
}
