/** Jira Cloud: issues with comments and transitions, projects, sprints. Text becomes Atlassian Document Format. */
import { byBucket, byEdited, byKey, child, omit, pick, rest, text } from "./_read.ts";
import type { ProviderDefinition, ProviderRecord, ResourceDefinition } from "./definition.ts";
import { readJiraWebhook, withoutPersonalData } from "./jira-inbound.ts";
import {
  JIRA_COMMENT,
  JIRA_ISSUE,
  JIRA_ISSUE_FIELDS,
  JIRA_PROJECT,
  JIRA_SPRINT,
  JIRA_TRANSITION,
} from "./schemas/jira.ts";

const API = "/rest/api/3";
const idOf = (record: ProviderRecord) => text(record, "id");
const keyOf = (record: ProviderRecord) => text(record, "key") || null;
const updatedOf = (record: ProviderRecord) =>
  isoOf(text(record, "fields.updated", "updated", "fields.created", "created"));
const stateOf = (record: ProviderRecord) => text(record, "fields.status.name");

/** Jira writes `+0000`; the tree holds UTC with `Z`, so that timestamps compare as text. */
function isoOf(timestamp: string): string {
  const ms = Date.parse(timestamp.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(ms) ? "" : new Date(ms).toISOString();
}

/** Plain text as a document, one paragraph per line; documents and null pass. */
function documentOf(value: unknown): unknown {
  if (typeof value !== "string") return value;
  const paragraph = (line: string) =>
    line === "" ? { type: "paragraph" } : { type: "paragraph", content: [{ type: "text", text: line }] };
  return { type: "doc", version: 1, content: value.split("\n").map(paragraph) };
}

function withDocuments(fields: ProviderRecord): ProviderRecord {
  const texts = ["description", "environment"].filter((name) => name in fields);
  return { ...fields, ...Object.fromEntries(texts.map((name) => [name, documentOf(fields[name])])) };
}

const issueCall = (id: string) => `${API}/issue/${encodeURIComponent(id)}`;
const fieldsOf = (body: ProviderRecord): ProviderRecord => withDocuments(child(body, "fields") ?? {});

const issues: ResourceDefinition = {
  name: "issues",
  objectType: "issue",
  about: "Issues of all projects",
  path: "/jira/issues",
  may2026NoEditRoute: true,
  records: {
    models: ["Issue", "JiraIssue"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "fields.summary", "summary"),
    updated: updatedOf,
    file: "{label}__{id}.json",
    index: (record) => ({
      key: text(record, "key"),
      state: stateOf(record),
      projectKey: text(record, "fields.project.key"),
    }),
    aliases: [
      // In May 2026 this directory was keyed by the issue key while index rows carried the numeric id (cloud#778).
      byKey("by-id", (record) => idOf(record) || null, { key: keyOf }),
      { kind: "title-and-id", segment: "by-title" },
      byKey("by-key", keyOf),
      byBucket("by-state", "slug", stateOf),
      byBucket("by-assignee", "raw", (record) =>
        text(record, "fields.assigneeAccountId", "fields.assignee.accountId"),
      ),
      byBucket("by-creator", "raw", (record) =>
        text(record, "fields.creatorAccountId", "fields.creator.accountId"),
      ),
      byBucket("by-priority", "slug", (record) =>
        text(record, "fields.priorityName", "fields.priority.name"),
      ),
      byEdited("fields.updated", "fields.created"),
    ],
  },
  write: {
    schema: JIRA_ISSUE,
    example: {
      fields: { project: { key: "KAN" }, summary: "Write the release notes", issuetype: { name: "Task" } },
    },
    shape: (body) => {
      const names = Object.keys(JIRA_ISSUE_FIELDS);
      if ("fields" in body || !names.some((name) => name in body)) return body;
      return { ...omit(body, names), fields: pick(body, names) };
    },
    create: ({ body }) => rest("POST", `${API}/issue`, { fields: fieldsOf(body) }),
    update: ({ id, body }) => rest("PUT", issueCall(id), { fields: fieldsOf(body) }),
    delete: ({ id }) => rest("DELETE", issueCall(id)),
    read: ({ id }) => rest("GET", issueCall(id)),
    answerIsRecord: false,
  },
};

const commentCall = (issueId: string | undefined, id = "") =>
  `${issueCall(issueId ?? "")}/comment${id === "" ? "" : `/${encodeURIComponent(id)}`}`;
const commentBody = (body: ProviderRecord) => ({ ...body, body: documentOf(body.body) });

const comments: ResourceDefinition = {
  name: "comments",
  objectType: "comment",
  about: "Comments of one issue",
  path: "/jira/issues/{issueId}/comments",
  parent: { param: "issueId", resource: "issues" },
  records: {
    models: ["Comment", "JiraComment"],
    id: idOf,
    idPattern: "\\d+",
    title: () => "",
    updated: updatedOf,
    file: "{id}.json",
    label: () => "",
    params: (record) => {
      const issueId =
        text(record, "issueId") || /\/issue\/([^/]+)\/comment\//.exec(text(record, "self"))?.[1];
      return issueId === undefined ? null : { issueId };
    },
    digestName: (id) => `comment ${id}`,
  },
  write: {
    schema: JIRA_COMMENT,
    example: { body: "Looks good to me." },
    create: ({ params, body }) => rest("POST", commentCall(params.issueId), commentBody(body)),
    update: ({ params, id, body }) => rest("PUT", commentCall(params.issueId, id), commentBody(body)),
    delete: ({ params, id }) => rest("DELETE", commentCall(params.issueId, id)),
    read: ({ params, id }) => rest("GET", commentCall(params.issueId, id)),
  },
};

const transitions: ResourceDefinition = {
  name: "transitions",
  objectType: "transition",
  about: "Write-only: moves an issue to another state",
  path: "/jira/issues/{issueId}/transitions",
  parent: { param: "issueId", resource: "issues" },
  write: {
    schema: JIRA_TRANSITION,
    example: { transition: { id: "31" } },
    produces: null,
    refreshesParent: true,
    create: ({ params, body }) => rest("POST", `${issueCall(params.issueId ?? "")}/transitions`, body),
  },
};

const projectCall = (id: string) => `${API}/project/${encodeURIComponent(id)}`;

const projects: ResourceDefinition = {
  name: "projects",
  objectType: "project",
  about: "Projects",
  path: "/jira/projects",
  may2026NoEditRoute: true,
  records: {
    models: ["Project", "JiraProject"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "name"),
    updated: updatedOf,
    file: "{label}__{id}.json",
    index: (record) => ({ key: text(record, "key") }),
    aliases: [
      byKey("by-id", (record) => idOf(record) || null),
      { kind: "title-and-id", segment: "by-title" },
    ],
  },
  write: {
    schema: JIRA_PROJECT,
    example: {
      key: "NEW",
      name: "New project",
      projectTypeKey: "software",
      leadAccountId: "5b10a2844c20165700ede21g",
    },
    create: ({ body }) => rest("POST", `${API}/project`, body),
    update: ({ id, body }) => rest("PUT", projectCall(id), body),
    delete: ({ id }) => rest("DELETE", projectCall(id)),
    read: ({ id }) => rest("GET", projectCall(id)),
    answerIsRecord: false,
  },
};

const sprintCall = (id: string) => `/rest/agile/1.0/sprint/${encodeURIComponent(id)}`;

const sprints: ResourceDefinition = {
  name: "sprints",
  objectType: "sprint",
  about: "Sprints of the boards",
  path: "/jira/sprints",
  may2026NoEditRoute: true,
  records: {
    models: ["Sprint", "JiraSprint"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "name"),
    updated: (record) => isoOf(text(record, "completeDate", "activatedDate", "createdDate")),
    file: "{label}__{id}.json",
    index: (record) => ({ key: text(record, "name"), state: text(record, "state") }),
    aliases: [
      byKey("by-id", (record) => idOf(record) || null),
      { kind: "title-and-id", segment: "by-title" },
    ],
  },
  // POST changes only the fields it names; PUT would clear the others.
  write: {
    schema: JIRA_SPRINT,
    update: ({ id, body }) => rest("POST", sprintCall(id), body),
    read: ({ id }) => rest("GET", sprintCall(id)),
  },
};

/** Jira. */
export const jira: ProviderDefinition = {
  id: "jira",
  title: "Jira",
  aliases: ["jira-relay", "jira-cloud"],
  about:
    "Issues are flat files named after their summary and numeric id; find one by its key under by-key. People are removed from records before they are stored. Comments live in a directory named after the issue's id.",
  resources: [projects, sprints, issues, comments, transitions],
  queries: [
    "cat /jira/issues/by-key/KAN-4.json",
    "ls /jira/issues/by-state/in-progress",
    "jq -r '.[] | select(.projectKey == \"KAN\") | .canonicalPath' /jira/issues/_index.json",
  ],
  api: { url: "https://api.atlassian.com", prefix: "/ex/jira/{cloudId}" },
  headers: { accept: "application/json" },
  deliveryHeader: "x-atlassian-webhook-identifier",
  webhook: readJiraWebhook,
  redact: withoutPersonalData,
};
