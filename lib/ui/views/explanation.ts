/** Explanations as pages of text. */
import type { ExplainDocument } from "../../../commands/explain.ts";
import { wrap } from "../../../verify/render/style.ts";
import type { Style } from "../style.ts";

/** Title, sections with headings, and what else to read. */
export default function explanationView(document: ExplainDocument, style: Style): string {
  return document.pages
    .map((page) =>
      [
        wrap(`${page.id}  ${page.title}`, Math.min(style.width, 100)).join("\n").replace(page.id, style.bold),
        ...page.sections.flatMap(({ heading, text }) => [
          "",
          style.bold(heading),
          ...wrap(text, Math.min(style.width, 100) - 2).map((line) => `  ${line}`),
        ]),
        ...(page.see.length === 0
          ? []
          : [
              "",
              ...wrap(`see also: ${[...new Set(page.see)].join(" ")}`, Math.min(style.width, 100)).map(
                style.dim,
              ),
            ]),
      ].join("\n"),
    )
    .join("\n\n");
}
