/** Twenty real GitHub webhook payloads for the demo, in the order they are delivered. See NOTICE for their origin and licence. */

import checkSuite1 from "./check_suite.1.payload.json" with { type: "json" };
import commitComment1 from "./commit_comment.1.payload.json" with { type: "json" };
import issueComment1 from "./issue_comment.1.payload.json" with { type: "json" };
import issues9 from "./issues.9.payload.json" with { type: "json" };
import issues13 from "./issues.13.payload.json" with { type: "json" };
import issues15 from "./issues.15.payload.json" with { type: "json" };
import issues21 from "./issues.21.payload.json" with { type: "json" };
import label2 from "./label.2.payload.json" with { type: "json" };
import milestone3 from "./milestone.3.payload.json" with { type: "json" };
import pullRequest1 from "./pull_request.1.payload.json" with { type: "json" };
import pullRequest3 from "./pull_request.3.payload.json" with { type: "json" };
import pullRequest12 from "./pull_request.12.payload.json" with { type: "json" };
import pullRequest21 from "./pull_request.21.payload.json" with { type: "json" };
import pullRequestReview2 from "./pull_request_review.2.payload.json" with { type: "json" };
import pullRequestReviewComment1 from "./pull_request_review_comment.1.payload.json" with { type: "json" };
import push4 from "./push.4.payload.json" with { type: "json" };
import release3 from "./release.3.payload.json" with { type: "json" };
import repository2 from "./repository.2.payload.json" with { type: "json" };
import repository8 from "./repository.8.payload.json" with { type: "json" };
import star0 from "./star.0.payload.json" with { type: "json" };

/** One delivery: the value of `X-GitHub-Event`, and the body. */
export interface DemoPayload {
  readonly event: string;
  /** File name within this directory, for reference. */
  readonly file: string;
  readonly payload: Record<string, unknown>;
}

/** The deliveries, oldest first. One (check_suite) has no files on purpose. */
export const DEMO_GITHUB_PAYLOADS: readonly DemoPayload[] = [
  { event: "repository", file: "repository.8.payload.json", payload: repository8 },
  { event: "label", file: "label.2.payload.json", payload: label2 },
  { event: "milestone", file: "milestone.3.payload.json", payload: milestone3 },
  { event: "issues", file: "issues.15.payload.json", payload: issues15 },
  { event: "issues", file: "issues.9.payload.json", payload: issues9 },
  { event: "issue_comment", file: "issue_comment.1.payload.json", payload: issueComment1 },
  { event: "issues", file: "issues.13.payload.json", payload: issues13 },
  { event: "pull_request", file: "pull_request.12.payload.json", payload: pullRequest12 },
  { event: "pull_request", file: "pull_request.1.payload.json", payload: pullRequest1 },
  { event: "pull_request", file: "pull_request.21.payload.json", payload: pullRequest21 },
  { event: "pull_request_review", file: "pull_request_review.2.payload.json", payload: pullRequestReview2 },
  {
    event: "pull_request_review_comment",
    file: "pull_request_review_comment.1.payload.json",
    payload: pullRequestReviewComment1,
  },
  { event: "pull_request", file: "pull_request.3.payload.json", payload: pullRequest3 },
  { event: "push", file: "push.4.payload.json", payload: push4 },
  { event: "commit_comment", file: "commit_comment.1.payload.json", payload: commitComment1 },
  { event: "release", file: "release.3.payload.json", payload: release3 },
  { event: "issues", file: "issues.21.payload.json", payload: issues21 },
  { event: "star", file: "star.0.payload.json", payload: star0 },
  { event: "repository", file: "repository.2.payload.json", payload: repository2 },
  { event: "check_suite", file: "check_suite.1.payload.json", payload: checkSuite1 },
];
