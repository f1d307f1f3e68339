/** What comes in from Jira: webhooks, and records without the people in them. */
import { child, isRecord, omit, text } from "./_read.ts";
import type { ProviderRecord, WebhookReading } from "./definition.ts";

/** The record a Jira webhook carries, or why its event has no files. */
export function readJiraWebhook(payload: ProviderRecord): WebhookReading {
  const event = text(payload, "webhookEvent");
  if (event === "") return { kind: "rejected", reason: "a Jira webhook has webhookEvent" };
  const deleted = event.endsWith("_deleted") ? ({ deleted: true } as const) : {};
  const of = (resource: string, record: ProviderRecord | null): WebhookReading =>
    record === null
      ? { kind: "rejected", reason: `${event} carries no ${resource} record` }
      : { kind: "records", records: [{ resource, record, ...deleted }] };
  if (event.startsWith("jira:issue_")) return of("issues", child(payload, "issue"));
  if (event.startsWith("comment_")) {
    const comment = child(payload, "comment");
    return of("comments", comment && { ...comment, issueId: text(payload, "issue.id") });
  }
  if (event.startsWith("project_")) return of("projects", child(payload, "project"));
  if (event.startsWith("sprint_")) return of("sprints", child(payload, "sprint"));
  return { kind: "not_applicable", reason: `Jira ${event} events have no files` };
}

/** True for an object that describes a person. */
function isPerson(value: ProviderRecord): boolean {
  const named = "displayName" in value && ["avatarUrls", "timeZone", "self"].some((key) => key in value);
  return "accountId" in value || "emailAddress" in value || named;
}

function withoutPeople(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPeople);
  if (!isRecord(value)) return value;
  if (isPerson(value)) return null;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withoutPeople(inner)]));
}

/** People become null; the ids that aliases need are kept as plain fields. */
export function withoutPersonalData(record: ProviderRecord, resource: string): ProviderRecord {
  const kept = withoutPeople(omit(record, ["changelog"])) as ProviderRecord;
  const fields = child(kept, "fields");
  if (resource !== "issues" || fields === null) return kept;
  const keep = {
    assigneeAccountId: text(record, "fields.assignee.accountId", "fields.assigneeAccountId"),
    creatorAccountId: text(record, "fields.creator.accountId", "fields.creatorAccountId"),
    priorityName: text(record, "fields.priority.name", "fields.priorityName"),
  };
  const present = Object.entries(keep).filter(([, value]) => value !== "");
  return { ...kept, fields: { ...fields, ...Object.fromEntries(present) } };
}
