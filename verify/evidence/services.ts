/** Liveness of the two services, and whether each base URL really names the service it is meant to name. */
import {
  type Answer,
  absent,
  defineEvidence,
  type EvidenceContext,
  type RelayService,
  type ServiceFact,
} from "../evidence.ts";

const ROUTES: Readonly<Record<RelayService, string>> = {
  "file-api": "/health",
  "control-plane": "/api/v1/integrations/catalog",
};

/** `GET {fileApi}/health`, without a credential. */
export const fileApi = defineEvidence({
  name: "fileApi",
  effect: "read",
  reads: "GET {fileApi}/health",
  collect: (context) => probeService(context, "file-api", context.target.fileApiUrl),
});

/** `GET {controlPlane}/api/v1/integrations/catalog`, without a credential. */
export const controlPlane = defineEvidence({
  name: "controlPlane",
  effect: "read",
  reads: "GET {controlPlane}/api/v1/integrations/catalog",
  collect: async (context) => {
    const baseUrl = context.target.controlPlaneUrl;
    if (baseUrl === null) return absent("nothing refers to a control plane");
    return probeService(context, "control-plane", baseUrl);
  },
});

async function probeService(
  context: EvidenceContext,
  service: RelayService,
  baseUrl: string,
): Promise<ServiceFact> {
  const answer = await ask(context, service, baseUrl, ROUTES[service]);
  const recognised = speaks(service, answer);
  const other: RelayService = service === "file-api" ? "control-plane" : "file-api";
  // Only an answer of the wrong shape raises the question whether this is the other service.
  const asOther =
    recognised || answer.probe.status === null ? null : await ask(context, service, baseUrl, ROUTES[other]);
  const version = (answer.json as { version?: unknown } | undefined)?.version;
  return {
    service,
    baseUrl,
    probe: answer.probe,
    recognised,
    version: typeof version === "string" ? version : null,
    asOther: asOther?.probe ?? null,
    isOther: asOther !== null && speaks(other, asOther),
    ...(service === "control-plane" && recognised ? { catalog: catalogOf(answer) } : {}),
  };
}

/** Ids and configuration keys on offer. */
function catalogOf(answer: Answer): string[] {
  const { providers } = answer.json as { providers: readonly unknown[] };
  return providers.flatMap((entry) => {
    const { id, configKey } = (typeof entry === "object" && entry !== null ? entry : {}) as Record<
      string,
      unknown
    >;
    return [typeof entry === "string" ? entry : id, configKey].filter((key) => typeof key === "string");
  });
}

function ask(
  context: EvidenceContext,
  service: RelayService,
  baseUrl: string,
  path: string,
): Promise<Answer> {
  return context.http.send({ service, baseUrl, path });
}

/** True when an answer has the shape the service's liveness route gives. */
function speaks(service: RelayService, answer: Answer): boolean {
  if (answer.probe.status !== 200 || answer.probe.kind !== "json") return false;
  const body = answer.json as { status?: unknown; providers?: unknown } | null;
  return service === "file-api" ? typeof body?.status === "string" : Array.isArray(body?.providers);
}
