/** Jira Cloud's REST API as far as writebacks use it: the rules and shapes of the public reference, version 3. */
import {
  JIRA_COMMENTS,
  JIRA_ISSUES,
  JIRA_PRIORITIES,
  JIRA_PROJECTS,
  JIRA_SITE,
  JIRA_SPRINTS,
  JIRA_STATUSES,
  JIRA_TYPES,
  type JiraRecord,
  jiraComment,
  jiraIssue,
  jiraUser,
} from "./seed/jira.ts";
import {
  byId,
  freshId,
  isObject,
  nowOf,
  objectOf,
  overTables,
  type SimulatedAnswer,
  type SimulatedProvider,
  type SimulatedRecord,
  type SimulatedRequest,
  type SimulatorWorld,
} from "./simulator.ts";

const SUMMARY_MAX = 255;

interface State {
  readonly world: SimulatorWorld;
  readonly issues: Map<string, JiraRecord>;
  readonly comments: Map<string, JiraRecord>;
  readonly projects: Map<string, JiraRecord>;
  readonly sprints: Map<string, JiraRecord>;
  nextId: number;
}

interface Call {
  readonly state: State;
  readonly body: SimulatedRecord;
  readonly match: readonly string[];
}

function refused(
  errors: Record<string, string>,
  messages: readonly string[] = [],
  status = 400,
): SimulatedAnswer {
  return { status, body: { errorMessages: messages, errors } };
}

const noIssue = refused({}, ["Issue does not exist or you do not have permission to see it."], 404);

/** A simulated Jira site holding the seed. */
export function simulateJira(world: SimulatorWorld): SimulatedProvider {
  const state: State = {
    world,
    issues: byId(world, "jira.issues", JIRA_ISSUES),
    comments: byId(world, "jira.comments", JIRA_COMMENTS),
    projects: byId(world, "jira.projects", JIRA_PROJECTS),
    sprints: byId(world, "jira.sprints", JIRA_SPRINTS),
    nextId: 11_000,
  };
  return {
    id: "jira",
    handle: (request) => handle(state, request),
    ...overTables("jira", {
      issue: state.issues,
      comment: state.comments,
      project: state.projects,
      sprint: state.sprints,
    }),
    learn(_event, payload) {
      const { issue } = payload;
      if (!isObject(issue) || typeof issue.id !== "string") return;
      if (payload.webhookEvent === "jira:issue_deleted") state.issues.delete(issue.id);
      else state.issues.set(issue.id, issue as JiraRecord);
    },
  };
}

const ROUTES: readonly (readonly [method: string, pattern: RegExp, run: (call: Call) => SimulatedAnswer])[] =
  [
    ["POST", /^\/rest\/api\/3\/issue$/, createIssue],
    ["GET", /^\/rest\/api\/3\/issue\/([^/]+)$/, (call) => answer(issueOf(call), noIssue)],
    ["PUT", /^\/rest\/api\/3\/issue\/([^/]+)$/, updateIssue],
    ["DELETE", /^\/rest\/api\/3\/issue\/([^/]+)$/, deleteIssue],
    ["POST", /^\/rest\/api\/3\/issue\/([^/]+)\/transitions$/, transitionIssue],
    ["POST", /^\/rest\/api\/3\/issue\/([^/]+)\/comment$/, createComment],
    [
      "GET",
      /^\/rest\/api\/3\/issue\/([^/]+)\/comment\/(\d+)$/,
      (call) => answer(commentOf(call), noComment(call)),
    ],
    ["PUT", /^\/rest\/api\/3\/issue\/([^/]+)\/comment\/(\d+)$/, updateComment],
    ["DELETE", /^\/rest\/api\/3\/issue\/([^/]+)\/comment\/(\d+)$/, deleteComment],
    ["POST", /^\/rest\/api\/3\/project$/, createProject],
    ["GET", /^\/rest\/api\/3\/project\/([^/]+)$/, (call) => answer(projectOf(call), noProject(call))],
    ["PUT", /^\/rest\/api\/3\/project\/([^/]+)$/, updateProject],
    ["DELETE", /^\/rest\/api\/3\/project\/([^/]+)$/, deleteProject],
    [
      "GET",
      /^\/rest\/agile\/1\.0\/sprint\/(\d+)$/,
      (call) => answer(call.state.sprints.get(call.match[0] ?? ""), noSprint),
    ],
    ["POST", /^\/rest\/agile\/1\.0\/sprint\/(\d+)$/, updateSprint],
  ];

const noSprint = refused({}, ["Sprint does not exist"], 404);
const noComment = (call: Call) => refused({}, [`Can not find a comment for the id: ${call.match[1]}.`], 404);
const noProject = (call: Call) =>
  refused({}, [`No project could be found with key '${call.match[0]}'.`], 404);

