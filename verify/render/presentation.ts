/** How a report wants to be shown on a terminal, without a trace of it in the document. */
import type { Report } from "../report.ts";

/** Forms of the text view. */
export type Presentation = "full" | "short";

const wishes = new WeakMap<object, Presentation>();

/** The same report, to be shown in this form. */
export function present(report: Report, form: Presentation): Report {
  wishes.set(report, form);
  return report;
}

/** The form a report wants; `full` unless asked otherwise. */
export function presentationOf(report: Report): Presentation {
  return wishes.get(report) ?? "full";
}
