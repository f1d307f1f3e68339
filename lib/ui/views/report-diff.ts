/** The comparison of two reports as text. */
import type { ComparedFinding, ReportDiff } from "../../../verify/diff.ts";
import type { Style } from "../style.ts";

/** One section per class that has entries; the verdict last. */
export default function reportDiffView(document: ReportDiff, style: Style): string {
  const section = (title: string, list: readonly ComparedFinding[], paint: (text: string) => string) =>
    list.length === 0
      ? []
      : [
          style.bold(`${title} (${list.length})`),
          ...list.map(
            (finding) =>
              `  ${paint(finding.title)} ${style.dim(`${finding.code}${finding.because === undefined ? "" : `, ${finding.because}`}`)}`,
          ),
        ];
  const lines = [
    ...section("new", document.new, style.red),
    ...section("changed", document.changed, style.yellow),
    ...section("fixed", document.fixed, style.green),
    ...section("not comparable", document.notComparable, style.dim),
  ];
  const counts = `${document.new.length} new, ${document.changed.length} changed, ${document.fixed.length} fixed, ${document.unchanged.length} unchanged, ${document.notComparable.length} not comparable`;
  return [...lines, style.bold(counts)].join("\n");
}
