/** Linear: issues, comments, labels, projects, teams and what they refer to. Writes are GraphQL mutations. */

import { idOf, lookup, mutate, readOne, UUID, updatedOf } from "./_linear.ts";
import { byBucket, byEdited, byKey, child, isRecord, omit, records, text } from "./_read.ts";
import type { ProviderDefinition, ProviderRecord, ResourceDefinition, WebhookReading } from "./definition.ts";
import {
  COMMENT_FIELDS,
  ISSUE_FIELDS,
  LABEL_FIELDS,
  LINEAR_ADD_ISSUES,
  LINEAR_COMMENT,
  LINEAR_ISSUE,
  LINEAR_LABEL,
  LINEAR_PROJECT,
  PROJECT_FIELDS,
} from "./schemas/linear.ts";

const PRIORITIES = ["no-priority", "urgent", "high", "medium", "low"];

const stateOf = (record: ProviderRecord) => text(record, "state.name", "state_name", "stateName");
const teamIdsOf = (record: ProviderRecord) =>
  text(record, "team.id", "teamId") || records(record, "teams.nodes").map((team) => text(team, "id"));
const priorityOf = (record: ProviderRecord) => {
  const priority = record.priority;
  return typeof priority === "number" ? (PRIORITIES[priority] ?? "") : "";
};

const issues: ResourceDefinition = {
  name: "issues",
  objectType: "issue",
  about: "Issues of all teams",
  path: "/linear/issues",
  records: {
    models: ["Issue", "LinearIssue"],
    id: idOf,
    idPattern: UUID,
    title: (record) => text(record, "title"),
    updated: updatedOf,
    file: "{label}__{id}.json",
    label: (record) => text(record, "identifier"),
    labelPattern: "[A-Z][A-Z0-9]*-\\d+",
    index: (record) => ({ identifier: text(record, "identifier"), state: stateOf(record) }),
    aliases: [
      byKey("by-uuid", idOf),
      byKey("by-id", (record) => text(record, "identifier") || null),
      { kind: "title", segment: "by-title" },
      byBucket("by-state", "state", stateOf),
      byBucket("by-project", "raw", (record) => text(record, "project.id", "projectId"), {
        alwaysRewritten: true,
      }),
      byBucket("by-assignee", "raw", (record) => text(record, "assignee.id", "assigneeId")),
      byBucket("by-creator", "raw", (record) => text(record, "creator.id", "creatorId")),
      byBucket("by-priority", "raw", priorityOf),
      byEdited("updatedAt", "updated_at", "completedAt", "canceledAt", "createdAt", "created_at"),
    ],
  },
  write: {
    schema: LINEAR_ISSUE,
    example: { title: "Write the release notes", team: "ENG" },
    references: [
      { from: "team", to: "teamId", resource: "teams", columns: ["key", "name"] },
      { from: "labels", to: "labelIds", resource: "labels", columns: ["name"], many: true },
    ],
    // A record holds its team as an object and its labels as a connection; the write document names them.
    shape: (body) => {
      const team = child(body, "team");
      const named =
        team === null ? body : { ...omit(body, ["team"]), teamId: text(team, "id") || text(body, "teamId") };
      return isRecord(named.labels) ? omit(named, ["labels"]) : named;
    },
    create: ({ body }) =>
      mutate("issueCreate", { input: ["IssueCreateInput!", body] }, "issue", ISSUE_FIELDS),
    update: ({ id, body }) =>
      mutate(
        "issueUpdate",
        { id: ["String!", id], input: ["IssueUpdateInput!", omit(body, ["teamId"])] },
        "issue",
        ISSUE_FIELDS,
      ),
    delete: ({ id }) => mutate("issueDelete", { id: ["String!", id] }),
    read: ({ id }) => readOne("issue", ISSUE_FIELDS, id),
  },
};

const comments: ResourceDefinition = {
  name: "comments",
  objectType: "comment",
  about: "Comments on issues, newest text",
  path: "/linear/comments",
  records: {
    models: ["Comment", "LinearComment"],
    id: idOf,
    idPattern: UUID,
    title: (record) => text(record, "body").split("\n", 1)[0] ?? "",
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    index: (record) => ({ issueId: text(record, "issue.id", "issueId") }),
    aliases: [byKey("by-id", idOf)],
  },
  write: {
    schema: LINEAR_COMMENT,
    update: ({ id, body }) =>
      mutate(
        "commentUpdate",
        { id: ["String!", id], input: ["CommentUpdateInput!", body] },
        "comment",
        COMMENT_FIELDS,
      ),
    delete: ({ id }) => mutate("commentDelete", { id: ["String!", id] }),
    read: ({ id }) => readOne("comment", COMMENT_FIELDS, id),
  },
  may2026NoEditRoute: true,
};

const issueComments: ResourceDefinition = {
  name: "issue-comments",
  objectType: "comment",
  about: "New comments on one issue; the comment then appears under /linear/comments",
  path: "/linear/issues/{issueId}/comments",
  parent: { param: "issueId", resource: "issues" },
  write: {
    schema: LINEAR_COMMENT,
    example: { body: "Looks good to me." },
    produces: "comments",
    create: ({ params, body }) =>
      mutate(
        "commentCreate",
        { input: ["CommentCreateInput!", { ...body, issueId: params.issueId }] },
        "comment",
        COMMENT_FIELDS,
      ),
  },
};

