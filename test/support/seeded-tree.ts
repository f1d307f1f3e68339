/** A tree that holds the Linear and Jira seeds and all real GitHub payloads, and the simulator that knows them too. */
import examples from "@octokit/webhooks-examples/api.github.com/index.json" with { type: "json" };
import type { Era } from "../../lib/model/era.ts";
import { applyRecords } from "../../lib/pipeline/apply.ts";
import { materializeContract } from "../../lib/pipeline/contract.ts";
import type { PipelineDeps } from "../../lib/pipeline/deps.ts";
import { ingestWebhook } from "../../lib/pipeline/ingest.ts";
import type { ProviderDefinition, ResourceDefinition } from "../../lib/providers/definition.ts";
import { modelsOf, PROVIDERS, providerById, resourceOf } from "../../lib/providers/registry.ts";
import { createSimulator, type Simulator } from "../../lib/simulator/mod.ts";
import { GITHUB_RECORDS } from "../fixtures/github-records.ts";
import { type MemoryTree, memoryTree } from "./memory-tree.ts";
import { pipelineDeps } from "./pipeline.ts";

/** One payload of the examples package. */
export interface ExamplePayload {
  readonly event: string;
  readonly index: number;
  readonly payload: Record<string, unknown>;
}

/** The 329 real GitHub payloads, in the package's order. */
export const GITHUB_PAYLOADS: readonly ExamplePayload[] = (
  examples as { name: string; examples: Record<string, unknown>[] }[]
).flatMap(({ name, examples: payloads }) =>
  payloads.map((payload, index) => ({ event: name, index, payload })),
);

/** A simulated stack without a service: tree, simulator, and dependencies that reach it. */
export interface PipelineStack {
  readonly tree: MemoryTree;
  readonly simulator: Simulator;
  readonly deps: PipelineDeps;
}

/** An empty stack. */
export function pipelineStack(era?: Era): PipelineStack {
  const base = pipelineDeps();
  const simulator = createSimulator(base);
  const deps = pipelineDeps({
    ...(era === undefined ? {} : { era }),
    fetch: (request) => simulator.fetch(request),
    providerAccess: (id) => ({
      baseUrl: `http://simulator.test/${id}`,
      headers: { authorization: `Bearer token-of-${id}` },
      forwardPrefix: "",
      secrets: [],
    }),
  });
  return { tree: memoryTree(), simulator, deps };
}

/** Delivers one GitHub payload to the simulator and to the tree. */
export async function deliver(
  { tree, simulator, deps }: PipelineStack,
  { event, index, payload }: ExamplePayload,
) {
  simulator.learn("github", event, payload);
  const headers = { "X-GitHub-Event": event };
  const deliveryId = `${event}-${index}`;
  return ingestWebhook(
    tree,
    { provider: "github", headers, payload, receivedAtMs: 0, deliveryId, correlationId: "t" },
    deps,
  );
}

/** Syncs everything the simulator holds for a provider. */
export async function syncAll({ tree, simulator, deps }: PipelineStack, providerId: string): Promise<void> {
  const provider = providerNamed(providerId);
  await materializeContract(tree, providerId, deps);
  for (const model of modelsOf(provider)) {
    const response = await simulator.fetch(
      new Request(`http://simulator.test/records/${providerId}/${model}?limit=250`),
    );
    if (response.status === 404) continue;
    const { records } = (await response.json()) as { records: unknown[] };
    await applyRecords(tree, providerId, { model, records, correlationId: "sync" }, deps);
  }
}

/** A registered provider; fails for an unknown id, so that tests need no assertion. */
export function providerNamed(id: string): ProviderDefinition {
  const provider = providerById(id);
  if (provider === null) throw new Error(`no provider ${id}`);
  return provider;
}

/** A resource of a registered provider. */
export function resourceNamed(provider: string, name: string): ResourceDefinition {
  const resource = resourceOf(providerNamed(provider), name);
  if (resource === null) throw new Error(`no resource ${name} of ${provider}`);
  return resource;
}

/** A stack with every seed in the tree. */
export async function seededStack(era?: Era): Promise<PipelineStack> {
  const stack = pipelineStack(era);
  for (const payload of GITHUB_PAYLOADS) await deliver(stack, payload);
  for (const [model, records] of Object.entries(GITHUB_RECORDS))
    await applyRecords(stack.tree, "github", { model, records, correlationId: "sync" }, stack.deps);
  for (const provider of PROVIDERS) if (provider.id !== "github") await syncAll(stack, provider.id);
  return stack;
}
