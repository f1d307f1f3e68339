/** GitHub's REST API as far as writebacks use it: the rules and shapes of the public reference, version 2022-11-28. */

import {
  type GithubKind as Kind,
  keyOf,
  learn,
  nextIdOf,
  recordsOf,
  type GithubState as State,
  take,
} from "./github-state.ts";
import {
  isObject,
  nowOf,
  objectOf,
  type SimulatedAnswer,
  type SimulatedProvider,
  type SimulatedRecord,
  type SimulatedRequest,
  type SimulatorWorld,
} from "./simulator.ts";

const API = "https://api.github.com";
const WEB = "https://github.com";
const TITLE_MAX = 256;
const BODY_MAX = 65_536;

interface Call {
  readonly state: State;
  readonly repo: string;
  readonly request: SimulatedRequest;
  readonly body: SimulatedRecord;
  readonly match: readonly string[];
}

const DOCS = "https://docs.github.com/rest";
const notFound: SimulatedAnswer = {
  status: 404,
  body: { message: "Not Found", documentation_url: DOCS, status: "404" },
};

function invalid(resource: string, field: string, code: string, message?: string): SimulatedAnswer {
  const error = { resource, field, code, ...(message === undefined ? {} : { message }) };
  return {
    status: 422,
    body: { message: "Validation Failed", errors: [error], documentation_url: DOCS, status: "422" },
  };
}

/** A simulated GitHub. It knows no repository until a webhook or a write names one. */
export function simulateGithub(world: SimulatorWorld): SimulatedProvider {
  const state: State = {
    world,
    records: world.tables.open<SimulatedRecord>("github.records", []),
    nextId: 2_000_000_001,
  };
  return {
    id: "github",
    handle: (request) => handle(state, request),
    records: (model) => recordsOf(state, model),
    take: (model, records) => take(state, model, records),
    learn: (event, payload) => learn(state, event, payload),
  };
}

const ROUTES: readonly (readonly [method: string, pattern: RegExp, run: (call: Call) => SimulatedAnswer])[] =
  [
    ["GET", /^\/issues\/(\d+)$/, (call) => read(call, "issue")],
    ["POST", /^\/issues$/, createIssue],
    ["PATCH", /^\/issues\/(\d+)$/, updateIssue],
    ["POST", /^\/issues\/(\d+)\/comments$/, createComment],
    ["GET", /^\/issues\/comments\/(\d+)$/, (call) => read(call, "comment")],
    ["PATCH", /^\/issues\/comments\/(\d+)$/, (call) => updateText(call, "comment", "IssueComment")],
    ["GET", /^\/pulls\/(\d+)$/, (call) => read(call, "pull")],
    ["POST", /^\/pulls$/, createPull],
    ["PATCH", /^\/pulls\/(\d+)$/, updatePull],
    ["PUT", /^\/pulls\/(\d+)\/merge$/, mergePull],
    ["POST", /^\/pulls\/(\d+)\/reviews$/, createReview],
    ["GET", /^\/pulls\/\d+\/reviews\/(\d+)$/, (call) => read(call, "review")],
    ["PUT", /^\/pulls\/\d+\/reviews\/(\d+)$/, (call) => updateText(call, "review", "PullRequestReview")],
    ["DELETE", /^\/pulls\/\d+\/reviews\/(\d+)$/, (call) => remove(call, "review", 200)],
    ["GET", /^\/pulls\/comments\/(\d+)$/, (call) => read(call, "reviewComment")],
    [
      "PATCH",
      /^\/pulls\/comments\/(\d+)$/,
      (call) => updateText(call, "reviewComment", "PullRequestReviewComment"),
    ],
    ["DELETE", /^\/pulls\/comments\/(\d+)$/, (call) => remove(call, "reviewComment", 204)],
    ["POST", /^\/pulls\/(\d+)\/comments\/(\d+)\/replies$/, createReply],
    ["POST", /^\/git\/refs$/, createRef],
  ];

