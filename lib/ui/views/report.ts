/** The report on a terminal, in the form the command asked for. */
import { prefaceOf, presentationOf } from "../../../verify/render/presentation.ts";
import { renderShort } from "../../../verify/render/short.ts";
import { renderText } from "../../../verify/render/text.ts";
import type { Report } from "../../../verify/report.ts";
import type { Style } from "../style.ts";

/** The text or, with `--short`, at most 25 lines of it; the verdict is the last line. */
export default function reportView(report: Report, style: Style): string {
  const text = presentationOf(report) === "short" ? renderShort(report, style) : renderText(report, style);
  return `${prefaceOf(report)}${text}`;
}
