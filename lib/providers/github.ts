/** GitHub: repositories with issues, pull requests, comments, reviews and commits. Everything is below its repository. */
import { api, fullNameOf, idOf, numberOf, placeOf, REPO, updatedOf } from "./_github.ts";
import { at, byBucket, byEdited, byKey, isRecord, list, records, rest, text } from "./_read.ts";
import type { AliasRule, ProviderDefinition, ProviderRecord, ResourceDefinition } from "./definition.ts";
import { GITHUB_ACTIONS } from "./github-actions.ts";
import { GITHUB_LISTS } from "./github-lists.ts";
import { readGithubWebhook } from "./github-webhook.ts";
import * as schemas from "./schemas/github.ts";

const ISSUE_ALIASES: readonly AliasRule[] = [
  byKey("by-id", (record) => numberOf(record) || null),
  { kind: "title-and-id", segment: "by-title" },
  byBucket("by-state", "slug", (record) =>
    at(record, "merged") === true ? "merged" : text(record, "state"),
  ),
  byBucket("by-assignee", "raw", (record) => records(record, "assignees").map((user) => text(user, "login"))),
  byBucket("by-creator", "raw", (record) => text(record, "user.login")),
  byBucket("by-priority", "slug", (record) =>
    labelNames(record).flatMap((name) => /^(?:priority\s*[:/]\s*|p(?=\d$))(.+)$/i.exec(name)?.[1] ?? []),
  ),
  byEdited("updated_at", "created_at"),
];

function labelNames(record: ProviderRecord): string[] {
  return list(record, "labels").map((label) => (isRecord(label) ? text(label, "name") : String(label)));
}

const issueColumns = (record: ProviderRecord) => ({
  number: record.number ?? null,
  state: text(record, "state"),
  labels: labelNames(record),
  creatorKey: text(record, "user.login"),
});

/** A record holds labels, people and milestone as objects; the write document names them. */
function issueShape(body: ProviderRecord): ProviderRecord {
  const named = (value: unknown, key: string) =>
    Array.isArray(value) ? value.map((item) => (isRecord(item) ? text(item, key) : item)) : value;
  return {
    ...body,
    ...("labels" in body ? { labels: named(body.labels, "name") } : {}),
    ...("assignees" in body ? { assignees: named(body.assignees, "login") } : {}),
    ...(isRecord(body.milestone) ? { milestone: body.milestone.number } : {}),
    ...(isRecord(body.type) ? { type: text(body.type, "name") } : {}),
  };
}

const repos: ResourceDefinition = {
  name: "repos",
  objectType: "repository",
  about: "Repositories",
  path: "/github/repos",
  readOnly: "settings of a repository are changed in GitHub itself",
  records: {
    models: ["Repository", "GithubRepo"],
    id: (record) => text(record, "full_name"),
    idPattern: "[A-Za-z0-9._-]+/[A-Za-z0-9._-]+",
    title: (record) => text(record, "full_name"),
    updated: updatedOf,
    file: "{owner}/{repo}/meta.json",
    label: () => "",
    params: fullNameOf,
    index: (record) => ({ private: record.private === true, defaultBranch: text(record, "default_branch") }),
  },
};

const issues: ResourceDefinition = {
  name: "issues",
  objectType: "issue",
  about: "Issues of one repository",
  path: `${REPO}/issues`,
  may2026NoEditRoute: true,
  records: {
    models: ["Issue", "GithubIssue"],
    id: numberOf,
    idPattern: "\\d+",
    title: (record) => text(record, "title"),
    updated: updatedOf,
    file: "{id}__{label}/meta.json",
    params: placeOf("url", "repository_url", "html_url"),
    index: issueColumns,
    aliases: ISSUE_ALIASES,
    digestName: (id) => `#${id}`,
  },
  write: {
    schema: schemas.GITHUB_ISSUE,
    example: { title: "Write the release notes" },
    shape: issueShape,
    create: ({ params, body }) => rest("POST", api(params, "issues"), body),
    update: ({ params, id, body }) => rest("PATCH", api(params, `issues/${id}`), body),
    read: ({ params, id }) => rest("GET", api(params, `issues/${id}`)),
  },
};

const pulls: ResourceDefinition = {
  name: "pulls",
  objectType: "pull_request",
  about: "Pull requests of one repository; new ones are opened under pull-requests",
  path: `${REPO}/pulls`,
  may2026NoEditRoute: true,
  records: {
    models: ["PullRequest", "GithubPullRequest"],
    id: numberOf,
    idPattern: "\\d+",
    title: (record) => text(record, "title"),
    updated: updatedOf,
    file: "{id}__{label}/meta.json",
    params: placeOf("url", "html_url"),
    index: (record) => ({
      ...issueColumns(record),
      merged: record.merged === true || text(record, "merged_at") !== "",
      mergedAt: text(record, "merged_at") || null,
    }),
    aliases: ISSUE_ALIASES,
    digestName: (id) => `#${id}`,
  },
  write: {
    schema: schemas.GITHUB_PULL,
    shape: (body) => (isRecord(body.base) ? { ...body, base: text(body.base, "ref") } : body),
    update: ({ params, id, body }) => rest("PATCH", api(params, `pulls/${id}`), body),
    read: ({ params, id }) => rest("GET", api(params, `pulls/${id}`)),
  },
};

