/**
 * The outputs whose shape is published: name -> zod schema, loaded when asked for. The name is the document's kind
 * without `relayfile.`; `events` and `bundle` are the two outputs that are no document of a command.
 */
import type { z } from "zod";

/** A published schema. */
export interface PublishedSchema {
  readonly description: string;
  readonly load: () => Promise<z.ZodType>;
}

const published = (description: string, load: PublishedSchema["load"]): PublishedSchema => ({
  description,
  load,
});

/** Published schemas by name, as `relayfile schema NAME` knows them. */
export const SCHEMAS: Readonly<Record<string, PublishedSchema>> = {
  bundle: published(
    "manifest.json inside the archive of relayfile doctor --bundle",
    async () => (await import("./_documents-toolkit.ts")).BundleSchema,
  ),
  checks: published(
    "relayfile doctor --list and relayfile verify --list --json",
    async () => (await import("./_documents-toolkit.ts")).ChecksSchema,
  ),
  completion: published(
    "relayfile completion --json",
    async () => (await import("./_documents-toolkit.ts")).CompletionSchema,
  ),
  "conflict-resolved": published(
    "relayfile conflicts --keep --json",
    async () => (await import("./_documents-mirror.ts")).ConflictResolvedSchema,
  ),
  conflicts: published(
    "relayfile conflicts --json",
    async () => (await import("./_documents-mirror.ts")).ConflictsSchema,
  ),
  demo: published("relayfile demo --json", async () => (await import("./_documents.ts")).DemoDocumentSchema),
  "demo-stopped": published(
    "relayfile demo, stopped before it found anything",
    async () => (await import("./_documents-toolkit.ts")).DemoStoppedSchema,
  ),
  error: published(
    "what any command prints under --json when it fails",
    async () => (await import("./_documents.ts")).ErrorDocumentSchema,
  ),
  events: published(
    "one line of relayfile doctor --events",
    async () => (await import("../verify/run/events.ts")).RunEventSchema,
  ),
  explanation: published(
    "relayfile explain --json",
    async () => (await import("./_documents-toolkit.ts")).ExplanationSchema,
  ),
  export: published(
    "relayfile export --json",
    async () => (await import("./_documents-workspace.ts")).ExportSchema,
  ),
  file: published("relayfile cat --json", async () => (await import("./_documents-workspace.ts")).FileSchema),
  help: published("relayfile help --json", async () => (await import("./_documents.ts")).HelpDocumentSchema),
  ingest: published(
    "relayfile ingest --json",
    async () => (await import("./_documents-workspace.ts")).IngestSchema,
  ),
  "integration-connect": published(
    "relayfile integration connect --json",
    async () => (await import("./_documents-workspace.ts")).IntegrationConnectSchema,
  ),
  "integration-disconnect": published(
    "relayfile integration disconnect --json",
    async () => (await import("./_documents-workspace.ts")).IntegrationDisconnectSchema,
  ),
  "integration-status": published(
    "relayfile integration status --json",
    async () => (await import("./_documents-workspace.ts")).IntegrationStatusSchema,
  ),
  integrations: published(
    "relayfile integration list --json",
    async () => (await import("./_documents-workspace.ts")).IntegrationsSchema,
  ),
  login: published(
    "relayfile login --json",
    async () => (await import("./_documents-workspace.ts")).LoginSchema,
  ),
  logout: published(
    "relayfile logout --json",
    async () => (await import("./_documents-workspace.ts")).LogoutSchema,
  ),
  logs: published("relayfile logs --json", async () => (await import("./_documents-mirror.ts")).LogsSchema),
  mount: published(
    "relayfile mount --json",
    async () => (await import("./_documents-mirror.ts")).MountSchema,
  ),
  "mount-events": published(
    "one line of relayfile mount --events",
    async () => (await import("./_mount-events.ts")).MountEventSchema,
  ),
  "mount-flush": published(
    "relayfile mount --flush-outbox-once and --push-local-once --json",
    async () => (await import("./_documents-mirror.ts")).MountFlushSchema,
  ),
  "mount-notify": published(
    "relayfile mount --notify-flush --json",
    async () => (await import("./_documents-mirror.ts")).MountNotifySchema,
  ),
  "mount-once": published(
    "relayfile mount --once --json",
    async () => (await import("./_documents-mirror.ts")).MountOnceSchema,
  ),
  "mount-resume": published(
    "relayfile mount resume --json",
    async () => (await import("./_documents-mirror.ts")).MountResumeSchema,
  ),
  op: published(
    "relayfile ops show --json",
    async () => (await import("./_documents-workspace.ts")).OpSchema,
  ),
  "op-replay": published(
    "relayfile ops replay --json",
    async () => (await import("./_documents-workspace.ts")).OpReplaySchema,
  ),
  ops: published(
    "relayfile ops list --json",
    async () => (await import("./_documents-workspace.ts")).OpsSchema,
  ),
  plan: published(
    "relayfile doctor --plan and relayfile verify --plan --json",
    async () => (await import("./_documents-toolkit.ts")).PlanSchema,
  ),
  refresh: published(
    "relayfile refresh --json",
    async () => (await import("./_documents-workspace.ts")).RefreshSchema,
  ),
  report: published(
    "what relayfile doctor and relayfile verify print under --json",
    async () => (await import("../verify/report.ts")).Report,
  ),
  "report-diff": published(
    "relayfile report diff --json",
    async () => (await import("../verify/diff.ts")).ReportDiffSchema,
  ),
  "report-rendered": published(
    "relayfile report render --out --json",
    async () => (await import("./_documents-toolkit.ts")).ReportRenderedSchema,
  ),
  schema: published(
    "relayfile schema NAME --json",
    async () => (await import("./_documents-toolkit.ts")).SchemaSchema,
  ),
  "schema-list": published(
    "relayfile schema list --json",
    async () => (await import("./_documents-toolkit.ts")).SchemaListSchema,
  ),
  serve: published(
    "relayfile serve --json",
    async () => (await import("./_documents-toolkit.ts")).ServeSchema,
  ),
  skill: published(
    "relayfile skill print --json",
    async () => (await import("./_documents-toolkit.ts")).SkillSchema,
  ),
  status: published(
    "relayfile status --json",
    async () => (await import("./_documents-mirror.ts")).StatusSchema,
  ),
  tree: published(
    "relayfile tree --json",
    async () => (await import("./_documents-workspace.ts")).TreeSchema,
  ),
  unmount: published(
    "relayfile unmount --json",
    async () => (await import("./_documents-mirror.ts")).UnmountSchema,
  ),
  version: published(
    "relayfile version --json",
    async () => (await import("./_documents.ts")).VersionDocumentSchema,
  ),
  whoami: published(
    "relayfile whoami --json",
    async () => (await import("./_documents-workspace.ts")).WhoamiSchema,
  ),
  why: published("relayfile why --json", async () => (await import("./_documents-mirror.ts")).WhySchema),
  "workspace-delete": published(
    "relayfile workspace delete --json",
    async () => (await import("./_documents-workspace.ts")).WorkspaceDeleteSchema,
  ),
  "workspace-join": published(
    "relayfile workspace join and relayfile workspace create --json",
    async () => (await import("./_documents-workspace.ts")).WorkspaceJoinSchema,
  ),
  "workspace-use": published(
    "relayfile workspace use --json",
    async () => (await import("./_documents-workspace.ts")).WorkspaceUseSchema,
  ),
  workspaces: published(
    "relayfile workspace list --json",
    async () => (await import("./_documents-workspace.ts")).WorkspacesSchema,
  ),
  write: published(
    "relayfile put and relayfile rm --json",
    async () => (await import("./_documents-workspace.ts")).WriteSchema,
  ),
  "writeback-drop": published(
    "relayfile writeback drop --json",
    async () => (await import("./_documents-mirror.ts")).WritebackDropSchema,
  ),
  "writeback-list": published(
    "relayfile writeback list --json",
    async () => (await import("./_documents-mirror.ts")).WritebackListSchema,
  ),
  "writeback-retry": published(
    "relayfile writeback retry --json",
    async () => (await import("./_documents-mirror.ts")).WritebackRetrySchema,
  ),
  "writeback-show": published(
    "relayfile writeback show --json",
    async () => (await import("./_documents-mirror.ts")).WritebackShowSchema,
  ),
  "writeback-skip-stuck": published(
    "relayfile writeback skip-stuck --json",
    async () => (await import("./_documents-mirror.ts")).WritebackSkipStuckSchema,
  ),
  "writeback-sweep-drafts": published(
    "relayfile writeback sweep-drafts --json",
    async () => (await import("./_documents-mirror.ts")).WritebackSweepDraftsSchema,
  ),
  "writeback-status": published(
    "relayfile writeback status --json",
    async () => (await import("./_documents-mirror.ts")).WritebackStatusSchema,
  ),
};
