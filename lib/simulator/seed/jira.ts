/**
 * A small Jira Cloud site, invented by us in the shape of the public REST API v3: two projects, sprints, and issues
 * with the fields that a real site returns, custom ones included.
 */

/** A record as Jira's API gives it. */
export type JiraRecord = Record<string, unknown> & { id: string };

/** Address of the site in `self` links. */
export const JIRA_SITE = "https://harbor.atlassian.net";

const self = (kind: string, id: string | number) => `${JIRA_SITE}/rest/api/3/${kind}/${id}`;
const at = (n: number, hour = 9) =>
  new Date(Date.UTC(2026, 3, 1 + n, hour, 20, 11, 345)).toISOString().replace("Z", "+0000");

/** A person as Jira shows one. */
export function jiraUser(n: number) {
  const names = ["Ana Oliveira", "Björn Ångström", "Chidi Okafor", "Dilnoza Karimova", "李 明"];
  const accountId = `5b10a2844c20165700ede2${n}g`;
  return {
    self: `${JIRA_SITE}/rest/api/3/user?accountId=${accountId}`,
    accountId,
    accountType: "atlassian",
    avatarUrls: { "48x48": `https://avatar.example/${n}/48`, "24x24": `https://avatar.example/${n}/24` },
    displayName: names[n] ?? `Person ${n}`,
    active: true,
    timeZone: "Europe/Stockholm",
  };
}

/** Plain text as an Atlassian document. */
export function jiraDocument(text: string) {
  return { type: "doc", version: 1, content: [{ type: "paragraph", content: [{ type: "text", text }] }] };
}

/** Projects: the twelve properties of a project in search results. */
export const JIRA_PROJECTS: readonly JiraRecord[] = [
  ["10000", "KAN", "Harbor Kanban", "software"],
  ["10001", "OPS", "Opérations", "business"],
].map(([id = "", key = "", name = "", projectTypeKey = ""]) => ({
  expand: "description,lead,issueTypes,url,projectKeys,permissions,insight",
  self: self("project", id),
  id,
  key,
  name,
  avatarUrls: { "48x48": `${JIRA_SITE}/rest/api/3/universal_avatar/view/type/project/avatar/${id}` },
  projectCategory:
    key === "OPS"
      ? { self: self("projectCategory", 10000), id: "10000", name: "Internal", description: "" }
      : null,
  projectTypeKey,
  simplified: true,
  style: "next-gen",
  isPrivate: false,
  properties: {},
}));

/** Sprints of board 1. */
export const JIRA_SPRINTS: readonly JiraRecord[] = [
  [1, "KAN Sprint 1", "closed", "Mount without loss"],
  [2, "KAN Sprint 2", "active", ""],
  [3, "KAN Sprint 3", "future", null],
].map(([id, name, state, goal]) => ({
  id: String(id),
  self: `${JIRA_SITE}/rest/agile/1.0/sprint/${id}`,
  state,
  name,
  startDate: state === "future" ? null : `2026-04-${String(Number(id) * 10).padStart(2, "0")}T08:00:00.000Z`,
  endDate: state === "future" ? null : `2026-05-${String(Number(id) * 10).padStart(2, "0")}T08:00:00.000Z`,
  completeDate: state === "closed" ? "2026-05-10T08:30:00.000Z" : null,
  createdDate: `2026-04-0${id}T07:00:00.000Z`,
  originBoardId: 1,
  goal,
}));

/** Statuses with their category. */
export const JIRA_STATUSES = [
  { id: "10000", name: "To Do", category: "new", color: "blue-gray" },
  { id: "10001", name: "In Progress", category: "indeterminate", color: "yellow" },
  { id: "10002", name: "In Review", category: "indeterminate", color: "yellow" },
  { id: "10003", name: "Done", category: "done", color: "green" },
] as const;

/** Issue types. */
export const JIRA_TYPES = [
  { id: "10001", name: "Task" },
  { id: "10002", name: "Bug" },
  { id: "10003", name: "Epic" },
  { id: "10004", name: "Sub-task" },
] as const;

/** Priorities. */
export const JIRA_PRIORITIES = ["Highest", "High", "Medium", "Low", "Lowest"] as const;

function statusOf(n: number) {
  const status = JIRA_STATUSES[n] ?? JIRA_STATUSES[0];
  return {
    self: self("status", status.id),
    description: "",
    iconUrl: `${JIRA_SITE}/images/icons/statuses/generic.png`,
    name: status.name,
    id: status.id,
    statusCategory: statusCategoryOf(n),
  };
}

