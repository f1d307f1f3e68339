/** Both identities and both services, each with its source. */
import type { IdentityProblem, WhoamiDocument } from "../../../commands/whoami.ts";
import type { Mark, Style } from "../style.ts";
import { facts } from "./_table.ts";

const MARKS: Readonly<Record<string, Mark>> = {
  "signed-in": "pass",
  accepted: "pass",
  refused: "fail",
  unknown: "unknown",
  absent: "skip",
};

/** Lines of a `relayfile.whoami` document. */
export default function whoami(document: WhoamiDocument, style: Style): string {
  const { cloud, workspace, fileApi, controlPlane } = document;
  const name =
    workspace.name === null ? workspace.workspaceId : `${workspace.name} (${workspace.workspaceId})`;
  return [
    ...section(
      `${style.mark(MARKS[cloud.state] ?? "info")} cloud identity: ${cloud.state}`,
      cloud.problem,
      style,
      [
        ["account", cloud.account],
        ["organization", cloud.organization],
        ["from", cloud.source],
        ["expires", cloud.accessExpiresAt],
        ["refreshable until", cloud.refreshExpiresAt],
      ],
    ),
    ...section(
      `${style.mark(MARKS[workspace.state] ?? "info")} workspace token: ${workspace.state}`,
      workspace.problem,
      style,
      [
        ["workspace", name],
        ["agent", workspace.subject],
        ["scopes", workspace.scopes.join(" ") || null],
        ["lacks", workspace.missingScopes.join(" ") || null],
        ["from", workspace.source],
        ["expires", workspace.expiresAt],
      ],
    ),
    ...facts(
      [
        ["file API", `${fileApi.url} (${fileApi.source ?? "default"})`],
        ["control plane", `${controlPlane.url} (${controlPlane.source ?? "default"})`],
      ],
      style,
    ),
  ].join("\n");
}

function section(
  head: string,
  problem: IdentityProblem | null,
  style: Style,
  rows: readonly (readonly [string, string | null])[],
): string[] {
  const trouble = problem === null ? [] : [`  ${problem.message}`, `  ${problem.hint}`];
  return [head, ...facts(rows, style).map((line) => `  ${line}`), ...trouble];
}
