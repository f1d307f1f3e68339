/** What the simulated GitHub holds, and how it learns of records that came from elsewhere. */
import {
  isObject,
  modelName,
  objectOf,
  type SimulatedRecord,
  type SimulatorWorld,
  takeOver,
} from "./simulator.ts";

/** The kinds of records that writebacks reach. */
export type GithubKind = "issue" | "pull" | "comment" | "review" | "reviewComment";

/** Everything the simulated GitHub remembers. */
export interface GithubState {
  readonly world: SimulatorWorld;
  /** By `kind owner/repo/key`. */
  readonly records: Map<string, SimulatedRecord>;
  nextId: number;
}

/** Where a record lies in the state; issues and pull requests by number, the others by id. */
export const keyOf = (kind: GithubKind, repo: string, id: unknown) => `${kind} ${repo}/${id}`;

const MODELS: Readonly<Record<string, GithubKind>> = {
  issue: "issue",
  pullrequest: "pull",
  issuecomment: "comment",
  review: "review",
  reviewcomment: "reviewComment",
};

/** Records of a model, or null for an unknown one. The simulated GitHub keeps no others than the writable kinds. */
export function recordsOf(state: GithubState, model: string): SimulatedRecord[] | null {
  const kind = MODELS[modelName("github", model)];
  if (kind === undefined)
    return [
      "repository",
      "commit",
      "commitcomment",
      "label",
      "milestone",
      "release",
      "pullrequestcomment",
    ].includes(modelName("github", model))
      ? []
      : null;
  return [...state.records].filter(([key]) => key.startsWith(`${kind} `)).map(([, record]) => record);
}

/** Records of a batch say their repository only in their addresses. */
export function take(state: GithubState, model: string, records: readonly SimulatedRecord[]): void {
  const name = modelName("github", model);
  // Comments of pull requests are issue comments to GitHub.
  const kind = name === "pullrequestcomment" ? "comment" : MODELS[name];
  if (kind === undefined) return;
  for (const record of records) {
    const address = `${record.url ?? record.pull_request_url ?? record.html_url ?? ""}`;
    const repo = /(?:\/repos|\/\/github\.com)\/([^/]+\/[^/]+)\//.exec(address)?.[1];
    const id = kind === "issue" || kind === "pull" ? record.number : record.id;
    if (repo === undefined || id === undefined) continue;
    takeOver(state.records, keyOf(kind, repo, id), record);
  }
}

/** A number that no record has as its id: records from elsewhere may have taken some. */
export function nextIdOf(state: GithubState): number {
  const taken = new Set([...state.records.values()].map((record) => record.id));
  while (taken.has(state.nextId)) state.nextId++;
  return state.nextId++;
}

/** Takes over what a webhook says exists, or no longer does. */
export function learn(state: GithubState, event: string, payload: SimulatedRecord): void {
  const repo = objectOf(payload.repository).full_name;
  if (typeof repo !== "string") return;
  const put = (kind: GithubKind, record: unknown, key: "id" | "number") => {
    if (!isObject(record) || record[key] === undefined) return;
    const known = state.records.get(keyOf(kind, repo, record[key]));
    const isOlder = known !== undefined && String(known.updated_at ?? "") > String(record.updated_at ?? "");
    if (!isOlder) state.records.set(keyOf(kind, repo, record[key]), { ...known, ...record });
  };
  const isGone = payload.action === "deleted";
  if (event === "issues" && isGone)
    state.records.delete(keyOf("issue", repo, objectOf(payload.issue).number));
  else if (isObject(payload.issue)) put("issue", payload.issue, "number");
  if (isObject(payload.pull_request)) put("pull", payload.pull_request, "number");
  if (event === "pull_request_review") put("review", payload.review, "id");
  const comments: Readonly<Record<string, GithubKind>> = {
    issue_comment: "comment",
    pull_request_review_comment: "reviewComment",
  };
  const kind = comments[event];
  if (kind === undefined || !isObject(payload.comment)) return;
  if (isGone) state.records.delete(keyOf(kind, repo, payload.comment.id));
  else put(kind, payload.comment, "id");
}
