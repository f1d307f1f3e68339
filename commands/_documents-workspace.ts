/** zod schemas of what commands on workspaces, files, integrations and ops print. */
import { z } from "zod";
import { TreeEntry } from "../lib/model/file.ts";
import { IntegrationRow, IntegrationStatus, SamplingWarning } from "../lib/model/integration.ts";
import { WritebackOp } from "../lib/model/writeback-op.ts";
import { count, documentSchema, maybeText, maybeTime } from "./_document-parts.ts";

const workspaceId = z.string();
const problem = z.looseObject({ code: z.string(), message: z.string(), hint: z.string() }).nullable();

/** `relayfile.file`. */
export const FileSchema = documentSchema("file", {
  workspaceId,
  path: z.string(),
  revision: z.string(),
  contentType: z.string(),
  contentHash: maybeText,
  provider: maybeText,
  lastEditedAt: maybeTime,
  sizeBytes: count,
  encoding: z.enum(["utf-8", "base64"]).nullable(),
  content: maybeText,
  output: maybeText,
});

/** `relayfile.tree`. */
export const TreeSchema = documentSchema("tree", {
  workspaceId,
  path: z.string(),
  depth: count,
  entries: z.array(TreeEntry),
  totalFiles: count.nullable(),
  truncated: z.boolean(),
});

/** `relayfile.write`. */
export const WriteSchema = documentSchema("write", {
  workspaceId,
  action: z.enum(["put", "rm"]),
  path: z.string(),
  baseRevision: z.string(),
  revision: z.string(),
  opId: z.string(),
  provider: z.string(),
  opStatus: z.string(),
  lastError: maybeText,
  op: WritebackOp.nullable(),
});

/** `relayfile.export`. */
export const ExportSchema = documentSchema("export", {
  workspaceId,
  path: z.string(),
  format: z.enum(["json", "tar", "patch"]),
  output: maybeText,
  sizeBytes: count,
  durationMs: z.number(),
});

/** `relayfile.refresh`. */
export const RefreshSchema = documentSchema("refresh", {
  workspaceId,
  scope: z.enum(["discovery", "provider"]),
  durationMs: z.number(),
  timedOut: z.boolean(),
  refreshed: z.array(
    z.looseObject({
      provider: z.string(),
      backfilled: z.boolean().nullable(),
      status: maybeText,
      errors: count,
      samplingWarnings: z.array(SamplingWarning),
      requestId: maybeText,
    }),
  ),
  errors: z.array(z.looseObject({ provider: maybeText, message: z.string() })),
});

/** `relayfile.ingest`. */
export const IngestSchema = documentSchema("ingest", {
  workspaceId,
  provider: z.string(),
  connected: z.boolean(),
  /** `webhooks` fills `payloads`, `records` fills `sources`. */
  form: z.enum(["webhooks", "records"]),
  summary: z.looseObject({
    total: count,
    applied: count,
    notApplicable: count,
    deleted: count,
    duplicate: count,
    stale: count,
    rejected: count,
    filesWritten: count,
    filesDeleted: count,
  }),
  payloads: z.array(
    z.looseObject({
      source: z.string(),
      event: z.string(),
      status: z.string(),
      reason: maybeText,
      written: z.array(z.string()),
      deleted: z.array(z.string()),
    }),
  ),
  /** One result per file of records. */
  sources: z.array(
    z.looseObject({
      source: z.string(),
      model: z.string(),
      records: count,
      applied: count,
      deleted: count,
      unchanged: count,
      stale: count,
      rejected: count,
      rejects: z.array(z.looseObject({ index: count, code: z.string(), reason: z.string() })),
      filesWritten: count,
      filesDeleted: count,
    }),
  ),
  durationMs: z.number(),
});

/** `relayfile.ops`. */
export const OpsSchema = documentSchema("ops", {
  workspaceId,
  ops: z.array(WritebackOp),
  truncated: z.boolean(),
});

/** `relayfile.op`. */
export const OpSchema = documentSchema("op", { workspaceId, op: WritebackOp });

