/** zod schemas of what the toolkit prints beside reports, and of the small documents of the program itself. */
import { z } from "zod";
import { FORMATS } from "../verify/render/mod.ts";
import { count, documentSchema, maybeText } from "./_document-parts.ts";

const effect = z.enum(["read", "refresh", "write"]);
const suite = z.enum(["doctor", "discovery", "digest", "writeback"]);

/** `relayfile.checks`. */
export const ChecksSchema = documentSchema("checks", {
  suite,
  checks: z.array(
    z.looseObject({
      id: z.string(),
      title: z.string(),
      severity: z.enum(["error", "warn", "info"]),
      phase: z.string(),
      effect,
      after: z.array(z.string()),
      refs: z.array(z.string()),
      codes: z.array(z.string()),
      prerequisite: z.boolean(),
    }),
  ),
});

/** `relayfile.plan`. */
export const PlanSchema = documentSchema("plan", {
  command: z.string(),
  suite,
  workspaceId: maybeText,
  fileApiUrl: z.string(),
  controlPlaneUrl: maybeText,
  checks: count,
  effect,
  evidence: z.array(
    z.looseObject({ name: z.string(), effect, reads: z.string(), for: z.array(z.string()).min(1) }),
  ),
  requests: z.array(
    z.looseObject({
      evidence: z.string(),
      service: z.string(),
      method: z.string(),
      url: z.string(),
      effect,
      curl: z.string(),
    }),
  ),
});

/** `relayfile.explanation`. */
export const ExplanationSchema = documentSchema("explanation", {
  term: z.string(),
  pages: z
    .array(
      z.looseObject({
        id: z.string(),
        type: z.enum(["finding", "check", "issue", "symptom", "probe", "error", "seed"]),
        title: z.string(),
        sections: z.array(z.looseObject({ heading: z.string(), text: z.string() })),
        see: z.array(z.string()),
      }),
    )
    .min(1),
});

/** `relayfile.report-rendered`. */
export const ReportRenderedSchema = documentSchema("report-rendered", {
  format: z.enum(FORMATS),
  path: z.string(),
  bytes: count,
});

/** `relayfile.serve`. */
export const ServeSchema = documentSchema("serve", {
  fileApiUrl: z.string(),
  controlPlaneUrl: z.string(),
  simulatorUrl: z.string(),
  workspaceId: z.string(),
  workspaceName: z.string(),
  tokenFile: z.string(),
  cloudTokenFile: z.string(),
  dataDir: z.string(),
  providers: z.array(z.string()),
  environment: z.record(z.string(), z.string()),
});

/** `relayfile.demo-stopped`. */
export const DemoStoppedSchema = documentSchema("demo-stopped", { verdict: z.string() });

/** `relayfile.completion`. */
export const CompletionSchema = documentSchema("completion", {
  shell: z.string(),
  script: z.string().min(1),
});

/** `relayfile.schema`. */
export const SchemaSchema = documentSchema("schema", {
  name: z.string(),
  schema: z.record(z.string(), z.unknown()),
});

/** `relayfile.schema-list`. */
export const SchemaListSchema = documentSchema("schema-list", {
  schemas: z.array(z.looseObject({ name: z.string(), description: z.string() })).min(1),
});

/** `relayfile.skill`. */
export const SkillSchema = documentSchema("skill", {
  name: z.string(),
  /** The file as it is to be saved. */
  text: z.string().min(1),
});

/** `relayfile.bundle`, the manifest inside a support bundle. */
export const BundleSchema = documentSchema("bundle", {
  reportId: z.string(),
  command: z.string(),
  madeAt: z.string(),
  tool: z.looseObject({ name: z.string(), version: z.string() }),
  files: z.array(
    z.looseObject({ path: z.string(), what: z.string(), bytes: count, sha256: z.string().length(64) }),
  ),
  redactions: z.looseObject({ rules: z.array(z.string()), count }),
});
