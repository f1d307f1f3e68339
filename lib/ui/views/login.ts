/** Who is signed in now, and where the credential is kept. */
import type { LoginDocument } from "../../../commands/login.ts";
import type { Style } from "../style.ts";
import { facts } from "./_table.ts";

/** Lines of a `relayfile.login` document. */
export default function login(document: LoginDocument, style: Style): string {
  const who =
    document.identity === "cloud"
      ? (document.account ?? "the account of this token")
      : `workspace ${document.workspaceId}`;
  const rows: [string, string | null][] = [
    ["service", document.service],
    ["kept in", document.file],
    ["expires", document.expiresAt],
    ["next", document.identity === "cloud" ? "relayfile workspace join WORKSPACE" : "relayfile tree"],
  ];
  return [`${style.mark("pass")} signed in as ${who}`, ...facts(rows, style).map((line) => `  ${line}`)].join(
    "\n",
  );
}
