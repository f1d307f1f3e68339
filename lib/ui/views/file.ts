/** What `cat --output` wrote. */
import type { FileDocument } from "../../../commands/cat.ts";
import type { Style } from "../style.ts";
import { facts, sizeText } from "./_table.ts";

/** Facts of a `relayfile.file` document. */
export default function file(document: FileDocument, style: Style): string {
  return facts(
    [
      ["path", document.path],
      ["revision", document.revision],
      ["type", document.contentType],
      ["size", sizeText(document.sizeBytes)],
      ["written to", document.output],
    ],
    style,
  ).join("\n");
}