function handle(state: State, request: SimulatedRequest): SimulatedAnswer {
  if (!request.headers.has("authorization")) {
    return {
      status: 401,
      body: { errorMessages: ["Client must be authenticated to access this resource."], errors: {} },
    };
  }
  for (const [method, pattern, run] of ROUTES) {
    const match = method === request.method ? pattern.exec(request.path) : null;
    if (match === null) continue;
    return run({ state, body: objectOf(request.body), match: match.slice(1).map(decodeURIComponent) });
  }
  return { status: 404, body: { errorMessages: ["dead link"], errors: {} } };
}

function answer(record: JiraRecord | undefined, missing: SimulatedAnswer): SimulatedAnswer {
  return record === undefined ? missing : { status: 200, body: record };
}

function issueOf({ state, match: [idOrKey = ""] }: Pick<Call, "state" | "match">): JiraRecord | undefined {
  return state.issues.get(idOrKey) ?? [...state.issues.values()].find((issue) => issue.key === idOrKey);
}

function projectOf({ state, match: [idOrKey = ""] }: Pick<Call, "state" | "match">): JiraRecord | undefined {
  return (
    state.projects.get(idOrKey) ?? [...state.projects.values()].find((project) => project.key === idOrKey)
  );
}

/** What Jira checks of the fields of an issue; by field. */
function problemsOf(fields: SimulatedRecord): Record<string, string> {
  const errors: Record<string, string> = {};
  const { summary, description, assignee, priority, labels } = fields;
  if ("summary" in fields) {
    if (typeof summary !== "string" || summary.trim() === "")
      errors.summary = "You must specify a summary of the issue.";
    else if ([...summary].length > SUMMARY_MAX)
      errors.summary = `Summary must be less than ${SUMMARY_MAX} characters.`;
    else if (/[\r\n]/.test(summary))
      errors.summary = "The summary is invalid because it contains newline characters.";
  }
  if (typeof description === "string")
    errors.description = "Operation value must be an Atlassian Document (see the Atlassian Document Format)";
  const accountId = objectOf(assignee).accountId ?? objectOf(assignee).id;
  if (typeof accountId === "string" && !people().has(accountId))
    errors.assignee = "Specify a valid value for assignee";
  const name = objectOf(priority).name;
  if (typeof name === "string" && !(JIRA_PRIORITIES as readonly string[]).includes(name))
    errors.priority = "Specify a valid value for priority";
  const spaced = Array.isArray(labels) ? labels.find((label) => /\s/.test(String(label))) : undefined;
  if (spaced !== undefined) errors.labels = `The label '${spaced}' contains spaces which is invalid.`;
  return errors;
}

function people(): Set<string> {
  return new Set([0, 1, 2, 3, 4].map((n) => jiraUser(n).accountId));
}

/** Writable fields as an issue holds them. */
function storedFields(fields: SimulatedRecord): SimulatedRecord {
  const { assignee, priority, issuetype, project: _project, ...rest } = fields;
  const accountId = objectOf(assignee).accountId ?? objectOf(assignee).id;
  const person = [0, 1, 2, 3, 4].map(jiraUser).find((user) => user.accountId === accountId) ?? null;
  return {
    ...rest,
    ...("assignee" in fields ? { assignee: person } : {}),
    ...("priority" in fields
      ? { priority: isObject(priority) ? { id: "3", name: "Medium", ...priority } : null }
      : {}),
    ...("issuetype" in fields ? { issuetype: typeOf(issuetype) ?? issuetype } : {}),
  };
}

function typeOf(value: unknown) {
  const { id, name } = objectOf(value);
  return JIRA_TYPES.find((type) => type.id === id || type.name === name);
}

function createIssue(call: Call): SimulatedAnswer {
  const { state } = call;
  const fields = objectOf(call.body.fields);
  const errors = problemsOf(fields);
  if (!("summary" in fields)) errors.summary = "You must specify a summary of the issue.";
  const wanted = objectOf(fields.project);
  const project = projectOf({ state, match: [String(wanted.id ?? wanted.key ?? "")] });
  if (project === undefined) errors.project = "valid project is required";
  const type = typeOf(fields.issuetype);
  if (type === undefined) errors.issuetype = "Specify a valid issue type";
  if (project === undefined || type === undefined || Object.keys(errors).length > 0) return refused(errors);
  const id = freshId(state, state.issues);
  const numbers = [...state.issues.values()]
    .filter((issue) => String(issue.key).startsWith(`${project.key}-`))
    .map((issue) => Number(String(issue.key).split("-")[1]));
  const now = nowOf(state.world).replace("Z", "+0000");
  const base = jiraIssue({
    id,
    number: Math.max(0, ...numbers) + 1,
    summary: String(fields.summary),
    project: Math.max(
      0,
      JIRA_PROJECTS.findIndex((candidate) => candidate.id === project.id),
    ),
    status: 0,
    type: JIRA_TYPES.indexOf(type),
    priority: 2,
    assignee: null,
    created: now,
    updated: now,
  });
  const key = `${project.key}-${Math.max(0, ...numbers) + 1}`;
  const { id: projectId, key: projectKey, name, self } = project;
  const place = { id: projectId, key: projectKey, name, self };
  state.issues.set(id, {
    ...base,
    key,
    fields: { ...objectOf(base.fields), ...storedFields(fields), project: place },
  });
  return { status: 201, body: { id, key, self: base.self } };
}

