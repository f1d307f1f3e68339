/** Offline: every record can be written or says why not, and every example would be accepted. Nothing is sent. */
import { classifyWrite } from "../../lib/pipeline/pure/classify.ts";
import type { Schema } from "../../lib/pipeline/pure/infer.ts";
import { validateWrite } from "../../lib/pipeline/pure/validate.ts";
import { providerById } from "../../lib/providers/registry.ts";
import { defineCheck, type FindingDraft, judged, plural, type RecordsFact } from "../check.ts";
import { canonicalFinder, collectionsOf } from "../trees.ts";

const PATHS_PER_RESOURCE = 20;

/** VW-02, VD-25. */
export const canonicalRoutable = defineCheck({
  id: "writeback.canonical-routable",
  title: "every canonical record is editable or declared read-only",
  severity: "error",
  phase: "writeback",
  needs: ["discovery"],
  wants: ["records"],
  after: ["doctor.workspace-readable"],
  refs: ["VW-02", "VD-25", "S20", "S24"],
  hint: "Do not edit such a path: the op would fail without an attempt",
  findings: {
    "writeback.canonical-unroutable": {
      severity: "error",
      means:
        "The service emits this canonical path, and the router has no rule for it: an edit fails with 'No writeback rule matched' and attemptCount 0.",
      decided: "Canonical paths from the index rows were given to the same classifier that the service uses.",
      not: "Not a read-only record: those are declared, with a reason.",
      fix: "Report the path and its provider; use the create flow or the provider meanwhile.",
    },
  },
  run: ({ discovery, records }) => {
    let subjects = 0;
    const listed = listedRecords(records);
    const findings: FindingDraft<"writeback.canonical-unroutable">[] = [];
    for (const { provider, resources } of discovery.providers) {
      if (providerById(provider) === null) continue;
      for (const resource of resources) {
        const told = resource.index?.canonicalPaths ?? [];
        // Older indexes name no paths: then the files that belong to their rows are looked up.
        const paths = (told.length > 0 ? told : (listed.get(resource.path) ?? [])).slice(
          0,
          PATHS_PER_RESOURCE,
        );
        subjects += paths.length;
        const lost = paths.flatMap((path) => {
          const route = classifyWrite(path, "write");
          const fine = route.kind === "edit" || (route.kind === "none" && route.reason === "read_only");
          return fine
            ? []
            : [{ path, why: route.kind === "none" ? route.message : `classified as ${route.kind}` }];
        });
        const [first] = lost;
        if (first === undefined) continue;
        findings.push({
          code: "writeback.canonical-unroutable",
          title: `${resource.path}: ${plural(lost.length, "canonical path")} without a route, for example ${first.path}`,
          subject: { kind: "resource", ref: resource.path },
          evidence: [
            {
              type: "http",
              exchangeId: resource.index?.exchangeId ?? resource.schema.exchangeId,
              quote: first.path,
            },
            { type: "log", line: first.why },
          ],
          facts: { provider, resource: resource.path, path: first.path, count: lost.length, canonical: true },
          refs: ["cloud#780"],
        });
      }
    }
    return judged(subjects, findings, `${plural(subjects, "canonical path")} classified`);
  },
});

/** VW-03, VD-14. */
export const examplesValid = defineCheck({
  id: "writeback.examples-valid",
  title: "every create example passes validation before any network write",
  severity: "error",
  phase: "writeback",
  needs: ["discovery"],
  after: ["doctor.workspace-readable"],
  refs: ["VW-03", "VD-14", "S21"],
  hint: "Compare the example with the schema beside it",
  findings: {
    "writeback.example-invalid": {
      severity: "error",
      means: "A create example, used as it is, would be refused: whoever copies it fails.",
      decided:
        "The example was validated against the schema beside it by the code that validates real writes.",
      not: "Not a provider rejection: nothing was sent.",
      fix: "Regenerate the example from its schema; report the field and the code.",
    },
    "writeback.example-misleading": {
      severity: "warn",
      means:
        "A create example beside an inferred schema holds fields that only the provider sets, or is empty although fields are required: whoever copies it learns the wrong document.",
      decided: "Its keys were compared with readOnly and required of the schema beside it.",
      not: "Not a refused document: an inferred schema describes records as they are read.",
      fix: "Refresh discovery; if it stays, the resource needs an authored example.",
    },
  },
  run: ({ discovery }) => {
    let subjects = 0;
    const findings: FindingDraft<"writeback.example-invalid" | "writeback.example-misleading">[] = [];
    for (const { provider, resources } of discovery.providers) {
      for (const { path, example, schema } of resources) {
        if (example?.document == null || schema.document === null || providerById(provider) === null)
          continue;
        subjects++;
        // An inferred schema describes records as they are read; only an authored one says what may be written.
        if (schema.document.additionalProperties !== false) {
          const flaw = flawOf(example.document, schema.document);
          if (flaw !== null) {
            findings.push({
              code: "writeback.example-misleading",
              title: `${path}: the create example ${flaw}`,
              subject: { kind: "resource", ref: path },
              evidence: [{ type: "file", path: example.path, revision: example.revision, excerpt: flaw }],
              facts: { provider, resource: path, flaw },
            });
          }
          continue;
        }
        const route = classifyWrite(`${path}/example 00000000-0000-4000-8000-000000000000.json`, "write");
        const name = route.kind === "none" ? "" : route.resource;
        const result = validateWrite(
          provider,
          name,
          "create",
          example.document,
          schema.document as unknown as Schema,
        );
        if (result.ok) continue;
        findings.push({
          code: "writeback.example-invalid",
          title: `${path}: the create example is refused: ${result.message}`,
          subject: { kind: "resource", ref: path },
          evidence: [
            {
              type: "file",
              path: example.path,
              revision: example.revision,
              excerpt: `${result.code} ${result.field}`,
            },
          ],
          facts: { provider, resource: path, field: result.field, code: result.code },
        });
      }
    }
    return judged(subjects, findings, `${plural(subjects, "example")} validated`);
  },
});

/** Canonical files by collection, for rows that do not name their own. */
function listedRecords(records: RecordsFact | null): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const entry of records?.providers ?? []) {
    const paths = new Set(entry.files.map(({ path }) => path));
    for (const { root, rows } of collectionsOf(entry)) {
      const fileOf = canonicalFinder(root, paths);
      const own = rows.slice(0, PATHS_PER_RESOURCE).flatMap((row) => fileOf(row) ?? []);
      found.set(root, own);
    }
  }
  return found;
}

/** What makes an example beside an inferred schema misleading; null when nothing does. */
function flawOf(
  example: Readonly<Record<string, unknown>>,
  schema: Readonly<Record<string, unknown>>,
): string | null {
  const properties = (schema.properties ?? {}) as Readonly<Record<string, { readOnly?: unknown } | null>>;
  const owned = Object.keys(example).filter((key) => properties[key]?.readOnly === true);
  if (owned.length > 0) return `holds ${owned.join(", ")}, which only the provider sets`;
  const required = Array.isArray(schema.required) ? schema.required : [];
  return required.length > 0 && Object.keys(example).length === 0
    ? `is empty although ${required.join(", ")} are required`
    : null;
}
