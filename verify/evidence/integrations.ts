/** Integrations as the control plane sees them, and the discovery refresh it does on request. */
import { z } from "zod";
import { CLIENT } from "../../lib/limits.ts";
import { IntegrationRow, IntegrationStatus, RefreshReport } from "../../lib/model/integration.ts";
import { absent, defineEvidence, type EvidenceContext, type SchemaBefore, withheld } from "../evidence.ts";
import { readMany } from "./_bulk.ts";
import { jsonObjectOf, listTree, problemOf, workspaceIdOf } from "./_files.ts";

const PROVIDERS_MAX = 25;
const SCHEMAS_MAX = 300;

/** The integrations list and the status of each provider in it. */
export const integrations = defineEvidence({
  name: "integrations",
  effect: "read",
  reads: "GET {controlPlane}/api/v1/workspaces/{id}/integrations and …/integrations/{provider}/status",
  collect: async (context) => {
    const { controlPlaneUrl, cloudToken, workspaceToken, provider } = context.target;
    if (controlPlaneUrl === null) return absent("nothing refers to a control plane");
    if (cloudToken === null && workspaceToken === null) return absent("no token is configured");
    const base = `/api/v1/workspaces/${encodeURIComponent(workspaceIdOf(context) ?? "unknown")}/integrations`;
    const list = await context.http.send({
      service: "control-plane",
      baseUrl: controlPlaneUrl,
      path: base,
      credential: workspaceToken === null ? "cloud" : "workspace",
    });
    // Some deployments list integrations for cloud identities only.
    const useCloud =
      (list.probe.status === 401 || list.probe.status === 403) &&
      workspaceToken !== null &&
      cloudToken !== null;
    const answer = useCloud
      ? await context.http.send({
          service: "control-plane",
          baseUrl: controlPlaneUrl,
          path: base,
          credential: "cloud",
        })
      : list;
    const parsed = answer.probe.status === 200 ? z.array(IntegrationRow).safeParse(answer.json) : null;
    const rows = parsed?.success ? parsed.data : null;
    const asked = (rows ?? [])
      .filter((row) => provider === null || row.provider === provider)
      .slice(0, PROVIDERS_MAX);
    const statuses = await Promise.all(
      asked.map(async (row) => {
        const status = await context.http.send({
          service: "control-plane",
          baseUrl: controlPlaneUrl,
          path: `${base}/${encodeURIComponent(row.provider)}/status`,
          credential: workspaceToken === null ? "cloud" : "workspace",
        });
        const body = status.probe.status === 200 ? IntegrationStatus.safeParse(status.json) : null;
        return { provider: row.provider, probe: status.probe, status: body?.success ? body.data : null };
      }),
    );
    return { list: answer.probe, rows, statuses };
  },
});

/** `POST {controlPlane}/…/sync/refresh` with the workspace token: the one collector that changes something. */
export const refresh = defineEvidence({
  name: "refresh",
  effect: "refresh",
  reads: "POST {controlPlane}/api/v1/workspaces/{id}/sync/refresh",
  collect: async (context) => {
    const { controlPlaneUrl, workspaceToken } = context.target;
    if (controlPlaneUrl === null) return absent("nothing refers to a control plane");
    if (workspaceToken === null) return absent("no workspace token is configured");
    if (!context.options.refresh) return withheld("discovery was not refreshed", "verify discovery");
    const [skewMs, schemasBefore] = await Promise.all([skewOf(context), readSchemas(context)]);
    const answer = await context.http.send({
      service: "control-plane",
      baseUrl: controlPlaneUrl,
      path: `/api/v1/workspaces/${encodeURIComponent(workspaceIdOf(context) ?? "unknown")}/sync/refresh`,
      method: "POST",
      body: {},
      credential: "workspace",
      timeoutMs: CLIENT.refreshTimeoutMs,
      effect: "refresh",
    });
    // A timed-out refresh answers 504 with the same body.
    const usable = answer.probe.status === 200 || answer.probe.status === 504;
    const parsed = usable ? RefreshReport.safeParse(answer.json) : null;
    return {
      probe: answer.probe,
      startedAtMs: answer.sentAtMs + skewMs,
      report: parsed?.success ? parsed.data : null,
      problem: parsed?.success ? null : problemOf(answer.probe),
      ...(schemasBefore === null ? {} : { schemasBefore }),
    };
  },
});

/** Every schema as it is now: what a refresh must not make poorer. Null when they cannot be read. */
async function readSchemas(context: EvidenceContext): Promise<Record<string, SchemaBefore> | null> {
  const root = context.target.provider === null ? "/discovery" : `/discovery/${context.target.provider}`;
  const listing = await listTree(context, root, 20);
  if (listing.problem !== null) return null;
  const paths = listing.files.filter((path) => path.endsWith("/.schema.json")).slice(0, SCHEMAS_MAX);
  const { files } = await readMany(context, paths);
  return Object.fromEntries(
    [...files.values()].flatMap(({ path, text, revision, lastEditedAt, sha256 }) => {
      const parsed = text === null ? { problem: "" } : jsonObjectOf(text);
      const known = "value" in parsed ? parsed.value.properties : undefined;
      if (typeof known !== "object" || known === null) return [];
      return [[path, { revision, lastEditedAt, sha256, properties: Object.keys(known).length }] as const];
    }),
  );
}

/** Skews below the resolution of the Date header are noise and count as none. */
async function skewOf(context: EvidenceContext): Promise<number> {
  const measured = await context.get("clock");
  const skewMs = measured.gap === undefined ? measured.value.skewMs : 0;
  return Math.abs(skewMs) < 2_000 ? 0 : skewMs;
}
