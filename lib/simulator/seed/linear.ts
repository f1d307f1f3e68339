/**
 * A small Linear workspace, invented by us in the shape of Linear's public GraphQL schema: two teams, their people,
 * states, cycles, labels, projects, and issues of every kind that has broken a tree before.
 */

/** A record as Linear's API gives it. */
export type LinearRecord = Record<string, unknown> & { id: string };

/** A stable id: kind and number are readable in it. */
export function linearId(kind: number, n: number): string {
  return `${kind.toString(16).padStart(8, "0")}-7a11-4c3e-9b00-${n.toString(16).padStart(12, "0")}`;
}

const KIND = {
  team: 0x1a,
  user: 0x2b,
  state: 0x3c,
  cycle: 0x4d,
  label: 0x5e,
  project: 0x6f,
  issue: 0x7a,
  comment: 0x8b,
};
const day = (n: number, hour = 9) => new Date(Date.UTC(2026, 3, 1 + n, hour, 15, 30)).toISOString();
const site = "https://linear.app/harbor";

/** People. */
export const USERS: readonly LinearRecord[] = [
  ["Ana Oliveira", "ana"],
  ["Björn Ångström", "bjorn"],
  ["Chidi Okafor", "chidi"],
  ["Dilnoza Karimova", "dilnoza"],
  ["李 明", "liming"],
  ["Release Robot", "robot"],
].map(([name = "", login = ""], n) => ({
  id: linearId(KIND.user, n + 1),
  name,
  displayName: login,
  email: `${login}@harbor.example`,
  active: n !== 3,
  admin: n === 0,
  guest: false,
  app: n === 5,
  avatarUrl: null,
  timezone: [
    "America/Sao_Paulo",
    "Europe/Stockholm",
    "Africa/Lagos",
    "Asia/Tashkent",
    "Asia/Shanghai",
    "UTC",
  ][n],
  url: `${site}/profiles/${login}`,
  statusEmoji: null,
  description: null,
  createdAt: day(-200 + n),
  updatedAt: day(n),
  archivedAt: null,
}));

/** Teams. */
export const TEAMS: readonly LinearRecord[] = [
  ["AGE", "Agents", "Runs the agents"],
  ["OPS", "Operations", null],
].map(([key, name, description], n) => ({
  id: linearId(KIND.team, n + 1),
  key,
  name,
  description,
  icon: n === 0 ? "Robot" : null,
  color: n === 0 ? "#5e6ad2" : "#26b5ce",
  private: false,
  timezone: "Europe/Stockholm",
  cyclesEnabled: n === 0,
  cycleDuration: 2,
  issueEstimationType: "fibonacci",
  createdAt: day(-220),
  updatedAt: day(1 + n),
  archivedAt: null,
}));

const STATE_NAMES = [
  ["Triage", "triage", "#fc7840"],
  ["Backlog", "backlog", "#bec2c8"],
  ["Todo", "unstarted", "#e2e2e2"],
  ["In Progress", "started", "#f2c94c"],
  ["In Review", "started", "#0f783c"],
  ["Done", "completed", "#5e6ad2"],
  ["Canceled", "canceled", "#95a2b3"],
  ["Won't-do", "canceled", "#95a2b3"],
] as const;

/** Workflow states, eight per team. */
export const STATES: readonly LinearRecord[] = TEAMS.flatMap((team, t) =>
  STATE_NAMES.map(([name, type, color], n) => ({
    id: linearId(KIND.state, t * 16 + n + 1),
    name,
    type,
    color,
    position: n,
    description: null,
    team: teamRef(team),
    createdAt: day(-220),
    updatedAt: day(-100),
    archivedAt: null,
  })),
);

/** Cycles of the first team. */
export const CYCLES: readonly LinearRecord[] = [1, 2, 3].map((number) => ({
  id: linearId(KIND.cycle, number),
  number,
  name: number === 2 ? "Stabilise" : null,
  description: null,
  startsAt: day((number - 1) * 14),
  endsAt: day(number * 14),
  completedAt: number === 1 ? day(14) : null,
  progress: [1, 0.45, 0][number - 1],
  team: teamRef(TEAMS[0] as LinearRecord),
  createdAt: day(-30),
  updatedAt: day(number * 7),
  archivedAt: null,
}));

/** Labels; two share a name in different teams, one belongs to the whole workspace. */
export const LABELS: readonly LinearRecord[] = [
  ["bug", "#eb5757", null],
  ["feature", "#bb87fc", null],
  ["incident", "#f2994a", 1],
  ["customer", "#4ea7fc", null],
  ["flaky", "#f2c94c", 0],
  ["flaky", "#f2c94c", 1],
  ["área: búsqueda", "#26b5ce", 0],
  ["needs-info", "#95a2b3", null],
].map(([name, color, team], n) => ({
  id: linearId(KIND.label, n + 1),
  name,
  description: n === 0 ? "Something is broken" : null,
  color,
  isGroup: false,
  parent: null,
  team: typeof team === "number" ? teamRef(TEAMS[team] as LinearRecord) : null,
  createdAt: day(-180),
  updatedAt: day(n),
  archivedAt: null,
}));

