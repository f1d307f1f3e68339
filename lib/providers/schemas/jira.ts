/** Write documents of Jira Cloud (REST v3 and the agile API). */
import type { WriteSchema } from "../definition.ts";

const reference = (description: string) => ({ type: ["object", "null"], description });
const document = {
  type: ["string", "object", "null"],
  description: "Plain text, or a document in Atlassian Document Format.",
};

/** Fields of an issue that may be written. */
export const JIRA_ISSUE_FIELDS = {
  project: reference("{id} or {key}; only when creating."),
  summary: { type: "string", minLength: 1, description: "One line." },
  issuetype: reference("{id} or {name}."),
  description: document,
  assignee: reference("{accountId}; null clears."),
  reporter: reference("{accountId}."),
  priority: reference("{id} or {name}."),
  labels: { type: "array", items: { type: "string" }, description: "Labels; without spaces." },
  components: { type: "array", items: { type: "object" } },
  fixVersions: { type: "array", items: { type: "object" } },
  versions: { type: "array", items: { type: "object" } },
  duedate: { type: ["string", "null"], format: "date" },
  environment: document,
  parent: reference("{id} or {key}."),
} as const;

/** Issues. */
export const JIRA_ISSUE: WriteSchema = {
  properties: {
    fields: {
      type: "object",
      description: "Fields of the issue.",
      additionalProperties: false,
      properties: JIRA_ISSUE_FIELDS,
    },
  },
  required: ["fields"],
};

/** Comments. */
export const JIRA_COMMENT: WriteSchema = {
  properties: {
    body: {
      type: ["string", "object"],
      description: "Plain text, or a document in Atlassian Document Format.",
    },
    visibility: { type: ["object", "null"], description: "{type, value} to restrict who sees it." },
  },
  required: ["body"],
};

/** Moves an issue through its workflow. */
export const JIRA_TRANSITION: WriteSchema = {
  properties: {
    transition: {
      type: "object",
      description: "{id} of the transition.",
      properties: { id: { type: "string" } },
      required: ["id"],
    },
    fields: { type: "object", description: "Fields the transition's screen asks for." },
  },
  required: ["transition"],
};

/** Projects. */
export const JIRA_PROJECT: WriteSchema = {
  properties: {
    key: { type: "string", minLength: 2, description: "Upper-case key, for example KAN." },
    name: { type: "string", minLength: 1 },
    projectTypeKey: { type: "string", enum: ["software", "service_desk", "business"] },
    leadAccountId: { type: "string" },
    description: { type: ["string", "null"] },
    projectTemplateKey: { type: "string" },
    assigneeType: { type: "string", enum: ["PROJECT_LEAD", "UNASSIGNED"] },
  },
  required: ["key", "name", "projectTypeKey", "leadAccountId"],
};

/** Sprints. */
export const JIRA_SPRINT: WriteSchema = {
  properties: {
    name: { type: "string", minLength: 1 },
    goal: { type: "string" },
    state: { type: "string", enum: ["future", "active", "closed"] },
    startDate: { type: "string" },
    endDate: { type: "string" },
  },
  required: [],
};
