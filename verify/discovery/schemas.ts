/** Every schema that describes records has properties, and a refresh leaves none behind that is empty. */
import {
  type DiscoveredResourceFact,
  defineCheck,
  type FindingDraft,
  isoTime,
  judged,
  plural,
  skip,
} from "../check.ts";
import { diagnose, diagnosisFacts, propertyNames } from "./_diagnosis.ts";
import { flatResources, schemaProof, verifyAgain } from "./_resources.ts";

/** VD-07. */
export const schemaHasProperties = defineCheck({
  id: "discovery.schema-has-properties",
  title: "the schema of every flat resource with records has properties",
  severity: "error",
  phase: "discovery",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-07", "symptom:52", "S17", "S19"],
  hint: "Find out why the sampler saw nothing: relayfile verify discovery PROVIDER",
  findings: {
    "discovery.empty-schema": {
      severity: "error",
      means:
        "The schema of a resource that has records lists no property, so nothing is known about what may be written, and validation accepts anything.",
      decided:
        "By the properties of its .schema.json, for resources whose path has no placeholder and whose index has rows.",
      not: "Not a placeholder resource and not a resource without records: both are empty for good reasons.",
      fix: "Look at the root cause that the report names for this resource; refreshing again will not help by itself.",
    },
    "discovery.schema-unreadable": {
      severity: "error",
      means: "A schema file is listed but cannot be used: it cannot be read, or is not a JSON object.",
      decided: "By reading and parsing it.",
      not: "Not an empty schema: that parses.",
      fix: "Refresh discovery; if it stays, report the file and its revision.",
    },
  },
  run: ({ discovery }) => {
    const flat = flatResources(discovery);
    type Codes = "discovery.empty-schema" | "discovery.schema-unreadable";
    const findings = flat.flatMap(({ provider, resource }): FindingDraft<Codes>[] => {
      const properties = propertyNames(resource);
      if (properties === null) {
        return [
          {
            code: "discovery.schema-unreadable",
            title: `${resource.path}: the schema cannot be used (${resource.schema.problem ?? "no content"})`,
            subject: { kind: "resource", ref: resource.path },
            evidence: [schemaProof(resource)],
            facts: { provider, resource: resource.path },
          },
        ];
      }
      const verdict = properties.length > 0 ? "healthy" : diagnose(resource, null).verdict;
      if (verdict === "healthy" || verdict === "no-records" || verdict === "undetermined") return [];
      return [
        {
          code: "discovery.empty-schema",
          // Records that can be sampled make it a matter of refreshing, not of a broken emitter.
          severity: verdict === "not-refreshed" ? "warn" : "error",
          title: `${resource.path}: the schema is empty although ${plural(resource.index?.rows ?? 0, "record")} ${resource.index?.rows === 1 ? "is" : "are"} indexed`,
          subject: { kind: "resource", ref: resource.path },
          evidence: [schemaProof(resource)],
          facts: diagnosisFacts(provider, resource, null),
          remedy: verifyAgain(provider),
        },
      ];
    });
    const filled = flat.filter(({ resource }) => (propertyNames(resource)?.length ?? 0) > 0).length;
    return judged(
      flat.length,
      findings,
      `${filled} of ${plural(flat.length, "flat schema")} have properties`,
    );
  },
});

/** VD-08. */
export const placeholdersByDesign = defineCheck({
  id: "discovery.placeholders-understood",
  title: "empty schemas of placeholder resources are known to be by design",
  severity: "info",
  phase: "discovery",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-08", "symptom:53", "cloud#761"],
  hint: "Nothing to do: resources below a parent have no index of their own to sample",
  findings: {
    "discovery.placeholder-by-design": {
      severity: "info",
      means:
        "The resource lives below a parent (its path has a placeholder), so there is no single index to sample and its inferred schema is empty by design.",
      decided: "By the placeholder in its path.",
      not: "Not cloud#778: that concerns resources with an index of their own.",
      fix: "Nothing. Authored schemas fill these in newer deployments.",
    },
  },
  run: ({ discovery }) => {
    const nested = discovery.providers.flatMap(({ provider, resources }) =>
      resources.filter((resource) => resource.placeholder).map((resource) => ({ provider, resource })),
    );
    const byProvider = new Map<string, DiscoveredResourceFact[]>();
    for (const { provider, resource } of nested) {
      if (propertyNames(resource)?.length !== 0) continue;
      byProvider.set(provider, [...(byProvider.get(provider) ?? []), resource]);
    }
    const findings = [...byProvider].map(
      ([provider, resources]): FindingDraft<"discovery.placeholder-by-design"> => ({
        code: "discovery.placeholder-by-design",
        title: `${provider}: ${plural(resources.length, "placeholder resource")} with an empty schema, by design`,
        detail: resources.map((resource) => resource.path).join(", "),
        subject: { kind: "provider", ref: provider },
        evidence: resources.slice(0, 3).map(schemaProof),
        facts: { provider, resources: resources.map((resource) => resource.path) },
      }),
    );
    return judged(nested.length, findings, plural(nested.length, "placeholder resource"));
  },
});

/** VD-13. */
export const refreshMovesSchema = defineCheck({
  id: "discovery.refresh-moves-schema",
  title: "a refresh leaves no empty schema older than itself",
  severity: "error",
  phase: "discovery",
  needs: ["discovery", "refresh"],
  after: ["discovery.refresh-answers"],
  refs: ["VD-13", "S19"],
  hint: "Do not judge by discoveryBackfilled; compare lastEditedAt with the refresh",
  findings: {
    "discovery.schema-older-than-refresh": {
      severity: "error",
      means:
        "The refresh reported success, but the empty schema was last written before it began: the write was skipped.",
      decided: "lastEditedAt of the schema is earlier than the start of the refresh, on the server's clock.",
      not: "Not a schema that is current and simply unchanged: that one has properties.",
      fix: "Look at the root cause named for the same resource.",
    },
  },
  run: ({ discovery, refresh }) => {
    if (refresh.report === null) return skip("the refresh gave no report");
    const flat = flatResources(discovery);
    const findings = flat.flatMap(
      ({ provider, resource }): FindingDraft<"discovery.schema-older-than-refresh">[] => {
        const edited = Date.parse(resource.schema.lastEditedAt ?? "");
        const diagnosis = diagnose(resource, refresh);
        const reported = refresh.report?.refreshed.some((row) => row.provider === provider) === true;
        if (!reported || diagnosis.step < 5 || !(edited < refresh.startedAtMs)) return [];
        return [
          {
            code: "discovery.schema-older-than-refresh",
            title: `${resource.path}: the empty schema was last edited before the refresh`,
            subject: { kind: "resource", ref: resource.path },
            evidence: [
              schemaProof(resource),
              {
                type: "compare",
                a: `lastEditedAt ${resource.schema.lastEditedAt}`,
                b: `refresh ${isoTime(refresh.startedAtMs)}`,
                relation: "earlier than",
              },
            ],
            facts: diagnosisFacts(provider, resource, refresh),
            remedy: verifyAgain(provider),
          },
        ];
      },
    );
    return judged(flat.length, findings, `${plural(flat.length, "schema")} compared with the refresh`);
  },
});
