/** The script and nothing else, so that it can be sourced. */
import type { CompletionDocument } from "../../../commands/completion.ts";

/** The script as it is. */
export default function completionView(document: CompletionDocument): string {
  return document.script;
}
