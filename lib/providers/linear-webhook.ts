/** Reads Linear webhooks: one record each, under `data`. */
import { child, text } from "./_read.ts";
import type { ProviderRecord, WebhookReading } from "./definition.ts";

/** Webhook `type` to resource. */
const WEBHOOK_TYPES: Readonly<Record<string, string>> = {
  Issue: "issues",
  Comment: "comments",
  IssueLabel: "labels",
  Project: "projects",
  Team: "teams",
  User: "users",
  WorkflowState: "states",
  Cycle: "cycles",
};

/** The record a Linear webhook carries, or why its event has no files. */
export function readLinearWebhook(payload: ProviderRecord): WebhookReading {
  const type = text(payload, "type");
  const record = child(payload, "data");
  if (type === "" || record === null)
    return { kind: "rejected", reason: "a Linear webhook has type and data" };
  const resource = WEBHOOK_TYPES[type];
  if (resource === undefined)
    return { kind: "not_applicable", reason: `Linear ${type} events have no files` };
  return {
    kind: "records",
    records: [{ resource, record, ...(payload.action === "remove" ? { deleted: true } : {}) }],
  };
}