function statusCategoryOf(n: number) {
  const status = JIRA_STATUSES[n] ?? JIRA_STATUSES[0];
  const id = { new: 2, indeterminate: 4, done: 3 }[status.category];
  const name = { new: "To Do", indeterminate: "In Progress", done: "Done" }[status.category];
  return { self: self("statuscategory", id), id, key: status.category, colorName: status.color, name };
}

/** What tells one issue from another. */
export interface JiraIssueSpec {
  readonly id: string;
  readonly number: number;
  readonly summary: string;
  readonly project: number;
  readonly status: number;
  readonly type: number;
  readonly priority: number | null;
  readonly assignee: number | null;
  readonly labels?: readonly string[];
  readonly description?: unknown;
  readonly sprint?: number | null;
  readonly parent?: { readonly id: string; readonly key: string } | null;
  readonly duedate?: string | null;
  readonly created?: string;
  readonly updated?: string;
}

const SUMMARIES: readonly string[] = [
  "Board shows cards twice",
  "Add a column for review",
  "Export to CSV loses umlauts: Größe",
  "Login page in dark mode",
  "Login page in dark mode",
  "🔥🔥",
  "A summary that goes on and on because somebody pasted the whole first paragraph of an email into the field that was meant for one short line of text",
  "Rename foo__bar everywhere",
  "Paths like a/b must stay flat",
  "搜索不区分大小写",
  "Notify the on-call person once",
  "Estimate is shown as 0.5 hours",
  "Remove the old importer",
  "Sprint report counts removed cards",
  "Cannot delete a comment",
  "Time tracking rounds down",
  "Watchers get two mails",
  "Sort by rank is slow",
  "Dashboards load after 10 s",
  "Permission scheme for guests",
  "Sub-tasks lose their parent when moved",
  "Labels with a trailing space",
  "Link issues across projects",
  "Custom field for the release train",
  "Attachment names in Cyrillic: отчёт",
  "Webhook arrives before the commit",
  "Use one clock for SLAs",
  "Quarterly clean-up",
  "Decide what Done means",
  "Broken link in the welcome mail",
  "Backlog grows without limit",
  "Keyboard shortcut for assign to me",
  "Zero results look like an error",
  "Draft: measure twice",
];

/** The 34 issues of the seed. */
export const JIRA_ISSUE_SPECS: readonly JiraIssueSpec[] = SUMMARIES.map((summary, n) => ({
  id: String(10_000 + n),
  number: n + 1,
  summary,
  project: n % 4 === 3 ? 1 : 0,
  status: n % JIRA_STATUSES.length,
  type: n === 20 ? 3 : n % 11 === 4 ? 2 : n % 2,
  priority: n % 6 === 5 ? null : n % 5,
  assignee: n % 3 === 1 ? null : n % 5,
  labels: n % 4 === 0 ? ["mobile", "regression"] : [],
  description:
    n % 5 === 2 ? null : jiraDocument(`What happens, what should happen, and how often. Case ${n + 1}.`),
  sprint: n % 3 === 0 ? n % JIRA_SPRINTS.length : null,
  parent: n === 20 ? { id: "10000", key: "KAN-1" } : null,
  duedate: n % 7 === 0 ? "2026-06-30" : null,
}));