/** Projects. */
export const PROJECTS: readonly LinearRecord[] = [
  ["Mount daemon", "started", 0],
  ["Onboarding", "planned", 0],
  ["Cost of search", "paused", 1],
  ["Q1 reliability", "completed", 1],
  ["Onboarding", "canceled", 1],
].map(([name, state, team], n) => ({
  id: linearId(KIND.project, n + 1),
  name,
  description: n === 0 ? "Mirror a workspace to a directory" : "",
  content: n === 0 ? "## Goal\n\nA save is never lost." : null,
  slugId: `b${n}c4d1e7f20a`,
  icon: null,
  color: "#5e6ad2",
  state,
  priority: n % 5,
  sortOrder: n * -1024.5,
  progress: [0.4, 0, 0.1, 1, 0.05][n],
  scope: 34 - n,
  url: `${site}/project/p-${n}`,
  lead: n === 1 ? null : personRef(USERS[n % 3] as LinearRecord),
  creator: personRef(USERS[0] as LinearRecord),
  teams: { nodes: [teamRef(TEAMS[Number(team)] as LinearRecord)] },
  startDate: "2026-03-02",
  targetDate: n === 2 ? null : "2026-07-31",
  startedAt: state === "planned" ? null : day(-20),
  completedAt: state === "completed" ? day(20) : null,
  canceledAt: state === "canceled" ? day(22) : null,
  createdAt: day(-60),
  updatedAt: day(10 + n),
  archivedAt: null,
}));

function teamRef(team: LinearRecord) {
  return { id: team.id, key: team.key, name: team.name };
}

function personRef(user: LinearRecord) {
  return { id: user.id, name: user.name, displayName: user.displayName, email: user.email };
}

/** What tells one issue from another. Indexes are into the lists above; null means none. */
export interface IssueSpec {
  readonly number: number;
  readonly title: string;
  readonly description?: string | null;
  readonly team: number;
  readonly state: number;
  readonly project: number | null;
  readonly assignee: number | null;
  readonly priority: number;
  readonly labels?: readonly number[];
  readonly estimate?: number | null;
  readonly parent?: number;
  readonly archived?: true;
  readonly updatedAt?: string;
}

const LONG_TITLE =
  "When a workspace holds more than one hundred thousand records the first listing of the tree should not take longer than a minute on a laptop";

const TITLES: readonly string[] = [
  "Watcher misses files in new directories",
  "Retry-After of zero is treated as never",
  "Show the revision in conflicts",
  "Show the revision in conflicts",
  "🚢🚢🚢",
  LONG_TITLE,
  "Rename `foo__bar` without losing history",
  "Paths like a/b\\c must not become directories",
  "Ärger mit Umlauten: Größe, Straße, naïve café",
  "搜索结果重复",
  "إعادة المحاولة بعد انقطاع الشبكة",
  "Deleting a label leaves its alias behind",
  "Digest counts alias files",
  "Token refresh races with join",
  "Empty index after a partial sync",
  "Document the receipt format",
  "Bulk write reports too few errors",
  "Cursor expires during a long pause",
  "Sockets stay open after unmount",
  "Clock skew breaks webhook signatures",
  "Dead letters should name the provider's field",
  "Measure time to first file",
  "Search by state ignores case",
  "by-title of an empty title",
  "",
  "Handle 429 while paging projects",
  "Snooze wakes an hour late after the clock change",
  "Export keeps file times",
  "Mount on a full disk",
  "Close the yesterday digest only once",
  "Explain every exit code",
  "Percent signs in names: 100% done",
  "Archive finished projects",
  "Two daemons on one directory",
  "Zero-width​space and a trailing dot.",
  "Triage: is this still relevant?",
];

/** The 36 issues of the seed; all but the last are in a project. */
export const ISSUE_SPECS: readonly IssueSpec[] = TITLES.map((title, n) => ({
  number: n + 1,
  title,
  description:
    n % 7 === 3
      ? null
      : n % 7 === 5
        ? ""
        : `Seen in week ${(n % 5) + 1}.\n\n- what happened\n- what should have happened`,
  team: n % 3 === 2 ? 1 : 0,
  state: n === 35 ? 0 : n % STATE_NAMES.length,
  project: n === 35 ? null : n % PROJECTS.length,
  assignee: n % 4 === 1 ? null : n % 5,
  priority: n % 5,
  labels: n % 3 === 0 ? [0] : n % 3 === 1 ? [1, 3] : [],
  estimate: n % 2 === 0 ? [1, 2, 3, 5, 8][n % 5] : null,
  ...(n === 11 ? { parent: 1 } : {}),
  ...(n === 32 ? { archived: true as const } : {}),
}));

