/** Writes what a provider's subtree says about itself: layout, indexes of resources, schemas and examples. */
import type { Era } from "../model/era.ts";
import { sha256Hex } from "../model/sha256.ts";
import type { TreeChange, TreeStore } from "../ports.ts";
import type { ProviderDefinition } from "../providers/definition.ts";
import { providerById } from "../providers/registry.ts";
import type { PipelineDeps } from "./deps.ts";
import { advertisedResources, type DiscoveryFile, resourceFiles } from "./pure/discovery.ts";
import { bytesOf } from "./pure/json.ts";
import { adapterFile, layoutFile, rootIndexFile, workspaceLayoutFile } from "./pure/layout.ts";
import { listAll } from "./stage.ts";

/** A contract file with the hash of its bytes. */
interface ContractFile extends DiscoveryFile {
  readonly hash: string;
  /** True for inferred schemas and their examples: once written they belong to refresh. */
  readonly inferred: boolean;
}

/** What was written; empty when everything was in place. */
export interface ContractOutcome {
  readonly written: readonly string[];
}

/**
 * Brings the contract files of a provider up to date. Files that are already right are not touched, so revisions stay.
 * Runs before records are looked at, so that a tree without records explains itself too.
 */
export async function materializeContract(
  tree: TreeStore,
  providerId: string,
  deps: Pick<PipelineDeps, "era" | "random">,
): Promise<ContractOutcome> {
  const provider = providerById(providerId);
  if (provider === null) return { written: [] };
  const files = contractFiles(provider, deps.era);
  const stored = new Map<string, string>();
  for (const prefix of [
    `/discovery/${provider.id}`,
    `/${provider.id}/LAYOUT.md`,
    `/${provider.id}/_index.json`,
    "/LAYOUT.md",
  ]) {
    for (const file of await listAll(tree, prefix)) stored.set(file.path, file.contentHash);
  }
  const changes = files
    .filter((file) => (file.inferred ? !stored.has(file.path) : stored.get(file.path) !== file.hash))
    .map((file): TreeChange => writeOf(provider, file));
  if (changes.length === 0) return { written: [] };
  await tree.apply(changes, {
    origin: "system",
    correlationId: `contract_${deps.random.uuid()}`,
    provider: provider.id,
  });
  return { written: changes.map((change) => change.path) };
}

/** The change that stores one contract file. */
export function writeOf(provider: ProviderDefinition, file: DiscoveryFile): TreeChange {
  const owner = file.path === "/LAYOUT.md" ? {} : { provider: provider.id };
  return {
    kind: "write",
    path: file.path,
    bytes: bytesOf(file.text),
    contentType: file.contentType,
    ...owner,
  };
}

const CACHE = new Map<string, readonly ContractFile[]>();

/** Every contract file of a provider in an era. */
function contractFiles(provider: ProviderDefinition, era: Era): readonly ContractFile[] {
  const key = `${provider.id} ${era.discovery} ${era.emission}`;
  const known = CACHE.get(key);
  if (known !== undefined) return known;
  const schemas = advertisedResources(provider.id, era).flatMap((advertised) => {
    const resource = provider.resources.find((candidate) => candidate.name === advertised.name);
    return resource === undefined ? [] : resourceFiles(provider, resource, era, null);
  });
  const own = [
    workspaceLayoutFile(),
    layoutFile(provider, era),
    rootIndexFile(provider),
    adapterFile(provider, era),
  ];
  const inferred = era.discovery === "2026-05";
  const files = [
    ...own.map((file) => ({ ...file, hash: sha256Hex(file.text), inferred: false })),
    ...schemas.map((file) => ({ ...file, hash: sha256Hex(file.text), inferred })),
  ];
  CACHE.set(key, files);
  return files;
}