const labels: ResourceDefinition = {
  name: "labels",
  objectType: "label",
  about: "Labels of issues, of one team or of the whole workspace",
  path: "/linear/labels",
  records: {
    models: ["IssueLabel", "Label", "LinearLabel"],
    id: idOf,
    idPattern: UUID,
    title: (record) => text(record, "name"),
    updated: updatedOf,
    file: "{id}.json",
    label: () => "",
    index: (record) => ({ name: text(record, "name"), teamId: text(record, "team.id", "teamId") }),
    aliases: [
      byKey("by-id", idOf),
      { kind: "title", segment: "by-name" },
      byBucket("by-team", "raw", teamIdsOf),
    ],
  },
  write: {
    schema: LINEAR_LABEL,
    example: { name: "needs-triage" },
    create: ({ body }) =>
      mutate("issueLabelCreate", { input: ["IssueLabelCreateInput!", body] }, "issueLabel", LABEL_FIELDS),
    update: ({ id, body }) =>
      mutate(
        "issueLabelUpdate",
        { id: ["String!", id], input: ["IssueLabelUpdateInput!", omit(body, ["teamId"])] },
        "issueLabel",
        LABEL_FIELDS,
      ),
    delete: ({ id }) => mutate("issueLabelDelete", { id: ["String!", id] }),
    read: ({ id }) => readOne("issueLabel", LABEL_FIELDS, id),
  },
};

const projects: ResourceDefinition = {
  name: "projects",
  objectType: "project",
  about: "Projects with their leads, teams and dates",
  path: "/linear/projects",
  records: {
    models: ["Project", "LinearProject"],
    id: idOf,
    idPattern: UUID,
    title: (record) => text(record, "name"),
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    index: (record) => ({ state: text(record, "state") }),
    aliases: [
      byKey("by-id", idOf),
      { kind: "title", segment: "by-name" },
      byBucket("by-state", "state", (record) => text(record, "state", "status.name")),
      byBucket("by-team", "raw", teamIdsOf),
    ],
  },
  write: {
    schema: LINEAR_PROJECT,
    example: { name: "Release 2", teamIds: ["00000000-0000-4000-8000-000000000000"] },
    shape: (body) =>
      typeof body.teamId === "string" ? { ...omit(body, ["teamId"]), teamIds: [body.teamId] } : body,
    create: ({ body }) =>
      mutate("projectCreate", { input: ["ProjectCreateInput!", body] }, "project", PROJECT_FIELDS),
    update: ({ id, body }) =>
      body.archived === true
        ? mutate("projectArchive", { id: ["String!", id] })
        : mutate(
            "projectUpdate",
            { id: ["String!", id], input: ["ProjectUpdateInput!", omit(body, ["archived"])] },
            "project",
            PROJECT_FIELDS,
          ),
    read: ({ id }) => readOne("project", PROJECT_FIELDS, id),
  },
};

const addIssues: ResourceDefinition = {
  name: "project-add-issues",
  objectType: "project",
  about: "Action: write this file to put issues into a project",
  path: "/linear/projects/{projectId}/add-issues.json",
  parent: { param: "projectId", resource: "projects" },
  write: {
    schema: LINEAR_ADD_ISSUES,
    example: { issueIds: ["00000000-0000-4000-8000-000000000000"] },
    produces: null,
    refreshesParent: true,
    create: ({ params, body }) =>
      mutate("issueBatchUpdate", {
        ids: ["[UUID!]!", body.issueIds],
        input: ["IssueUpdateInput!", { projectId: params.projectId }],
      }),
  },
};

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

function webhook(payload: ProviderRecord): WebhookReading {
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

/** Linear. */
export const linear: ProviderDefinition = {
  id: "linear",
  title: "Linear",
  aliases: ["linear-relay", "linear-oauth"],
  about:
    "Issues are flat files named after their identifier (AGE-16) and id. Every record is a JSON envelope; the record itself is under payload. by-id is keyed by the identifier for issues and by the id elsewhere.",
  resources: [
    lookup("teams", "team", "Team", "Teams", "name"),
    lookup("users", "user", "User", "People of the workspace", "displayName"),
    lookup("states", "state", "WorkflowState", "Workflow states of the teams", "name"),
    lookup("cycles", "cycle", "Cycle", "Cycles of the teams", "name"),
    labels,
    projects,
    issues,
    comments,
    issueComments,
    addIssues,
  ],
  queries: [
    "cat /linear/issues/by-id/AGE-16.json",
    "ls /linear/issues/by-state/in-progress",
    "jq -r '.[] | select(.state == \"Todo\") | .canonicalPath' /linear/issues/_index.json",
    "cat /linear/teams/_index.json",
  ],
  headers: {},
  deliveryHeader: "linear-delivery",
  webhook,
};