/** An issue in full: the 66 fields that a sync delivers. */
export function linearIssue(spec: IssueSpec): LinearRecord {
  const team = TEAMS[spec.team] as LinearRecord;
  const state = STATES[spec.team * STATE_NAMES.length + spec.state] as LinearRecord;
  const project = spec.project === null ? null : (PROJECTS[spec.project] as LinearRecord);
  const assignee = spec.assignee === null ? null : personRef(USERS[spec.assignee] as LinearRecord);
  const labels = (spec.labels ?? []).map((n) => LABELS[n] as LinearRecord);
  const cycle = spec.team === 0 && spec.number % 2 === 0 ? (CYCLES[spec.number % 3] as LinearRecord) : null;
  const identifier = `${team.key}-${spec.number}`;
  const created = day(spec.number % 28, 8);
  const updated = spec.updatedAt ?? day((spec.number % 28) + 1, 10 + (spec.number % 8));
  const started = state.type === "started" || state.type === "completed" ? updated : null;
  return {
    id: linearId(KIND.issue, spec.number),
    identifier,
    number: spec.number,
    title: spec.title,
    description: spec.description ?? null,
    descriptionState: null,
    priority: spec.priority,
    priorityLabel: ["No priority", "Urgent", "High", "Medium", "Low"][spec.priority],
    prioritySortOrder: -100.25 * spec.priority,
    estimate: spec.estimate ?? null,
    sortOrder: -1000 - spec.number * 12.5,
    subIssueSortOrder: spec.parent === undefined ? null : 1.5,
    boardOrder: 0,
    url: `${site}/issue/${identifier}`,
    branchName: `harbor/${identifier.toLowerCase()}`,
    createdAt: created,
    updatedAt: updated,
    archivedAt: spec.archived === true ? day(40) : null,
    startedAt: started,
    completedAt: state.type === "completed" ? updated : null,
    canceledAt: state.type === "canceled" ? updated : null,
    startedTriageAt: state.type === "triage" ? created : null,
    triagedAt: null,
    autoClosedAt: null,
    autoArchivedAt: null,
    addedToCycleAt: cycle === null ? null : created,
    addedToProjectAt: project === null ? null : created,
    addedToTeamAt: created,
    snoozedUntilAt: null,
    snoozedBy: null,
    slaStartedAt: null,
    slaMediumRiskAt: null,
    slaHighRiskAt: null,
    slaBreachesAt: null,
    slaType: null,
    dueDate: spec.number % 6 === 0 ? "2026-06-30" : null,
    trashed: null,
    labelIds: labels.map((label) => label.id),
    labels: { nodes: labels.map(({ id, name, color }) => ({ id, name, color })) },
    previousIdentifiers: spec.number === 7 ? ["OLD-7"] : [],
    customerTicketCount: spec.number % 4,
    integrationSourceType: spec.number % 9 === 0 ? "slack" : null,
    reactionData: [],
    reactions: [],
    suggestionsGeneratedAt: null,
    activitySummary: null,
    state: { id: state.id, name: state.name, type: state.type, color: state.color, position: state.position },
    team: teamRef(team),
    project: project === null ? null : { id: project.id, name: project.name },
    projectMilestone: null,
    cycle: cycle === null ? null : { id: cycle.id, number: cycle.number, name: cycle.name },
    assignee,
    delegate: null,
    creator: personRef(USERS[spec.number % USERS.length] as LinearRecord),
    externalUserCreator: null,
    botActor: null,
    parent: spec.parent === undefined ? null : parentRef(spec.parent),
    children: { nodes: [] },
    subscribers: { nodes: assignee === null ? [] : [{ id: assignee.id }] },
    attachments: { nodes: [] },
    relations: { nodes: [] },
    favorite: null,
    sourceComment: null,
    lastAppliedTemplate: null,
    recurringIssueTemplate: null,
    sharedAccess: { isShared: false, viewerHasOnlySharedAccess: false, sharedWithCount: 0 },
  };
}

function parentRef(number: number) {
  const spec = ISSUE_SPECS[number - 1] as IssueSpec;
  return {
    id: linearId(KIND.issue, number),
    identifier: `${TEAMS[spec.team]?.key}-${number}`,
    title: spec.title,
  };
}

/** Issues. */
export const ISSUES: readonly LinearRecord[] = ISSUE_SPECS.map(linearIssue);

/** Comments, one of them an answer to another. */
export const COMMENTS: readonly LinearRecord[] = [
  [1, "Happens on every second start."],
  [1, "Fixed by looking at the disk again after an error."],
  [5, "🚀"],
  [9, "Tested with `Größe.json`.\n\nStill wrong on macOS."],
  [13, ""],
  [20, "Which clock? The server's or ours?"],
].map(([issue, body], n) => {
  const parent = ISSUES[Number(issue) - 1] as LinearRecord;
  const id = linearId(KIND.comment, n + 1);
  return {
    id,
    body,
    url: `${parent.url}#comment-${id.slice(-8)}`,
    issue: { id: parent.id, identifier: parent.identifier, title: parent.title },
    user: personRef(USERS[n % 5] as LinearRecord),
    parent: n === 1 ? { id: linearId(KIND.comment, 1) } : null,
    reactionData: [],
    createdAt: day(30 + n),
    updatedAt: day(30 + n, 11),
    editedAt: n === 3 ? day(33, 12) : null,
    archivedAt: null,
  };
});
