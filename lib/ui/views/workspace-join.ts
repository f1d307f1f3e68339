/** A joined workspace: what the token reaches and where it is kept. */
import type { JoinDocument } from "../../../commands/workspace/_joining.ts";
import type { Style } from "../style.ts";
import { facts } from "./_table.ts";

/** Facts of a `relayfile.workspace-join` document. */
export default function workspaceJoin(document: JoinDocument, style: Style): string {
  const { scopes, durationMs } = document;
  const head = `${style.mark("pass")} ${document.created ? "created and joined" : "joined"} ${document.name}`;
  const rows: [string, string | null][] = [
    ["workspace", document.workspaceId],
    ["cloud id", document.cloudId],
    ["file API", document.fileApiUrl],
    ["agent", document.agentName],
    ["scopes", scopes.granted.join(" ")],
    ["expires", document.expiresAt],
    ["renews until", document.renewableUntil],
    ["token", document.tokenFile],
    ["took", `${durationMs} ms`],
  ];
  const missing =
    scopes.missing.length > 0 ? [`${style.mark("warn")} not granted: ${scopes.missing.join(" ")}`] : [];
  const slow = document.slow
    ? [
        `${style.mark("warn")} joining took ${Math.round(durationMs / 1000)} s; under load that is known (cloud#766)`,
      ]
    : [];
  return [head, ...facts(rows, style).map((line) => `  ${line}`), ...missing, ...slow].join("\n");
}
