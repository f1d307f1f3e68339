/** The report on a terminal, in the form the command asked for. */
import { presentationOf } from "../../../verify/render/presentation.ts";
import { renderShort } from "../../../verify/render/short.ts";
import { renderText } from "../../../verify/render/text.ts";
import type { Report } from "../../../verify/report.ts";
import type { Style } from "../style.ts";

/** The text or, with `--short`, at most 25 lines of it. */
export default function reportView(report: Report, style: Style): string {
  return presentationOf(report) === "short" ? renderShort(report, style) : renderText(report, style);
}
