/** The comparison of two reports on a terminal. */
import type { ReportDiff } from "../../../verify/diff.ts";
import { renderDiffText } from "../../../verify/render/diff.ts";
import type { Style } from "../style.ts";

/** One section per class that has entries; the verdict last. */
export default function reportDiffView(document: ReportDiff, style: Style): string {
  return renderDiffText(document, style);
}
