/** All 329 real payloads of @octokit/webhooks-examples: each materialised or not applicable with a reason (S14). */
import { expect, test } from "bun:test";
import type { IngestOutcome } from "../../../lib/pipeline/ingest.ts";
import { deliver, GITHUB_PAYLOADS, pipelineStack } from "../../support/seeded-tree.ts";

// biome-ignore lint/suspicious/noExplicitAny: the payloads are read here without the pipeline's own readers.
type Body = Record<string, any>;

/** Events of the package that have no files, with the number of their payloads. Changing this list is a decision. */
const WITHOUT_FILES: Readonly<Record<string, number>> = {
  branch_protection_rule: 5,
  check_run: 9,
  check_suite: 9,
  code_scanning_alert: 6,
  create: 5,
  delete: 4,
  dependabot_alert: 3,
  deploy_key: 2,
  deployment: 4,
  deployment_review: 1,
  deployment_status: 4,
  discussion: 15,
  discussion_comment: 4,
  github_app_authorization: 2,
  gollum: 3,
  installation: 7,
  installation_repositories: 3,
  marketplace_purchase: 4,
  member: 4,
  membership: 5,
  merge_group: 2,
  meta: 2,
  org_block: 4,
  organization: 5,
  package: 3,
  page_build: 3,
  ping: 4,
  project: 3,
  project_card: 9,
  project_column: 4,
  projects_v2_item: 7,
  push: 4,
  repository_dispatch: 2,
  repository_import: 2,
  repository_vulnerability_alert: 4,
  security_advisory: 4,
  sponsorship: 4,
  status: 4,
  team: 6,
  team_add: 3,
  workflow_dispatch: 2,
  workflow_job: 8,
  workflow_run: 5,
};

const stack = pipelineStack();
const outcomes: (IngestOutcome & { event: string })[] = [];
for (const payload of GITHUB_PAYLOADS)
  outcomes.push({ event: payload.event, ...(await deliver(stack, payload)) });

/**
 * The records that should exist, told apart without the pipeline's own code: an independent reading of the payloads,
 * in order, where a deletion removes and everything else puts.
 */
function expectedRecords(): Set<string> {
  const live = new Set<string>();
  const drop = (prefix: string) => {
    for (const key of live) if (key === prefix || key.startsWith(`${prefix}/`)) live.delete(key);
  };
  const repoOf = (url: string) =>
    /repos\/([^/]+\/[^/]+)/.exec(url)?.[1] ?? /github\.com\/([^/]+\/[^/]+)\//.exec(url)?.[1] ?? "";
  for (const { event, payload } of GITHUB_PAYLOADS) {
    const body = payload as Body;
    if (event in WITHOUT_FILES && event !== "push") continue;
    if (event === "push" && body.commits.length === 0 && body.head_commit === null) continue;
    const repo = body.repository.full_name as string;
    live.add(`repo ${repo}`);
    const gone = body.action === "deleted";
    const put = (key: string) => void (gone ? drop(key) : live.add(key));
    if (event === "issues") {
      const key = `issue ${repoOf(body.issue.url)}/${body.issue.number}`;
      if (gone || body.action === "transferred") drop(key);
      else live.add(key);
      if (body.changes?.new_issue)
        live.add(`issue ${repoOf(body.changes.new_issue.url)}/${body.changes.new_issue.number}`);
    }
    if (event === "issue_comment") {
      live.add(`issue ${repo}/${body.issue.number}`);
      put(`issue ${repo}/${body.issue.number}/comment ${body.comment.id}`);
    }
    if (body.pull_request !== undefined)
      live.add(`pull ${repoOf(body.pull_request.url)}/${body.pull_request.number}`);
    if (event === "pull_request_review")
      live.add(`pull ${repo}/${body.pull_request.number}/review ${body.review.id}`);
    if (event === "pull_request_review_comment")
      put(`pull ${repoOf(body.comment.url)}/${body.pull_request.number}/review-comment ${body.comment.id}`);
    for (const comment of body.thread?.comments ?? [])
      live.add(`pull ${repoOf(comment.url)}/${body.pull_request.number}/review-comment ${comment.id}`);
    if (event === "push")
      for (const { id } of [...body.commits, body.head_commit]) live.add(`commit ${repo}/${id}`);
    if (event === "commit_comment") put(`commit-comment ${repo}/${body.comment.id}`);
    if (event === "label") put(`label ${repo}/${body.label.id}`);
    if (event === "milestone") put(`milestone ${repo}/${body.milestone.number}`);
    if (event === "release") put(`release ${repo}/${body.release.id}`);
    const former = body.changes?.repository?.name?.from
      ? `${repo.split("/")[0]}/${body.changes.repository.name.from}`
      : null;
    const owner = body.changes?.owner?.from?.user?.login ?? body.changes?.owner?.from?.organization?.login;
    const formerRepo = owner ? `${owner}/${repo.split("/")[1]}` : former;
    if (event === "repository" && formerRepo !== null && formerRepo !== repo)
      live.delete(`repo ${formerRepo}`);
  }
  return live;
}

