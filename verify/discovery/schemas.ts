/** Every schema that describes records has properties; where one is empty, the cause is named. */
import {
  type Check,
  type DiscoveredResourceFact,
  type DiscoveryFact,
  defineCheck,
  type EvidenceItem,
  type FindingDraft,
  isoTime,
  judged,
  plural,
  type RefreshFact,
  skip,
  suggest,
  unknown,
} from "../check.ts";
import { diagnose, diagnosisFacts, propertyNames } from "./_diagnosis.ts";

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

type CauseCode =
  | "discovery.row-alias-mismatch"
  | "discovery.index-missing"
  | "discovery.records-unwrap-empty"
  | "discovery.merge-dropped-fields"
  | "discovery.silent-empty"
  | "discovery.not-refreshed"
  | "discovery.no-records";

/** VD-12. */
export const samplesReachable: Check = defineCheck({
  id: "discovery.samples-reachable",
  title: "the records that a schema is sampled from can be found from the index rows",
  severity: "error",
  phase: "discovery",
  needs: ["discovery"],
  wants: ["refresh"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-12", "symptom:52", "S18", "S19"],
  hint: "Make the emitter name alias files by the row id, or put canonicalPath on every index row",
  findings: {
    "discovery.row-alias-mismatch": {
      severity: "error",
      means:
        "The index lists records, but none of the paths a sampler tries for the first rows exists: the alias files are named by another field than the row id. The schema therefore stays empty, silently.",
      decided:
        "The schema is empty, the index has rows, and every candidate path of the first five rows answered 404. The actual leaf names in by-id are shown beside the row.",
      not: "Not a resource without records, not a placeholder resource, and not records that unwrap to nothing: each of these was tested first.",
      fix: "Name the alias files by the row id, or add canonicalPath to the rows; then refresh and check that lastEditedAt moved.",
    },
    "discovery.index-missing": {
      severity: "error",
      means: "Canonical records exist, but the index that a sampler starts from is missing or empty.",
      decided: "The index answered 404 or is empty while the tree lists records of the resource.",
      not: "Not a resource without records.",
      fix: "Rebuild the index by syncing the resource again; report the emitter.",
    },
    "discovery.records-unwrap-empty": {
      severity: "error",
      means:
        "The records can be read, but nothing is left once their envelope is removed: empty payloads or tombstones.",
      decided: "Every readable sample unwraps to no field or is marked deleted.",
      not: "Not a naming mismatch: the files were found.",
      fix: "Look at one of the records; the writer stores an empty payload or keeps deleted records in the index.",
    },
    "discovery.merge-dropped-fields": {
      severity: "error",
      means:
        "The index is right and the records have fields, yet the schema is empty: producing or merging it dropped them, or its write was skipped as unchanged.",
      decided: "A sample was read and has fields; the schema was not written since the refresh began.",
      not: "Not a naming mismatch and not missing records.",
      fix: "Report the resource with the exchange of the sample and of the schema.",
    },
    "discovery.silent-empty": {
      severity: "error",
      means:
        "Everything a sampler needs is in order, refresh wrote the schema, and it is empty all the same.",
      decided: "A sample has fields and the schema's lastEditedAt is after the start of the refresh.",
      not: "None of the known causes: each was tested.",
      fix: "File it with this report: the deployment hides the reason.",
    },
    "discovery.not-refreshed": {
      severity: "warn",
      means:
        "Schemas are empty although their records can be found and have fields: nobody has sampled them since they arrived.",
      decided: "A sample was read from the index rows; this run did not refresh.",
      not: "Not cloud#778: there the records cannot be found from the rows.",
      fix: "Refresh discovery. If a schema is still empty afterwards, the report names why.",
    },
    "discovery.no-records": {
      severity: "info",
      means: "The resource has no records, so there is nothing to infer a schema from.",
      decided: "Its index is missing or empty and the tree lists no record.",
      not: "Not cloud#778.",
      fix: "Nothing. The schema fills when the first record arrives.",
    },
  },
  run: ({ discovery, refresh }) => {
    const flat = flatResources(discovery);
    const findings = [
      ...flat.flatMap(({ provider, resource }) => causeOf(provider, resource, refresh)),
      ...discovery.providers.flatMap(({ provider, resources }) => notRefreshed(provider, resources, refresh)),
    ];
    const open = flat
      .map(({ resource }) => diagnose(resource, refresh))
      .find((diagnosis) => diagnosis.step === 0);
    if (open?.step === 0 && findings.length === 0) return unknown(open.why);
    const broken = findings.filter((finding) => finding.code !== "discovery.no-records").length;
    const reason =
      broken === 0
        ? "no schema is empty without a good reason"
        : `${plural(broken, "schema")} empty without a good reason`;
    return judged(flat.length, findings, reason);
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
  refs: ["VD-13", "VD-11", "S19"],
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

function causeOf(
  provider: string,
  resource: DiscoveredResourceFact,
  refresh: RefreshFact | null,
): FindingDraft<CauseCode>[] {
  const diagnosis = diagnose(resource, refresh);
  if (diagnosis.step <= 3) return [];
  const facts = diagnosisFacts(provider, resource, refresh);
  const backfilled = facts.refreshBackfilled === true ? " although refresh said backfilled" : "";
  const shared = {
    subject: { kind: "resource", ref: resource.path },
    facts,
    confidence: refresh?.report == null ? "likely" : "confirmed",
    detail: `verdict ${diagnosis.step} of the decision procedure for empty schemas`,
    remedy: refresh?.report == null ? verifyAgain(provider) : explainNext(diagnosis.verdict),
  } as const;
  const indexProof: EvidenceItem = {
    type: "http",
    exchangeId: resource.index?.exchangeId ?? resource.schema.exchangeId,
    quote: `${resource.index?.path}: ${resource.index?.rows ?? resource.index?.problem ?? "no"} rows`,
  };
  switch (diagnosis.verdict) {
    case "no-records":
      return [
        {
          ...shared,
          code: "discovery.no-records",
          confidence: "confirmed",
          title: `${resource.path}: the schema is empty because there are no records yet`,
          evidence: [schemaProof(resource), indexProof],
          remedy: { text: "Nothing to do until the first record arrives", commands: [] },
        },
      ];
    case "index-missing":
      return [
        {
          ...shared,
          code: "discovery.index-missing",
          title: `${resource.path}: records exist but the index is missing or empty`,
          evidence: [indexProof, schemaProof(resource), listed(resource)],
          ruledOut: ["no records: the tree lists some"],
        },
      ];
    case "row-alias-mismatch":
      return [
        {
          ...shared,
          code: "discovery.row-alias-mismatch",
          title: `${resource.path}: the schema is empty${backfilled}: index row ids are not the alias keys`,
          evidence: [...mismatchProof(resource), indexProof, schemaProof(resource)],
          ruledOut: [
            "a placeholder resource: the path has none",
            `no records: the index has ${resource.index?.rows} rows`,
            "records that unwrap to nothing: none could be found",
          ],
        },
      ];
    case "unwraps-empty":
      return [
        {
          ...shared,
          code: "discovery.records-unwrap-empty",
          title: `${resource.path}: the sampled records are empty once unwrapped`,
          evidence: [...sampleProof(resource), schemaProof(resource)],
          ruledOut: ["a naming mismatch: the records were found"],
        },
      ];
    case "merge-dropped-fields":
    case "silent-empty":
      return [
        {
          ...shared,
          code:
            diagnosis.verdict === "silent-empty"
              ? "discovery.silent-empty"
              : "discovery.merge-dropped-fields",
          title: `${resource.path}: the schema is empty${backfilled} while its records have fields`,
          evidence: [...sampleProof(resource), schemaProof(resource)],
          ruledOut: ["a naming mismatch: the records were found", "empty records: they have fields"],
        },
      ];
    default:
      return [];
  }
}

/** One finding per provider: a refresh treats all its resources at once. */
function notRefreshed(
  provider: string,
  resources: readonly DiscoveredResourceFact[],
  refresh: RefreshFact | null,
): FindingDraft<"discovery.not-refreshed">[] {
  const stale = resources.filter((resource) => diagnose(resource, refresh).verdict === "not-refreshed");
  const [first] = stale;
  if (first === undefined) return [];
  return [
    {
      code: "discovery.not-refreshed",
      title: `${provider}: ${plural(stale.length, "schema")} ${stale.length === 1 ? "is" : "are"} empty although the records can be sampled; discovery was not refreshed since`,
      detail: stale.map((resource) => resource.path).join(", "),
      subject: { kind: "provider", ref: provider },
      confidence: "likely",
      evidence: [...sampleProof(first), schemaProof(first)],
      facts: { provider, resources: stale.map((resource) => resource.path) },
      ruledOut: ["cloud#778: the records were found from the index rows"],
      remedy: verifyAgain(provider),
    },
  ];
}

/** The first row beside what is really there. */
function mismatchProof(resource: DiscoveredResourceFact): EvidenceItem[] {
  const row = resource.sample?.rows[0];
  const leaves = [...(resource.sample?.byId ?? []), ...(resource.sample?.byUuid ?? [])].slice(0, 5);
  const tried = row?.tried.at(-1);
  return [
    ...(tried === undefined
      ? []
      : [{ type: "http" as const, exchangeId: tried.exchangeId, quote: `${tried.path} -> ${tried.status}` }]),
    {
      type: "compare",
      a: `row id ${row?.id ?? "none"}`,
      b: leaves.length === 0 ? "no alias files at all" : `alias files ${leaves.join(", ")}`,
      relation: "is not among",
    },
  ];
}

function sampleProof(resource: DiscoveredResourceFact): EvidenceItem[] {
  return (resource.sample?.rows ?? [])
    .filter((row) => row.hit !== null)
    .slice(0, 2)
    .map((row) => ({
      type: "http",
      exchangeId: row.tried.at(-1)?.exchangeId ?? resource.schema.exchangeId,
      quote: `${row.hit}: ${row.content === "fields" ? plural(row.fieldCount, "field") : row.content}`,
    }));
}

function listed(resource: DiscoveredResourceFact): EvidenceItem {
  return {
    type: "log",
    line: `records: ${(resource.sample?.canonicalChildren ?? []).slice(0, 3).join(", ")}`,
  };
}

function schemaProof(resource: DiscoveredResourceFact): EvidenceItem {
  return {
    type: "file",
    path: resource.schema.path,
    revision: resource.schema.revision,
    lastEditedAt: resource.schema.lastEditedAt,
    excerpt: `${propertyNames(resource)?.length ?? "no"} properties`,
  };
}

function flatResources(discovery: DiscoveryFact) {
  return discovery.providers.flatMap(({ provider, resources }) =>
    resources.filter((resource) => !resource.placeholder).map((resource) => ({ provider, resource })),
  );
}

function verifyAgain(provider: string) {
  return {
    text: "Refresh discovery and look again; that tells a stale schema from cloud#778",
    commands: [suggest(`relayfile verify discovery ${provider}`, "refresh")],
  };
}

function explainNext(verdict: string) {
  const code = verdict === "unwraps-empty" ? "discovery.records-unwrap-empty" : `discovery.${verdict}`;
  return { text: "Fix the emitter, then refresh", commands: [suggest(`relayfile explain ${code}`)] };
}
