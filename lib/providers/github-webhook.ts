/** Reads GitHub webhooks: which records an event carries, and why some events have no files. */
import { child, isRecord, records, text } from "./_read.ts";
import type { ProviderRecord, WebhookReading, WebhookRecord } from "./definition.ts";

/** Events without files, by the reason they have none. */
const WITHOUT_FILES: Readonly<Record<string, readonly string[]>> = {
  "account and installation events concern no repository content": [
    "github_app_authorization",
    "installation",
    "installation_repositories",
    "marketplace_purchase",
    "sponsorship",
    "security_advisory",
    "org_block",
    "organization",
    "member",
    "membership",
    "team",
    "team_add",
    "meta",
    "ping",
  ],
  "project boards are not part of the tree": [
    "project",
    "project_card",
    "project_column",
    "projects_v2_item",
  ],
  "checks, deployments and workflow runs are not part of the tree": [
    "check_run",
    "check_suite",
    "deployment",
    "deployment_review",
    "deployment_status",
    "merge_group",
    "page_build",
    "status",
    "workflow_dispatch",
    "workflow_job",
    "workflow_run",
    "repository_dispatch",
    "repository_import",
  ],
  "alerts, keys and branch rules are not part of the tree": [
    "branch_protection_rule",
    "code_scanning_alert",
    "dependabot_alert",
    "deploy_key",
    "repository_vulnerability_alert",
  ],
  "references are read from the repository, not from events": ["create", "delete"],
  "wiki pages, packages and discussions are not part of the tree": [
    "gollum",
    "package",
    "discussion",
    "discussion_comment",
  ],
};

const REASONS = new Map(
  Object.entries(WITHOUT_FILES).flatMap(([reason, events]) =>
    events.map((event) => [event, reason] as const),
  ),
);

/** Events whose news is the repository record itself. */
const REPOSITORY_EVENTS = new Set(["repository", "public", "star", "watch", "fork"]);

/** The records of one webhook; `event` is the value of `X-GitHub-Event`. */
export function readGithubWebhook(payload: ProviderRecord, event: string): WebhookReading {
  if (event === "") return { kind: "rejected", reason: "the header x-github-event is missing" };
  const reason = REASONS.get(event);
  if (reason !== undefined) return { kind: "not_applicable", reason: `${event}: ${reason}` };
  const repository = child(payload, "repository");
  if (repository === null) return { kind: "rejected", reason: `${event}: the payload has no repository` };
  const found = recordsOf(event, payload, repository);
  if (found === null) return { kind: "not_applicable", reason: `${event}: unknown event` };
  if (found.length === 0)
    return { kind: "not_applicable", reason: `${event}: the payload carries no record` };
  return { kind: "records", records: [...seedRepository(event, repository), ...found] };
}

function recordsOf(
  event: string,
  payload: ProviderRecord,
  repository: ProviderRecord,
): WebhookRecord[] | null {
  const action = text(payload, "action");
  const gone = action === "deleted" ? ({ deleted: true } as const) : {};
  if (REPOSITORY_EVENTS.has(event)) return repositoryRecords(event, action, payload, repository);
  switch (event) {
    case "issues":
      return issueRecords(action, payload);
    case "issue_comment": {
      const issue = child(payload, "issue");
      const onPull = issue !== null && isRecord(issue.pull_request);
      return [
        ...(onPull ? [] : one("issues", issue)),
        ...one(onPull ? "pull-comments" : "comments", child(payload, "comment"), gone),
      ];
    }
    case "pull_request":
      return one("pulls", child(payload, "pull_request"));
    case "pull_request_review":
      return [...secondaryPull(payload), ...one("reviews", child(payload, "review"))];
    case "pull_request_review_comment":
      return [...secondaryPull(payload), ...one("review-comments", child(payload, "comment"), gone)];
    case "pull_request_review_thread":
      return [
        ...secondaryPull(payload),
        ...records(payload, "thread.comments").flatMap((c) => one("review-comments", c)),
      ];
    case "push":
      return pushedCommits(payload, repository);
    case "commit_comment":
      return one("commit-comments", child(payload, "comment"), gone);
    case "label":
      return one("labels", child(payload, "label"), gone);
    case "milestone":
      return one("milestones", child(payload, "milestone"), gone);
    case "release":
      return one("releases", child(payload, "release"), gone);
    default:
      return null;
  }
}

function one(
  resource: string,
  record: ProviderRecord | null,
  extra: Partial<WebhookRecord> = {},
): WebhookRecord[] {
  return record === null ? [] : [{ resource, record, ...extra }];
}

/** A review event carries a shortened pull request: good enough only when none is known. */
function secondaryPull(payload: ProviderRecord): WebhookRecord[] {
  return one("pulls", child(payload, "pull_request"), { onlyIfAbsent: true });
}

/** A deleted or transferred issue is gone here; a transferred one appears at its new place. */
function issueRecords(action: string, payload: ProviderRecord): WebhookRecord[] {
  const issue = child(payload, "issue");
  if (action === "deleted") return one("issues", issue, { deleted: true });
  if (action !== "transferred") return one("issues", issue);
  return [...one("issues", issue, { deleted: true }), ...one("issues", child(payload, "changes.new_issue"))];
}

function repositoryRecords(
  event: string,
  action: string,
  payload: ProviderRecord,
  repository: ProviderRecord,
): WebhookRecord[] {
  if (event !== "repository") return one("repos", repository);
  if (action === "deleted") return one("repos", repository, { deleted: true });
  const former = formerName(payload, repository);
  return [
    ...(former === null ? [] : one("repos", { ...repository, full_name: former }, { deleted: true })),
    ...one("repos", repository),
  ];
}

/** `owner/name` before a rename or a transfer; null for other changes. */
function formerName(payload: ProviderRecord, repository: ProviderRecord): string | null {
  const [owner = "", name = ""] = text(repository, "full_name").split("/");
  const formerOwner = text(payload, "changes.owner.from.user.login", "changes.owner.from.organization.login");
  const former = `${formerOwner || owner}/${text(payload, "changes.repository.name.from") || name}`;
  return former === `${owner}/${name}` ? null : former;
}

/** Commits of a push name no repository; `repository` is added so that each record says where it belongs. */
function pushedCommits(payload: ProviderRecord, repository: ProviderRecord): WebhookRecord[] {
  const head = child(payload, "head_commit");
  const commits = records(payload, "commits");
  const all = head === null || commits.some((commit) => commit.id === head.id) ? commits : [...commits, head];
  const fullName = text(repository, "full_name");
  return all.map((commit) => ({
    resource: "commits",
    record: { ...commit, repository: { full_name: fullName } },
  }));
}

/** The repository record, so that a tree always says what it belongs to; a push shortens its dates to seconds. */
function seedRepository(event: string, repository: ProviderRecord): WebhookRecord[] {
  if (REPOSITORY_EVENTS.has(event)) return [];
  const dated = Object.fromEntries(
    ["created_at", "pushed_at", "updated_at"].flatMap((key) => {
      const value = repository[key];
      return typeof value === "number"
        ? [[key, new Date(value * 1000).toISOString().replace(".000Z", "Z")]]
        : [];
    }),
  );
  return one("repos", { ...repository, ...dated }, { onlyIfAbsent: true });
}
