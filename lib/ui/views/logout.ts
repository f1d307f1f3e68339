/** What signing out removed. */
import type { LogoutDocument } from "../../../commands/logout.ts";
import type { Style } from "../style.ts";

/** Lines of a `relayfile.logout` document. */
export default function logout(document: LogoutDocument, style: Style): string {
  const { removed, revoked, kept } = document;
  const head =
    removed.length === 0 ? `${style.mark("info")} nobody was signed in` : `${style.mark("pass")} signed out`;
  const server =
    revoked === false
      ? [`${style.mark("warn")} the server could not be told; the session ends there by itself`]
      : [];
  const other = kept === null ? [] : [`  a session of another tool was left alone: ${kept}`];
  return [head, ...removed.map((path) => `  removed ${path}`), ...server, ...other].join("\n");
}
