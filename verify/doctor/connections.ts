/** What the integrations say about themselves beyond "ready": links, sites, catalog, and who feeds them. */
import { formatDuration } from "../../lib/model/duration.ts";
import {
  defineCheck,
  type FindingDraft,
  type IntegrationsFact,
  judged,
  page,
  plural,
  proof,
  suggest,
} from "../check.ts";

type Entry = IntegrationsFact["statuses"][number];
const ATLASSIAN = ["jira", "confluence"];

/** Symptoms 45 and 46, DR-08. */
export const connectionsCurrent = defineCheck({
  id: "doctor.connections-current",
  title: "no connect link has run out and every connected provider is in the catalog",
  severity: "warn",
  phase: "connect",
  needs: ["integrations"],
  wants: ["controlPlane", "clock", "target"],
  after: ["doctor.control-plane-answers", "doctor.workspace-readable"],
  refs: ["symptom:45", "symptom:46", "DR-08"],
  hint: "Connect again: relayfile integration connect PROVIDER",
  findings: {
    "doctor.connect-link-expired": page.warn(
      "Signing in at the provider was started with a link that has run out since: links live 10 to 30 minutes.",
      "The provider is not connected and expiresAt of its connect session lies in the past.",
      "Not a lost event: nobody finished signing in.",
      "Request a new link.",
    ),
    "doctor.catalog-lacks-provider": page.warn(
      "A connected provider is not, or no longer, in the control plane's catalog, so connecting it again answers 409.",
      "The integrations list was compared with a fresh catalog.",
      "Not a broken connection.",
      "Use the name the catalog has; the finding shows the nearest.",
    ),
  },
  run: ({ integrations, controlPlane, clock, target }) => {
    type Codes = "doctor.connect-link-expired" | "doctor.catalog-lacks-provider";
    const findings: FindingDraft<Codes>[] = [];
    const nowMs = (target?.collectedAtMs ?? 0) + (clock?.skewMs ?? 0);
    for (const { provider, probe, status } of integrations.statuses) {
      const expires = Date.parse(String((status as { expiresAt?: unknown } | null)?.expiresAt ?? ""));
      if (status === null || status.ready || status.oauth?.connected !== false || !(expires < nowMs))
        continue;
      findings.push({
        code: "doctor.connect-link-expired",
        title: `the link to sign in at ${provider} ran out ${formatDuration(nowMs - expires)} ago`,
        subject: { kind: "provider", ref: provider },
        evidence: [proof(probe)],
        facts: { provider, expiresAt: new Date(expires).toISOString() },
        remedy: {
          text: "Request a new link",
          commands: [suggest(`relayfile integration connect ${provider}`, "write")],
        },
      });
    }
    const catalog = controlPlane?.catalog ?? [];
    const rows = catalog.length === 0 ? [] : (integrations.rows ?? []);
    for (const { provider } of rows) {
      if (catalog.includes(provider)) continue;
      const near = catalog.filter((id) => bare(id) === bare(provider));
      findings.push({
        code: "doctor.catalog-lacks-provider",
        title: `${provider} is connected but not in the catalog${near.length === 0 ? "" : `; it has ${near.join(", ")}`}`,
        subject: { kind: "provider", ref: provider },
        evidence: [proof(integrations.list)],
        facts: { provider, near },
      });
    }
    return judged(
      integrations.statuses.length + rows.length,
      findings,
      plural(integrations.statuses.length, "provider"),
    );
  },
});

/** DR-10, symptom 49. */
export const atlassianSiteChosen = defineCheck({
  id: "doctor.atlassian-site-chosen",
  title: "Jira and Confluence know which Atlassian site they belong to",
  severity: "error",
  phase: "connect",
  needs: ["integrations"],
  after: ["doctor.control-plane-answers", "doctor.workspace-readable"],
  refs: ["DR-10", "symptom:49"],
  hint: "Set cloudId and baseUrl of the site in the integration's metadata",
  findings: {
    "doctor.atlassian-site-unset": page.error(
      "The Atlassian account has several sites and none was chosen, so every call to the provider lacks its cloudId.",
      "The integration's metadata has no cloudId or baseUrl, or its last error names the cloudId.",
      "Not a lost connection: signing in succeeded.",
      "Set cloudId and baseUrl. Setting metadata replaces all of its keys.",
    ),
  },
  run: ({ integrations }) => {
    const mine = integrations.statuses.filter(
      ({ provider, status }) => ATLASSIAN.includes(provider) && status !== null,
    );
    const told = mine.filter((entry) => metadataOf(entry) !== null || errorOf(entry) !== "");
    const findings = told.flatMap((entry): FindingDraft<"doctor.atlassian-site-unset">[] => {
      const metadata = metadataOf(entry);
      const missing = ["cloudId", "baseUrl"].filter((key) => metadata !== null && !metadata[key]);
      const blamed = /cloud_?id|accessible.resources|several sites/i.test(errorOf(entry));
      if (missing.length === 0 && !blamed) return [];
      const { provider, probe } = entry;
      return [
        {
          code: "doctor.atlassian-site-unset",
          title: `${provider} does not know its Atlassian site (${missing.length > 0 ? `no ${missing.join(", ")}` : errorOf(entry)})`,
          confidence: blamed ? "confirmed" : "likely",
          subject: { kind: "provider", ref: provider },
          evidence: [proof(probe)],
          facts: { provider, missing, blamed },
          remedy: {
            text: "Set cloudId and baseUrl of the site",
            commands: [suggest(`relayfile integration status ${provider}`)],
          },
        },
      ];
    });
    return judged(told.length, findings, `${plural(told.length, "Atlassian provider")} looked at`);
  },
});

/** A status carries its metadata only where a deployment shows it. */
function metadataOf({ status }: Entry): Record<string, unknown> | null {
  const metadata = (status as { metadata?: unknown } | null)?.metadata;
  return typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>) : null;
}

function errorOf({ status }: Entry): string {
  const error = status?.lastError;
  if (typeof error === "string") return error;
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : "";
}

function bare(id: string): string {
  return id.toLowerCase().replace(/[^a-z0-9]/g, "");
}
