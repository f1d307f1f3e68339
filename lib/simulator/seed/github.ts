/**
 * Real GitHub webhook payloads for the demo, in the order in which they are delivered. They are data of a third party:
 * see `github/NOTICE`. Loaded only by whoever delivers them.
 */
import p01 from "./github/01-issues.payload.json" with { type: "json" };
import p02 from "./github/02-issues.payload.json" with { type: "json" };
import p03 from "./github/03-issues.payload.json" with { type: "json" };
import p04 from "./github/04-issues.payload.json" with { type: "json" };
import p05 from "./github/05-issues.payload.json" with { type: "json" };
import p06 from "./github/06-issue_comment.payload.json" with { type: "json" };
import p07 from "./github/07-issue_comment.payload.json" with { type: "json" };
import p08 from "./github/08-issue_comment.payload.json" with { type: "json" };
import p09 from "./github/09-pull_request.payload.json" with { type: "json" };
import p10 from "./github/10-pull_request.payload.json" with { type: "json" };
import p11 from "./github/11-pull_request.payload.json" with { type: "json" };
import p12 from "./github/12-pull_request.payload.json" with { type: "json" };
import p13 from "./github/13-pull_request_review.payload.json" with { type: "json" };
import p14 from "./github/14-pull_request_review_comment.payload.json" with { type: "json" };
import p15 from "./github/15-push.payload.json" with { type: "json" };
import p16 from "./github/16-star.payload.json" with { type: "json" };
import p17 from "./github/17-release.payload.json" with { type: "json" };
import p18 from "./github/18-milestone.payload.json" with { type: "json" };
import p19 from "./github/19-fork.payload.json" with { type: "json" };
import p20 from "./github/20-workflow_run.payload.json" with { type: "json" };

/** One delivery: the value of `X-GitHub-Event` and the body. */
export interface GithubDelivery {
  readonly event: string;
  readonly payload: unknown;
}

/** Every delivery, oldest first. */
export const GITHUB_DELIVERIES: readonly GithubDelivery[] = [
  { event: "issues", payload: p01 },
  { event: "issues", payload: p02 },
  { event: "issues", payload: p03 },
  { event: "issues", payload: p04 },
  { event: "issues", payload: p05 },
  { event: "issue_comment", payload: p06 },
  { event: "issue_comment", payload: p07 },
  { event: "issue_comment", payload: p08 },
  { event: "pull_request", payload: p09 },
  { event: "pull_request", payload: p10 },
  { event: "pull_request", payload: p11 },
  { event: "pull_request", payload: p12 },
  { event: "pull_request_review", payload: p13 },
  { event: "pull_request_review_comment", payload: p14 },
  { event: "push", payload: p15 },
  { event: "star", payload: p16 },
  { event: "release", payload: p17 },
  { event: "milestone", payload: p18 },
  { event: "fork", payload: p19 },
  { event: "workflow_run", payload: p20 },
];
