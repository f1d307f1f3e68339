/** Workspaces and the two shapes of their ids. */
import { z } from "zod";

export { CLOUD_WORKSPACE_ID, RELAY_WORKSPACE_ID, workspaceIdForm } from "./workspace-id.ts";

/** One entry of `workspaces.json`; unknown fields survive a rewrite. */
export const RegisteredWorkspace = z.looseObject({
  name: z.string(),
  createdAt: z.string(),
  id: z.string().optional(),
  /** Present only when it differs from `id`. */
  relayWorkspaceId: z.string().optional(),
  lastUsedAt: z.string().optional(),
  /** The mirror directory, absolute. */
  localDir: z.string().optional(),
  server: z.string().optional(),
  cloudApiUrl: z.string().optional(),
  agentName: z.string().optional(),
  scopes: z.array(z.string()).optional(),
  timezone: z.string().optional(),
  remotePaths: z.array(z.string()).optional(),
  /** Where the mirror's private state is, when its mount was told another place than the default. */
  mountStateFile: z.string().optional(),
  mountStateDir: z.string().optional(),
  mountKind: z.string().optional(),
});
/** One entry of `workspaces.json`. */
export type RegisteredWorkspace = z.infer<typeof RegisteredWorkspace>;

/** `~/.relayfile/workspaces.json`. */
export const WorkspaceRegistry = z.looseObject({
  default: z.string().optional(),
  workspaces: z.array(RegisteredWorkspace).default([]),
});
/** `~/.relayfile/workspaces.json`. */
export type WorkspaceRegistry = z.infer<typeof WorkspaceRegistry>;

/** The id used in file API paths for a registered workspace, when it is known. */
export function relayIdOf(workspace: RegisteredWorkspace): string | undefined {
  return workspace.relayWorkspaceId ?? workspace.id;
}
