/** Linear's projects, and the action that puts issues into one. */
import { idOf, mutate, readOne, teamIdsOf, UUID, updatedOf } from "./_linear.ts";
import { byBucket, byKey, omit, text } from "./_read.ts";
import type { ResourceDefinition } from "./definition.ts";
import { LINEAR_ADD_ISSUES, LINEAR_PROJECT, PROJECT_FIELDS } from "./schemas/linear.ts";

/** Projects. */
export const LINEAR_PROJECTS: ResourceDefinition = {
  name: "projects",
  objectType: "project",
  about: "Projects with their leads, teams and dates",
  path: "/linear/projects",
  records: {
    models: ["Project", "LinearProject"],
    id: idOf,
    idPattern: UUID,
    title: (record) => text(record, "name"),
    updated: updatedOf,
    file: "{id}/meta.json",
    label: () => "",
    index: (record) => ({ state: text(record, "state") }),
    aliases: [
      byKey("by-id", idOf),
      { kind: "title", segment: "by-name" },
      byBucket("by-state", "state", (record) => text(record, "state", "status.name")),
      byBucket("by-team", "raw", teamIdsOf),
    ],
  },
  write: {
    schema: LINEAR_PROJECT,
    example: { name: "Release 2", teamIds: ["00000000-0000-4000-8000-000000000000"] },
    shape: (body) =>
      typeof body.teamId === "string" ? { ...omit(body, ["teamId"]), teamIds: [body.teamId] } : body,
    create: ({ body }) =>
      mutate("projectCreate", { input: ["ProjectCreateInput!", body] }, "project", PROJECT_FIELDS),
    update: ({ id, body }) =>
      body.archived === true
        ? mutate("projectArchive", { id: ["String!", id] })
        : mutate(
            "projectUpdate",
            { id: ["String!", id], input: ["ProjectUpdateInput!", omit(body, ["archived"])] },
            "project",
            PROJECT_FIELDS,
          ),
    read: ({ id }) => readOne("project", PROJECT_FIELDS, id),
  },
};

/** The file whose writing puts issues into a project. */
export const LINEAR_ADD_ISSUES_FILE: ResourceDefinition = {
  name: "project-add-issues",
  objectType: "project",
  about: "Action: write this file to put issues into a project",
  path: "/linear/projects/{projectId}/add-issues.json",
  parent: { param: "projectId", resource: "projects" },
  write: {
    schema: LINEAR_ADD_ISSUES,
    example: { issueIds: ["00000000-0000-4000-8000-000000000000"] },
    produces: null,
    refreshesParent: true,
    create: ({ params, body }) =>
      mutate("issueBatchUpdate", {
        ids: ["[UUID!]!", body.issueIds],
        input: ["IssueUpdateInput!", { projectId: params.projectId }],
      }),
  },
};