/** `relayfile.op-replay`. */
export const OpReplaySchema = documentSchema("op-replay", {
  workspaceId,
  opId: z.string(),
  status: z.string(),
  op: WritebackOp.nullable(),
});

/** `relayfile.workspaces`. */
export const WorkspacesSchema = documentSchema("workspaces", {
  controlPlaneUrl: z.string(),
  workspaces: z.array(
    z.looseObject({
      name: z.string(),
      id: maybeText,
      cloudId: maybeText,
      current: z.boolean(),
      registered: z.boolean(),
      remote: z.boolean().nullable(),
      localDir: maybeText,
    }),
  ),
  problem,
});

/** `relayfile.workspace-join`. */
export const WorkspaceJoinSchema = documentSchema("workspace-join", {
  workspaceId,
  cloudId: maybeText,
  name: z.string(),
  created: z.boolean(),
  fileApiUrl: z.string(),
  agentName: z.string(),
  scopes: z.looseObject({
    requested: z.array(z.string()),
    granted: z.array(z.string()),
    missing: z.array(z.string()),
  }),
  expiresAt: maybeTime,
  renewableUntil: maybeTime,
  tokenFile: maybeText,
  durationMs: z.number(),
  slow: z.boolean(),
});

/** `relayfile.workspace-use`. */
export const WorkspaceUseSchema = documentSchema("workspace-use", {
  name: z.string(),
  workspaceId,
  hasToken: z.boolean(),
});

/** `relayfile.workspace-delete`. */
export const WorkspaceDeleteSchema = documentSchema("workspace-delete", {
  workspaceId,
  name: maybeText,
  remote: z.boolean(),
  forgotten: z.boolean(),
  localDir: maybeText,
});

/** `relayfile.integrations`. */
export const IntegrationsSchema = documentSchema("integrations", {
  workspaceId,
  integrations: z.array(IntegrationRow),
});

/** `relayfile.integration-status`. */
export const IntegrationStatusSchema = documentSchema("integration-status", {
  workspaceId,
  provider: z.string(),
  status: IntegrationStatus,
});

/** `relayfile.integration-connect`. */
export const IntegrationConnectSchema = documentSchema("integration-connect", {
  workspaceId,
  provider: z.string(),
  connected: z.boolean(),
  connectLink: maybeText,
  linkExpiresAt: maybeTime,
  status: IntegrationStatus.nullable(),
});

/** `relayfile.integration-disconnect`. */
export const IntegrationDisconnectSchema = documentSchema("integration-disconnect", {
  workspaceId,
  provider: z.string(),
});

/** `relayfile.whoami`. */
export const WhoamiSchema = documentSchema("whoami", {
  cloud: z.looseObject({
    state: z.enum(["signed-in", "absent", "refused", "unknown"]),
    source: maybeText,
    account: maybeText,
    organization: maybeText,
    accessExpiresAt: maybeTime,
    refreshExpiresAt: maybeTime,
    problem,
  }),
  workspace: z.looseObject({
    state: z.enum(["accepted", "absent", "refused", "unknown"]),
    source: maybeText,
    workspaceId: maybeText,
    name: maybeText,
    tokenKind: maybeText,
    subject: maybeText,
    scopes: z.array(z.string()),
    missingScopes: z.array(z.string()),
    expiresAt: maybeTime,
    problem,
  }),
  fileApi: z.looseObject({ url: z.string(), source: maybeText }),
  controlPlane: z.looseObject({ url: z.string(), source: maybeText }),
});

/** `relayfile.login`. */
export const LoginSchema = documentSchema("login", {
  method: z.enum(["browser", "device", "stdin"]),
  identity: z.enum(["cloud", "workspace"]),
  service: z.string(),
  account: maybeText,
  workspaceId: maybeText,
  expiresAt: maybeTime,
  file: z.string(),
});

/** `relayfile.logout`. */
export const LogoutSchema = documentSchema("logout", {
  removed: z.array(z.string()),
  revoked: z.boolean().nullable(),
  kept: maybeText,
});
