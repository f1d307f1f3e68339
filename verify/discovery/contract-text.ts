/** What people and agents read first: layouts, adapter documents, and schemas that say one thing. */
import { sha256Hex } from "../../lib/model/sha256.ts";
import { schemaText } from "../../lib/pipeline/pure/infer.ts";
import {
  type DiscoveredResourceFact,
  type DiscoveryFact,
  defineCheck,
  type FindingDraft,
  judged,
  page,
  plural,
  suggest,
  unknown,
} from "../check.ts";

const LAYOUT_BYTES_MIN = 1_000;
const DIALECT = /^https?:\/\/json-schema\.org\/draft\/2020-12\/schema#?$/;

/** VD-02 and VD-05. */
export const documentsTelling = defineCheck({
  id: "discovery.documents-telling",
  title: "every layout and adapter document says how to list, read and write",
  severity: "warn",
  phase: "discovery",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-02", "VD-05"],
  hint: "Report the provider's layout: an agent finds nothing in it",
  findings: {
    "discovery.layout-generic": page.warn(
      "The provider's LAYOUT.md is missing or a fallback text: it does not say how to list records or where the index is.",
      "Fewer than 1,000 bytes, or no mention of ls or _index.json.",
      "Not a missing provider: its tree is there.",
      "Report the adapter; meanwhile read the discovery files themselves.",
    ),
    "discovery.adapter-doc-thin": page.warn(
      "The provider's .adapter.md is missing, or lacks the sections on operations and id patterns, or does not name every schema.",
      "By its headings and the paths it names.",
      "Not a missing schema: those are compared elsewhere.",
      "Refresh discovery; if it stays, the document is a fallback.",
    ),
  },
  run: ({ discovery }) => {
    const described = discovery.providers.filter(({ files }) => files.length > 0);
    const findings = described.flatMap(
      (entry): FindingDraft<"discovery.layout-generic" | "discovery.adapter-doc-thin">[] => {
        const { provider, layout, adapterDoc } = entry;
        const subject = { kind: "provider", ref: provider } as const;
        const found: FindingDraft<"discovery.layout-generic" | "discovery.adapter-doc-thin">[] = [];
        const unread = (path: string) => entry.unread?.includes(path) === true;
        const lacks = layout?.lacks ?? [];
        const generic = layout === null || layout.bytes < LAYOUT_BYTES_MIN || lacks.length > 0;
        if (generic && !unread(`/${provider}/LAYOUT.md`)) {
          const why =
            layout === null
              ? "is missing"
              : lacks.length > 0
                ? `does not mention ${lacks.join(", ")}`
                : `has ${layout.bytes} bytes only`;
          found.push({
            code: "discovery.layout-generic",
            title: `/${provider}/LAYOUT.md ${why}`,
            subject,
            evidence: [{ type: "file", path: `/${provider}/LAYOUT.md` }],
            remedy: look(`/${provider}/LAYOUT.md`),
            facts: { provider, bytes: layout?.bytes ?? 0, lacks: [...lacks] },
          });
        }
        const headings = adapterDoc?.headings.join("\n") ?? "";
        const missing = ["Operations", "ID Patterns"].filter(
          (word) => !headings.toLowerCase().includes(word.toLowerCase()),
        );
        const unnamed =
          adapterDoc?.names === undefined
            ? []
            : entry.resources
                .map(({ schema }) => schema.path)
                .filter((path) => !adapterDoc.names?.includes(path));
        const thin = adapterDoc === null || missing.length > 0 || unnamed.length > 0;
        if (thin && !unread(`/discovery/${provider}/.adapter.md`)) {
          const why =
            adapterDoc === null
              ? "is missing"
              : missing.length > 0
                ? `has no section on ${missing.join(" and ")}`
                : `does not name ${plural(unnamed.length, "schema")}`;
          found.push({
            code: "discovery.adapter-doc-thin",
            title: `/discovery/${provider}/.adapter.md ${why}`,
            subject,
            evidence: [{ type: "file", path: `/discovery/${provider}/.adapter.md`, excerpt: unnamed[0] }],
            facts: { provider, missing, unnamed: unnamed.slice(0, 10) },
            remedy: look(`/discovery/${provider}/.adapter.md`),
          });
        }
        return found;
      },
    );
    const open = described.flatMap(({ unread }) => unread ?? []);
    if (findings.length === 0 && open.length > 0) return unknown(`${open[0]} could not be read`);
    return judged(described.length, findings, `${plural(described.length, "provider")} documented`);
  },
});

