/** Linear's GraphQL API as far as writebacks use it: one root field per request, judged by `success`. */
import {
  COMMENTS,
  CYCLES,
  ISSUE_SPECS,
  ISSUES,
  LABELS,
  type LinearRecord,
  linearIssue,
  PROJECTS,
  STATES,
  TEAMS,
  USERS,
} from "./seed/linear.ts";
import {
  byId,
  nowOf,
  objectOf,
  overTables,
  type SimulatedAnswer,
  type SimulatedProvider,
  type SimulatedRecord,
  type SimulatedRequest,
  type SimulatorWorld,
} from "./simulator.ts";

type Table = Map<string, LinearRecord>;

interface State {
  readonly world: SimulatorWorld;
  readonly issues: Table;
  readonly comments: Table;
  readonly labels: Table;
  readonly projects: Table;
  readonly teams: Table;
  readonly users: Table;
  readonly states: Table;
  readonly cycles: Table;
}

/** A request that Linear refuses; `message` is what it tells people. */
class Refusal extends Error {
  constructor(
    message: string,
    readonly code: string = "INVALID_INPUT",
  ) {
    super(message);
  }
}

/** A simulated Linear workspace holding the seed. */
export function simulateLinear(world: SimulatorWorld): SimulatedProvider {
  const state: State = {
    world,
    issues: byId(world, "linear.issues", ISSUES),
    comments: byId(world, "linear.comments", COMMENTS),
    labels: byId(world, "linear.labels", LABELS),
    projects: byId(world, "linear.projects", PROJECTS),
    teams: byId(world, "linear.teams", TEAMS),
    users: byId(world, "linear.users", USERS),
    states: byId(world, "linear.states", STATES),
    cycles: byId(world, "linear.cycles", CYCLES),
  };
  return {
    id: "linear",
    handle: (request) => handle(state, request),
    ...overTables("linear", {
      issue: state.issues,
      comment: state.comments,
      issuelabel: state.labels,
      label: state.labels,
      project: state.projects,
      team: state.teams,
      user: state.users,
      workflowstate: state.states,
      cycle: state.cycles,
    }),
    learn(_event, payload) {
      const data = objectOf(payload.data);
      if (payload.type !== "Issue" || typeof data.id !== "string") return;
      if (payload.action === "remove") state.issues.delete(data.id);
      else state.issues.set(data.id, { ...state.issues.get(data.id), ...data, id: data.id });
    },
  };
}

type Field = (state: State, variables: SimulatedRecord) => SimulatedRecord;

const QUERIES: Readonly<Record<string, Field>> = {
  issue: (state, { id }) => need(state.issues, id, "Issue"),
  comment: (state, { id }) => need(state.comments, id, "Comment"),
  issueLabel: (state, { id }) => need(state.labels, id, "IssueLabel"),
  project: (state, { id }) => need(state.projects, id, "Project"),
};

const MUTATIONS: Readonly<Record<string, Field>> = {
  issueCreate: createIssue,
  issueUpdate: (state, { id, input }) => ({
    issue: updateIssue(state, need(state.issues, id, "Issue"), objectOf(input)),
  }),
  issueDelete: (state, { id }) => drop(state.issues, id, "Issue"),
  issueBatchUpdate: (state, { ids, input }) => ({
    issues: (Array.isArray(ids) ? ids : []).map((id) =>
      updateIssue(state, need(state.issues, id, "Issue"), objectOf(input)),
    ),
  }),
  commentCreate: createComment,
  commentUpdate: (state, { id, input }) => {
    const comment = need(state.comments, id, "Comment");
    const body = requireText(objectOf(input).body ?? comment.body, "body");
    const now = nowOf(state.world);
    return { comment: put(state.comments, { ...comment, body, editedAt: now, updatedAt: now }) };
  },
  commentDelete: (state, { id }) => drop(state.comments, id, "Comment"),
  issueLabelCreate: createLabel,
  issueLabelUpdate: (state, { id, input }) => {
    const label = need(state.labels, id, "IssueLabel");
    return {
      issueLabel: put(state.labels, {
        ...label,
        ...objectOf(input),
        id: label.id,
        updatedAt: nowOf(state.world),
      }),
    };
  },
  issueLabelDelete: (state, { id }) => drop(state.labels, id, "IssueLabel"),
  projectCreate: createProject,
  projectUpdate: (state, { id, input }) => {
    const project = need(state.projects, id, "Project");
    return {
      project: put(state.projects, {
        ...project,
        ...objectOf(input),
        id: project.id,
        updatedAt: nowOf(state.world),
      }),
    };
  },
  projectArchive: (state, { id }) => {
    const project = need(state.projects, id, "Project");
    const now = nowOf(state.world);
    put(state.projects, { ...project, archivedAt: now, updatedAt: now });
    return {};
  },
};