function handle(state: State, request: SimulatedRequest): SimulatedAnswer {
  if (!request.headers.has("authorization")) {
    return {
      status: 401,
      body: { message: "Requires authentication", documentation_url: DOCS, status: "401" },
    };
  }
  const place = /^\/repos\/([^/]+\/[^/]+)(\/.*)$/.exec(request.path);
  if (place === null) return notFound;
  const [, repo = "", rest = ""] = place;
  for (const [method, pattern, run] of ROUTES) {
    const match = method === request.method ? pattern.exec(rest) : null;
    if (match !== null) {
      return run({
        state,
        repo: decodeURIComponent(repo),
        request,
        body: objectOf(request.body),
        match: match.slice(1),
      });
    }
  }
  return notFound;
}

function find(call: Call, kind: Kind): SimulatedRecord | undefined {
  return call.state.records.get(keyOf(kind, call.repo, call.match.at(-1)));
}

function read(call: Call, kind: Kind): SimulatedAnswer {
  const record = find(call, kind);
  return record === undefined ? notFound : { status: 200, body: record };
}

function store(call: Call, kind: Kind, id: unknown, record: SimulatedRecord): SimulatedRecord {
  call.state.records.set(keyOf(kind, call.repo, id), record);
  return record;
}

function remove(call: Call, kind: Kind, status: 200 | 204): SimulatedAnswer {
  const record = find(call, kind);
  if (record === undefined) return notFound;
  call.state.records.delete(keyOf(kind, call.repo, call.match.at(-1)));
  return { status, body: status === 200 ? record : null };
}

/** What GitHub checks of an issue or pull request. */
function problemOf(body: SimulatedRecord, resource: string): SimulatedAnswer | null {
  const { title, body: text } = body;
  if ("title" in body && (typeof title !== "string" || title.trim() === ""))
    return invalid(resource, "title", "missing_field");
  if (typeof title === "string" && [...title].length > TITLE_MAX) {
    return invalid(resource, "title", "custom", `title is too long (maximum is ${TITLE_MAX} characters)`);
  }
  if (typeof text === "string" && text.length > BODY_MAX) {
    return invalid(resource, "body", "custom", `body is too long (maximum is ${BODY_MAX} characters)`);
  }
  const unknown = Array.isArray(body.assignees)
    ? body.assignees.find((login) => /nobody|invalid/i.test(String(login)))
    : undefined;
  if (unknown !== undefined) return invalid(resource, "assignees", "invalid");
  return null;
}

function userOf(login: string): SimulatedRecord {
  return {
    login,
    id: 21_031_067,
    type: "User",
    site_admin: false,
    url: `${API}/users/${login}`,
    html_url: `${WEB}/${login}`,
  };
}

/** Writable fields as a record holds them. */
function fieldsOf(body: SimulatedRecord): SimulatedRecord {
  const { labels, assignees, milestone, ...rest } = body;
  const named = Array.isArray(labels)
    ? labels.map((label, n) => ({
        id: 1_000 + n,
        name: isObject(label) ? label.name : label,
        color: "ededed",
        default: false,
        description: null,
      }))
    : undefined;
  const people = Array.isArray(assignees) ? assignees.map((login) => userOf(String(login))) : undefined;
  return {
    ...rest,
    ...(named === undefined ? {} : { labels: named }),
    ...(people === undefined ? {} : { assignees: people, assignee: people[0] ?? null }),
    ...(milestone === undefined
      ? {}
      : { milestone: milestone === null ? null : { number: milestone, title: `Milestone ${milestone}` } }),
  };
}

function numberAfter(state: State, repo: string): number {
  const numbers = [...state.records].flatMap(([key, record]) =>
    key.startsWith(`issue ${repo}/`) || key.startsWith(`pull ${repo}/`) ? [Number(record.number)] : [],
  );
  return Math.max(0, ...numbers) + 1;
}

