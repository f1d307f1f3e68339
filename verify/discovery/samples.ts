/** Why a schema is empty: the decision procedure told as findings, each with the evidence that excludes the others. */
import {
  type Check,
  type DiscoveredResourceFact,
  type DiscoveryFact,
  defineCheck,
  type EventsFact,
  type EvidenceItem,
  type FindingDraft,
  judged,
  plural,
  type RefreshFact,
  suggest,
  unknown,
} from "../check.ts";
import { diagnose, diagnosisFacts } from "./_diagnosis.ts";
import { countedFile, type PropertyCount, propertyHistory } from "./_property-history.ts";
import { flatResources, schemaProof, verifyAgain } from "./_resources.ts";

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
  wants: ["refresh", "events"],
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
  run: ({ discovery, refresh, events }) => {
    const flat = flatResources(discovery);
    const findings = [
      ...flat.flatMap(({ provider, resource }) => {
        const causes = causeOf(provider, resource, refresh, events);
        if (causes.length === 0) return [];
        const grown = grownSibling(discovery, provider, resource, { refresh, events });
        return causes.map((found) => besideSibling(found, grown));
      }),
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

function causeOf(
  provider: string,
  resource: DiscoveredResourceFact,
  refresh: RefreshFact | null,
  events: EventsFact | null,
): FindingDraft<CauseCode>[] {
  const diagnosis = diagnose(resource, refresh);
  if (diagnosis.step <= 3) return [];
  const facts = diagnosisFacts(provider, resource, refresh, events);
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

/** A schema of the same provider that grew: proof that sampling works there. */
interface GrownSchema {
  readonly path: string;
  readonly points: readonly PropertyCount[];
  /** Of its discovery file. */
  readonly file: string;
}

function grownSibling(
  discovery: DiscoveryFact,
  provider: string,
  empty: DiscoveredResourceFact,
  { refresh, events }: { readonly refresh: RefreshFact | null; readonly events: EventsFact | null },
): GrownSchema | null {
  const own = discovery.providers.find((entry) => entry.provider === provider)?.resources ?? [];
  for (const { path, schema } of own) {
    const points = propertyHistory(schema, refresh, events);
    const [oldest, newest] = [points[0], points.at(-1)];
    if (path === empty.path || oldest === undefined || newest === undefined) continue;
    if (newest.properties > oldest.properties) return { path, points, file: schema.path };
  }
  return null;
}

/** A cause with what became of the schema next door; a resource without records has nothing to be compared. */
function besideSibling(found: FindingDraft<CauseCode>, grown: GrownSchema | null): FindingDraft<CauseCode> {
  if (grown === null || found.code === "discovery.no-records") return found;
  const [from, to] = [grown.points[0]?.properties, grown.points.at(-1)?.properties];
  const files = grown.points.map((point) => countedFile(grown.file, point));
  const words = `sampling that does not run: it brought ${grown.path} from ${from} to ${to} properties`;
  return {
    ...found,
    evidence: [...found.evidence, ...files],
    ruledOut: [...(found.ruledOut ?? []), words],
  };
}

function listed(resource: DiscoveredResourceFact): EvidenceItem {
  return {
    type: "log",
    line: `records: ${(resource.sample?.canonicalChildren ?? []).slice(0, 3).join(", ")}`,
  };
}

function explainNext(verdict: string) {
  const code = verdict === "unwraps-empty" ? "discovery.records-unwrap-empty" : `discovery.${verdict}`;
  return { text: "Fix the emitter, then refresh", commands: [suggest(`relayfile explain ${code}`)] };
}
