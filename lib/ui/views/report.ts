/** The report on a terminal, in the form the command asked for. */
import { presentationOf } from "../../../verify/render/presentation.ts";
import { renderShort } from "../../../verify/render/short.ts";
import { renderText } from "../../../verify/render/text.ts";
import type { BundleNote, Report } from "../../../verify/report.ts";
import type { Style } from "../style.ts";

/** The text or, with `--short`, at most 25 lines of it. */
export default function reportView(report: Report, style: Style): string {
  const text = presentationOf(report) === "short" ? renderShort(report, style) : renderText(report, style);
  // What was written stands above, so that the verdict stays the last line.
  return [...(report.bundle === undefined ? [] : bundleLines(report.bundle)), text].join("\n");
}

function bundleLines({ path, bytes, files, redactions }: BundleNote): string[] {
  return [
    `bundle ${path}: ${files.length} files, ${Math.ceil(bytes / 1024)} KiB, ${redactions.count} secrets removed`,
    ...files.map((file) => `  ${file.path}  ${file.bytes} bytes  ${file.what}`),
    "",
  ];
}