function createIssue(call: Call): SimulatedAnswer {
  const problem =
    "title" in call.body ? problemOf(call.body, "Issue") : invalid("Issue", "title", "missing_field");
  if (problem !== null) return problem;
  const { state, repo } = call;
  const number = numberAfter(state, repo);
  const now = nowOf(state.world);
  const url = `${API}/repos/${repo}/issues/${number}`;
  const record = {
    url,
    repository_url: `${API}/repos/${repo}`,
    labels_url: `${url}/labels{/name}`,
    comments_url: `${url}/comments`,
    events_url: `${url}/events`,
    html_url: `${WEB}/${repo}/issues/${number}`,
    id: nextIdOf(state),
    node_id: `I_${number}`,
    number,
    title: "",
    user: userOf("relayfile"),
    labels: [],
    state: "open",
    locked: false,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: 0,
    created_at: now,
    updated_at: now,
    closed_at: null,
    author_association: "COLLABORATOR",
    active_lock_reason: null,
    body: null,
    state_reason: null,
    ...fieldsOf(call.body),
  };
  return { status: 201, body: store(call, "issue", number, record), headers: { location: url } };
}

function updateIssue(call: Call): SimulatedAnswer {
  const known = find(call, "issue");
  if (known === undefined) return notFound;
  const problem = problemOf(call.body, "Issue");
  if (problem !== null) return problem;
  return { status: 200, body: store(call, "issue", known.number, changed(call, known)) };
}

function changed(call: Call, known: SimulatedRecord): SimulatedRecord {
  const now = nowOf(call.state.world);
  const next = { ...known, ...fieldsOf(call.body), updated_at: now };
  if (call.body.state === "closed") return { ...next, closed_at: now };
  return call.body.state === "open" ? { ...next, closed_at: null } : next;
}

function createComment(call: Call): SimulatedAnswer {
  const { state, repo, body } = call;
  const number = call.match[0];
  const parent =
    state.records.get(keyOf("issue", repo, number)) ?? state.records.get(keyOf("pull", repo, number));
  if (parent === undefined) return notFound;
  if (typeof body.body !== "string" || body.body.trim() === "")
    return invalid("IssueComment", "body", "missing_field");
  const id = nextIdOf(state);
  const now = nowOf(state.world);
  const kind = state.records.has(keyOf("issue", repo, number)) ? "issues" : "pull";
  const record = {
    url: `${API}/repos/${repo}/issues/comments/${id}`,
    html_url: `${WEB}/${repo}/${kind}/${number}#issuecomment-${id}`,
    issue_url: `${API}/repos/${repo}/issues/${number}`,
    id,
    node_id: `IC_${id}`,
    user: userOf("relayfile"),
    created_at: now,
    updated_at: now,
    author_association: "COLLABORATOR",
    body: body.body,
  };
  return { status: 201, body: store(call, "comment", id, record) };
}

function updateText(call: Call, kind: Kind, resource: string): SimulatedAnswer {
  const known = find(call, kind);
  if (known === undefined) return notFound;
  if (typeof call.body.body !== "string") return invalid(resource, "body", "missing_field");
  const record = { ...known, body: call.body.body, updated_at: nowOf(call.state.world) };
  return { status: 200, body: store(call, kind, known.id, record) };
}

function createPull(call: Call): SimulatedAnswer {
  const { state, repo, body } = call;
  for (const field of ["title", "head", "base"]) {
    if (typeof body[field] !== "string" || body[field] === "")
      return invalid("PullRequest", field, "missing_field");
  }
  const problem = problemOf(body, "PullRequest");
  if (problem !== null) return problem;
  if (body.head === body.base)
    return invalid("PullRequest", "head", "custom", `No commits between ${body.base} and ${body.head}`);
  const number = numberAfter(state, repo);
  const now = nowOf(state.world);
  const url = `${API}/repos/${repo}/pulls/${number}`;
  const record = {
    url,
    id: nextIdOf(state),
    node_id: `PR_${number}`,
    html_url: `${WEB}/${repo}/pull/${number}`,
    issue_url: `${API}/repos/${repo}/issues/${number}`,
    number,
    state: "open",
    locked: false,
    title: body.title,
    user: userOf("relayfile"),
    body: body.body ?? null,
    created_at: now,
    updated_at: now,
    closed_at: null,
    merged_at: null,
    merge_commit_sha: null,
    assignee: null,
    assignees: [],
    requested_reviewers: [],
    labels: [],
    milestone: null,
    draft: body.draft === true,
    head: { label: body.head, ref: body.head, sha: "0".repeat(40) },
    base: { label: body.base, ref: body.base, sha: "0".repeat(40) },
    merged: false,
    mergeable: true,
    commits: 1,
    additions: 1,
    deletions: 0,
    changed_files: 1,
  };
  return { status: 201, body: store(call, "pull", number, record) };
}

