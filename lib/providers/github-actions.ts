/** GitHub files whose writing does something: no record lies under their own name. */
import { api, REPO } from "./_github.ts";
import { rest } from "./_read.ts";
import type { ResourceDefinition } from "./definition.ts";
import * as schemas from "./schemas/github.ts";

/** An exact file below a pull request whose writing is an action. */
function pullAction(
  file: string,
  about: string,
  write: Pick<NonNullable<ResourceDefinition["write"]>, "schema" | "example" | "create">,
): ResourceDefinition {
  return {
    name: `pull-${file.replace(".json", "")}`,
    objectType: "pull_request",
    about,
    path: `${REPO}/pulls/{number}/${file}`,
    parent: { param: "number", resource: "pulls" },
    write: { ...write, produces: null, refreshesParent: true },
  };
}

/** Everything that is only written: merge, close, replies to a line, new pull requests, branches and tags. */
export const GITHUB_ACTIONS: readonly ResourceDefinition[] = [
  pullAction("merge.json", "Action: write this file to merge the pull request", {
    schema: schemas.GITHUB_MERGE,
    example: { merge_method: "squash" },
    create: ({ params, body }) => rest("PUT", api(params, `pulls/${params.number}/merge`), body),
  }),
  pullAction("close.json", "Action: write this file to close the pull request", {
    schema: schemas.GITHUB_CLOSE,
    example: { state: "closed" },
    create: ({ params }) => rest("PATCH", api(params, `pulls/${params.number}`), { state: "closed" }),
  }),
  {
    name: "review-comment-replies",
    objectType: "review_comment",
    about: "Replies to one comment on a line",
    path: `${REPO}/pulls/{number}/review-comments/{commentId}/replies`,
    parent: { param: "number", resource: "pulls" },
    write: {
      schema: schemas.GITHUB_COMMENT,
      example: { body: "Done in the last commit." },
      produces: "review-comments",
      create: ({ params, body }) =>
        rest("POST", api(params, `pulls/${params.number}/comments/${params.commentId}/replies`), body),
    },
  },
  {
    name: "pull-requests",
    objectType: "pull_request",
    about: "Write-only: opens a pull request, which then appears under pulls",
    path: `${REPO}/pull-requests`,
    write: {
      schema: schemas.GITHUB_NEW_PULL,
      example: { title: "Add the release notes", head: "release-notes", base: "main" },
      produces: "pulls",
      create: ({ params, body }) => rest("POST", api(params, "pulls"), body),
    },
  },
  {
    name: "refs",
    objectType: "ref",
    about: "Write-only: creates a branch or tag",
    path: `${REPO}/refs`,
    write: {
      schema: schemas.GITHUB_REF,
      example: { ref: "refs/heads/release-notes", sha: "0000000000000000000000000000000000000000" },
      produces: null,
      create: ({ params, body }) => rest("POST", api(params, "git/refs"), body),
    },
  },
];