/** The records in the tree, named the same way. */
function storedRecords(): string[] {
  const patterns: [RegExp, (m: string[]) => string][] = [
    [/^([^/]+\/[^/]+)\/meta\.json$/, ([, repo]) => `repo ${repo}`],
    [/^([^/]+\/[^/]+)\/issues\/(\d+)(?:__[^/]*)?\/meta\.json$/, ([, repo, n]) => `issue ${repo}/${n}`],
    [
      /^([^/]+\/[^/]+)\/issues\/(\d+)(?:__[^/]*)?\/comments\/(\d+)\/meta\.json$/,
      ([, repo, n, id]) => `issue ${repo}/${n}/comment ${id}`,
    ],
    [/^([^/]+\/[^/]+)\/pulls\/(\d+)(?:__[^/]*)?\/meta\.json$/, ([, repo, n]) => `pull ${repo}/${n}`],
    [
      /^([^/]+\/[^/]+)\/pulls\/(\d+)(?:__[^/]*)?\/reviews\/(\d+)\/meta\.json$/,
      ([, repo, n, id]) => `pull ${repo}/${n}/review ${id}`,
    ],
    [
      /^([^/]+\/[^/]+)\/pulls\/(\d+)(?:__[^/]*)?\/review-comments\/(\d+)\/meta\.json$/,
      ([, repo, n, id]) => `pull ${repo}/${n}/review-comment ${id}`,
    ],
    [/^([^/]+\/[^/]+)\/commits\/([0-9a-f]+)\/meta\.json$/, ([, repo, id]) => `commit ${repo}/${id}`],
    [
      /^([^/]+\/[^/]+)\/(commit-comment|label|milestone|release)s\/(\d+)\.json$/,
      ([, repo, kind, id]) => `${kind} ${repo}/${id}`,
    ],
  ];
  return stack.tree
    .paths()
    .filter(
      (path) => path.startsWith("/github/repos/") && !path.includes("/by-") && !path.endsWith("/_index.json"),
    )
    .map((path) => {
      for (const [pattern, name] of patterns) {
        const match = pattern.exec(path.slice("/github/repos/".length));
        if (match !== null) return name([...match]);
      }
      return `unexpected ${path}`;
    });
}

test("ingestWebhook() accepts every payload: materialised, already stored, or without files for a reason", () => {
  expect(outcomes.length).toBe(329);
  expect(outcomes.filter(({ status }) => status === "rejected")).toEqual([]);
  expect(outcomes.filter(({ status, reason }) => status !== "applied" && !reason)).toEqual([]);
  const counts: Record<string, number> = {};
  for (const { event, status } of outcomes)
    if (status === "not_applicable") counts[event] = (counts[event] ?? 0) + 1;
  expect(counts).toEqual(WITHOUT_FILES);
});

test("what became of the 329 payloads is the same every time: their files are in alphabetical order, so many come late", () => {
  const counts: Record<string, number> = {};
  for (const { status } of outcomes) counts[status] = (counts[status] ?? 0) + 1;
  expect(counts).toEqual({ applied: 53, duplicate: 28, stale: 55, not_applicable: 193 });
});

test("the tree holds exactly the distinct records of the payloads", () => {
  const stored = storedRecords();
  expect(new Set(stored).size).toBe(stored.length);
  expect(stored.sort()).toEqual([...expectedRecords()].sort());
});

test("delivering everything again adds no record and no row", async () => {
  const before = storedRecords().sort();
  for (const payload of GITHUB_PAYLOADS) await deliver(stack, payload);
  const after = storedRecords().sort();
  expect(after).toEqual(before);
});

test("damaged webhooks are rejected with a reason and change nothing", async () => {
  const paths = stack.tree.paths();
  const send = (event: string, payload: unknown) =>
    deliver(stack, { event, index: 0, payload: payload as Body });
  const repository = { full_name: "acme/web", url: "https://api.github.com/repos/acme/web" };
  expect(await send("", { repository })).toMatchObject({ status: "rejected" });
  expect(await send("issues", "text")).toMatchObject({ status: "rejected" });
  expect(await send("issues", { action: "opened" })).toMatchObject({ status: "rejected" });
  expect(await send("issues", { action: "opened", repository, issue: { title: "no number" } })).toMatchObject(
    { status: "rejected" },
  );
  expect(await send("issues", { action: "opened", repository })).toMatchObject({ status: "not_applicable" });
  expect(await send("made_up_event", { repository })).toMatchObject({
    status: "not_applicable",
    reason: "made_up_event: unknown event",
  });
  expect(stack.tree.paths()).toEqual(paths);
});
