/** Brings a provider's discovery files up to date on demand and reports honestly what it could and could not sample. */
import { messageOf } from "../errors.ts";
import type { RefreshedProvider } from "../model/integration.ts";
import type { TreeStore } from "../ports.ts";
import type { ProviderDefinition, ResourceDefinition } from "../providers/definition.ts";
import { providerById } from "../providers/registry.ts";
import { materializeContract, writeOf } from "./contract.ts";
import type { PipelineDeps } from "./deps.ts";
import { advertisedResources, resourceFiles, subjectOf } from "./pure/discovery.ts";
import { inferSchema, mergeSchemas, type Schema } from "./pure/infer.ts";
import { bytesOf, isObject, parseJsonBytes, sameBytes } from "./pure/json.ts";
import { sampleResource } from "./sample.ts";

/**
 * Refreshes one provider. In May 2026 the answer had only its first three fields, and `discoveryBackfilled` was true
 * even when nothing could be sampled (cloud#778).
 *
 * @param reset names of resources whose inferred schema starts from the records alone: schemas only widen, so a wrong
 *   `readOnly` stays until somebody asks for this
 */
export async function refreshDiscovery(
  tree: TreeStore,
  providerId: string,
  deps: PipelineDeps,
  reset: readonly string[] = [],
): Promise<RefreshedProvider> {
  const provider = providerById(providerId);
  if (provider === null)
    return { provider: providerId, discoveryBackfilled: false, errors: 1, discoveryBackfillStatus: "failed" };
  const startedMs = deps.clock.monotonicMs();
  await materializeContract(tree, provider.id, deps);
  const warnings: NonNullable<RefreshedProvider["samplingWarnings"]> = [];
  let errors = 0;
  let indexed = 0;
  let flat = 0;
  for (const advertised of advertisedResources(provider.id, deps.era)) {
    const resource = provider.resources.find((candidate) => candidate.name === advertised.name);
    if (resource === undefined) continue;
    if (advertised.sampleIndexPath !== null) flat++;
    try {
      const sample = await sampleResource(tree, resource, deps.era, deps.sampleLimit);
      indexed += sample.indexRows;
      if (sample.warning !== null) warnings.push(sample.warning);
      if (deps.era.discovery === "2026-05") {
        const schema = inferSchema(subjectOf(provider, resource), sample.records);
        await storeInferred(
          tree,
          { provider, resource, schema, widen: !reset.includes(resource.name) },
          deps,
        );
      }
    } catch (error) {
      errors++;
      deps.log.warn("discovery of a resource failed", {
        provider: provider.id,
        resource: resource.name,
        error: messageOf(error),
      });
    }
  }
  const report = { provider: provider.id, discoveryBackfilled: true, errors };
  if (deps.era.discovery === "2026-05") return report;
  const status =
    errors > 0
      ? "failed"
      : warnings.length > 0
        ? "degraded"
        : indexed === 0 && flat > 0
          ? "skipped-no-records"
          : "complete";
  return {
    ...report,
    discoveryBackfillStatus: status,
    samplingWarnings: warnings,
    durationMs: Math.round(deps.clock.monotonicMs() - startedMs),
  };
}

/** What the sampled records of a resource look like. */
interface InferredSchema {
  readonly provider: ProviderDefinition;
  readonly resource: ResourceDefinition;
  readonly schema: Schema;
  /** False forgets what was stored. */
  readonly widen: boolean;
}

/** Widens the stored schema by the new one; identical bytes are not written, so the file keeps its revision. */
async function storeInferred(tree: TreeStore, found: InferredSchema, deps: PipelineDeps): Promise<void> {
  const { provider, resource, schema: inferred, widen } = found;
  const schemaPath = `/discovery${resource.path}/.schema.json`;
  const stored = await tree.read(schemaPath);
  const prior = stored === null ? undefined : parseJsonBytes(stored.bytes);
  const hasFields = isObject(prior) && isObject(prior.properties) && Object.keys(prior.properties).length > 0;
  // An empty schema was never sampled: it relaxes nothing and requires nothing.
  const merged = hasFields && widen ? mergeSchemas(inferred, prior as Schema) : inferred;
  for (const file of resourceFiles(provider, resource, deps.era, merged)) {
    const current = file.path === schemaPath ? stored : await tree.read(file.path);
    if (current !== null && sameBytes(current.bytes, bytesOf(file.text))) continue;
    const context = {
      origin: "system",
      correlationId: `discovery_${deps.random.uuid()}`,
      provider: provider.id,
    } as const;
    await tree.apply([writeOf(provider, file)], context);
  }
}
