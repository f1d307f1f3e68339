/** The text form of every document, by kind. A kind that is not here is printed as `key: value` lines. */
import type { Style } from "../style.ts";

/** Turns a document into text for people, without a final newline. Each view casts to the document it is for. */
// biome-ignore lint/suspicious/noExplicitAny: the kind in the table decides the type; a view declares its own.
export type View = (document: any, style: Style) => string;

/** Views by `kind`, loaded when needed. */
export const VIEWS: Record<string, () => Promise<{ default: View }>> = {
  "relayfile.completion": () => import("./completion.ts"),
  "relayfile.schema": () => import("./schema.ts"),
  "relayfile.schema-list": () => import("./schema-list.ts"),
  "relayfile.demo": () => import("./demo.ts"),
  "relayfile.help": () => import("./help.ts"),
  "relayfile.serve": () => import("./serve.ts"),
  "relayfile.version": () => import("./version.ts"),
  "relayfile.tree": () => import("./tree.ts"),
  "relayfile.file": () => import("./file.ts"),
  "relayfile.write": () => import("./write.ts"),
  "relayfile.export": () => import("./export.ts"),
  "relayfile.ops": () => import("./ops.ts"),
  "relayfile.op": () => import("./op.ts"),
  "relayfile.op-replay": () => import("./op-replay.ts"),
  "relayfile.refresh": () => import("./refresh.ts"),
  "relayfile.ingest": () => import("./ingest.ts"),
  "relayfile.workspaces": () => import("./workspaces.ts"),
  "relayfile.workspace-join": () => import("./workspace-join.ts"),
  "relayfile.workspace-use": () => import("./workspace-use.ts"),
  "relayfile.workspace-delete": () => import("./workspace-delete.ts"),
  "relayfile.integrations": () => import("./integrations.ts"),
  "relayfile.integration-status": () => import("./integration-status.ts"),
  "relayfile.integration-connect": () => import("./integration-connect.ts"),
  "relayfile.integration-disconnect": () => import("./integration-disconnect.ts"),
  "relayfile.login": () => import("./login.ts"),
  "relayfile.logout": () => import("./logout.ts"),
  "relayfile.whoami": () => import("./whoami.ts"),
  "relayfile.mount": () => import("./mount.ts"),
  "relayfile.mount-once": () => import("./mount-once.ts"),
  "relayfile.mount-flush": () => import("./mount-flush.ts"),
  "relayfile.mount-notify": () => import("./mount-notify.ts"),
  "relayfile.status": () => import("./status.ts"),
  "relayfile.conflicts": () => import("./conflicts.ts"),
  "relayfile.writeback-status": () => import("./writeback-status.ts"),
  "relayfile.writeback-list": () => import("./writeback-list.ts"),
  "relayfile.writeback-sweep-drafts": () => import("./sweep-drafts.ts"),
  "relayfile.writeback-show": () => import("./writeback-show.ts"),
  "relayfile.report": () => import("./report.ts"),
  "relayfile.checks": () => import("./checks.ts"),
  "relayfile.explanation": () => import("./explanation.ts"),
  "relayfile.skill": () => import("./skill.ts"),
  "relayfile.plan": () => import("./plan.ts"),
  "relayfile.report-diff": () => import("./report-diff.ts"),
  "relayfile.why": () => import("./why.ts"),
};
