/** The list of checks, one line each. */
import type { CheckListDocument } from "../../../commands/_check-list.ts";
import type { Style } from "../style.ts";

/** `id  title`, those that only come along dimmed. */
export default function checksView(document: CheckListDocument, style: Style): string {
  const width = Math.max(...document.checks.map((check) => check.id.length), 0);
  return document.checks
    .map((check) => {
      const line = `${check.id.padEnd(width)}  ${check.title}${check.effect === "refresh" ? " (refreshes)" : ""}`;
      return check.prerequisite ? style.dim(line) : line;
    })
    .join("\n");
}
