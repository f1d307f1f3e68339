/** Linear: issues, comments, labels, projects, teams and what they refer to. Writes are GraphQL mutations. */

import { idOf, lookup, mutate, readOne, teamIdsOf, UUID, updatedOf } from "./_linear.ts";
import { byBucket, byEdited, byKey, child, isRecord, omit, text } from "./_read.ts";
import type { ProviderDefinition, ProviderRecord, ResourceDefinition } from "./definition.ts";
import { LINEAR_ADD_ISSUES_FILE, LINEAR_PROJECTS } from "./linear-projects.ts";
import { readLinearWebhook } from "./linear-webhook.ts";
import {
  COMMENT_FIELDS,
  ISSUE_FIELDS,
  LABEL_FIELDS,
  LINEAR_COMMENT,
  LINEAR_ISSUE,
  LINEAR_LABEL,
} from "./schemas/linear.ts";

const PRIORITIES = ["no-priority", "urgent", "high", "medium", "low"];

const stateOf = (record: ProviderRecord) => text(record, "state.name", "state_name", "stateName");
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
    LINEAR_PROJECTS,
    issues,
    comments,
    issueComments,
    LINEAR_ADD_ISSUES_FILE,
  ],
  queries: [
    "cat /linear/issues/by-id/AGE-16.json",
    "ls /linear/issues/by-state/in-progress",
    "jq -r '.[] | select(.state == \"Todo\") | .canonicalPath' /linear/issues/_index.json",
    "cat /linear/teams/_index.json",
  ],
  // Personal keys go without a scheme, OAuth tokens with one.
  api: {
    url: "https://api.linear.app",
    authorization: (token) => (token.startsWith("lin_api_") ? token : `Bearer ${token}`),
  },
  headers: {},
  deliveryHeader: "linear-delivery",
  webhook: readLinearWebhook,
};
