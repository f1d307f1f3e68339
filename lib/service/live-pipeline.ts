/** The real providers behind the interface a workspace sees. The only file of the service that imports them. */

import { resolveTimeZone } from "../digest/mod.ts";
import { fail } from "../errors.ts";
import { CURRENT_ERA, type Era } from "../model/era.ts";
import { applyRecords } from "../pipeline/apply.ts";
import { materializeContract } from "../pipeline/contract.ts";
import type { PipelineDeps } from "../pipeline/deps.ts";
import { executeWriteback } from "../pipeline/execute.ts";
import { ingestWebhook } from "../pipeline/ingest.ts";
import { readSourceWebhook, runSyncJob, type SourceAccess } from "../pipeline/nango.ts";
import { type AccessSettings, accessOf, connectProblem, executesHere } from "../pipeline/provider-access.ts";
import { digestNameOf } from "../pipeline/pure/digest-names.ts";
import { internalPathClause, isInternalPath } from "../pipeline/pure/internal-paths.ts";
import { sweepReceipts } from "../pipeline/receipts.ts";
import { refreshDiscovery } from "../pipeline/refresh.ts";
import type { Clock, Fetch, Log, Random, TreeStore } from "../ports.ts";
import {
  modelsOf,
  PROVIDERS,
  providerById,
  providerOfPath,
  resourceOf,
  resourceOfModel,
} from "../providers/registry.ts";
import type { Pipeline } from "./pipeline.ts";
import { StandIn } from "./stand-in.ts";

/** The backend whose records are read from the stand-in. */
const SIMULATOR = "simulator";
/** Records asked for per page of an initial sync, and gathered before they are applied. */
const PAGE_RECORDS = 100;
const APPLY_RECORDS = 1_000;

/** What the live pipeline needs. */
export interface LivePipelineDeps {
  readonly clock: Clock;
  readonly random: Random;
  readonly fetch: Fetch;
  readonly log: Log;
  readonly era?: Era;
  /** Base URL of the provider simulator, without trailing slash; null when there is none. */
  readonly simulatorUrl: string | null;
  /** How real providers are reached; absent reaches none. */
  readonly access?: Omit<AccessSettings, "simulatorUrl">;
  /** Where the sync source of a provider is; null when none is configured. */
  source?(provider: string): SourceAccess | null;
  /** Records sampled per resource of a refresh; absent means the default. */
  readonly sampleLimit?: number;
  /** IANA name; an unknown one means UTC. */
  readonly timeZone?: string | null;
}

/** Builds the pipeline over the provider registry. */
export function livePipeline(options: LivePipelineDeps): Pipeline {
  const era = options.era ?? CURRENT_ERA;
  const settings: AccessSettings = {
    direct: () => ({ baseUrl: null, token: null }),
    proxy: () => null,
    ...options.access,
    simulatorUrl: options.simulatorUrl,
  };
  const deps: PipelineDeps = {
    clock: options.clock,
    random: options.random,
    fetch: options.fetch,
    log: options.log,
    era,
    ...(options.sampleLimit === undefined ? {} : { sampleLimit: options.sampleLimit }),
    // Only ops call providers, each over the connection it was made for.
    providerAccess: (id) => ({ problem: `${id} is not connected` }),
  };
  const standIn = new StandIn(options, options.simulatorUrl);
  const zone = resolveTimeZone(options.timeZone);
  const internal = internalPathClause(era.digestFilter);
  return {
    catalog: PROVIDERS.map((provider) => ({
      id: provider.id,
      displayName: provider.title,
      vfsRoot: `/${provider.id}`,
    })),
    idOf: (name) => providerById(name)?.id ?? null,
    providerOf: (path) => providerOfPath(path)?.id ?? "",
    canExecute: (provider, backend) => executesHere(settings, provider, backend),
    connectProblem: (provider, backend) => connectProblem(settings, provider, backend),
    ingest: async (tree, input) => {
      const outcome = await ingestWebhook(tree, input, deps);
      if (outcome.status === "applied") await standIn.learn(input);
      return outcome;
    },
    applyRecords: async (tree, { provider, ...batch }) => {
      await materializeContract(tree, provider, deps);
      const outcome = await applyRecords(tree, provider, batch, deps);
      if (outcome.applied + outcome.deleted > 0) await standIn.take(provider, batch.model, batch.records);
      return outcome;
    },
    hasModel: (id, model) => {
      const provider = providerById(id);
      return provider !== null && resourceOfModel(provider, model) !== null;
    },
    hasSchema: (id, resource) => {
      const provider = providerById(id);
      return provider !== null && resourceOf(provider, resource)?.write !== undefined;
    },
    modelsOf: (id) => {
      const provider = providerById(id);
      return provider === null ? [] : modelsOf(provider);
    },
    readSource: readSourceWebhook,
    syncSource: async (tree, job, signal) => {
      const access = options.source?.(job.provider) ?? null;
      if (access === null) {
        fail("unavailable", `no sync source is configured for ${job.provider}`, { provider: job.provider });
      }
      return runSyncJob(tree, job, access, { ...deps, signal });
    },
    sweepReceipts: (tree, paths, now) =>
      sweepReceipts(tree, paths, now, { origin: "system", correlationId: "receipts" }),
    materialize: async (tree, provider) => {
      await materializeContract(tree, provider, deps);
    },
    initialSync: async (tree, provider, backend) =>
      backend === SIMULATOR ? initialSync(tree, provider, standIn, deps) : 0,
    refresh: (tree, provider, reset) => refreshDiscovery(tree, provider, deps, reset),
    execute: (tree, op, connection) =>
      executeWriteback(tree, op, { ...deps, providerAccess: (id) => accessOf(settings, id, connection) }),
    timeZone: zone.timeZone,
    timeZoneWarning: zone.warning,
    digestClause: () => ({ sql: `NOT (${internal.sql})`, params: internal.params }),
    isInternal: (path) => isInternalPath(path, era.digestFilter),
    digestNameOf,
  };
}

/** Reads all records of the stand-in and applies them; their number. */
async function initialSync(
  tree: TreeStore,
  providerId: string,
  standIn: StandIn,
  deps: PipelineDeps,
): Promise<number> {
  const provider = providerById(providerId);
  if (provider === null) return 0;
  let total = 0;
  for (const model of modelsOf(provider)) {
    const correlationId = `sync:${providerId}:${model}`;
    let pending: unknown[] = [];
    let cursor = "";
    do {
      const page = await standIn.page(providerId, model, { cursor, limit: PAGE_RECORDS });
      pending.push(...page.records);
      total += page.records.length;
      cursor = page.nextCursor ?? "";
      if (pending.length < APPLY_RECORDS && cursor !== "") continue;
      await applyRecords(tree, providerId, { model, records: pending, correlationId }, deps);
      pending = [];
    } while (cursor !== "");
  }
  return total;
}
