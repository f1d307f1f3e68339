/** The one list of providers. Adding one is its file and a line here. */
import { segmentsOf } from "../model/path.ts";
import { confluence } from "./confluence.ts";
import type { ProviderDefinition, ResourceDefinition } from "./definition.ts";
import { github } from "./github.ts";
import { jira } from "./jira.ts";
import { linear } from "./linear.ts";
import { notion } from "./notion.ts";
import { slack } from "./slack.ts";

/** Every provider, in the order people read about them. */
export const PROVIDERS: readonly ProviderDefinition[] = [github, linear, jira, confluence, notion, slack];

const BY_ID = new Map(
  PROVIDERS.flatMap((provider) => [provider.id, ...provider.aliases].map((key) => [key, provider] as const)),
);

/** The provider with this id or connection key, case ignored; null when there is none. */
export function providerById(id: string): ProviderDefinition | null {
  return BY_ID.get(id.trim().toLowerCase()) ?? null;
}

/** The provider whose subtree holds the path: by its first segment, exactly; null elsewhere, discovery and digests included. */
export function providerOfPath(path: string): ProviderDefinition | null {
  const root = segmentsOf(path)[0];
  return PROVIDERS.find((provider) => provider.id === root) ?? null;
}

/** A resource by name; null when the provider has none of that name. */
export function resourceOf(provider: ProviderDefinition, name: string): ResourceDefinition | null {
  return provider.resources.find((resource) => resource.name === name) ?? null;
}

/** The resource that takes records of a model, model names compared without case; null for unknown models. */
export function resourceOfModel(provider: ProviderDefinition, model: string): ResourceDefinition | null {
  const wanted = model.toLowerCase();
  return (
    provider.resources.find((resource) =>
      resource.records?.models.some((candidate) => candidate.toLowerCase() === wanted),
    ) ?? null
  );
}

/** The first model name of every resource with records, parents before children: what an initial sync asks for. */
export function modelsOf(provider: ProviderDefinition): string[] {
  return provider.resources.flatMap((resource) => resource.records?.models[0] ?? []);
}
