/** GitHub collections that are read but not written: commits and their comments, labels, milestones, releases. */
import { fullNameOf, idOf, numberOf, placeOf, REPO, updatedOf } from "./_github.ts";
import { byKey, text } from "./_read.ts";
import type { ProviderRecord, ResourceDefinition } from "./definition.ts";

/** A collection of one repository that only GitHub itself changes. */
function readOnlyList(
  name: string,
  objectType: string,
  about: string,
  rules: Pick<
    NonNullable<ResourceDefinition["records"]>,
    "models" | "id" | "idPattern" | "title" | "params"
  > & {
    columns: (record: ProviderRecord) => Readonly<Record<string, unknown>>;
    updated?: (record: ProviderRecord) => string;
    file?: string;
  },
): ResourceDefinition {
  const { columns, updated = updatedOf, file = "{id}.json", ...record } = rules;
  return {
    name,
    objectType,
    about,
    path: `${REPO}/${name}`,
    readOnly: `${about} cannot be edited through files`,
    records: {
      ...record,
      updated,
      file,
      label: () => "",
      index: columns,
      aliases: [byKey("by-id", (value) => record.id(value) || null)],
    },
  };
}

const shaOf = (record: ProviderRecord) => text(record, "sha", "id");
const messageOf = (record: ProviderRecord) => text(record, "message", "commit.message");

/** Read-only collections of one repository. */
export const GITHUB_LISTS: readonly ResourceDefinition[] = [
  readOnlyList("commits", "commit", "Commits that were pushed", {
    models: ["Commit", "GithubCommit"],
    id: shaOf,
    idPattern: "[0-9a-f]{7,64}",
    title: (record) => messageOf(record).split("\n", 1)[0] ?? "",
    updated: (record) => text(record, "timestamp", "commit.committer.date"),
    params: (record) => fullNameOf(record) ?? placeOf("html_url", "url")(record),
    file: "{id}/meta.json",
    columns: (record) => ({
      sha: shaOf(record),
      message: messageOf(record),
      authorLogin: text(record, "author.username", "author.login"),
      committedAt: text(record, "timestamp", "commit.committer.date"),
    }),
  }),
  readOnlyList("commit-comments", "commit_comment", "Comments on commits", {
    models: ["CommitComment"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "body").split("\n", 1)[0] ?? "",
    params: placeOf("url", "html_url"),
    columns: (record) => ({ sha: text(record, "commit_id") }),
  }),
  readOnlyList("labels", "label", "Labels", {
    models: ["Label", "GithubLabel"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "name"),
    params: placeOf("url"),
    columns: (record) => ({ name: text(record, "name"), color: text(record, "color") }),
  }),
  readOnlyList("milestones", "milestone", "Milestones", {
    models: ["Milestone", "GithubMilestone"],
    id: numberOf,
    idPattern: "\\d+",
    title: (record) => text(record, "title"),
    params: placeOf("url", "html_url"),
    columns: (record) => ({ number: record.number ?? null, state: text(record, "state") }),
  }),
  readOnlyList("releases", "release", "Releases", {
    models: ["Release", "GithubRelease"],
    id: idOf,
    idPattern: "\\d+",
    title: (record) => text(record, "name", "tag_name"),
    params: placeOf("url", "html_url"),
    columns: (record) => ({ tag: text(record, "tag_name"), draft: record.draft === true }),
  }),
];
