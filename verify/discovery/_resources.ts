/** What checks of schemas have in common: the resources they look at, the schema as proof, and the next step. */
import { type DiscoveredResourceFact, type DiscoveryFact, type EvidenceItem, suggest } from "../check.ts";
import { propertyNames } from "./_diagnosis.ts";

/** The schema of a resource as proof. */
export function schemaProof(resource: DiscoveredResourceFact): EvidenceItem {
  return {
    type: "file",
    path: resource.schema.path,
    revision: resource.schema.revision,
    lastEditedAt: resource.schema.lastEditedAt,
    excerpt: `${propertyNames(resource)?.length ?? "no"} properties`,
  };
}

/** Resources without a placeholder in their path, with their provider. */
export function flatResources(discovery: DiscoveryFact) {
  return discovery.providers.flatMap(({ provider, resources }) =>
    resources.filter((resource) => !resource.placeholder).map((resource) => ({ provider, resource })),
  );
}

/** Asks again with a refresh. */
export function verifyAgain(provider: string) {
  return {
    text: "Refresh discovery and look again; that tells a stale schema from cloud#778",
    commands: [suggest(`relayfile verify discovery ${provider}`, "refresh")],
  };
}
