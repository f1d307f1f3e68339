/** How the workspace is called in commands that people paste. */
import { type SuggestedCommand, suggest, type TargetFact } from "../check.ts";

/** The workspace's name, else its id, else the one of the token; a placeholder when nothing names one. */
export function workspaceWord(target: TargetFact | null): string {
  const { workspace, workspaceToken } = target ?? {};
  return workspace?.name ?? workspace?.id ?? workspaceToken?.claims?.workspaceId ?? "WORKSPACE";
}

/** The command that gets a new workspace token. */
export function joinAgain(target: TargetFact | null): SuggestedCommand {
  return suggest(`relayfile workspace join ${workspaceWord(target)}`, "write");
}
