/** How a report wants to be shown on a terminal, without a trace of it in the document. */
import type { Report } from "../report.ts";

/** Forms of the text view. */
export type Presentation = "full" | "short";

const wishes = new WeakMap<object, { readonly form: Presentation; readonly before: string }>();

/** The same report, to be shown in this form, after `before`: whole lines, or nothing. */
export function present(report: Report, form: Presentation, before = ""): Report {
  wishes.set(report, { form, before });
  return report;
}

/** The form a report wants; `full` unless asked otherwise. */
export function presentationOf(report: Report): Presentation {
  return wishes.get(report)?.form ?? "full";
}

/** What is printed before the report. */
export function prefaceOf(report: Report): string {
  return wishes.get(report)?.before ?? "";
}
