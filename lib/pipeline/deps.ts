/** What the pipeline needs from the world, handed in by the service. */
import type { Era } from "../model/era.ts";
import type { Clock, Fetch, Log, Random } from "../ports.ts";

/** Dependencies of every pipeline call. */
export interface PipelineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly era: Era;
  /** Ends long work, such as a sync of many pages; absent when nothing does. */
  readonly signal?: AbortSignal;
  /** Base URL of a connected provider without trailing slash; null when it is not connected. */
  providerBaseUrl(providerId: string): string | null;
  /** Credential for the provider, or null when none is held. */
  providerToken(providerId: string): string | null;
}
