/** What `export --output` wrote. */
import type { ExportDocument } from "../../../commands/export.ts";
import type { Style } from "../style.ts";
import { sizeText } from "./_table.ts";

/** One line of a `relayfile.export` document. */
export default function exported(document: ExportDocument, style: Style): string {
  const { workspaceId, path, format, output, sizeBytes, durationMs } = document;
  const where = output ?? "standard output";
  return `${style.mark("pass")} ${workspaceId}${path} as ${format}: ${sizeText(sizeBytes)} to ${where} in ${durationMs} ms`;
}
