/** Write documents of GitHub (REST, API version 2022-11-28). */
import type { WriteSchema } from "../definition.ts";

const markdown = (description: string) => ({ type: ["string", "null"], description });
const names = (description: string) => ({ type: "array", items: { type: "string" }, description });

/** Issues. */
export const GITHUB_ISSUE: WriteSchema = {
  properties: {
    title: { type: ["string", "integer"], description: "Title of the issue." },
    body: markdown("Text, Markdown."),
    state: { type: "string", enum: ["open", "closed"], description: "Only when editing." },
    state_reason: {
      type: ["string", "null"],
      enum: ["completed", "not_planned", "duplicate", "reopened", null],
    },
    labels: names("Names of labels; replaces all."),
    assignees: names("Logins; replaces all."),
    milestone: { type: ["integer", "string", "null"], description: "Number of a milestone; null clears." },
    type: { type: ["string", "null"], description: "Name of an issue type of the organisation." },
  },
  required: ["title"],
};

/** Pull requests, when editing. */
export const GITHUB_PULL: WriteSchema = {
  properties: {
    title: { type: "string" },
    body: markdown("Text, Markdown."),
    state: { type: "string", enum: ["open", "closed"] },
    base: { type: "string", description: "Branch to merge into." },
    maintainer_can_modify: { type: "boolean" },
  },
  required: [],
};

/** Pull requests, when opening one. */
export const GITHUB_NEW_PULL: WriteSchema = {
  properties: {
    title: { type: "string" },
    head: { type: "string", description: "Branch with the changes, or owner:branch." },
    base: { type: "string", description: "Branch to merge into." },
    body: markdown("Text, Markdown."),
    draft: { type: "boolean" },
    maintainer_can_modify: { type: "boolean" },
  },
  required: ["title", "head", "base"],
};

/** Comments on issues and pull requests. */
export const GITHUB_COMMENT: WriteSchema = {
  properties: { body: { type: "string", description: "Text, Markdown." } },
  required: ["body"],
};

/** Reviews of a pull request. */
export const GITHUB_REVIEW: WriteSchema = {
  properties: {
    event: {
      type: "string",
      enum: ["APPROVE", "REQUEST_CHANGES", "COMMENT"],
      description: "Verdict; only when creating.",
    },
    body: markdown("Text, Markdown; needed for REQUEST_CHANGES and COMMENT."),
    commit_id: { type: "string", description: "Commit reviewed; the newest when absent." },
    comments: {
      type: "array",
      items: { type: "object" },
      description: "Comments on lines: {path, line, body}.",
    },
  },
  required: ["event"],
};

/** Merges a pull request. */
export const GITHUB_MERGE: WriteSchema = {
  properties: {
    merge_method: { type: "string", enum: ["merge", "squash", "rebase"] },
    commit_title: { type: "string" },
    commit_message: { type: "string" },
    sha: { type: "string", description: "Head that must still be current." },
  },
  required: [],
};

/** Closes a pull request. */
export const GITHUB_CLOSE: WriteSchema = {
  properties: { state: { type: "string", enum: ["closed"] } },
  required: [],
};

/** Git references. */
export const GITHUB_REF: WriteSchema = {
  properties: {
    ref: { type: "string", description: "Full name, refs/heads/… or refs/tags/…." },
    sha: { type: "string", description: "Commit it points at." },
  },
  required: ["ref", "sha"],
};
