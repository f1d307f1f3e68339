/** Write documents of Linear, and the fields read back after a write (Linear's public GraphQL schema). */
import type { WriteSchema } from "../definition.ts";

const id = { type: "string", format: "uuid" };
const ids = { type: "array", items: id };
const nullableId = { type: ["string", "null"], format: "uuid" };

/** Issues: create needs a title and a team; everything else is optional. */
export const LINEAR_ISSUE: WriteSchema = {
  properties: {
    title: { type: "string", minLength: 1, description: "Title of the issue." },
    description: { type: ["string", "null"], description: "Body, Markdown." },
    descriptionData: { type: ["object", "string", "null"], description: "Body as a rich text document." },
    priority: {
      type: "integer",
      enum: [0, 1, 2, 3, 4],
      description: "0 none, 1 urgent, 2 high, 3 medium, 4 low.",
    },
    teamId: { ...id, description: "Team that owns the issue; only when creating." },
    team: { type: ["string", "object"], description: "Team key, name or {id}, instead of teamId." },
    assigneeId: { ...nullableId, description: "User in charge; null clears." },
    stateId: { ...id, description: "Workflow state; see /linear/states." },
    projectId: nullableId,
    cycleId: nullableId,
    labelIds: { ...ids, description: "All labels; not together with addedLabelIds or removedLabelIds." },
    labels: { type: "array", items: { type: "string" }, description: "Label names, instead of labelIds." },
    addedLabelIds: ids,
    removedLabelIds: ids,
    dueDate: { type: ["string", "null"], format: "date" },
    estimate: { type: ["integer", "null"], minimum: 0 },
    parentId: nullableId,
    subscriberIds: ids,
    sortOrder: { type: "number" },
  },
  required: ["title"],
  anyOf: [{ required: ["teamId"] }, { required: ["team"] }],
};

/** Comments. */
export const LINEAR_COMMENT: WriteSchema = {
  properties: {
    body: { type: "string", minLength: 1, description: "Text, Markdown." },
    parentId: { ...id, description: "Comment this one answers." },
    doNotSubscribeToIssue: { type: "boolean" },
  },
  required: ["body"],
};

/** Labels of issues. */
export const LINEAR_LABEL: WriteSchema = {
  properties: {
    name: { type: "string", minLength: 1 },
    description: { type: ["string", "null"] },
    color: { type: "string", description: "Hex colour, #rrggbb." },
    parentId: nullableId,
    teamId: {
      ...nullableId,
      description: "Team of the label; absent for a workspace label. Only when creating.",
    },
  },
  required: ["name"],
};

/** Projects. */
export const LINEAR_PROJECT: WriteSchema = {
  properties: {
    name: { type: "string", minLength: 1 },
    teamId: { ...id, description: "The only team; instead of teamIds." },
    teamIds: { ...ids, minItems: 1 },
    description: { type: ["string", "null"], description: "Short summary, at most 255 characters." },
    content: { type: ["string", "null"], description: "Body, Markdown." },
    state: { type: "string", enum: ["planned", "started", "paused", "completed", "canceled"] },
    color: { type: "string" },
    icon: { type: ["string", "null"] },
    leadId: nullableId,
    memberIds: ids,
    priority: { type: "integer", enum: [0, 1, 2, 3, 4] },
    startDate: { type: ["string", "null"], format: "date" },
    targetDate: { type: ["string", "null"], format: "date" },
    sortOrder: { type: "number" },
    archived: { type: "boolean", description: "true, alone, archives the project." },
  },
  required: ["name"],
  anyOf: [{ required: ["teamId"] }, { required: ["teamIds"] }],
};

/** Adds issues to a project. */
export const LINEAR_ADD_ISSUES: WriteSchema = {
  properties: { issueIds: { ...ids, minItems: 1, uniqueItems: true, description: "Issues to add." } },
  required: ["issueIds"],
};

const PERSON = "{ id name displayName email }";

/** Selection that reads an issue as it is stored. */
export const ISSUE_FIELDS = `id identifier number title description priority priorityLabel estimate sortOrder
  subIssueSortOrder branchName url dueDate createdAt updatedAt startedAt completedAt canceledAt archivedAt
  autoClosedAt autoArchivedAt snoozedUntilAt trashed labelIds previousIdentifiers customerTicketCount
  state { id name type color position } team { id key name } project { id name } cycle { id number name }
  assignee ${PERSON} creator ${PERSON} parent { id identifier title } labels { nodes { id name color } }`;

/** Selection that reads a comment. */
export const COMMENT_FIELDS = `id body url createdAt updatedAt editedAt archivedAt issue { id identifier title }
  user ${PERSON} parent { id }`;

/** Selection that reads a label. */
export const LABEL_FIELDS =
  "id name description color isGroup createdAt updatedAt archivedAt team { id key name } parent { id name }";

/** Selection that reads a project. */
export const PROJECT_FIELDS = `id name description content slugId icon color state priority sortOrder progress scope
  url startDate targetDate createdAt updatedAt startedAt completedAt canceledAt archivedAt lead ${PERSON}
  creator ${PERSON} teams { nodes { id key name } }`;
