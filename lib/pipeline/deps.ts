/** What the pipeline needs from the world, handed in by the service. */
import type { Era } from "../model/era.ts";
import type { Clock, Fetch, Log, Random } from "../ports.ts";
import type { AccessProblem, ProviderAccess } from "./provider-access.ts";

/** Dependencies of every pipeline call. */
export interface PipelineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly era: Era;
  /** Records sampled per resource of a refresh; absent means the default. */
  readonly sampleLimit?: number;
  /** Ends long work, such as a sync of many pages; absent when nothing does. */
  readonly signal?: AbortSignal;
  /** How a connected provider is reached, or why it cannot be. */
  providerAccess(providerId: string): ProviderAccess | AccessProblem;
}
