/** Reading a record at the provider itself: the only proof that a write did not end inside the service (VW-14). */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import type { ProviderRequest } from "../../lib/providers/definition.ts";
import { providerById, resourceOf } from "../../lib/providers/registry.ts";
import type { EvidenceContext } from "../evidence.ts";
import type { WriteTargetFact } from "./facts.ts";
import { fieldsWith } from "./mark.ts";

/** What the provider answers for the record; null when nobody named its API or it cannot be read one by one. */
export async function readUpstream(
  context: EvidenceContext,
  providerId: string,
  resource: string,
  canonicalPath: string,
  externalId: string | null,
  marker: string,
): Promise<WriteTargetFact["upstream"]> {
  const api = context.target.providerApi;
  const provider = providerById(providerId);
  const read = provider === null ? undefined : resourceOf(provider, resource)?.write?.read;
  const route = classifyWrite(canonicalPath, "write");
  if (api === undefined || provider === null || read === undefined || route.kind === "none") return null;
  const request = read({ params: route.params, id: route.kind === "edit" ? route.id : (externalId ?? "") });
  const { probe, json } = await context.http.send({
    service: "provider",
    baseUrl: api.baseUrl.replace("{provider}", providerId),
    credential: api.token === null ? null : "provider",
    headers: { ...provider.headers },
    ...requestOf(request),
  });
  return { probe, marked: fieldsWith(json, marker).length > 0 };
}

function requestOf(request: ProviderRequest) {
  if (request.kind === "graphql") {
    const { query, variables } = request;
    return { method: "POST", path: "/graphql", body: { query, variables } } as const;
  }
  const [path = "", query = ""] = request.path.split("?");
  return { method: "GET", path, query: Object.fromEntries(new URLSearchParams(query)) } as const;
}
