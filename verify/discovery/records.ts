/** Records as they are stored: in their envelope, with the types their schema says. */
import { defineCheck, type FindingDraft, page, plural, suggest } from "../check.ts";
import { concluded, isRecord, unconfirmed } from "../trees.ts";

const ENVELOPE = ["objectId", "objectType", "payload", "provider"];

/** VD-15, VD-23 and VW-04. */
export default defineCheck({
  id: "discovery.records-well-formed",
  title: "sampled records carry their envelope and agree with their schema",
  severity: "warn",
  phase: "tree",
  needs: ["records"],
  wants: ["discovery", "events", "ops"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-15", "VD-23", "VW-04"],
  hint: "Look at the record: relayfile cat WORKSPACE PATH",
  findings: {
    "discovery.record-unwrapped": page.warn(
      "A record lacks its envelope, so it cannot be told which provider and object it belongs to: another writer put it there.",
      "provider, objectType, objectId or payload is missing in the file.",
      "Not a draft or a receipt: those are left out.",
      "Sync the record again; find out who wrote it.",
    ),
    "discovery.record-unreadable": page.error(
      "A canonical record that is listed cannot be read, or is not JSON.",
      "By reading it.",
      "Not a missing file: the listing has it.",
      "Read it once more; report the exchange if it stays.",
    ),
    "discovery.schema-type-conflict": page.warn(
      "A record holds another type than the schema inferred from its kind allows, for example null where only a string is known.",
      "Types of the record's top-level fields were compared with the schema of its collection. Schemas that were authored describe what may be written and are left out.",
      "Not a refused write: nothing was sent.",
      "Refresh discovery: schemas widen with what they see.",
    ),
  },
  run: ({ records, discovery, events, ops }) => {
    const open = unconfirmed(events, ops);
    const samples = records.providers.flatMap(({ provider, samples: own }) =>
      own.filter(({ path }) => isRecord(path) && !open.has(path)).map((sample) => ({ provider, sample })),
    );
    type Codes =
      | "discovery.record-unwrapped"
      | "discovery.record-unreadable"
      | "discovery.schema-type-conflict";
    const findings = samples.flatMap(({ provider, sample }): FindingDraft<Codes>[] => {
      const shared = {
        subject: { kind: "path", ref: sample.path } as const,
        evidence: [
          {
            type: "http" as const,
            exchangeId: sample.exchangeId,
            quote: `${sample.path} ${sample.revision ?? ""}`.trim(),
          },
        ],
        remedy: {
          text: "Look at the record",
          commands: [suggest(`relayfile cat WORKSPACE ${sample.path}`)],
        },
      };
      if (sample.problem !== null) {
        const title = `${sample.path} cannot be read: ${sample.problem}`;
        return [
          { ...shared, code: "discovery.record-unreadable", title, facts: { provider, path: sample.path } },
        ];
      }
      const missing = ENVELOPE.filter((key) => !sample.envelope.includes(key));
      if (missing.length > 0) {
        const title = `${sample.path} has no ${missing.join(", ")}`;
        return [
          {
            ...shared,
            code: "discovery.record-unwrapped",
            title,
            facts: { provider, path: sample.path, missing },
          },
        ];
      }
      const schema = discovery?.providers
        .find((entry) => entry.provider === provider)
        ?.resources.find(({ path, placeholder }) => !placeholder && sample.path.startsWith(`${path}/`))
        ?.schema.document;
      if (schema == null || schema.additionalProperties === false) return [];
      const conflicts = conflictsOf(sample.payloadTypes ?? {}, schema.properties);
      if (conflicts.length === 0) return [];
      const title = `${sample.path}: ${conflicts.join(", ")}`;
      return [
        {
          ...shared,
          code: "discovery.schema-type-conflict",
          title,
          facts: { provider, path: sample.path, conflicts },
        },
      ];
    });
    return concluded(records, samples.length, findings, `${plural(samples.length, "record")} read`);
  },
});

function conflictsOf(types: Readonly<Record<string, string>>, properties: unknown): string[] {
  const known = (typeof properties === "object" && properties !== null ? properties : {}) as Record<
    string,
    { type?: unknown }
  >;
  return Object.entries(types).flatMap(([key, type]) => {
    const declared = known[key]?.type;
    if (declared === undefined) return [];
    const allowed = (Array.isArray(declared) ? declared : [declared]).map(String);
    const fits = allowed.includes(type) || (type === "integer" && allowed.includes("number"));
    return fits ? [] : [`${key} is ${type}, the schema says ${allowed.join(" or ")}`];
  });
}