/** An issue in full. */
export function jiraIssue(spec: JiraIssueSpec): JiraRecord {
  const project = JIRA_PROJECTS[spec.project] as JiraRecord;
  const key = `${project.key}-${spec.number}`;
  const type = JIRA_TYPES[spec.type] ?? JIRA_TYPES[0];
  const priority = spec.priority === null ? null : (JIRA_PRIORITIES[spec.priority] ?? "Medium");
  const done = JIRA_STATUSES[spec.status]?.category === "done";
  const created = spec.created ?? at(spec.number % 28, 8);
  const updated = spec.updated ?? at((spec.number % 28) + 1, 9 + (spec.number % 9));
  const sprint =
    spec.sprint === null || spec.sprint === undefined ? null : (JIRA_SPRINTS[spec.sprint] ?? null);
  return {
    expand: "operations,versionedRepresentations,editmeta,changelog,renderedFields",
    id: spec.id,
    self: self("issue", spec.id),
    key,
    fields: {
      summary: spec.summary,
      description: spec.description ?? null,
      environment: null,
      issuetype: {
        self: self("issuetype", type.id),
        id: type.id,
        description: "",
        iconUrl: `${JIRA_SITE}/rest/api/2/universal_avatar/view/type/issuetype/avatar/${type.id}`,
        name: type.name,
        subtask: type.name === "Sub-task",
        avatarId: 10_318,
        hierarchyLevel: type.name === "Epic" ? 1 : type.name === "Sub-task" ? -1 : 0,
      },
      project: {
        self: project.self,
        id: project.id,
        key: project.key,
        name: project.name,
        projectTypeKey: project.projectTypeKey,
        simplified: true,
        avatarUrls: project.avatarUrls,
      },
      status: statusOf(spec.status),
      statusCategory: statusCategoryOf(spec.status),
      statuscategorychangedate: updated,
      priority:
        priority === null
          ? null
          : {
              self: self("priority", (spec.priority ?? 0) + 1),
              iconUrl: `${JIRA_SITE}/images/icons/priorities/${priority.toLowerCase()}.svg`,
              name: priority,
              id: String((spec.priority ?? 0) + 1),
            },
      assignee: spec.assignee === null ? null : jiraUser(spec.assignee),
      reporter: jiraUser(spec.number % 5),
      creator: jiraUser(spec.number % 5),
      labels: [...(spec.labels ?? [])],
      components: [],
      fixVersions: [],
      versions: [],
      issuelinks: [],
      subtasks: [],
      parent: spec.parent ?? null,
      resolution: done
        ? {
            self: self("resolution", 10000),
            id: "10000",
            description: "Work has been completed.",
            name: "Done",
          }
        : null,
      resolutiondate: done ? updated : null,
      created,
      updated,
      duedate: spec.duedate ?? null,
      lastViewed: null,
      workratio: -1,
      timespent: null,
      timeestimate: null,
      timeoriginalestimate: spec.number % 6 === 0 ? 14_400 : null,
      aggregatetimespent: null,
      aggregatetimeestimate: null,
      aggregatetimeoriginalestimate: spec.number % 6 === 0 ? 14_400 : null,
      timetracking: spec.number % 6 === 0 ? { originalEstimate: "4h", originalEstimateSeconds: 14_400 } : {},
      progress: { progress: 0, total: 0 },
      aggregateprogress: { progress: 0, total: 0 },
      watches: { self: self("issue", `${key}/watchers`), watchCount: spec.number % 4, isWatching: false },
      votes: { self: self("issue", `${key}/votes`), votes: 0, hasVoted: false },
      worklog: { startAt: 0, maxResults: 20, total: 0, worklogs: [] },
      attachment: [],
      security: null,
      issuerestriction: { issuerestrictions: {}, shouldDisplay: true },
      customfield_10000: "{}",
      customfield_10015: null,
      customfield_10016: spec.number % 3 === 0 ? 3 : null,
      customfield_10019: `0|i0000${spec.number.toString(36).padStart(2, "0")}:`,
      customfield_10020:
        sprint === null
          ? null
          : [{ id: Number(sprint.id), name: sprint.name, state: sprint.state, boardId: 1 }],
      customfield_10021: null,
    },
  };
}

/** Issues. */
export const JIRA_ISSUES: readonly JiraRecord[] = JIRA_ISSUE_SPECS.map(jiraIssue);

/** A comment in full; `issueId` as a sync delivers it. */
export function jiraComment(spec: {
  id: string;
  issueId: string;
  body: unknown;
  author: number;
  at: string;
}): JiraRecord {
  return {
    self: self("issue", `${spec.issueId}/comment/${spec.id}`),
    id: spec.id,
    issueId: spec.issueId,
    author: jiraUser(spec.author),
    updateAuthor: jiraUser(spec.author),
    body: spec.body,
    created: spec.at,
    updated: spec.at,
    jsdPublic: true,
  };
}

/** Comments. */
export const JIRA_COMMENTS: readonly JiraRecord[] = [
  ["10000", "Seen again today."],
  ["10000", "Only on boards with swimlanes."],
  ["10005", "🔥"],
  ["10009", "也会影响标签"],
  ["10020", "Waiting for the move to finish."],
].map(([issueId = "", text = ""], n) =>
  jiraComment({ id: String(10_100 + n), issueId, body: jiraDocument(text), author: n, at: at(20 + n) }),
);