function updateIssue(call: Call): SimulatedAnswer {
  const issue = issueOf(call);
  if (issue === undefined) return noIssue;
  const fields = objectOf(call.body.fields);
  const errors = problemsOf(fields);
  if (Object.keys(errors).length > 0) return refused(errors);
  touch(call.state, issue, storedFields(fields));
  return { status: 204, body: null };
}

function touch(state: State, issue: JiraRecord, fields: SimulatedRecord): void {
  const updated = nowOf(state.world).replace("Z", "+0000");
  state.issues.set(issue.id, { ...issue, fields: { ...objectOf(issue.fields), ...fields, updated } });
}

function deleteIssue(call: Call): SimulatedAnswer {
  const issue = issueOf(call);
  if (issue === undefined) return noIssue;
  call.state.issues.delete(issue.id);
  return { status: 204, body: null };
}

/** Transition ids of the seed's workflow, by the position of the state they lead to. */
const TRANSITIONS = ["11", "21", "31", "41"];

function transitionIssue(call: Call): SimulatedAnswer {
  const issue = issueOf(call);
  if (issue === undefined) return noIssue;
  const status = JIRA_STATUSES[TRANSITIONS.indexOf(String(objectOf(call.body.transition).id))];
  if (status === undefined)
    return refused({}, ["It seems that you have tried to perform an illegal workflow operation."]);
  touch(call.state, issue, { status: { id: status.id, name: status.name } });
  return { status: 204, body: null };
}

function createComment(call: Call): SimulatedAnswer {
  const issue = issueOf(call);
  if (issue === undefined) return noIssue;
  if (!isObject(call.body.body)) return refused({ comment: "Comment body is not valid!" });
  const { state } = call;
  const id = freshId(state, state.comments);
  const at = nowOf(state.world).replace("Z", "+0000");
  const comment = jiraComment({ id, issueId: issue.id, body: call.body.body, author: 0, at });
  state.comments.set(id, comment);
  return { status: 201, body: comment };
}

function commentOf({ state, match }: Call): JiraRecord | undefined {
  return state.comments.get(match[1] ?? "");
}

function updateComment(call: Call): SimulatedAnswer {
  const comment = commentOf(call);
  if (comment === undefined) return noComment(call);
  const updated = {
    ...comment,
    body: call.body.body ?? comment.body,
    updated: nowOf(call.state.world).replace("Z", "+0000"),
  };
  call.state.comments.set(comment.id, updated);
  return { status: 200, body: updated };
}

function deleteComment(call: Call): SimulatedAnswer {
  const comment = commentOf(call);
  if (comment === undefined) return noComment(call);
  call.state.comments.delete(comment.id);
  return { status: 204, body: null };
}

function createProject(call: Call): SimulatedAnswer {
  const { state, body } = call;
  const errors: Record<string, string> = {};
  if (typeof body.key !== "string" || !/^[A-Z][A-Z0-9]{1,9}$/.test(body.key)) {
    errors.projectKey =
      "Project keys must start with an uppercase letter, followed by one or more uppercase alphanumeric characters.";
  } else if (projectOf({ state, match: [body.key] }) !== undefined) {
    errors.projectKey = `Project '${projectOf({ state, match: [body.key] })?.name}' uses this project key.`;
  }
  if (typeof body.name !== "string" || body.name === "")
    errors.projectName = "You must specify a valid project name.";
  if (Object.keys(errors).length > 0) return refused(errors);
  const id = freshId(state, state.projects);
  const self = `${JIRA_SITE}/rest/api/3/project/${id}`;
  const template = JIRA_PROJECTS[0] as JiraRecord;
  state.projects.set(id, {
    ...template,
    self,
    id,
    key: body.key,
    name: body.name,
    projectTypeKey: body.projectTypeKey,
  });
  return { status: 201, body: { self, id: Number(id), key: body.key } };
}

function updateProject(call: Call): SimulatedAnswer {
  const project = projectOf(call);
  if (project === undefined) return noProject(call);
  const { name, key, description } = call.body;
  const given = Object.fromEntries(
    Object.entries({ name, key, description }).filter(([, value]) => value !== undefined),
  );
  const updated = { ...project, ...given };
  call.state.projects.set(project.id, updated);
  return { status: 200, body: updated };
}

function deleteProject(call: Call): SimulatedAnswer {
  const project = projectOf(call);
  if (project === undefined) return noProject(call);
  call.state.projects.delete(project.id);
  return { status: 204, body: null };
}

function updateSprint(call: Call): SimulatedAnswer {
  const sprint = call.state.sprints.get(call.match[0] ?? "");
  if (sprint === undefined) return noSprint;
  if (sprint.state === "closed") return refused({}, ["Sprint has been completed and cannot be changed"]);
  const updated = { ...sprint, ...call.body, id: sprint.id };
  call.state.sprints.set(sprint.id, updated);
  return { status: 200, body: updated };
}