/** VD-06 and VD-16. */
export const schemasSound = defineCheck({
  id: "discovery.schemas-sound",
  title: "every schema is canonical JSON Schema of 2020-12 and never demands what it forbids",
  severity: "error",
  phase: "discovery",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VD-06", "VD-16"],
  hint: "Rewrite the schema with the canonical serialiser",
  findings: {
    "discovery.schema-not-canonical": page.warn(
      "The schema is not what its writer would write again: another dialect, no object, or other bytes than its own canonical form, so that every refresh changes it.",
      "By $schema and type, and by serialising it again and comparing hashes.",
      "Not an empty schema: that has a cause of its own.",
      "Run the canonical serialiser; report the writer.",
    ),
    "discovery.required-readonly": page.error(
      "A field is required and read-only at once, so no document can satisfy the schema: whoever sends it is refused, and whoever leaves it out as well.",
      "required and readOnly of the schema's top level were compared.",
      "Not a wrong example: no example could be right.",
      "Declare the field writable for this resource: the heuristic takes names like key and version for read-only.",
    ),
  },
  run: ({ discovery }) => {
    const schemas = readableSchemas(discovery);
    const findings = schemas.flatMap(({ provider, resource, document }) => {
      type Codes = "discovery.schema-not-canonical" | "discovery.required-readonly";
      const shared = {
        subject: { kind: "resource", ref: resource.path } as const,
        evidence: [
          {
            type: "file" as const,
            path: resource.schema.path,
            revision: resource.schema.revision,
            lastEditedAt: resource.schema.lastEditedAt,
          },
        ],
        remedy: {
          text: "Refresh discovery and look again",
          commands: [suggest(`relayfile verify discovery ${provider}`, "refresh")],
        },
      };
      const found: FindingDraft<Codes>[] = [];
      const flaw = flawOf(resource, document);
      if (flaw !== null) {
        const title = `${resource.path}: the schema ${flaw}`;
        found.push({
          ...shared,
          code: "discovery.schema-not-canonical",
          title,
          facts: { provider, resource: resource.path, flaw },
        });
      }
      const properties = objectOf(document.properties);
      const required = Array.isArray(document.required) ? document.required.map(String) : [];
      const torn = required.filter((key) => properties[key]?.readOnly === true);
      if (torn.length > 0) {
        const title = `${resource.path}: ${torn.join(", ")} ${torn.length === 1 ? "is" : "are"} required and read-only`;
        found.push({
          ...shared,
          code: "discovery.required-readonly",
          title,
          facts: { provider, resource: resource.path, fields: torn },
        });
      }
      return found;
    });
    return judged(schemas.length, findings, `${plural(schemas.length, "schema")} read`);
  },
});

function look(path: string) {
  return { text: "Read the document", commands: [suggest(`relayfile cat WORKSPACE ${path}`)] };
}

function readableSchemas(discovery: DiscoveryFact) {
  return discovery.providers.flatMap(({ provider, resources }) =>
    resources.flatMap((resource) => {
      const { document } = resource.schema;
      return document === null ? [] : [{ provider, resource, document }];
    }),
  );
}

function flawOf(
  resource: DiscoveredResourceFact,
  document: Readonly<Record<string, unknown>>,
): string | null {
  // An empty schema has a diagnosis of its own.
  if (Object.keys(objectOf(document.properties)).length === 0) return null;
  if (typeof document.$schema !== "string" || !DIALECT.test(document.$schema))
    return "names another dialect than draft 2020-12";
  if (document.type !== "object") return "is not of type object";
  const { sha256 } = resource.schema;
  // Where something was redacted the bytes are not those of the file.
  if (sha256 === null || !/^[0-9a-f]{64}$/.test(sha256) || isRedacted(document)) return null;
  // An authored schema keeps the order of its author; an inferred one has to be canonical to the byte.
  const authored = document.additionalProperties === false;
  const { bytes } = resource.schema;
  const isText = (text: string) =>
    (bytes === undefined || text.length === bytes) && sha256Hex(text) === sha256;
  const canonical =
    (authored && isText(`${JSON.stringify(document, null, 2)}\n`)) || isText(schemaText(document));
  return canonical ? null : "is not in its canonical form";
}

function isRedacted(document: Readonly<Record<string, unknown>>): boolean {
  return JSON.stringify(document).includes("[redacted:");
}

function objectOf(value: unknown): Record<string, Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, Record<string, unknown>>)
    : {};
}
