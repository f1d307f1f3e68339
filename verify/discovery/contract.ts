/** What layouts promise and what the registry declares is there, and nothing else. */
import { advertisedResources } from "../../lib/pipeline/pure/discovery.ts";
import { providerById } from "../../lib/providers/registry.ts";
import {
  defineCheck,
  type FindingDraft,
  judged,
  type ProviderDiscoveryFact,
  plural,
  proof,
  suggest,
} from "../check.ts";

/** VD-03. */
export const advertisedExist = defineCheck({
  id: "discovery.advertised-exist",
  title: "every schema that a layout advertises exists",
  severity: "error",
  phase: "discovery",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-03", "S15", "S17"],
  hint: "Refresh discovery: relayfile refresh",
  findings: {
    "discovery.advertised-missing": {
      severity: "error",
      means:
        "LAYOUT.md names a schema that does not exist, so an agent that follows the layout finds nothing.",
      decided:
        "Every `discovery/….schema.json` in the layout text was compared with the listing of /discovery.",
      not: "Not an empty schema: that file exists.",
      fix: "Refresh discovery. If nothing appears, the producer of this deployment is older than its layout, or a resource was renamed.",
    },
  },
  run: ({ discovery }) => {
    const findings = discovery.providers.flatMap((entry): FindingDraft<"discovery.advertised-missing">[] => {
      const missing = (entry.layout?.advertised ?? []).filter((path) => !entry.files.includes(path));
      if (missing.length === 0 || entry.truncated) return [];
      return [
        {
          code: "discovery.advertised-missing",
          title: `${entry.provider}: the layout advertises ${plural(missing.length, "schema")} that ${missing.length === 1 ? "does" : "do"} not exist`,
          detail: missing.join(", "),
          subject: { kind: "provider", ref: entry.provider },
          evidence: [
            proof(entry.listing),
            { type: "file", path: `/${entry.provider}/LAYOUT.md`, excerpt: missing[0] },
          ],
          facts: {
            provider: entry.provider,
            missing,
            advertised: entry.layout?.advertised.length ?? 0,
            discoveryFiles: entry.files.length,
          },
          remedy: {
            text: "Refresh discovery and look again",
            commands: [suggest(`relayfile verify discovery ${entry.provider}`, "refresh")],
          },
        },
      ];
    });
    const advertised = discovery.providers.reduce(
      (sum, entry) => sum + (entry.layout?.advertised.length ?? 0),
      0,
    );
    return judged(advertised, findings, `${plural(advertised, "schema")} advertised`);
  },
});

/** VD-04. */
export const contractComplete = defineCheck({
  id: "discovery.contract-complete",
  title: "every resource of the registry has its schema and example, and no discovery file is an orphan",
  severity: "error",
  phase: "discovery",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-04", "S15", "S17"],
  hint: "Refresh discovery; if it stays, the deployment has another version of the provider's registry",
  findings: {
    "discovery.contract-incomplete": {
      severity: "error",
      means:
        "A writable resource of the provider has no schema in the workspace, although the provider is connected.",
      decided: "The provider registry of this program was compared with the listing of /discovery.",
      not: "Not a provider that was never connected: those are left out.",
      fix: "Refresh discovery; contracts are written before any record is needed.",
    },
    "discovery.example-missing": {
      severity: "warn",
      means: "A resource that can be created has no create example.",
      decided: "The registry declares an example, the listing has none.",
      not: "Not a missing schema.",
      fix: "Refresh discovery.",
    },
    "discovery.orphan-file": {
      severity: "warn",
      means:
        "A discovery file describes a resource that the registry does not know: renamed, removed, or newer than this program.",
      decided: "The listing has it, the registry does not.",
      not: "Not necessarily wrong: a newer deployment may know more resources.",
      fix: "Compare versions; remove it if the resource is gone.",
    },
  },
  run: ({ discovery }) => {
    let subjects = 0;
    type Codes = "discovery.contract-incomplete" | "discovery.example-missing" | "discovery.orphan-file";
    const findings: FindingDraft<Codes>[] = [];
    for (const entry of discovery.providers) {
      if (providerById(entry.provider) === null || entry.truncated) continue;
      const declared = advertisedResources(entry.provider);
      subjects += declared.length;
      const has = (path: string | null) => path === null || entry.files.includes(path);
      const noSchema = declared
        .filter((resource) => !has(resource.schemaPath))
        .map((resource) => resource.path);
      const noExample = declared
        .filter((resource) => has(resource.schemaPath) && !has(resource.examplePath))
        .map((resource) => resource.path);
      const known = new Set(declared.flatMap((resource) => [resource.schemaPath, resource.examplePath]));
      const orphans = entry.files.filter(
        (path) => /\.(?:schema|create\.example)\.json$/.test(path) && !known.has(path),
      );
      if (noSchema.length > 0)
        findings.push(gap(entry, "discovery.contract-incomplete", "without a schema", noSchema));
      if (noExample.length > 0)
        findings.push(gap(entry, "discovery.example-missing", "without a create example", noExample));
      if (orphans.length > 0)
        findings.push(gap(entry, "discovery.orphan-file", "unknown to the registry", orphans));
    }
    return judged(
      subjects,
      findings,
      `${plural(subjects, "resource")} of ${plural(discovery.providers.length, "provider")}`,
    );
  },
});

function gap<C extends string>(
  entry: ProviderDiscoveryFact,
  code: C,
  words: string,
  paths: readonly string[],
): FindingDraft<C> {
  return {
    code,
    title: `${entry.provider}: ${plural(paths.length, "entry", "entries")} ${words}`,
    detail: paths.join(", "),
    subject: { kind: "provider", ref: entry.provider },
    evidence: [proof(entry.listing), { type: "log", line: paths.slice(0, 3).join(", ") }],
    facts: {
      provider: entry.provider,
      paths: [...paths],
      connected: entry.connected,
      discoveryFiles: entry.files.length,
    },
    remedy: {
      text: "Refresh discovery and look again",
      commands: [suggest(`relayfile verify discovery ${entry.provider}`, "refresh")],
    },
  };
}