function handle(state: State, request: SimulatedRequest): SimulatedAnswer {
  if (request.method !== "POST" || request.path !== "/graphql") return { status: 404, body: "Not Found" };
  if (!request.headers.has("authorization")) {
    return failure(400, "Authentication required, not authenticated", "AUTHENTICATION_ERROR");
  }
  const { query, variables } = objectOf(request.body);
  const source = typeof query === "string" ? query : "";
  const root = /^\s*(?:query|mutation)\b[^{]*\{\s*(\w+)/.exec(source)?.[1] ?? "";
  const isMutation = source.trimStart().startsWith("mutation");
  const field = (isMutation ? MUTATIONS : QUERIES)[root];
  if (field === undefined) {
    return failure(
      400,
      `Cannot query field "${root}" on type "${isMutation ? "Mutation" : "Query"}".`,
      "GRAPHQL_VALIDATION_FAILED",
    );
  }
  try {
    const result = field(state, objectOf(variables));
    return { status: 200, body: { data: { [root]: isMutation ? { success: true, ...result } : result } } };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return failure(200, error.message, error.code);
  }
}

function failure(status: number, message: string, code: string): SimulatedAnswer {
  const extensions = {
    code,
    type: code.toLowerCase().replaceAll("_", " "),
    userError: true,
    userPresentableMessage: message,
  };
  return { status, body: { errors: [{ message: "Argument Validation Error", extensions }], data: null } };
}

function need(table: Table, id: unknown, type: string): LinearRecord {
  const record =
    table.get(String(id)) ?? [...table.values()].find((candidate) => candidate.identifier === id);
  if (record === undefined) throw new Refusal(`Could not find referenced ${type}.`);
  return record;
}

function put(table: Table, record: LinearRecord): LinearRecord {
  table.set(record.id, record);
  return record;
}

function drop(table: Table, id: unknown, type: string): SimulatedRecord {
  table.delete(need(table, id, type).id);
  return {};
}

function requireText(value: unknown, name: string): string {
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new Refusal(`${name} must be longer than or equal to 1 characters`);
}

/** A related record as an issue shows it. */
function refOf(table: Table, id: unknown, type: string, keys: readonly string[]): SimulatedRecord | null {
  if (id === null) return null;
  const record = need(table, id, type);
  return Object.fromEntries(keys.map((key) => [key, record[key]]));
}

const PERSON = ["id", "name", "displayName", "email"];

/** The fields of an issue that an input changes. */
function issueFields(state: State, input: SimulatedRecord, known: LinearRecord): SimulatedRecord {
  const next: SimulatedRecord = {};
  for (const key of ["title", "description", "priority", "estimate", "dueDate", "sortOrder"]) {
    if (key in input) next[key] = input[key];
  }
  if ("title" in input) requireText(input.title, "title");
  if (typeof input.priority === "number") {
    next.priorityLabel = ["No priority", "Urgent", "High", "Medium", "Low"][input.priority];
  }
  if ("stateId" in input)
    next.state = refOf(state.states, input.stateId, "WorkflowState", [
      "id",
      "name",
      "type",
      "color",
      "position",
    ]);
  if ("assigneeId" in input) next.assignee = refOf(state.users, input.assigneeId, "User", PERSON);
  if ("projectId" in input) next.project = refOf(state.projects, input.projectId, "Project", ["id", "name"]);
  if ("cycleId" in input) next.cycle = refOf(state.cycles, input.cycleId, "Cycle", ["id", "number", "name"]);
  if ("parentId" in input)
    next.parent = refOf(state.issues, input.parentId, "Issue", ["id", "identifier", "title"]);
  const list = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
  if ("labelIds" in input || "addedLabelIds" in input || "removedLabelIds" in input) {
    const base = "labelIds" in input ? list(input.labelIds) : list(known.labelIds);
    const removed = new Set(list(input.removedLabelIds));
    const ids = [...new Set([...base, ...list(input.addedLabelIds)])].filter((id) => !removed.has(id));
    next.labelIds = ids;
    next.labels = { nodes: ids.map((id) => refOf(state.labels, id, "IssueLabel", ["id", "name", "color"])) };
  }
  return next;
}

function updateIssue(state: State, issue: LinearRecord, input: SimulatedRecord): LinearRecord {
  return put(state.issues, { ...issue, ...issueFields(state, input, issue), updatedAt: nowOf(state.world) });
}

function createIssue(state: State, { input }: SimulatedRecord): SimulatedRecord {
  const given = objectOf(input);
  const title = requireText(given.title, "title");
  const team = need(state.teams, given.teamId, "Team");
  const number = Math.max(0, ...[...state.issues.values()].map((issue) => Number(issue.number))) + 1;
  const spec = { ...(ISSUE_SPECS[0] as (typeof ISSUE_SPECS)[number]), number, title };
  const now = nowOf(state.world);
  const index = Math.max(
    0,
    TEAMS.findIndex((candidate) => candidate.id === team.id),
  );
  const base = linearIssue({
    ...spec,
    description: null,
    team: index,
    state: 2,
    project: null,
    assignee: null,
    priority: 0,
    labels: [],
    estimate: null,
    updatedAt: now,
  });
  const issue = {
    ...base,
    id: typeof given.id === "string" ? given.id : state.world.random.uuid(),
    createdAt: now,
  };
  return { issue: put(state.issues, { ...issue, ...issueFields(state, given, issue) }) };
}

function createComment(state: State, { input }: SimulatedRecord): SimulatedRecord {
  const given = objectOf(input);
  const issue = need(state.issues, given.issueId, "Issue");
  const body = requireText(given.body, "body");
  const now = nowOf(state.world);
  const id = state.world.random.uuid();
  const comment = {
    id,
    body,
    url: `${issue.url}#comment-${id.slice(-8)}`,
    issue: { id: issue.id, identifier: issue.identifier, title: issue.title },
    user: refOf(state.users, USERS[0]?.id, "User", PERSON),
    parent: typeof given.parentId === "string" ? { id: given.parentId } : null,
    reactionData: [],
    createdAt: now,
    updatedAt: now,
    editedAt: null,
    archivedAt: null,
  };
  return { comment: put(state.comments, comment) };
}

function createLabel(state: State, { input }: SimulatedRecord): SimulatedRecord {
  const given = objectOf(input);
  const name = requireText(given.name, "name");
  const team =
    typeof given.teamId === "string" ? refOf(state.teams, given.teamId, "Team", ["id", "key", "name"]) : null;
  const twin = [...state.labels.values()].find(
    (label) => label.name === name && (objectOf(label.team).id ?? null) === (team?.id ?? null),
  );
  if (twin !== undefined) throw new Refusal("duplicate label name");
  const now = nowOf(state.world);
  const { teamId: _teamId, ...rest } = given;
  const label = {
    description: null,
    color: "#bec2c8",
    isGroup: false,
    parent: null,
    ...rest,
    id: state.world.random.uuid(),
    name,
    team,
  };
  return { issueLabel: put(state.labels, { ...label, createdAt: now, updatedAt: now, archivedAt: null }) };
}

function createProject(state: State, { input }: SimulatedRecord): SimulatedRecord {
  const given = objectOf(input);
  const name = requireText(given.name, "name");
  const ids = Array.isArray(given.teamIds) ? given.teamIds : [];
  if (ids.length === 0) throw new Refusal("teamIds must contain at least 1 elements");
  const teams = { nodes: ids.map((id) => refOf(state.teams, id, "Team", ["id", "key", "name"])) };
  const now = nowOf(state.world);
  const { teamIds: _teamIds, ...rest } = given;
  const base = {
    ...(PROJECTS[1] as LinearRecord),
    description: "",
    content: null,
    state: "planned",
    startedAt: null,
  };
  return {
    project: put(state.projects, {
      ...base,
      ...rest,
      id: state.world.random.uuid(),
      name,
      teams,
      createdAt: now,
      updatedAt: now,
    }),
  };
}
