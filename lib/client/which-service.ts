/** Tells the two services apart by what answers without a credential, to explain swapped or mistyped base URLs. */
import { isRelayfileError, RelayfileError } from "../errors.ts";
import type { Fetch } from "../ports.ts";
import { nameOf, type ServiceName } from "./http.ts";

/** What stands behind a base URL. */
export type FoundService = ServiceName | "other" | "unreachable";

const PROBE_TIMEOUT_MS = 5_000;
const PROBE_BYTES_MAX = 1024 * 1024;

/** Asks a base URL which service it is: two requests without credentials, redirects not followed. */
export async function identifyService(baseUrl: string, fetch: Fetch): Promise<FoundService> {
  const base = baseUrl.replace(/\/+$/, "");
  const [catalog, health] = await Promise.all([
    jsonAt(fetch, `${base}/api/v1/integrations/catalog`),
    jsonAt(fetch, `${base}/health`),
  ]);
  if (Array.isArray(catalog.body?.providers)) return "control-plane";
  if (typeof health.body?.status === "string") return "file-api";
  return catalog.reached || health.reached ? "other" : "unreachable";
}

/** The base URLs in use and where they came from. */
export interface ServiceUrls {
  readonly fileApiUrl: string;
  readonly controlPlaneUrl: string;
  readonly sources: { readonly fileApiUrl: string | null; readonly controlPlaneUrl: string | null };
}

/**
 * The error that names a wrong base URL, when that is why a call failed; otherwise the given error.
 * Only answers that a right URL cannot give are looked into: HTML, other JSON, an unknown route.
 */
export async function explainWrongService(
  thrown: unknown,
  urls: ServiceUrls,
  fetch: Fetch,
): Promise<unknown> {
  if (!isRelayfileError(thrown)) return thrown;
  const unknownRoute = thrown.code === "not_found" && /route not found|no such route/i.test(thrown.message);
  if (thrown.code !== "unexpected_answer" && !unknownRoute) return thrown;
  const service = thrown.details.service;
  if (service !== "file-api" && service !== "control-plane") return thrown;
  const [url, source, flag] =
    service === "file-api"
      ? [urls.fileApiUrl, urls.sources.fileApiUrl, "--file-api"]
      : [urls.controlPlaneUrl, urls.sources.controlPlaneUrl, "--control-plane"];
  const found = await identifyService(url, fetch);
  if (found === service || found === "unreachable") return thrown;
  const right = await suggestion(service, url, urls, fetch);
  const what =
    found === "other" ? `not the ${nameOf(service)}` : `the ${nameOf(found)}, not the ${nameOf(service)}`;
  return new RelayfileError(
    "wrong_service",
    `${url} (${source ?? "default"}) is ${what}`,
    {
      service,
      found,
      url,
      hint: right === null ? `Give ${flag} the base URL of the ${nameOf(service)}` : `Use ${flag} ${right}`,
    },
    { cause: thrown },
  );
}

/** A URL near the wrong one that is the right service, or null. */
async function suggestion(
  wanted: ServiceName,
  url: string,
  urls: ServiceUrls,
  fetch: Fetch,
): Promise<string | null> {
  const near = wanted === "file-api" ? url.replace(/\/cloud$/, "") : `${url}/cloud`;
  const other = wanted === "file-api" ? urls.controlPlaneUrl : urls.fileApiUrl;
  for (const candidate of new Set([near, other])) {
    if (candidate !== url && (await identifyService(candidate, fetch)) === wanted) return candidate;
  }
  return null;
}

async function jsonAt(
  fetch: Fetch,
  url: string,
): Promise<{ reached: boolean; body: Record<string, unknown> | null }> {
  try {
    const signal = AbortSignal.timeout(PROBE_TIMEOUT_MS);
    const answer = await fetch(new Request(url, { redirect: "manual", signal }));
    const type = answer.headers.get("content-type") ?? "";
    const declared = Number(answer.headers.get("content-length") ?? 0);
    if (answer.status !== 200 || !type.includes("json") || declared > PROBE_BYTES_MAX) {
      await answer.body?.cancel();
      return { reached: true, body: null };
    }
    const body: unknown = await answer.json();
    return {
      reached: true,
      body: typeof body === "object" ? (body as Record<string, unknown> | null) : null,
    };
  } catch (thrown) {
    // No connection, no JSON: both only mean that this is not the service asked about.
    return { reached: thrown instanceof SyntaxError, body: null };
  }
}