/** Comments on an issue or on a pull request; GitHub keeps both as issue comments. */
function commentsOf(parent: "issues" | "pulls", name: string): ResourceDefinition {
  return {
    name,
    objectType: "issue_comment",
    about: `Comments of one ${parent === "issues" ? "issue" : "pull request"}`,
    path: `${REPO}/${parent}/{number}/comments`,
    parent: { param: "number", resource: parent },
    records: {
      models: parent === "issues" ? ["IssueComment", "GithubIssueComment"] : ["PullRequestComment"],
      id: idOf,
      idPattern: "\\d+",
      title: () => "",
      updated: updatedOf,
      file: "{id}/meta.json",
      label: () => "",
      params: placeOf("issue_url", "html_url"),
      digestName: (id) => `comment ${id}`,
    },
    write: {
      schema: schemas.GITHUB_COMMENT,
      example: { body: "Looks good to me." },
      create: ({ params, body }) => rest("POST", api(params, `issues/${params.number}/comments`), body),
      update: ({ params, id, body }) => rest("PATCH", api(params, `issues/comments/${id}`), body),
      read: ({ params, id }) => rest("GET", api(params, `issues/comments/${id}`)),
    },
  };
}

const reviews: ResourceDefinition = {
  name: "reviews",
  objectType: "review",
  about: "Reviews of one pull request",
  path: `${REPO}/pulls/{number}/reviews`,
  parent: { param: "number", resource: "pulls" },
  records: {
    models: ["Review", "GithubReview"],
    id: idOf,
    idPattern: "\\d+",
    title: () => "",
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    params: placeOf("pull_request_url", "html_url"),
    digestName: (id) => `review ${id}`,
  },
  write: {
    schema: schemas.GITHUB_REVIEW,
    example: { event: "COMMENT", body: "Two questions below." },
    create: ({ params, body }) => rest("POST", api(params, `pulls/${params.number}/reviews`), body),
    update: ({ params, id, body }) => rest("PUT", api(params, `pulls/${params.number}/reviews/${id}`), body),
    delete: ({ params, id }) => rest("DELETE", api(params, `pulls/${params.number}/reviews/${id}`)),
    read: ({ params, id }) => rest("GET", api(params, `pulls/${params.number}/reviews/${id}`)),
  },
};

const reviewComments: ResourceDefinition = {
  name: "review-comments",
  objectType: "review_comment",
  about: "Comments on lines of one pull request",
  path: `${REPO}/pulls/{number}/review-comments`,
  parent: { param: "number", resource: "pulls" },
  records: {
    models: ["ReviewComment", "GithubReviewComment"],
    id: idOf,
    idPattern: "\\d+",
    title: () => "",
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    params: placeOf("pull_request_url", "html_url"),
    digestName: (id) => `review comment ${id}`,
  },
  write: {
    schema: schemas.GITHUB_COMMENT,
    update: ({ params, id, body }) => rest("PATCH", api(params, `pulls/comments/${id}`), body),
    delete: ({ params, id }) => rest("DELETE", api(params, `pulls/comments/${id}`)),
    read: ({ params, id }) => rest("GET", api(params, `pulls/comments/${id}`)),
  },
};

/** GitHub. */
export const github: ProviderDefinition = {
  id: "github",
  title: "GitHub",
  aliases: ["github-relay", "github-app"],
  about:
    "Everything is below its repository. Issues and pull requests are directories named number__title; the record is their meta.json and comments, reviews and actions lie beside it.",
  resources: [
    repos,
    issues,
    pulls,
    commentsOf("issues", "comments"),
    commentsOf("pulls", "pull-comments"),
    reviews,
    reviewComments,
    ...GITHUB_LISTS,
    ...GITHUB_ACTIONS,
  ],
  queries: [
    "cat /github/repos/OWNER/REPO/issues/by-id/42.json",
    "ls /github/repos/OWNER/REPO/pulls/by-state/open",
    "jq -r '.[] | select(.state == \"open\") | .canonicalPath' /github/repos/OWNER/REPO/issues/_index.json",
  ],
  api: { url: "https://api.github.com" },
  headers: {
    accept: "application/vnd.github+json",
    "x-github-api-version": "2022-11-28",
    "user-agent": "relayfile",
  },
  eventHeader: "x-github-event",
  deliveryHeader: "x-github-delivery",
  webhook: (payload, headers) => readGithubWebhook(payload, headers["x-github-event"] ?? ""),
};