function updatePull(call: Call): SimulatedAnswer {
  const known = find(call, "pull");
  if (known === undefined) return notFound;
  const problem = problemOf(call.body, "PullRequest");
  if (problem !== null) return problem;
  const { base, ...rest } = call.body;
  const next = changed({ ...call, body: rest }, known);
  return {
    status: 200,
    body: store(call, "pull", known.number, base === undefined ? next : { ...next, base: { ref: base } }),
  };
}

function mergePull(call: Call): SimulatedAnswer {
  const known = find(call, "pull");
  if (known === undefined) return notFound;
  if (known.state !== "open" || known.draft === true) {
    return {
      status: 405,
      body: { message: "Pull Request is not mergeable", documentation_url: DOCS, status: "405" },
    };
  }
  const head = objectOf(known.head).sha;
  if (call.body.sha !== undefined && call.body.sha !== head) {
    return {
      status: 409,
      body: { message: "Head branch was modified. Review and try the merge again.", status: "409" },
    };
  }
  const now = nowOf(call.state.world);
  const sha = String(nextIdOf(call.state)).padStart(40, "0");
  store(call, "pull", known.number, {
    ...known,
    state: "closed",
    merged: true,
    merged_at: now,
    closed_at: now,
    updated_at: now,
    merge_commit_sha: sha,
  });
  return { status: 200, body: { sha, merged: true, message: "Pull Request successfully merged" } };
}

const REVIEW_STATES: Readonly<Record<string, string>> = {
  APPROVE: "APPROVED",
  REQUEST_CHANGES: "CHANGES_REQUESTED",
  COMMENT: "COMMENTED",
};

function createReview(call: Call): SimulatedAnswer {
  const { state, repo, body } = call;
  const number = call.match[0];
  if (!state.records.has(keyOf("pull", repo, number))) return notFound;
  if (body.event !== "APPROVE" && (typeof body.body !== "string" || body.body === "")) {
    return {
      status: 422,
      body: { message: "Unprocessable Entity", errors: ["Body can't be blank"], status: "422" },
    };
  }
  const id = nextIdOf(state);
  const record = {
    id,
    node_id: `PRR_${id}`,
    user: userOf("relayfile"),
    body: body.body ?? "",
    state: REVIEW_STATES[String(body.event)] ?? "PENDING",
    html_url: `${WEB}/${repo}/pull/${number}#pullrequestreview-${id}`,
    pull_request_url: `${API}/repos/${repo}/pulls/${number}`,
    author_association: "COLLABORATOR",
    submitted_at: nowOf(state.world),
    commit_id: body.commit_id ?? "0".repeat(40),
  };
  return { status: 200, body: store(call, "review", id, record) };
}

function createReply(call: Call): SimulatedAnswer {
  const { state, repo, body } = call;
  const [number, commentId] = call.match;
  const parent = state.records.get(keyOf("reviewComment", repo, commentId));
  if (parent === undefined) return notFound;
  const id = nextIdOf(state);
  const now = nowOf(state.world);
  const url = `${API}/repos/${repo}/pulls/comments/${id}`;
  const html = `${WEB}/${repo}/pull/${number}#discussion_r${id}`;
  const record = {
    ...parent,
    id,
    url,
    html_url: html,
    in_reply_to_id: Number(commentId),
    body: body.body,
    created_at: now,
    updated_at: now,
  };
  return { status: 201, body: store(call, "reviewComment", id, record) };
}

function createRef(call: Call): SimulatedAnswer {
  const { ref, sha } = call.body;
  if (typeof ref !== "string" || !/^refs\/[^/]+\/.+/.test(ref))
    return invalid("Reference", "ref", "custom", "Reference name is not valid");
  const url = `${API}/repos/${call.repo}/git/${ref}`;
  return {
    status: 201,
    body: {
      ref,
      node_id: "REF_1",
      url,
      object: { type: "commit", sha, url: `${API}/repos/${call.repo}/git/commits/${sha}` },
    },
  };
}
